-- The published URL writes songs as one list, `songs=5|15|1249`; in the contract they are a repeated
-- field. Before the transcoder reads the path, write each id as a parameter of its own.
local function repeated(parameter)
  local list = parameter:match("^songs=(.*)$")
  if list == nil then
    return parameter
  end
  list = list:gsub("%%7[Cc]", "|"):gsub("%%2[Cc]", "|"):gsub(",", "|")
  return "songs=" .. list:gsub("|", "&songs=")
end

function envoy_on_request(handle)
  local query = handle:headers():get(":path"):match("^/recommend%?(.*)$")
  if query == nil then
    return
  end
  handle:headers():replace(":path", "/recommend?" .. query:gsub("[^&]+", repeated))
end

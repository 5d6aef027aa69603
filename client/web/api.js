/** The calls of Segue's JSON API that the page makes. Answers are the contract's; a no raises. */

import { API } from "./config.js";
import { visitorId } from "./visitor.js";

const PATIENCE_MS = 12_000;

/** The service said no: `reason` is for programs, `message` for people. */
export class Refused extends Error {
  constructor({ message, code, details = [] }, requestId = null) {
    super(message);
    this.code = code;
    this.reason = details.find((detail) => detail.reason)?.reason ?? "";
    this.requestId = requestId;
  }
}

/** Nobody answered: no network, no server, or not in time. */
export class Unreachable extends Error {}

async function call(verb, path, { body, query, signal } = {}) {
  const address = `${API}${path}${query ? `?${new URLSearchParams(query)}` : ""}`;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let response;
  let text;
  try {
    response = await fetch(address, {
      method: verb,
      headers: { "x-visitor-id": visitorId(), ...(body && { "content-type": "application/json" }) },
      body: body && JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable("no answer", { cause: error });
  }
  return read(response, text);
}

function read(response, text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    // Something between page and service answered in words of its own.
    throw new Unreachable(`an answer that is no JSON, ${response.status}`);
  }
  if (!response.ok) throw new Refused(answer, response.headers.get("x-request-id"));
  return answer;
}

export const searchSongs = (query, signal) =>
  call("GET", "/v1/songs:search", { query: { query, page_size: 12 }, signal });

export const getSongs = (ids) =>
  call("GET", "/v1/songs:batchGet", { query: ids.map((id) => ["song_ids", id]) });

export const listGenres = () => call("GET", "/v1/genres", { query: { page_size: 1000 } });

export const listEngines = () => call("GET", "/v1/engines");

export const recommend = (wanted) => call("POST", "/v1/recommendations", { body: wanted });

export const recordEvents = (events) => call("POST", "/v1/events", { body: { events } });

const playlistPath = (id) => `/v1/playlists/${encodeURIComponent(id)}`;

export const listPlaylists = () => call("GET", "/v1/playlists", { query: { page_size: 100 } });

export const createPlaylist = (wanted) => call("POST", "/v1/playlists", { body: wanted });

export const getPlaylist = (id) => call("GET", playlistPath(id));

export const renamePlaylist = (id, title) =>
  call("PATCH", playlistPath(id), { query: { updateMask: "title" }, body: { title } });

export const deletePlaylist = (id) => call("DELETE", playlistPath(id));

export const addSong = (id, wanted) =>
  call("POST", `${playlistPath(id)}:addSong`, { body: wanted });

export const removeSong = (id, wanted) =>
  call("POST", `${playlistPath(id)}:removeSong`, { body: wanted });

export const moveSong = (id, wanted) =>
  call("POST", `${playlistPath(id)}:moveSong`, { body: wanted });

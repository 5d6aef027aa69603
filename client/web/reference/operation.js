/** One call: what it takes, what it answers, how to try it. */

import { breakable, element, inline, prose } from "./elements.js";
import { fields, resolve, typeOf } from "./schema.js";

export function operationSection(operation, api) {
  const body = bodyOf(operation);
  return element("article", { id: operation.operationId, "aria-labelledby": `${operation.operationId}-name` },
    element("h3", { id: `${operation.operationId}-name` },
      element("a", { href: `#${operation.operationId}`, class: "address" },
        element("span", { class: `verb ${operation.verb}` }, operation.verb),
        element("code", {}, ...breakable(operation.path)),
      )),
    element("p", { class: "summary" }, ...inline(`${operation.summary}.`), ...caller(operation)),
    ...prose(operation.description),
    example(operation, api),
    part("Parameters", operation.parameters && parameters(operation.parameters, api)),
    part("Body", body && fields(body, api)),
    part("Answer", answer(operation, api)),
    part("Errors", errors(operation)),
  );
}

const bodyOf = (operation) => operation.requestBody?.content["application/json"].schema;

const part = (title, content) =>
  content && element("details", { class: "part", ...(title === "Errors" ? {} : { open: "" }) },
    element("summary", {}, title), content);

function caller(operation) {
  if (!operation.security) return [];
  const optional = operation.security.some((one) => Object.keys(one).length === 0);
  return [" ", element("span", { class: "chip" }, optional ? "x-visitor-id, if wanted" : "needs x-visitor-id")];
}

const parameters = (list, api) =>
  element("dl", { class: "fields" }, ...list.flatMap((parameter) => [
    element("dt", {},
      element("code", {}, parameter.name), " ",
      element("span", { class: "type" }, typeOf(parameter.schema, api)),
      ...(parameter.required ? [" ", element("span", { class: "chip" }, parameter.in === "path" ? "in the path" : "required")] : []),
    ),
    element("dd", {}, ...prose(parameter.description), ...choices(parameter.schema, api)),
  ]));

/** Return the values of an enumeration, to be unfolded. */
function choices(schema, api) {
  const named = resolve(schema, api);
  if (!named.enum) return [];
  return [element("details", {}, element("summary", {}, "Values"), ...prose(named.description))];
}

function answer(operation, api) {
  const [[type, content]] = Object.entries(operation.responses["200"].content);
  const list = fields(content.schema, api);
  return type === "application/json" ? list : element("div", {}, element("p", {}, "Server-sent events (", element("code", {}, type), "), each of which holds"), list);
}

const errors = (operation) =>
  element("dl", { class: "errors" }, ...Object.entries(operation.responses)
    .filter(([status]) => status !== "200")
    .flatMap(([status, response]) => [
      element("dt", {}, status),
      element("dd", {}, ...prose(response.description)),
    ]));

/** A line for a shell, with just what is required. */
function example(operation, api) {
  const required = (operation.parameters ?? []).filter((one) => one.required || one.name === "songs");
  const path = required.filter((one) => one.in === "path")
    .reduce((text, one) => text.replace(`{${one.name}}`, sample(one.schema, one.name, api)), operation.path);
  const query = required.filter((one) => one.in === "query").map((one) => {
    const value = [sample(one.schema, one.name, api)].flat()[0];
    return `${one.name}=${one.style === "pipeDelimited" ? "5|15" : value}`;
  });
  const words = ["curl"];
  if (["patch", "delete"].includes(operation.verb)) words.push(`-X ${operation.verb.toUpperCase()}`);
  if (operation.security?.every((one) => one.visitor)) words.push("-H \"x-visitor-id: $VISITOR\"");
  if (operation.requestBody) words.push(`-d '${JSON.stringify(sample(bodyOf(operation), "", api))}'`);
  words.push(`'${location.origin}${path}${query.length ? "?" : ""}${query.join("&")}'`);
  return element("pre", { tabindex: "0", "aria-label": "Example" }, element("code", {}, words.join(" ")));
}

/** Return a value that a schema allows, with no more fields than it needs. */
function sample(schema, name, api) {
  const named = resolve(schema, api);
  if (named.enum) return named.enum.at(-1);
  if (named.type === "array") return [sample(named.items, name, api)];
  if (named.type === "integer") return name === "position" ? 1 : 5;
  if (named.type === "object") {
    const needed = named.required ?? (named.properties.songs ? ["songs"] : []);
    return Object.fromEntries(needed.map((one) => [one, sample(named.properties[one], one, api)]));
  }
  const words = { query: "dancing", engine: "content", title: "Evening" };
  return words[name] ?? name.replace(/[A-Z]/g, "_$&").toUpperCase();
}

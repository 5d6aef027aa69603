/** Schemas as lists of fields; a field that is a message unfolds to its own. */

import { element, prose } from "./elements.js";

/** Return what a schema refers to, or itself. */
export function resolve(schema, api) {
  const reference = referenceOf(schema);
  return reference ? api.components.schemas[reference] : schema;
}

/** Return the type of a value in a few words, with its limits. */
export function typeOf(schema, api) {
  if (schema.type === "array") {
    const told = count(schema);
    return `list of ${typeOf(schema.items, api)}${told && `, ${told} of them`}`;
  }
  const reference = referenceOf(schema);
  if (reference) return reference;
  return [schema.format ?? schema.type, range(schema), length(schema)].filter(Boolean).join(" ");
}

/** Return the fields of a message, or null when it has none. */
export function fields(schema, api, above = []) {
  const message = resolve(schema, api);
  const properties = Object.entries(message.properties ?? {});
  if (!properties.length) return element("p", { class: "nothing" }, "Nothing: ", element("code", {}, "{}"));
  return element("dl", { class: "fields" }, ...properties.flatMap(([name, value]) => [
    element("dt", {},
      element("code", {}, name), " ",
      element("span", { class: "type" }, typeOf(value, api)),
      ...((message.required ?? []).includes(name) ? [] : [" ", element("span", { class: "chip faint" }, "may be absent")]),
    ),
    element("dd", {}, ...prose(value.description), ...inner(value, api, above)),
  ]));
}

function inner(value, api, above) {
  const reference = referenceOf(value.items ?? value);
  if (!reference || above.includes(reference)) return [];
  const named = api.components.schemas[reference];
  const details = element("details", {}, element("summary", {}, named.enum ? "Values" : reference));
  // Filled when it is opened: most readers open few.
  details.addEventListener("toggle", () => {
    details.append(...(named.enum ? prose(named.description) : alternatives(value.items ?? value, api, [...above, reference])));
  }, { once: true });
  return [details];
}

function alternatives(schema, api, above) {
  const named = resolve(schema, api);
  return [...prose(named.description), fields(schema, api, above)];
}

const referenceOf = (schema) => (schema.$ref ?? schema.allOf?.[0].$ref)?.split("/").at(-1);

const count = ({ minItems, maxItems }) => between(minItems, maxItems);
const range = ({ minimum, maximum }) => between(minimum, maximum);
const length = (schema) => {
  const told = between(schema.minLength, schema.maxLength);
  return told && `${told} characters`;
};

function between(least, most) {
  if (least === undefined && most === undefined) return "";
  if (most === undefined) return `≥ ${least}`;
  return least === undefined ? `≤ ${most}` : `${least}–${most}`;
}

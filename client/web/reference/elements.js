/** Elements, and the few marks of Markdown that the contract's comments use. */

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child != null));
  return made;
}

export const slug = (name) => name.toLowerCase();

/** Let a long path break where its parts begin. */
export const breakable = (path) =>
  path.split(/(?=[/:])/).flatMap((piece) => [element("wbr"), piece]);

/** Return a text with what stands between backticks as code. */
export const inline = (text) =>
  text.split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));

/** Return a text as paragraphs and lists. */
export const prose = (text = "") => text.split("\n\n").filter(Boolean).flatMap(block);

function block(text) {
  const lines = text.split("\n");
  const points = lines.filter((line) => line.startsWith("- "));
  const head = lines.filter((line) => !line.startsWith("- ")).join(" ");
  return [
    head && element("p", {}, ...inline(head)),
    points.length && element("ul", {}, ...points.map((point) => element("li", {}, ...inline(point.slice(2))))),
  ].filter(Boolean);
}

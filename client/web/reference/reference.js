/** Shows the OpenAPI document of the API as a page. */

import { breakable, element, prose, slug } from "./elements.js";
import { operationSection } from "./operation.js";

const DOCUMENT = "/openapi.json";

function show(api) {
  const services = servicesOf(api);
  const content = document.getElementById("content");
  content.replaceChildren(
    element("header", { class: "intro" },
      element("h2", {}, api.info.title),
      ...prose(api.info.description),
      element("p", {}, element("a", { href: DOCUMENT, class: "button" }, "OpenAPI document")),
    ),
    ...services.map((service) => serviceSection(service, api)),
  );
  document.getElementById("calls").replaceChildren(...services.map(serviceLinks));
  document.getElementById("find").addEventListener("input", (event) => filter(event.target.value));
  followPosition();
  // The place that the address names exists only now.
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

/** Return the services with their operations, in the order of the document. */
function servicesOf(api) {
  const operations = Object.entries(api.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ path, verb, ...operation })));
  return api.tags.map((tag) => ({
    ...tag,
    operations: operations.filter((operation) => operation.tags.includes(tag.name)),
  }));
}

const serviceSection = (service, api) =>
  element("section", { class: "service", "aria-labelledby": slug(service.name) },
    element("h2", { id: slug(service.name) }, service.name),
    element("div", { class: "lead" }, ...prose(service.description)),
    ...service.operations.map((operation) => operationSection(operation, api)),
  );

const serviceLinks = (service) =>
  element("section", {},
    element("h2", {}, element("a", { href: `#${slug(service.name)}` }, service.name)),
    element("ul", {}, ...service.operations.map((operation) =>
      element("li", { "data-text": `${operation.verb} ${operation.path} ${operation.operationId}`.toLowerCase() },
        element("a", { href: `#${operation.operationId}` },
          element("span", { class: `verb ${operation.verb}` }, operation.verb),
          element("span", { class: "path" }, ...breakable(operation.path.replace(/^\/v1/, ""))),
        )))),
  );

/** Leave the links whose call has the words typed. */
function filter(typed) {
  const words = typed.toLowerCase().split(/\s+/);
  for (const group of document.querySelectorAll("#calls > section")) {
    const items = [...group.querySelectorAll("li")];
    for (const item of items) item.hidden = !words.every((word) => item.dataset.text.includes(word));
    group.hidden = items.every((item) => item.hidden);
  }
}

/** Mark the link of the call that is being read. */
function followPosition() {
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      document.querySelector("#calls [aria-current]")?.removeAttribute("aria-current");
      document.querySelector(`#calls a[href="#${entry.target.id}"]`)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const article of document.querySelectorAll("article")) watcher.observe(article);
}

try {
  const answer = await fetch(DOCUMENT);
  if (!answer.ok) throw new Error(`${DOCUMENT}: ${answer.status}`);
  show(await answer.json());
} catch (error) {
  document.getElementById("state").textContent =
    `The description of the API cannot be read (${error.message}). Reload the page to try again.`;
}

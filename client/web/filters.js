/** Which songs may be recommended, by which engine, and how varied. */

import { refresh } from "./actions.js";
import { byId, element } from "./dom.js";
import { NO_FILTERS, change, state, watch } from "./state.js";

const PAUSE_MS = 250;
const MOST_GENRES = 20;
const HOW_ENGINES_RANK = {
  content: "by sound",
  blend: "by sound and listeners",
  popularity: "what everyone hears",
  "item-item": "by listeners",
  "matrix-factorization": "by listeners' tastes",
};

const form = byId("filter-form");
let waiting = 0;

export function startFilters() {
  watch(["genres"], showGenres);
  watch(["engines"], showEngines);
  watch(["filters"], showCount);
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("clear-filters").addEventListener("click", clearFilters);
}

export function clearFilters() {
  form.reset();
  apply();
  byId("filters").querySelector("summary").focus();
}

/** How many of the filters keep songs out or are not as they were. */
export const filterCount = ({ genres, minYear, maxYear, engine, diversity }) =>
  genres.length +
  [minYear, maxYear, engine, diversity !== NO_FILTERS.diversity].filter(Boolean).length;

function apply() {
  clearTimeout(waiting);
  limitGenres();
  if (!yearsAreRight()) return;
  const given = new FormData(form);
  change({
    filters: {
      genres: given.getAll("genre"),
      minYear: Number(given.get("minYear")) || null,
      maxYear: Number(given.get("maxYear")) || null,
      engine: given.get("engine"),
      diversity: given.get("diversity"),
    },
  });
  refresh();
}

function limitGenres() {
  const boxes = [...form.querySelectorAll("[name=genre]")];
  const full = boxes.filter((box) => box.checked).length >= MOST_GENRES;
  for (const box of boxes) box.disabled = full && !box.checked;
}

function yearsAreRight() {
  const { minYear, maxYear } = form.elements;
  const crossed = minYear.value && maxYear.value && Number(minYear.value) > Number(maxYear.value);
  maxYear.setCustomValidity(crossed ? "The last year is before the first." : "");
  return form.reportValidity();
}

function showGenres({ genres }) {
  const chosen = new Set(state.filters.genres);
  const commonFirst = [...genres].sort((one, other) => other.songCount - one.songCount);
  byId("genre-choices").replaceChildren(
    ...commonFirst.map(({ name }) =>
      element(
        "label",
        { class: "chip" },
        element("input", {
          type: "checkbox",
          name: "genre",
          value: name,
          checked: chosen.has(name),
        }),
        element("span", {}, name),
      ),
    ),
  );
}

function showEngines({ engines }) {
  const usable = engines.filter(({ state }) => state === "ENGINE_STATE_AVAILABLE");
  const options = usable.map(({ name, algorithm }) => {
    const how = HOW_ENGINES_RANK[algorithm];
    return element("option", { value: name }, how ? `${name}: ${how}` : name);
  });
  const { engine } = form.elements;
  engine.replaceChildren(element("option", { value: "" }, "Automatic"), ...options);
  engine.value = state.filters.engine;
}

function showCount({ filters }) {
  const count = filterCount(filters);
  byId("filter-count").textContent = count ? `${count} active` : "";
  byId("clear-filters").hidden = count === 0;
}

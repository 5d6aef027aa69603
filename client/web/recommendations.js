/** The recommended songs, why each of them is, and a button to add it. */

import { addSong } from "./actions.js";
import { byId, cover, element, icon, iconButton, songText } from "./dom.js";
import { clearFilters, filterCount } from "./filters.js";
import { dislike, like } from "./likes.js";
import { details, titleOf } from "./songs.js";
import { songIds, state, watch } from "./state.js";

const REASONS_SHOWN = 3;
const PLACEHOLDERS = 6;
const POPULAR = "Popular with all listeners. Add songs you love, and these become yours.";
const KINDS = [".add", ".like", ".dislike"];
const WITHOUT_REASONS = {
  RECOMMENDATION_SOURCE_POPULAR: "Popular with all listeners",
  RECOMMENDATION_SOURCE_CONTENT: "Sounds like your songs",
  RECOMMENDATION_SOURCE_COLLABORATIVE: "Listeners of your songs like it",
  RECOMMENDATION_SOURCE_BLEND: "Fits your songs and those who like them",
};

const list = byId("recommended");

export function startRecommendations() {
  watch(["recommendations", "recommendError"], show);
  watch(["refreshing"], ({ refreshing }) => list.setAttribute("aria-busy", refreshing));
}

function show({ recommendations, recommendError }) {
  const answer = recommendations;
  const [kind, place] = focusedButton();
  if (answer) list.replaceChildren(...answer.recommendations.map(item));
  else if (recommendError) list.replaceChildren();
  else list.replaceChildren(...Array.from({ length: PLACEHOLDERS }, placeholder));
  // Who has just added, liked or disliked a song goes on from where it stood.
  if (place >= 0) (list.querySelectorAll(kind)[place] ?? byId("search-box")).focus();
  byId("nothing-fits").hidden = !answer || answer.recommendations.length > 0;
  byId("nothing-fits-clear").hidden = filterCount(state.filters) === 0;
  byId("recommended-hint").textContent = hint(answer);
  byId("ranked-by").textContent = answer ? rankedBy(answer) : "";
}

/** Which kind of button has the focus, and the how manieth of them it is; -1 when none has. */
function focusedButton() {
  const kind = KINDS.find((each) => list.querySelector(`${each}:focus`));
  return [kind, kind ? [...list.querySelectorAll(kind)].indexOf(document.activeElement) : -1];
}

export function startEmptyAnswer() {
  byId("nothing-fits-clear").addEventListener("click", clearFilters);
}

function hint(answer) {
  const first = answer?.recommendations[0];
  if (!first) return "";
  if (answer.degraded) return "Popular with all listeners, for the time being.";
  if (first.source === "RECOMMENDATION_SOURCE_POPULAR") return POPULAR;
  return "They change with every song that you add or remove.";
}

function rankedBy({ model, timing }) {
  const milliseconds = Math.max(1, Math.round(parseFloat(timing?.model ?? 0) * 1000));
  const version = model.version && `, version ${model.version},`;
  return `Ranked by ${model.engine}${version} in ${milliseconds} ms`;
}

const placeholder = () => element("li", { class: "card placeholder", "aria-hidden": "true" });

function item(recommendation) {
  const { song } = recommendation;
  const { genres = [] } = details(song);
  const tags = genres.slice(0, 3).map((genre) => element("li", {}, genre));
  const add = {
    type: "button",
    class: "add",
    "aria-label": `Add ${titleOf(song)}`,
    click: () => addSong(song),
  };
  return element(
    "li",
    { class: "card", "data-song": song.id },
    element(
      "div",
      { class: "card-head" },
      cover(song),
      songText(song),
      element("button", add, icon("plus"), "Add"),
    ),
    element(
      "div",
      { class: "card-middle" },
      tags.length ? element("ul", { class: "tags", "aria-label": "Genres" }, ...tags) : null,
      iconButton("like", `Like ${titleOf(song)}`, () => like(song), { class: "icon-button like" }),
      iconButton("dislike", `Never recommend ${titleOf(song)}`, () => dislike(song), {
        class: "icon-button dislike",
      }),
    ),
    why(recommendation),
  );
}

/** “Because you added …”: the strongest songs, each with its share of the score as a bar. */
function why({ reasons, remainingContribution = 0, source }) {
  const parts = [...reasons.map(({ contribution }) => contribution ?? 0), remainingContribution];
  const whole = parts.reduce((sum, part) => sum + Math.max(part, 0), 0);
  const strongest = reasons.filter(({ contribution }) => contribution > whole / 100);
  if (strongest.length === 0) return element("p", { class: "why" }, WITHOUT_REASONS[source]);
  const added = new Set(songIds());
  const liked = strongest.some(({ songId }) => !added.has(songId));
  return element(
    "div",
    { class: "why" },
    element("p", {}, liked ? "Because you added or like" : "Because you added"),
    element("ul", {}, ...strongest.slice(0, REASONS_SHOWN).map((reason) => because(reason, whole))),
  );
}

function because({ songId, title, contribution }, whole) {
  const percent = Math.round((100 * contribution) / whole);
  const bar = element("span", { class: "bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", `${percent}%`);
  return element(
    "li",
    {},
    element("span", { class: "because" }, title ?? titleOf({ id: songId })),
    bar,
    element("span", { class: "percent" }, `${percent} %`),
  );
}

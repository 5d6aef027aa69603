/** Says what does not work, what that means and what to do; tries again until it works. */

import { Unreachable } from "./api.js";
import { refresh, start } from "./actions.js";
import { byId } from "./dom.js";
import { announce } from "./notices.js";
import { change, state, watch } from "./state.js";

const AGAIN_MS = 3_000;
const DEGRADED = {
  DEGRADED_REASON_MODEL_UNAVAILABLE: {
    title: "Recommendations are degraded.",
    advice:
      "The part that ranks songs for you does not answer, so these are popular ones. Search and " +
      "playlists work on; yours come back by themselves.",
  },
  DEGRADED_REASON_CATALOG_UNAVAILABLE: {
    title: "Recommendations are degraded.",
    advice:
      "Titles and artists cannot be read, so new songs show as numbers. Your playlist is safe; " +
      "the names come back by themselves.",
  },
  DEGRADED_REASON_CATALOG_INCOMPLETE: {
    title: "Some songs have no names.",
    advice:
      "Model and catalog were made from different songs. Whoever runs Segue can load both anew.",
  },
  DEGRADED_REASON_HISTORY_UNAVAILABLE: {
    title: "Your likes do not count right now.",
    advice: "They cannot be read, and are safe. All else works; they count again by themselves.",
  },
};
const OFFLINE = {
  title: "You are offline.",
  advice: "What you see stays. The page goes on as soon as there is a network.",
};
const UNREACHABLE = {
  title: "Segue does not answer.",
  advice: "Nothing of yours is lost. The page tries again every few seconds.",
};

let before = null;
let waiting = 0;

export function startTrouble() {
  addEventListener("offline", () => change({ offline: true }));
  addEventListener("online", () => {
    change({ offline: false });
    tryAgain();
  });
  byId("try-again").addEventListener("click", tryAgain);
  watch(["offline", "startError", "recommendError", "recommendations", "refreshing"], show);
}

function tryAgain() {
  if (state.startError) start();
  else refresh();
}

function troubleOf({ offline, startError, recommendError, recommendations }) {
  const error = startError ?? recommendError;
  if (offline) return OFFLINE;
  if (error instanceof Unreachable) return UNREACHABLE;
  if (error) return refusal(error);
  return DEGRADED[recommendations?.degraded?.reasons[0]] ?? null;
}

function refusal({ message, requestId }) {
  const quoted = requestId ? ` Who asks about it may quote ${requestId}.` : "";
  return { title: "Segue cannot answer this.", advice: `It says: ${message}.${quoted}` };
}

function show(now) {
  if (now.refreshing) return;
  const trouble = troubleOf(now);
  byId("trouble").hidden = !trouble;
  byId("trouble-title").textContent = trouble?.title ?? "";
  byId("trouble-advice").textContent = trouble?.advice ?? "";
  if (trouble?.title !== before?.title)
    announce(trouble ? `${trouble.title} ${trouble.advice}` : "Everything works again.");
  before = trouble;
  clearTimeout(waiting);
  if (trouble) waiting = setTimeout(tryAgain, AGAIN_MS);
}

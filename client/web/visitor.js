/** Who asks: drawn at random once, and kept. */

import { keep, kept } from "./kept.js";

const FORM = /^[\w-]{22,128}$/;

/** Return 144 random bits as 24 letters, digits, `-` and `_`. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

/** Whoever knows it is this visitor: it is sent as a header, and nowhere else. */
export const visitorId = () => drawnOnce("visitor");

/** Tells experiments one browser from another, and opens nothing. */
export const experimentId = () => drawnOnce("experiment");

function drawnOnce(key) {
  if (!FORM.test(kept(key) ?? "")) keep(key, randomId());
  return kept(key);
}

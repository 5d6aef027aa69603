/** The few steps by which every part of the page makes elements. */

import { artistOf, details, releaseOf, titleOf } from "./songs.js";

const A_LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** Make an element: functions listen to the event of their name, anything else is an attribute. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button that shows an icon alone and is read as `label`. */
export const iconButton = (name, label, click, more = {}) =>
  element(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, click, ...more },
    icon(name),
  );

/** A square in the place of a cover, of one color for each artist. */
export function cover(song) {
  const [initial] = titleOf(song).match(A_LETTER_OR_DIGIT) ?? ["♪"];
  const square = element("span", { class: "cover", "aria-hidden": "true" }, initial);
  const { artistId = song.id } = details(song);
  // The golden angle sets neighboring ids far apart on the color wheel.
  square.style.setProperty("--hue", ((artistId * 137.5) % 360).toFixed(0));
  return square;
}

export const songText = (song) =>
  element(
    "div",
    { class: "song-text" },
    element("span", { class: "title" }, titleOf(song)),
    element("span", { class: "artist" }, artistOf(song)),
    element("span", { class: "release" }, releaseOf(song)),
  );

/** Put children into a list, and the focus back on the one that had it. */
export function place(list, children) {
  const focused = document.activeElement;
  list.replaceChildren(...children);
  if (focused !== document.activeElement && list.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
}

/** The songs of the chosen playlist: shown, reordered, removed. */

import { moveSong, removeSong } from "./actions.js";
import { byId, cover, element, icon, iconButton, place, songText } from "./dom.js";
import { makeReorderable } from "./reorder.js";
import { counted, titleOf } from "./songs.js";
import { state, watch } from "./state.js";

const list = byId("entries");
let rows = new Map();

export function startPlaylist() {
  watch(["playlist", "startError", "recommendations"], show);
  makeReorderable(list, (row, index) => {
    const { song } = entries().find((entry) => String(entry.song.id) === row.dataset.song);
    moveSong(song, index + 1);
  });
}

const entries = () => state.playlist?.entries ?? [];

function show() {
  const songs = entries().map((entry) => entry.song);
  byId("playlist-title").textContent = state.playlist?.title ?? "Your playlist";
  byId("song-count").textContent = songs.length ? counted(songs.length) : "";
  byId("playlist-empty").hidden = songs.length > 0;
  // A row that stays is the same element, so that whoever is in it is not thrown out.
  rows = new Map(songs.map((song) => [keyOf(song), rows.get(keyOf(song)) ?? makeRow(song)]));
  [...rows.values()].forEach((row, index) => number(row, index, songs));
  place(list, rows.values());
}

const keyOf = (song) => `${song.id} ${titleOf(song)}`;

function makeRow(song) {
  return element(
    "li",
    { class: "row", "data-song": song.id },
    element("button", { type: "button", class: "handle icon-button" }, icon("grip")),
    cover(song),
    songText(song),
    iconButton("remove", `Remove ${titleOf(song)}`, () => remove(song), {
      class: "icon-button remove",
    }),
  );
}

function number(row, index, songs) {
  const label = `Move ${titleOf(songs[index])}, number ${index + 1} of ${songs.length}`;
  row.querySelector(".handle").setAttribute("aria-label", label);
  row.querySelector(".handle").setAttribute("aria-describedby", "how-to-move");
}

async function remove(song) {
  const index = entries().findIndex((entry) => entry.song.id === song.id);
  const hadFocus = list.contains(document.activeElement);
  await removeSong(song);
  if (!hadFocus || list.contains(document.activeElement)) return;
  const left = list.querySelectorAll(".remove");
  (left[Math.min(index, left.length - 1)] ?? byId("search-box")).focus();
}

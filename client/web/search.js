/** Search as you type: a box with a list below it, used by arrows and Enter or by pointer. */

import { Unreachable, searchSongs } from "./api.js";
import { addSong } from "./actions.js";
import { byId, cover, element, icon, songText } from "./dom.js";
import { announce } from "./notices.js";
import { counted, remember } from "./songs.js";
import { songIds, watch } from "./state.js";

const PAUSE_MS = 120;
const A_LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

const box = byId("search-box");
const list = byId("found");
const note = byId("search-note");

let waiting = 0;
let asking = new AbortController();
let found = [];
let active = -1;

export function startSearch() {
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, PAUSE_MS);
  });
  box.addEventListener("keydown", onKey);
  box.addEventListener("focus", () => found.length && open());
  box.closest(".search").addEventListener("focusout", (event) => {
    if (!event.currentTarget.contains(event.relatedTarget)) close();
  });
  watch(["playlist"], () => found.length && show());
}

async function search() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const query = box.value.trim();
  if (!A_LETTER_OR_DIGIT.test(query)) {
    forget();
    return;
  }
  try {
    const { songs } = await searchSongs(query, signal);
    if (!signal.aborted) take(songs, query);
  } catch (error) {
    if (signal.aborted) return;
    forget();
    say(
      error instanceof Unreachable
        ? "Segue does not answer. Try again in a moment."
        : error.message,
    );
  }
}

function take(songs, query) {
  remember(songs);
  found = songs;
  active = -1;
  show();
  if (songs.length === 0) {
    close();
    say(`No song, artist or album has words that begin with “${query}”.`);
    return;
  }
  say("");
  open();
  announce(`${counted(songs.length)} found`);
}

function say(text) {
  note.textContent = text;
  note.hidden = text === "";
  if (text) announce(text);
}

function forget() {
  found = [];
  say("");
  close();
}

function show() {
  const there = new Set(songIds());
  list.replaceChildren(...found.map((song, index) => option(song, index, there.has(song.id))));
  activate(active);
}

function option(song, index, isThere) {
  const state = isThere
    ? element("span", { class: "in-playlist" }, icon("check"), "in the playlist")
    : icon("plus");
  const made = element(
    "li",
    { role: "option", id: `found-${index}`, "aria-selected": "false", class: "option" },
    cover(song),
    songText(song),
    state,
  );
  // The box keeps the focus, so that typing can go on.
  made.addEventListener("pointerdown", (event) => event.preventDefault());
  made.addEventListener("click", () => choose(index));
  return made;
}

function onKey(event) {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps && found.length) {
    event.preventDefault();
    open();
    const from = active < 0 && event.key === "ArrowUp" ? 0 : active;
    activate((from + steps[event.key] + found.length) % found.length);
  } else if (event.key === "Enter" && !list.hidden) {
    event.preventDefault();
    choose(Math.max(active, 0));
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    close();
  }
}

function choose(index) {
  activate(index);
  box.select();
  const song = found[index];
  if (songIds().includes(song.id)) announce(`${song.title} is in the playlist already`);
  else addSong(song);
}

function activate(index) {
  active = index;
  [...list.children].forEach((each, at) => each.setAttribute("aria-selected", at === index));
  if (index < 0) {
    box.removeAttribute("aria-activedescendant");
    return;
  }
  box.setAttribute("aria-activedescendant", `found-${index}`);
  list.children[index].scrollIntoView({ block: "nearest" });
}

function open() {
  list.hidden = false;
  box.setAttribute("aria-expanded", "true");
}

function close() {
  list.hidden = true;
  box.setAttribute("aria-expanded", "false");
  activate(-1);
}

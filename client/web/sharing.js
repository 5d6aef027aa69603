/** Links that hold a playlist's songs in the part of an address that no server gets to see. */

import { getSongs } from "./api.js";
import { createPlaylist } from "./actions.js";
import { byId, cover, element, songText } from "./dom.js";
import { announce, notify } from "./notices.js";
import { counted, remember } from "./songs.js";
import { songIds, state } from "./state.js";

const MOST_SONGS = 500;
const LONGEST_TITLE = 200;
const COPY_YOURSELF =
  "This browser does not let the page copy. The link is marked: copy it yourself.";
const AN_ID = /^[1-9]\d{0,8}$/;

let shared = { title: "", songs: [] };

export function startSharing() {
  byId("share-playlist").addEventListener("click", share);
  byId("copy-link").addEventListener("click", copy);
  byId("link-close").addEventListener("click", () => byId("link-dialog").close());
  byId("keep-shared").addEventListener("click", keepCopy);
  byId("close-shared").addEventListener("click", leave);
  addEventListener("hashchange", open);
  open();
}

function share() {
  const fragment = new URLSearchParams({ title: state.playlist.title, songs: songIds().join("-") });
  byId("link-box").value = `${location.origin}${location.pathname}#${fragment}`;
  byId("link-said").textContent = "";
  byId("link-dialog").showModal();
  byId("link-box").select();
}

async function copy() {
  byId("link-box").select();
  try {
    await navigator.clipboard.writeText(byId("link-box").value);
    byId("link-said").textContent = "Copied.";
  } catch {
    byId("link-said").textContent = COPY_YOURSELF;
  }
}

/** Return what the address shares; null when it shares nothing. */
function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  const ids = (given.get("songs") ?? "").split("-").filter((id) => AN_ID.test(id));
  if (ids.length === 0) return null;
  const title = (given.get("title") ?? "")
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, LONGEST_TITLE);
  return { title: title || "Shared playlist", ids: [...new Set(ids)].slice(0, MOST_SONGS) };
}

async function open() {
  const found = read();
  byId("shared").hidden = !found;
  if (!found) return;
  byId("shared-title").textContent = found.title;
  byId("keep-shared").disabled = true;
  try {
    const { songs, unknownSongs } = await getSongs(found.ids);
    take(found.title, songs, unknownSongs.length);
  } catch {
    notify("The shared playlist cannot be read now.", { label: "Try again", act: open });
  }
}

function take(title, songs, missing) {
  shared = { title, songs };
  remember(songs);
  const gone = missing ? `, and ${missing} that this catalog does not have` : "";
  byId("shared-count").textContent = `${counted(songs.length)} shared with you${gone}`;
  byId("shared-songs").replaceChildren(
    ...songs.map((song) => element("li", { class: "row" }, cover(song), songText(song))),
  );
  byId("keep-shared").disabled = songs.length === 0;
  announce(`${title}, ${byId("shared-count").textContent}`);
}

async function keepCopy() {
  leave();
  await createPlaylist(
    shared.title,
    shared.songs.map(({ id }) => id),
  );
}

function leave() {
  history.replaceState(null, "", location.pathname);
  byId("shared").hidden = true;
  byId("search-box").focus();
}

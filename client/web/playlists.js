/** The playlists of the visitor: chosen, created, renamed, deleted. */

import { createPlaylist, deletePlaylist, openPlaylist, renamePlaylist } from "./actions.js";
import { byId, element } from "./dom.js";
import { state, watch } from "./state.js";

const chooser = byId("playlist-chooser");
const dialog = byId("title-dialog");
const box = byId("title-box");
let save = createPlaylist;

export function startPlaylists() {
  watch(["playlists", "playlist"], show);
  chooser.addEventListener("change", () => openPlaylist(chooser.value));
  byId("new-playlist").addEventListener("click", () => ask("New playlist", "", createPlaylist));
  byId("rename-playlist").addEventListener("click", () =>
    ask("Rename the playlist", state.playlist.title, renamePlaylist),
  );
  byId("delete-playlist").addEventListener("click", deletePlaylist);
  byId("title-form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    save(box.value.trim());
  });
  byId("title-cancel").addEventListener("click", () => dialog.close());
}

function ask(heading, title, then) {
  save = then;
  byId("title-heading").textContent = heading;
  box.value = title;
  dialog.showModal();
  box.select();
}

function show({ playlists, playlist }) {
  chooser.replaceChildren(
    ...playlists.map(({ playlistId, title, songCount }) =>
      element("option", { value: playlistId }, `${title} (${songCount})`),
    ),
  );
  chooser.value = playlist?.playlistId ?? "";
  chooser.hidden = playlists.length < 2;
  for (const id of ["rename-playlist", "delete-playlist", "share-playlist"]) {
    byId(id).disabled = !playlist;
  }
}

/** All that a listener can do with playlists; the state follows what the service answers. */

import * as api from "./api.js";
import { keep, kept } from "./kept.js";
import { announce, hideNotice, notify } from "./notices.js";
import { refresh as ask, showing, wanted } from "./recommending.js";
import { counted, remember, titleOf } from "./songs.js";
import { change, songIds, state } from "./state.js";
import { randomId } from "./visitor.js";

const FIRST_TITLE = "My playlist";
let changes = Promise.resolve();

/** Recommend for the playlist as it is once every change is made. */
export const refresh = () => ask(changes);

/** Read all that the page starts with; what fails is in the state, and the rest goes on. */
export async function start() {
  change({ startError: null });
  await Promise.all([startPlaylists(), startFilters()].map((part) => part.catch(failed)));
  await refresh();
}

const failed = (startError) => change({ startError });

async function startPlaylists() {
  const { playlists } = await api.listPlaylists();
  change({ playlists });
  await openLast(playlists);
}

async function startFilters() {
  const [{ genres }, { engines }] = await Promise.all([api.listGenres(), api.listEngines()]);
  change({ genres, engines });
}

async function openLast(playlists) {
  const last = playlists.find((one) => one.playlistId === kept("playlist")) ?? playlists[0];
  if (last) take((await api.getPlaylist(last.playlistId)).playlist);
  else change({ playlist: null });
}

export const openPlaylist = (id) =>
  inTurn("The playlist was not opened", async () => {
    take((await api.getPlaylist(id)).playlist);
    hideNotice();
    announce(`${state.playlist.title}, ${counted(songIds().length)}`);
    ask();
  });

export const createPlaylist = (title, ids = []) =>
  inTurn(`“${title}” was not created`, async () => {
    const answer = await api.createPlaylist({ title, songIds: ids, requestId: randomId() });
    take(answer.playlist);
    announce(`${title} is there, with ${counted(ids.length)}`);
    ask();
  });

export const renamePlaylist = (title) =>
  inTurn("The playlist was not renamed", async () => {
    const { playlist } = await api.renamePlaylist(state.playlist.playlistId, title);
    take({ ...playlist, entries: state.playlist.entries });
    announce(`The playlist is called ${title} now`);
  });

export const deletePlaylist = () =>
  inTurn("The playlist was not deleted", async () => {
    const { playlistId, title } = state.playlist;
    const ids = songIds();
    await api.deletePlaylist(playlistId);
    const playlists = state.playlists.filter((one) => one.playlistId !== playlistId);
    change({ playlists });
    await openLast(playlists);
    notify(`“${title}” is deleted.`, { label: "Undo", act: () => createPlaylist(title, ids) });
    ask();
  });

/** Add a song at a position from 1, or at the end; the first one makes the first playlist. */
export const addSong = (song, position = 0) =>
  inTurn(`“${titleOf(song)}” was not added`, async () => {
    if (!state.playlist) await createFirst();
    await showing(async () => {
      const request = { songId: song.id, position, recommend: wanted() };
      const answer = await api.addSong(state.playlist.playlistId, request);
      take(answer.playlist);
      announce(`${titleOf(song)} is added, ${counted(songIds().length)}`);
      return answer.recommendations;
    });
  });

async function createFirst() {
  const request = { title: FIRST_TITLE, requestId: randomId() };
  take((await api.createPlaylist(request)).playlist);
}

export const removeSong = (song) =>
  inTurn(`“${titleOf(song)}” was not removed`, async () => {
    const position = songIds().indexOf(song.id) + 1;
    await showing(async () => {
      const request = { songId: song.id, recommend: wanted() };
      const answer = await api.removeSong(state.playlist.playlistId, request);
      take(answer.playlist);
      const undo = { label: "Undo", act: () => addSong(song, position) };
      notify(`“${titleOf(song)}” is removed.`, undo);
      return answer.recommendations;
    });
  });

/** Show the song at its new position, from 1, at once; where that fails, at the old one again. */
export function moveSong(song, position) {
  const before = state.playlist;
  const entries = before.entries.filter((entry) => entry.song.id !== song.id);
  entries.splice(position - 1, 0, { song });
  change({ playlist: { ...before, entries } });
  announce(`${titleOf(song)} is number ${position} of ${entries.length}`);
  return inTurn(`“${titleOf(song)}” was not moved`, async () => {
    try {
      const request = { songId: song.id, position };
      take((await api.moveSong(before.playlistId, request)).playlist);
    } catch (error) {
      change({ playlist: before });
      throw error;
    }
  });
}

/** Make changes one after another, so that answers come in the order of what was done. */
export function inTurn(failure, work) {
  const attempt = async () => {
    try {
      await work();
    } catch (error) {
      report(failure, error, () => inTurn(failure, work));
    }
  };
  changes = changes.then(attempt);
  return changes;
}

function report(failure, error, again) {
  const gone = error.reason === "PLAYLIST_NOT_FOUND";
  const nobody = error instanceof api.Unreachable;
  const why = nobody ? "Segue does not answer" : error.message;
  notify(
    `${failure}: ${why}.`,
    gone ? { label: "Reload", act: start } : { label: "Try again", act: again },
  );
}

function take(playlist) {
  remember(playlist.entries.map(({ song }) => song));
  keep("playlist", playlist.playlistId);
  const summary = { ...playlist, entries: [] };
  const there = state.playlists.some((one) => one.playlistId === playlist.playlistId);
  const playlists = there
    ? state.playlists.map((one) => (one.playlistId === playlist.playlistId ? summary : one))
    : [summary, ...state.playlists];
  change({ playlist, playlists });
}

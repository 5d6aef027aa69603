/** All that the page shows, in one place: `change` is the only way to alter it. */

export const NO_FILTERS = Object.freeze({
  genres: [],
  minYear: null,
  maxYear: null,
  engine: "",
  diversity: "DIVERSITY_NONE",
});

export const state = {
  playlists: [], // the visitor's, without their songs
  playlist: null, // the chosen one with its songs; null before there is any
  recommendations: null, // the last answer
  refreshing: true, // whether another answer is awaited
  filters: NO_FILTERS,
  genres: [],
  engines: [],
  startError: null, // why the page could not read its playlists
  recommendError: null, // why there are no recommendations
  offline: !navigator.onLine,
};

const watchers = [];

/** Call `look` now, and again after every change of one of these parts. */
export function watch(parts, look) {
  watchers.push({ parts, look });
  look(state);
}

export function change(patch) {
  Object.assign(state, patch);
  for (const { parts, look } of watchers) {
    if (parts.some((part) => part in patch)) look(state);
  }
}

/** The ids of the chosen playlist's songs, in order. */
export const songIds = () => (state.playlist?.entries ?? []).map(({ song }) => song.id);

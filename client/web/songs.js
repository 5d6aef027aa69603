/** What is known about songs: details seen once are shown when an answer holds the id alone. */

const seen = new Map();

export function remember(songs) {
  for (const song of songs) if (song.title) seen.set(song.id, song);
}

export const details = (song) => seen.get(song.id) ?? song;

export const titleOf = (song) => details(song).title ?? `Song ${song.id}`;

export const artistOf = (song) => details(song).artist ?? "";

/** “year · album”, without what is not known. */
export function releaseOf(song) {
  const { album, year } = details(song);
  return [year, album].filter(Boolean).join(" · ");
}

export const counted = (number) => (number === 1 ? "1 song" : `${number} songs`);

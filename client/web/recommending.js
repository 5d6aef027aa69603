/** Asks for recommendations, and lets only the latest answer count. */

import * as api from "./api.js";
import { remember } from "./songs.js";
import { change, songIds, state } from "./state.js";
import { experimentId } from "./visitor.js";

const HOW_MANY = 12;
const MOST_OF_AN_ARTIST = 2;
let latest = 0;

/** What to recommend and how, by the filters; the songs are left to the caller. */
export function wanted() {
  const { genres, minYear, maxYear, engine, diversity } = state.filters;
  return {
    k: HOW_MANY,
    maxPerArtist: MOST_OF_AN_ARTIST,
    explain: true,
    visitorId: experimentId(),
    useHistory: true,
    engine,
    diversity,
    filter: { genres, ...(minYear && { minYear }), ...(maxYear && { maxYear }) },
  };
}

/** Show the outcome that `ask` comes back with, unless something later was asked meanwhile. */
export async function showing(ask) {
  const mine = ++latest;
  change({ refreshing: true });
  try {
    const outcome = await ask();
    if (mine === latest) take(outcome);
  } finally {
    if (mine === latest) change({ refreshing: false });
  }
}

/** Ask anew; `settled` is what must be over before the songs are known. */
export const refresh = (settled = Promise.resolve()) =>
  showing(async () => {
    await settled;
    try {
      return { response: await api.recommend({ ...wanted(), songs: songIds() }) };
    } catch (error) {
      return { error };
    }
  });

function take({ response, error }) {
  if (error) {
    const recommendError = error instanceof Error ? error : new api.Refused(error);
    change({ recommendError });
    return;
  }
  remember(response.recommendations.map(({ song }) => song));
  change({ recommendations: response, recommendError: null });
}

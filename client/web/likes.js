/** Likes and dislikes: they count for what is recommended, and can be taken back. */

import { recordEvents } from "./api.js";
import { inTurn } from "./actions.js";
import { notify } from "./notices.js";
import { refresh } from "./recommending.js";
import { titleOf } from "./songs.js";
import { state } from "./state.js";
import { randomId } from "./visitor.js";

export const like = (song) =>
  tell("EVENT_TYPE_LIKE", song, `You like “${titleOf(song)}”: it counts for what is recommended.`);

export const dislike = (song) =>
  tell("EVENT_TYPE_DISLIKE", song, `“${titleOf(song)}” will not be recommended again.`);

const takeBack = (song) => tell("EVENT_TYPE_CLEAR", song, null);

function tell(type, song, said) {
  // One id for all attempts: however often it is sent, it counts once.
  const event = { eventId: randomId(), type, songId: song.id };
  if (said) event.attributionToken = state.recommendations.attributionToken;
  return inTurn("What you think of the song was not saved", async () => {
    await recordEvents([event]);
    if (said) notify(said, { label: "Undo", act: () => takeBack(song) });
    await refresh();
  });
}

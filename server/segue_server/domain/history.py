"""Brings what listeners have said of songs before into what they ask for now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import ActivityUnavailable, DeadlineExceeded
from segue_server.domain.event import Opinions
from segue_server.domain.model import RankQuery, RecommendRequest
from segue_server.domain.ports import Events

# An answer without the history is better than a late one.
SHARE_OF_TIME: Final = 0.2
# The most listened songs of a query, those of the history included.
MAX_SONGS: Final = 1_000

# The opinions of each listener; `None` where they could not be read.
Told = Mapping[str, Opinions | None]


async def read(events: Events, requests: Sequence[RecommendRequest], deadline: Deadline) -> Told:
    """Return the opinions that count for the requests, each listener's read once."""
    owners = {request.history_of for request in requests if request.history_of is not None}
    # One caller's requests are all of one listener, so there is nothing to be had at once.
    return {owner: await _read_one(events, owner, deadline) for owner in owners}


def with_opinions(query: RankQuery, told: Opinions) -> RankQuery:
    """Return the query with liked songs as listened and disliked ones as excluded songs.

    What the query says of a song itself counts instead; of too many the latest likes count.
    """
    excluded = set(query.excluded_songs)
    liked = [song for song in told.liked if song not in excluded]
    songs = tuple(dict.fromkeys((*query.songs, *liked)))[: max(MAX_SONGS, len(query.songs))]
    given = set(query.songs)
    disliked = [song for song in told.disliked if song not in given]
    out = tuple(dict.fromkeys((*query.excluded_songs, *disliked)))
    return replace(query, songs=songs, excluded_songs=out)


async def _read_one(events: Events, owner: str, deadline: Deadline) -> Opinions | None:
    try:
        return await events.opinions(owner, deadline.share(SHARE_OF_TIME))
    except (ActivityUnavailable, DeadlineExceeded):
        return None

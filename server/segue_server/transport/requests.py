"""From the contract's requests to the domain's, with all checks, once."""

from collections.abc import Sequence

from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1 import song_pb2
from segue_server.domain.model import Filter, RankQuery, RecommendRequest, View
from segue_server.transport import limits
from segue_server.transport.checks import Checks

VIEWS = {
    song_pb2.SONG_VIEW_UNSPECIFIED: View.BASIC,
    song_pb2.SONG_VIEW_IDS_ONLY: View.IDS_ONLY,
    song_pb2.SONG_VIEW_BASIC: View.BASIC,
    song_pb2.SONG_VIEW_FULL: View.FULL,
}
# The weights that the contract states.
DIVERSITIES = {
    rpb.DIVERSITY_UNSPECIFIED: 0.0,
    rpb.DIVERSITY_NONE: 0.0,
    rpb.DIVERSITY_LOW: 0.2,
    rpb.DIVERSITY_MEDIUM: 0.4,
    rpb.DIVERSITY_HIGH: 0.6,
}


def recommend_request(
    request: rpb.RecommendSongsRequest, owner: str | None = None
) -> RecommendRequest:
    """Return the request; raise InvalidRequest naming every field at fault.

    `owner` is whose history counts where the request wants it to.
    """
    checks = Checks()
    exclude = request.exclude
    excluded = checks.ids("exclude.song_ids", exclude.song_ids, limits.MAX_SONGS)
    disliked = checks.ids("disliked_songs", request.disliked_songs, limits.MAX_SONGS)
    query = RankQuery(
        songs=checks.ids("songs", request.songs, limits.MAX_SONGS),
        k=checks.size("k", request.k, limits.DEFAULT_K, limits.MAX_K),
        filter=_filter(checks, request.filter),
        excluded_songs=tuple(dict.fromkeys(excluded + disliked)),
        excluded_artists=checks.ids("exclude.artist_ids", exclude.artist_ids, limits.MAX_ARTISTS),
        exclude_seed_artists=exclude.seed_artists,
        max_per_artist=_cap(checks, request.max_per_artist),
        diversity=_diversity(checks, request.diversity),
        explain=request.explain,
    )
    engine = checks.name("engine", request.engine)
    view = song_view(checks, request.view)
    visitor = checks.name("visitor_id", request.visitor_id, limits.MAX_VISITOR)
    checks.done()
    history_of = owner if request.use_history else None
    return RecommendRequest(query, engine, view, visitor, history_of)


def similar_request(request: rpb.FindSimilarSongsRequest) -> RecommendRequest:
    """Return the request; raise InvalidRequest naming every field at fault."""
    checks = Checks()
    query = RankQuery(
        songs=(checks.id("song_id", request.song_id),),
        k=checks.size("k", request.k, limits.DEFAULT_K, limits.MAX_K),
        filter=_filter(checks, request.filter),
        max_per_artist=_cap(checks, request.max_per_artist),
        diversity=_diversity(checks, request.diversity),
        substitute=False,
    )
    engine = checks.name("engine", request.engine)
    view = song_view(checks, request.view)
    checks.done()
    return RecommendRequest(query, engine, view, visitor=None)


def song_view(checks: Checks, view: song_pb2.SongView.ValueType) -> View:
    """Return the view; a number that the contract does not know is a violation."""
    if view not in VIEWS:
        checks.fail("view", f"{view} is not a view")
    return VIEWS.get(view, View.BASIC)


def _diversity(checks: Checks, level: rpb.Diversity.ValueType) -> float:
    if level not in DIVERSITIES:
        checks.fail("diversity", f"{level} is not a level of diversity")
    return DIVERSITIES.get(level, 0.0)


def _cap(checks: Checks, value: int) -> int:
    if value < 0:
        checks.fail("max_per_artist", f"{value} is negative")
    return value


def _filter(checks: Checks, wanted: rpb.RecommendationFilter) -> Filter:
    result = Filter(
        genres=_genres(checks, wanted.genres),
        artist_ids=checks.ids("filter.artist_ids", wanted.artist_ids, limits.MAX_ARTISTS),
        min_year=wanted.min_year if wanted.HasField("min_year") else None,
        max_year=wanted.max_year if wanted.HasField("max_year") else None,
        min_tempo=wanted.min_tempo if wanted.HasField("min_tempo") else None,
        max_tempo=wanted.max_tempo if wanted.HasField("max_tempo") else None,
    )
    checks.within("filter.min_year", result.min_year, limits.MAX_YEAR)
    checks.within("filter.max_year", result.max_year, limits.MAX_YEAR)
    checks.within("filter.min_tempo", result.min_tempo, limits.MAX_TEMPO)
    checks.within("filter.max_tempo", result.max_tempo, limits.MAX_TEMPO)
    checks.bounds(("filter.min_year", "filter.max_year"), result.min_year, result.max_year)
    checks.bounds(("filter.min_tempo", "filter.max_tempo"), result.min_tempo, result.max_tempo)
    return result


def _genres(checks: Checks, names: Sequence[str]) -> tuple[str, ...]:
    if len(names) > limits.MAX_GENRES:
        checks.fail(
            "filter.genres", f"{len(names)} genres; at most {limits.MAX_GENRES} are allowed"
        )
    for at, name in enumerate(names):
        if not name.strip():
            checks.fail(f"filter.genres[{at}]", "the name is empty")
        checks.name(f"filter.genres[{at}]", name)
    return tuple(names)

"""What the canned server answers: a handful of songs, genres and engines."""

from collections.abc import Iterator

from google.protobuf import duration_pb2

from segue.v1 import (
    catalog_service_pb2,
    engine_service_pb2,
    recommendation_service_pb2,
    song_pb2,
)

UNKNOWN_FROM = 9000

SONGS = (
    song_pb2.Song(
        id=5,
        title="Hoppípolla",
        artist="Sigur Rós",
        artist_id=7,
        album="Takk...",
        year=2005,
        genres=["post-rock", "ambient"],
    ),
    song_pb2.Song(id=15, title="[red]Alert[/red]", artist="The Brackets", artist_id=8),
    song_pb2.Song(id=25, title="Third \x1b[31mSong", artist="Sigur Rós", artist_id=7, year=1999),
    song_pb2.Song(id=35, title="Fourth Song", artist="Solo", artist_id=9, year=1990),
    song_pb2.Song(id=45, title="Fifth Song", artist="Solo", artist_id=9, year=1991),
)
GENRES = tuple(
    catalog_service_pb2.Genre(id=i, name=name, song_count=10 * i)
    for i, name in enumerate(("ambient", "jazz", "rock"), start=1)
)
ENGINES = (
    engine_service_pb2.Engine(
        name="content",
        default=True,
        state=engine_service_pb2.ENGINE_STATE_AVAILABLE,
        version="3",
        algorithm="content",
        source=recommendation_service_pb2.RECOMMENDATION_SOURCE_CONTENT,
        song_count=10000,
        explains=True,
        dataset="f00d",
        metrics=engine_service_pb2.OfflineMetrics(
            listeners=500,
            recall_at_20=engine_service_pb2.Estimate(value=0.213, standard_error=0.004),
            ndcg_at_100=engine_service_pb2.Estimate(value=0.198, standard_error=0.003),
        ),
        traffic=engine_service_pb2.Traffic(
            share=0.9,
            answered=1804,
            degraded=2,
            failed=1,
            median_latency=duration_pb2.Duration(nanos=3_100_000),
        ),
    ),
    engine_service_pb2.Engine(name="down", state=engine_service_pb2.ENGINE_STATE_UNAVAILABLE),
)


def recommended(
    request: recommendation_service_pb2.RecommendSongsRequest,
) -> Iterator[recommendation_service_pb2.Recommendation]:
    """Yield the canned songs, each explained by the first two listened songs when asked for."""
    for rank, song in enumerate(SONGS[: request.k or 10], start=1):
        score = 1 / rank
        reasons = [
            recommendation_service_pb2.Reason(
                song_id=listened, title=f"Title {listened}" if i == 0 else None, contribution=part
            )
            for i, (listened, part) in enumerate(
                zip(request.songs, (0.75 * score, 0.25 * score), strict=False)
            )
        ]
        yield recommendation_service_pb2.Recommendation(
            song=song,
            rank=rank,
            score=score,
            source=recommendation_service_pb2.RECOMMENDATION_SOURCE_POPULAR
            if request.engine == "popular"
            else recommendation_service_pb2.RECOMMENDATION_SOURCE_CONTENT,
            reasons=reasons if request.explain else (),
        )


def answer(
    request: recommendation_service_pb2.RecommendSongsRequest,
) -> recommendation_service_pb2.RecommendSongsResponse:
    """Return what RecommendSongs answers when nothing goes wrong."""
    response = recommendation_service_pb2.RecommendSongsResponse(
        recommendations=recommended(request),
        unknown_songs=[song for song in request.songs if song >= UNKNOWN_FROM],
        model=recommendation_service_pb2.ModelVersion(engine="content", version="3"),
        timing=recommendation_service_pb2.Timing(
            model=duration_pb2.Duration(nanos=1500000), catalog=duration_pb2.Duration()
        ),
    )
    if request.visitor_id:
        response.experiment.name, response.experiment.arm = "try", "content"
    if request.engine == "degraded":
        response.degraded.reasons.append(
            recommendation_service_pb2.DEGRADED_REASON_MODEL_UNAVAILABLE
        )
    if request.engine == "huge":
        response.recommendations[0].song.title = "x" * (9 << 20)
    return response

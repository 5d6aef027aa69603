"""From the domain's answers to the contract's."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from segue.v1 import catalog_service_pb2 as cpb
from segue.v1 import engine_service_pb2 as epb
from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1.song_pb2 import Song as SongMessage
from segue_server.domain.model import (
    Degradation,
    Genre,
    ListedEngine,
    Recommendation,
    Recommendations,
    Song,
    Source,
    View,
)

SOURCES = {
    Source.CONTENT: rpb.RECOMMENDATION_SOURCE_CONTENT,
    Source.COLLABORATIVE: rpb.RECOMMENDATION_SOURCE_COLLABORATIVE,
    Source.BLEND: rpb.RECOMMENDATION_SOURCE_BLEND,
    Source.POPULAR: rpb.RECOMMENDATION_SOURCE_POPULAR,
}
DEGRADATIONS = {
    Degradation.MODEL_UNAVAILABLE: rpb.DEGRADED_REASON_MODEL_UNAVAILABLE,
    Degradation.CATALOG_UNAVAILABLE: rpb.DEGRADED_REASON_CATALOG_UNAVAILABLE,
    Degradation.CATALOG_INCOMPLETE: rpb.DEGRADED_REASON_CATALOG_INCOMPLETE,
}


def recommend_response(answer: Recommendations, view: View) -> rpb.RecommendSongsResponse:
    """Return the answer of RecommendSongs."""
    return rpb.RecommendSongsResponse(
        recommendations=_recommendations(answer, view),
        unknown_songs=answer.unknown_songs,
        model=_model(answer),
        degraded=_degraded(answer),
        timing=_timing(answer),
    )


def similar_response(answer: Recommendations, view: View) -> rpb.FindSimilarSongsResponse:
    """Return the answer of FindSimilarSongs."""
    return rpb.FindSimilarSongsResponse(
        recommendations=_recommendations(answer, view),
        model=_model(answer),
        degraded=_degraded(answer),
        timing=_timing(answer),
    )


def song_message(song: Song, view: View) -> SongMessage:
    """Return the song with the fields of the view; what is `None` stays absent."""
    message = SongMessage(id=song.id)
    if view is View.IDS_ONLY:
        return message
    message = SongMessage(
        id=song.id,
        title=song.title,
        artist=song.artist,
        artist_id=song.artist_id,
        album=song.album,
        year=song.year,
        genres=song.genres,
    )
    if view is View.FULL:
        message.MergeFrom(
            SongMessage(
                duration=None if song.duration is None else _duration(song.duration),
                tempo=song.tempo,
                popularity=song.popularity,
                msd_track_id=song.msd_track_id,
                msd_song_id=song.msd_song_id,
            )
        )
    return message


def genre_message(genre: Genre) -> cpb.Genre:
    """Return the genre."""
    return cpb.Genre(id=genre.id, name=genre.name, song_count=genre.song_count)


def engine_message(engine: ListedEngine) -> epb.Engine:
    """Return the engine; without more than its name and state while it cannot rank."""
    if engine.info is None:
        return epb.Engine(
            name=engine.name, default=engine.default, state=epb.ENGINE_STATE_UNAVAILABLE
        )
    return epb.Engine(
        name=engine.name,
        default=engine.default,
        state=epb.ENGINE_STATE_AVAILABLE,
        version=engine.info.version,
        algorithm=engine.info.algorithm,
        source=SOURCES[engine.info.source],
        song_count=engine.info.song_count,
        explains=engine.info.explains,
        dataset=engine.info.dataset,
    )


def _recommendations(answer: Recommendations, view: View) -> list[rpb.Recommendation]:
    return [_recommendation(item, rank, view) for rank, item in enumerate(answer.items, start=1)]


def _recommendation(item: Recommendation, rank: int, view: View) -> rpb.Recommendation:
    return rpb.Recommendation(
        song=song_message(item.song, view) if item.song else SongMessage(id=item.song_id),
        rank=rank,
        score=item.score,
        source=SOURCES[item.source],
        remaining_contribution=item.remaining,
        reasons=[
            rpb.Reason(song_id=reason.song_id, title=reason.title, contribution=reason.contribution)
            for reason in item.reasons
        ],
    )


def _model(answer: Recommendations) -> rpb.ModelVersion:
    return rpb.ModelVersion(engine=answer.engine, version=answer.version)


def _degraded(answer: Recommendations) -> rpb.Degraded | None:
    if not answer.degraded:
        return None
    return rpb.Degraded(reasons=[DEGRADATIONS[reason] for reason in answer.degraded])


def _timing(answer: Recommendations) -> rpb.Timing:
    return rpb.Timing(model=_duration(answer.model_time), catalog=_duration(answer.catalog_time))


def _duration(seconds: float) -> Duration:
    message = Duration()
    message.FromTimedelta(timedelta(seconds=seconds))
    return message

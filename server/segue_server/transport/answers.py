"""From the domain's answers to the contract's."""

from collections.abc import Sequence

from segue.v1 import catalog_service_pb2 as cpb
from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1.song_pb2 import Song as SongMessage
from segue_server.domain.experiment import Arm
from segue_server.domain.model import (
    Degradation,
    Genre,
    Recommendation,
    Recommendations,
    Song,
    Source,
    View,
)
from segue_server.transport.times import duration

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
    Degradation.HISTORY_UNAVAILABLE: rpb.DEGRADED_REASON_HISTORY_UNAVAILABLE,
}


def recommend_response(
    answer: Recommendations, view: View, token: str
) -> rpb.RecommendSongsResponse:
    """Return the answer of RecommendSongs, with the token that events name it by."""
    return rpb.RecommendSongsResponse(
        recommendations=_recommendations(answer, view),
        unknown_songs=answer.unknown_songs,
        model=_model(answer),
        degraded=degraded(answer.degraded),
        timing=_timing(answer),
        experiment=_experiment(answer.arm),
        attribution_token=token,
    )


def similar_response(
    answer: Recommendations, view: View, token: str
) -> rpb.FindSimilarSongsResponse:
    """Return the answer of FindSimilarSongs, with the token that events name it by."""
    return rpb.FindSimilarSongsResponse(
        recommendations=_recommendations(answer, view),
        model=_model(answer),
        degraded=degraded(answer.degraded),
        timing=_timing(answer),
        attribution_token=token,
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
                duration=None if song.duration is None else duration(song.duration),
                tempo=song.tempo,
                popularity=song.popularity,
                msd_track_id=song.msd_track_id,
                msd_song_id=song.msd_song_id,
            )
        )
    return message


def degraded(reasons: Sequence[Degradation]) -> rpb.Degraded | None:
    """Return what is missing, `None` when nothing is."""
    if not reasons:
        return None
    return rpb.Degraded(reasons=[DEGRADATIONS[reason] for reason in reasons])


def genre_message(genre: Genre) -> cpb.Genre:
    """Return the genre."""
    return cpb.Genre(id=genre.id, name=genre.name, song_count=genre.song_count)


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


def _timing(answer: Recommendations) -> rpb.Timing:
    return rpb.Timing(model=duration(answer.model_time), catalog=duration(answer.catalog_time))


def _experiment(arm: Arm | None) -> rpb.Experiment | None:
    return rpb.Experiment(name=arm.experiment, arm=arm.engine) if arm else None

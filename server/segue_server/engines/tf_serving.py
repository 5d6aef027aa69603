"""An engine behind TensorFlow Serving's gRPC Predict: the official server or the embedded one."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence

import grpc
import grpc.aio

import segue_signature as sig
from segue.tfserving.v1.predict_pb2 import ModelSpec, PredictRequest, PredictResponse, TensorProto
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable
from segue_server.domain.model import (
    MAX_REASONS,
    Contribution,
    EngineInfo,
    RankedSong,
    Ranking,
    RankQuery,
    Source,
)
from segue_server.engines import tensors

PREDICT = "/tensorflow.serving.PredictionService/Predict"
SOURCES = {
    sig.SOURCE_CONTENT: Source.CONTENT,
    sig.SOURCE_COLLABORATIVE: Source.COLLABORATIVE,
    sig.SOURCE_BLEND: Source.BLEND,
    sig.SOURCE_POPULAR: Source.POPULAR,
}
# A song's strongest contributions, and the sum of the others where there are any.
Reasons = tuple[tuple[Contribution, ...], float | None]
NO_REASONS: Reasons = ((), None)
# What reading an answer that is none can end in.
MALFORMED = (LookupError, ValueError, TypeError, ArithmeticError)
CHANNEL_OPTIONS = (
    # A model server that comes back is found again within a second, not within gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
)


class TfServingEngine:
    """Ranks by the latest version of one model of a model server."""

    def __init__(self, channel: grpc.aio.Channel, name: str, model: str) -> None:
        """Take the channel to the model server, the engine's name and the model's there."""
        self._name = name
        self._model = model
        self._predict: grpc.aio.UnaryUnaryMultiCallable[PredictRequest, PredictResponse] = (
            channel.unary_unary(
                PREDICT,
                request_serializer=PredictRequest.SerializeToString,
                response_deserializer=PredictResponse.FromString,
            )
        )

    async def rank(self, query: RankQuery, deadline: Deadline) -> Ranking:
        """Return the ranking of the model; see `Engine.rank`."""
        request = PredictRequest(
            model_spec=ModelSpec(name=self._model, signature_name=sig.RECOMMEND_BATCHED),
            inputs=_inputs(query),
            output_filter=_outputs(query),
        )
        response = await self._call(request, deadline)
        try:
            return _ranking(self._name, query, response)
        except MALFORMED as error:
            raise EngineUnavailable(f"{self._model} answered with no ranking: {error}") from error

    async def describe(self, deadline: Deadline) -> EngineInfo:
        """Return the model's description of itself; see `Described.describe`."""
        request = PredictRequest(
            model_spec=ModelSpec(name=self._model, signature_name=sig.DESCRIBE),
            inputs={sig.DESCRIPTION_SCHEMA: tensors.int_scalar(sig.DESCRIPTION_SCHEMA_VERSION)},
        )
        response = await self._call(request, deadline)
        try:
            return _info(response)
        except MALFORMED as error:
            raise EngineUnavailable(f"{self._model} does not describe itself: {error}") from error

    async def _call(self, request: PredictRequest, deadline: Deadline) -> PredictResponse:
        try:
            response = await self._predict(request, timeout=deadline.remaining())
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise DeadlineExceeded from error
            raise EngineUnavailable(
                f"{self._model}: {error.code().name}: {error.details()}"
            ) from error
        if response is None:  # gRPC's word for an answer that cannot be decoded
            raise EngineUnavailable(f"{self._model} answered with no message")
        return response


def _outputs(query: RankQuery) -> list[str]:
    needed = [
        sig.RECOM_SONGS_IDS,
        sig.RECOM_SONGS_SCORES,
        sig.RECOM_SONGS_SOURCES,
        sig.LISTENED_SONGS_KNOWN,
    ]
    return [*needed, sig.RECOM_SONGS_CONTRIBUTIONS] if query.explain else needed


def _inputs(query: RankQuery) -> Mapping[str, TensorProto]:
    wanted = query.filter
    return {
        sig.LISTENED_SONGS: _id_set(query.songs),
        sig.NO_RECOM_SONGS: tensors.ints(query.k),
        sig.EXCLUDED_SONGS: _id_set(query.excluded_songs),
        sig.EXCLUDED_ARTISTS: _id_set(query.excluded_artists),
        sig.EXCLUDE_SEED_ARTISTS: tensors.bools(query.exclude_seed_artists),
        sig.GENRES: tensors.string_row([name.casefold() for name in wanted.genres] or [""]),
        sig.ARTISTS: _id_set(wanted.artist_ids),
        sig.YEARS: tensors.int_rows((wanted.min_year or 0, wanted.max_year or 0)),
        sig.TEMPOS: tensors.float_row((wanted.min_tempo or 0.0, wanted.max_tempo or 0.0)),
        sig.MAX_PER_ARTIST: tensors.ints(query.max_per_artist),
    }


def _id_set(ids: Iterable[int]) -> TensorProto:
    """Return a set of ids as one row; servers that batch cannot pad an empty one."""
    return tensors.int_rows(tuple(ids) or (sig.PAD_ID,))


def _ranking(name: str, query: RankQuery, response: PredictResponse) -> Ranking:
    outputs = response.outputs
    ids = tensors.read_ints(outputs[sig.RECOM_SONGS_IDS])
    scores = tensors.read_floats(outputs[sig.RECOM_SONGS_SCORES])
    sources = tensors.read_ints(outputs[sig.RECOM_SONGS_SOURCES])
    known = tensors.read_bools(outputs[sig.LISTENED_SONGS_KNOWN])
    if len(known) < len(query.songs):
        raise ValueError(f"{len(known)} of {len(query.songs)} listened songs are known or not")
    explained = query.explain and bool(query.songs)
    reasons = _contributions(query, outputs, known) if explained else [NO_REASONS] * len(ids)
    return Ranking(
        songs=tuple(
            RankedSong(song, score, SOURCES[source], *why)
            for song, score, source, why in zip(ids, scores, sources, reasons, strict=True)
            if song != sig.PAD_ID
        ),
        engine=name,
        version=str(response.model_spec.version.value),
        # A batching server may have padded the row further.
        unknown_songs=tuple(s for s, k in zip(query.songs, known, strict=False) if not k),
    )


def _contributions(
    query: RankQuery, outputs: Mapping[str, TensorProto], known: Sequence[bool]
) -> list[Reasons]:
    """Return each ranked song's strongest contributions and the sum of its others.

    An engine that does not explain sends zeros, and so do popular songs: no contribution is made
    of those.
    """
    tensor = outputs[sig.RECOM_SONGS_CONTRIBUTIONS]
    values = tensors.read_floats(tensor)
    width = tensors.shape_of(tensor)[-1]
    rows = (values[at : at + width] for at in range(0, len(values), width))
    return [_strongest(query.songs, row, known) if any(row) else NO_REASONS for row in rows]


def _strongest(songs: Iterable[int], row: Iterable[float], known: Iterable[bool]) -> Reasons:
    # A batching server may have padded row and known beyond the songs.
    parts = sorted((-v, s) for s, v, k in zip(songs, row, known, strict=False) if k)
    named = tuple(Contribution(song, -value) for value, song in parts[:MAX_REASONS])
    others = [-value for value, _ in parts[MAX_REASONS:]]
    return named, math.fsum(others) if others else None


def _info(response: PredictResponse) -> EngineInfo:
    said = json.loads(tensors.read_string(response.outputs[sig.DESCRIPTION]))
    return EngineInfo(
        version=str(response.model_spec.version.value),
        algorithm=str(said["algorithm"]),
        source=SOURCES[said["source"]],
        song_count=int(said["song_count"]),
        explains=bool(said["explains"]),
        dataset=str(said["dataset"]),
    )

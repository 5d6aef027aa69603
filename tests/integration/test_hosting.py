"""A model behind a REST predict ranks and describes itself in every dialect there is."""

import pytest

import segue_signature as sig
from hosting_use import GOOD, ROW, ranked, soon
from predict_service import DEPLOYED, PredictService, reply
from segue_server.domain.errors import EngineUnavailable
from segue_server.domain.model import Filter, RankQuery
from segue_server.engines.rest_predict import RestEngine, open_rest_engine

DIALECTS = ("vertex", "ai_platform", "tf_serving")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_dialect_ranks_and_names_the_version_that_it_tells(
    service: PredictService, dialect: str
) -> None:
    engine = open_rest_engine("hosted", getattr(service, dialect))
    answer = {**GOOD, "deployedModelId": DEPLOYED} if dialect == "vertex" else GOOD
    ranking = await ranked(service, engine, answer)
    assert [(song.id, song.score) for song in ranking.songs] == [(7, 0.5), (8, 0.25)]
    assert [[part.song_id for part in song.contributions] for song in ranking.songs] == [[5], [5]]
    assert (ranking.engine, ranking.unknown_songs) == ("hosted", (15,))
    assert ranking.version == {"vertex": DEPLOYED, "ai_platform": "v3", "tf_serving": "3"}[dialect]
    await engine.close()


async def test_a_query_is_one_instance_with_every_input_of_the_signature(
    service: PredictService, engine: RestEngine
) -> None:
    wanted = Filter(genres=("Rock",), min_year=1990, max_tempo=120.5)
    query = RankQuery((5, 15), 3, wanted, excluded_songs=(1,), exclude_seed_artists=True)
    service.queue.append(reply(GOOD))
    await engine.rank(query, soon())
    instance = {
        sig.LISTENED_SONGS: [5, 15],
        sig.NO_RECOM_SONGS: 3,
        sig.EXCLUDED_SONGS: [1],
        sig.EXCLUDED_ARTISTS: [-1],
        sig.EXCLUDE_SEED_ARTISTS: True,
        sig.GENRES: ["rock"],
        sig.ARTISTS: [-1],
        sig.YEARS: [1990, 0],
        sig.TEMPOS: [0.0, 120.5],
        sig.MAX_PER_ARTIST: 0,
        sig.DIVERSITY: 0.0,
    }
    assert service.requests == [
        (service.vertex.removeprefix(service.address), {"instances": [instance]})
    ]


async def test_only_a_model_server_is_told_the_signature(service: PredictService) -> None:
    for dialect in DIALECTS:
        engine = open_rest_engine("hosted", getattr(service, dialect))
        await ranked(service, engine)
        await engine.close()
    names = [body.get("signature_name") for _, body in service.requests]
    assert names == [None, None, sig.RECOMMEND_BATCHED]


async def test_whole_numbers_may_be_written_as_doubles(
    service: PredictService, engine: RestEngine
) -> None:
    doubles = {**ROW, sig.RECOM_SONGS_IDS: [7.0, 8.0], sig.RECOM_SONGS_SCORES: [1, 0]}
    ranking = await ranked(service, engine, {"predictions": [doubles]})
    assert [(song.id, song.score) for song in ranking.songs] == [(7, 1.0), (8, 0.0)]
    assert all(type(song.id) is int and type(song.score) is float for song in ranking.songs)


async def test_vertex_lets_a_model_describe_itself(
    service: PredictService, engine: RestEngine
) -> None:
    text = '{"algorithm": "a", "source": 2, "song_count": 9, "explains": false, "dataset": "d"}'
    headers = {"X-Vertex-AI-Deployed-Model-Id": DEPLOYED}
    service.queue.append(reply({"outputs": text}, headers=headers))
    info = await engine.describe(soon())
    assert (info.algorithm, info.song_count, info.version) == ("a", 9, DEPLOYED)
    path, body = service.requests[0]
    assert path.endswith("/endpoints/12:rawPredict")
    assert body == {"signature_name": sig.DESCRIBE, "inputs": {sig.DESCRIPTION_SCHEMA: 2}}


async def test_ai_platform_lets_no_model_describe_itself(service: PredictService) -> None:
    engine = open_rest_engine("hosted", service.ai_platform)
    with pytest.raises(EngineUnavailable, match="lets no model describe itself"):
        await engine.describe(soon())
    await engine.close()

"""What the tables make of an answer, down to a cell."""

from google.protobuf.duration_pb2 import Duration
from rich.console import Console
from rich.table import Table

from segue.v1.catalog_service_pb2 import Genre
from segue.v1.engine_service_pb2 import ENGINE_STATE_AVAILABLE, Engine, EngineState, Traffic
from segue.v1.recommendation_service_pb2 import Reason, Recommendation, RecommendSongsResponse
from segue.v1.song_pb2 import Song
from segue_client import tables


def drawn(table: Table) -> list[str]:
    console = Console(width=120, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return [line.rstrip() for line in captured.get().splitlines() if line.strip()]


def test_a_playing_time_is_minutes_and_seconds() -> None:
    assert tables.minutes(Duration(seconds=65)) == "1:05"
    assert tables.minutes(Duration(seconds=59, nanos=600_000_000)) == "1:00"
    assert tables.minutes(Duration(seconds=3725)) == "62:05"


def test_a_column_that_no_song_fills_is_left_out() -> None:
    header, *_ = drawn(tables.table(tables.SONG, [Song(id=1), Song(id=2, year=1990)]))
    assert header.split() == ["id", "year"]


def test_a_column_that_one_song_fills_is_shown() -> None:
    lines = drawn(tables.table(tables.SONG, [Song(id=1), Song(id=2, tempo=119.6)]))
    assert [line.split() for line in lines[2:]] == [["1"], ["2", "120"]]


def test_a_table_of_nothing_has_no_rows() -> None:
    assert tables.table(tables.GENRE, []).row_count == 0


def test_large_numbers_are_grouped() -> None:
    assert drawn(tables.table(tables.GENRE, [Genre(name="rock", song_count=1234567)]))[-1] == (
        " rock   1,234,567"
    )


def test_the_three_strongest_reasons_are_told_and_the_others_counted() -> None:
    reasons = [Reason(song_id=i, title=f"Song {i}", contribution=1 / i) for i in range(1, 6)]
    told = tables.because(Recommendation(reasons=reasons)).splitlines()
    assert told == ["Song 1 (+1.000)", "Song 2 (+0.500)", "Song 3 (+0.333)", "and 2 more"]


def test_what_speaks_against_a_song_is_counted_only() -> None:
    reasons = [Reason(song_id=i, contribution=value) for i, value in ((1, 0.5), (2, -0.25))]
    assert tables.because(Recommendation(reasons=reasons)) == "song 1 (+0.500)\nand 1 more"


def test_a_reason_against_a_song_has_its_sign() -> None:
    item = Recommendation(reasons=[Reason(song_id=7, contribution=-0.25)])
    assert tables.because(item) == "song 7 (-0.250)"


def test_a_share_has_a_decimal_where_it_needs_one() -> None:
    shares = (1, 0.9, 0.1, 0.002, 0.125, 0.0001, 0)
    told = ["100%", "90%", "10%", "0.2%", "12.5%", "<0.1%", "0%"]
    assert [tables.percent(share) for share in shares] == told


def test_the_share_of_an_engine_is_told_to_a_decimal() -> None:
    engine = Engine(name="new", traffic=Traffic(share=0.002))
    assert "0.2%" in drawn(tables.table(tables.TRAFFIC, [engine]))[-1]


def test_a_score_of_zero_is_shown_and_an_absent_one_is_not() -> None:
    zero = RecommendSongsResponse(recommendations=[Recommendation(rank=1, score=0)])
    assert "0.000" in drawn(tables.recommendations(zero))[-1]
    absent = RecommendSongsResponse(recommendations=[Recommendation(rank=1)])
    assert "score" not in drawn(tables.recommendations(absent))[0]


def test_a_value_that_is_newer_than_the_client_is_its_number() -> None:
    assert tables.source(99) == "99"
    assert tables.word(EngineState, 99, "ENGINE_STATE_") == "99"
    assert tables.word(EngineState, ENGINE_STATE_AVAILABLE, "ENGINE_STATE_") == "available"


def test_letters_of_every_script_stay_and_commands_go() -> None:
    assert (
        tables.printable("Ágætis\N{NO-BREAK SPACE}夜に駆ける")
        == "Ágætis\N{NO-BREAK SPACE}夜に駆ける"
    )
    assert tables.printable("a\x1b]0;x\x07\u202eb\x9b") == "a�]0;x��b�"

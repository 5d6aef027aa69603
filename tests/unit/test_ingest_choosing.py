"""Which of several tracks becomes the song."""

from typing import Any

import pyarrow as pa

from segue_model.data.rejected import Reason
from segue_model.ingest.choosing import KEYS, LARGE, Chosen, choose
from segue_model.ingest.tracks import TRACKS, Track, to_table


def track(path: str, **fields: Any) -> Track:  # noqa: ANN401 - fields of a track
    usual: dict[str, Any] = {
        "row": None,
        "song_key": f"song of {path}",
        "title": "One",
        "artist_key": "AR1",
        "artist": "Zoë",
        "album_key": "1",
        "album": "Débuts",
    }
    return Track(path=path, **{**usual, **fields})


def chosen(*tracks: Track, mismatches: set[tuple[str, str]] | None = None) -> Chosen:
    keys = to_table(tracks, TRACKS).select(KEYS)
    keys = keys.append_column("shard", pa.array([0] * len(tracks), pa.int32()))
    keys = keys.append_column("at", pa.array(range(len(tracks)), pa.int32()))
    return choose(keys.cast(LARGE), mismatches or set())


def paths(found: Chosen) -> list[str]:
    return list(found.keys["path"].to_pylist())


def test_songs_stand_in_the_order_of_track_ids_then_places() -> None:
    found = chosen(
        track("b", row=10),
        track("b", row=9, song_key="other"),
        track("c", msd_track_id="TR2"),
        track("d", msd_track_id="TR1"),
    )

    assert list(zip(paths(found), found.keys["row"].to_pylist(), strict=True)) == [
        ("b", 9),
        ("b", 10),
        ("d", 0),
        ("c", 0),
    ]
    assert not found.rejected


def test_a_track_that_is_there_twice_counts_where_it_stands_first() -> None:
    found = chosen(track("b", msd_track_id="TR1"), track("a", msd_track_id="TR1"))

    assert paths(found) == ["a"]
    (rejected,) = found.rejected
    assert (rejected.path, rejected.reason) == ("b", Reason.DUPLICATE_TRACK)
    assert rejected.detail == "the same as a"


def test_a_stand_in_gives_way_without_being_set_aside() -> None:
    found = chosen(
        track("a", row=7, msd_track_id="TR1", stands_in=True), track("b", msd_track_id="TR1")
    )

    assert paths(found) == ["b"]
    assert not found.rejected


def test_a_stand_in_counts_where_there_is_nothing_else() -> None:
    assert paths(chosen(track("a", msd_track_id="TR1", stands_in=True))) == ["a"]


def test_of_a_song_with_several_tracks_the_first_by_track_id_counts() -> None:
    found = chosen(
        track("a", song_key="SO1", msd_track_id="TR2"),
        track("b", song_key="SO1", msd_track_id="TR1"),
    )

    assert paths(found) == ["b"]
    assert [each.reason for each in found.rejected] == [Reason.DUPLICATE_SONG]


def test_a_mismatched_track_counts_last_and_is_marked() -> None:
    wrong = track("a", song_key="SO1", msd_song_id="SO1", msd_track_id="TR1")
    right = track("b", song_key="SO1", msd_song_id="SO1", msd_track_id="TR2")

    both = chosen(wrong, right, mismatches={("SO1", "TR1")})
    alone = chosen(wrong, mismatches={("SO1", "TR1")})

    assert paths(both) == ["b"]
    assert both.keys["mismatched"].to_pylist() == [False]
    assert alone.keys["mismatched"].to_pylist() == [True]


def test_tracks_without_an_id_are_not_taken_for_one() -> None:
    assert paths(chosen(track("a"), track("b"))) == ["a", "b"]


def test_what_is_chosen_does_not_depend_on_the_order_of_reading() -> None:
    tracks = [
        track("a", song_key="SO1", msd_track_id="TR2"),
        track("b", song_key="SO1", msd_track_id="TR1"),
        track("c", row=2, song_key="x"),
        track("c", row=1, song_key="x"),
    ]

    one, other = chosen(*tracks), chosen(*reversed(tracks))

    assert one.keys.drop_columns("at").equals(other.keys.drop_columns("at"))
    assert one.rejected == other.rejected

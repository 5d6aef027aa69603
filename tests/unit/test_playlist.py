"""The rules of changing a playlist."""

from datetime import UTC, datetime, timedelta

import pytest

from segue_server.domain.errors import LimitReached, NotFound
from segue_server.domain.playlist import MAX_ENTRIES, Entry, Playlist, entries_of

THEN = datetime(2026, 1, 2, 3, tzinfo=UTC)
NOW = THEN + timedelta(minutes=1)


def playlist(*songs: int) -> Playlist:
    return Playlist("p", "Mine", entries_of(songs, THEN), 1, THEN, THEN, len(songs))


@pytest.mark.parametrize(
    ("position", "songs"),
    [(0, (1, 2, 9)), (1, (9, 1, 2)), (2, (1, 9, 2)), (3, (1, 2, 9)), (700, (1, 2, 9))],
)
def test_a_song_is_put_where_it_shall_be(position: int, songs: tuple[int, ...]) -> None:
    changed = playlist(1, 2).with_song(9, position, NOW)
    assert changed.song_ids == songs
    assert changed.song_count == 3
    assert Entry(9, NOW) in changed.entries
    assert Entry(1, THEN) in changed.entries


def test_a_song_that_is_there_stays_where_and_since_when_it_is() -> None:
    assert playlist(1, 2).with_song(1, 0, NOW) == playlist(1, 2)


def test_a_full_playlist_takes_no_more_but_those_it_has() -> None:
    full = playlist(*range(1, MAX_ENTRIES + 1))
    assert full.with_song(3, 0, NOW) == full
    with pytest.raises(LimitReached, match="the playlist has 500 songs") as caught:
        full.with_song(MAX_ENTRIES + 1, 0, NOW)
    assert caught.value.reason == "PLAYLIST_FULL"
    assert full.without_song(3).with_song(MAX_ENTRIES + 1, 0, NOW).song_count == MAX_ENTRIES


def test_a_song_is_taken_out_once() -> None:
    changed = playlist(1, 2, 3).without_song(2)
    assert changed.song_ids == (1, 3)
    assert changed.song_count == 2
    assert changed.without_song(2) == changed


@pytest.mark.parametrize(
    ("position", "songs"), [(1, (2, 1, 3)), (2, (1, 2, 3)), (3, (1, 3, 2)), (9, (1, 3, 2))]
)
def test_a_song_is_moved_with_the_time_of_its_adding(position: int, songs: tuple[int, ...]) -> None:
    changed = playlist(1, 2, 3).with_song_moved(2, position)
    assert changed.song_ids == songs
    assert {entry.added for entry in changed.entries} == {THEN}


def test_what_is_not_there_cannot_be_moved() -> None:
    with pytest.raises(NotFound, match="song '4' does not exist"):
        playlist(1, 2).with_song_moved(4, 1)


def test_every_change_is_another_etag_and_none_goes_back_in_time() -> None:
    changed = playlist(1).titled("Yours").changed(NOW)
    assert changed.etag != playlist(1).etag
    assert changed.updated == NOW
    assert changed.changed(THEN).updated == NOW


def test_a_new_playlist_has_each_song_once_where_it_comes_first() -> None:
    assert [entry.song_id for entry in entries_of((5, 2, 5, 1, 2), NOW)] == [5, 2, 1]

"""The HDF5 files of the Million Song Dataset: each song is what its file says, or set aside."""

import pickle
from pathlib import Path
from typing import Any

import fsspec
import h5py
import numpy as np
import pytest
from h5py import h5f

from msd_files import song, track_path, write_aggregate, write_song
from segue_model.data.errors import DatasetError
from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.sound import sound_of
from segue_model.ingest.source import Unit
from segue_model.ingest.sources import hdf5, msd
from segue_model.ingest.sources.msd import MsdSource
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import TRACKS, Track, to_table

FIRST, SECOND, THIRD = "TRAAAAA1", "TRAABBB2", "TRZZZZZ3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "msd"


def read(folder: Path | str) -> list[Track | Rejected]:
    source = MsdSource(str(folder))
    return [found for unit in source.units() for found in source.read(unit)]


def tracks(folder: Path | str) -> list[Track]:
    return [found for found in read(folder) if isinstance(found, Track)]


def rejected(folder: Path) -> list[Rejected]:
    return [found for found in read(folder) if isinstance(found, Rejected)]


def values(track: Track) -> dict[str, Any]:
    """What is read of a song, but for where it stands."""
    named = {name: getattr(track, name) for name in TRACKS.names if name not in ("path", "row")}
    return named | {"sound": None if track.sound is None else track.sound.tobytes()}


def test_a_file_becomes_a_song_as_it_says(folder: Path) -> None:
    write_song(folder, FIRST)
    (track,) = tracks(folder)
    usual = song(FIRST)
    expected = {
        "song_key": "SOAAAAA1",
        "title": "One",
        "artist_key": "AR1",
        "artist": "Zoë",
        "album_key": "77",
        "album": "Débuts",
        "msd_track_id": FIRST,
        "msd_song_id": "SOAAAAA1",
        "year": 1999,
        "duration": 200.5,
        "tempo": 120.5,
        "loudness": -9.25,
        "key": 2,
        "key_confidence": 0.5,
        "mode": 1,
        "time_signature": 4,
        "popularity": None,
        "terms": ("folk", "rock"),
        "genres": (),
        "stands_in": False,
        "sound": sound_of(usual["timbre"], usual["pitches"], 2).tobytes(),
    }
    assert values(track) == expected
    assert (track.path, track.row) == ("A/A/A/TRAAAAA1.h5", None)
    assert to_table([track], TRACKS).num_rows == 1


def test_a_year_and_a_tempo_of_0_are_unknown(folder: Path) -> None:
    write_song(folder, FIRST, year=0, tempo=0.0)
    (track,) = tracks(folder)
    assert (track.year, track.tempo) == (None, None)


def test_terms_rank_by_weight_and_those_of_one_weight_as_they_stand(folder: Path) -> None:
    write_song(folder, FIRST, terms=["a", "ü", "c", "d"], weights=[0.1, 0.5, 0.5, 1])
    assert tracks(folder)[0].terms == ("d", "ü", "c", "a")
    write_song(folder, FIRST, terms=[], weights=[])
    assert tracks(folder)[0].terms == ()


@pytest.mark.parametrize(
    ("fields", "reason", "detail"),
    [
        ({"tempo": np.nan}, Reason.NOT_FINITE, "tempo: nan"),
        ({"loudness": np.inf}, Reason.NOT_FINITE, "loudness: inf"),
        ({"duration": np.nan}, Reason.NOT_FINITE, "duration: nan"),
        ({"key_confidence": np.nan}, Reason.NOT_FINITE, "key_confidence: nan"),
        ({"timbre": np.full((3, 12), np.nan)}, Reason.NOT_FINITE, "analysis/segments_timbre"),
        ({"pitches": np.full((3, 12), -np.inf)}, Reason.NOT_FINITE, "analysis/segments_pitches"),
        ({"timbre": [[1e200] * 12, [0] * 12]}, Reason.NOT_FINITE, "segments"),
        ({"weights": [1, np.nan]}, Reason.NOT_FINITE, "metadata/artist_terms_weight"),
        ({"duration": 0.0}, Reason.OUT_OF_RANGE, "duration: 0.0"),
        ({"key": 12}, Reason.OUT_OF_RANGE, "key: 12"),
        ({"year": -1}, Reason.OUT_OF_RANGE, "year: -1"),
        ({"title": "T" * 501}, Reason.OUT_OF_RANGE, "title: longer than 500 characters"),
        ({"timbre": np.zeros((100_001, 12))}, Reason.OUT_OF_RANGE, "analysis/segments_timbre: "),
        ({"pitches": np.zeros((3, 11))}, Reason.SCHEMA, "analysis/segments_pitches: shape (3, 11)"),
        ({"timbre": np.zeros(12)}, Reason.SCHEMA, "analysis/segments_timbre: shape (12,), not"),
        ({"weights": [1]}, Reason.SCHEMA, "metadata/artist_terms_weight: 1 of 2 terms"),
        ({"timbre": np.empty((0, 12))}, Reason.EMPTY, "analysis/segments_timbre: no segment"),
        ({"pitches": np.empty((0, 12))}, Reason.EMPTY, "analysis/segments_pitches: no segment"),
        ({"rows": 0}, Reason.EMPTY, "metadata/songs: no song"),
        ({"song_id": ""}, Reason.EMPTY, "msd_song_id"),
        ({"artist_id": ""}, Reason.EMPTY, "artist_key"),
        ({"artist_name": ""}, Reason.EMPTY, "artist"),
        ({"title": b"\xff"}, Reason.ENCODING, r"title: b'\xff'"),
        ({"artist_name": b"Zo\xeb"}, Reason.ENCODING, r"artist_name: b'Zo\xeb'"),
        ({"terms": [b"\xff", b"a"]}, Reason.ENCODING, r"metadata/artist_terms: b'\xff'"),
        ({"title": "a\nb"}, Reason.MALFORMED, "title: a line break or NUL"),
    ],
)
def test_a_bad_file_is_set_aside_with_its_reason_and_the_others_kept(
    folder: Path, fields: dict[str, Any], reason: Reason, detail: str
) -> None:
    write_song(folder, FIRST)
    write_song(folder, SECOND, **fields)
    good, bad = read(folder)
    assert isinstance(good, Track)
    assert isinstance(bad, Rejected)
    assert (bad.path, bad.row, bad.reason) == ("A/A/B/TRAABBB2.h5", None, reason)
    assert bad.detail.startswith(detail)


@pytest.mark.parametrize(
    "name",
    [
        *("metadata/songs", "analysis/songs", "musicbrainz/songs", "analysis/segments_timbre"),
        *("analysis/segments_pitches", "metadata/artist_terms", "metadata/artist_terms_weight"),
    ],
)
def test_a_file_without_a_part_or_with_something_else_there_is_set_aside(
    folder: Path, name: str
) -> None:
    write_song(folder, FIRST)
    with h5py.File(track_path(folder, FIRST), "a") as file:
        del file[name]
    (missing,) = rejected(folder)
    assert (missing.reason, missing.detail) == (Reason.SCHEMA, f"{name}: missing")
    with h5py.File(track_path(folder, FIRST), "a") as file:
        file.create_group(name)
    (group,) = rejected(folder)
    assert (group.reason, group.detail) == (Reason.SCHEMA, f"{name}: not a dataset")
    with h5py.File(track_path(folder, FIRST), "a") as file:
        del file[name]
        file[name] = np.arange(3)
    (another,) = rejected(folder)
    assert (another.reason, another.detail) == (Reason.SCHEMA, f"{name}: int64")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("metadata/songs", name) for name in ("song_id", "title", "artist_id", "artist_name")),
        *(("metadata/songs", name) for name in ("release", "release_7digitalid")),
        *(("analysis/songs", name) for name in ("track_id", "duration", "tempo", "loudness")),
        *(("analysis/songs", name) for name in ("key", "key_confidence", "mode")),
        ("analysis/songs", "time_signature"),
        ("musicbrainz/songs", "year"),
    ],
)
def test_a_table_without_a_column_or_with_another_kind_of_it_is_set_aside(
    folder: Path, table: str, column: str
) -> None:
    for kind in (None, [("x", "<f4")]):
        write_song(folder, FIRST)
        with h5py.File(track_path(folder, FIRST), "a") as file:
            old = file[table][:]
            del file[table]
            schema = [(n, kind if n == column else old.dtype[n]) for n in old.dtype.names]
            schema = [each for each in schema if each[1] is not None]
            file[table] = np.zeros(1, schema or [("other", "<i4")])
        (bad,) = rejected(folder)
        assert bad.reason is Reason.SCHEMA
        start = f"{table}: column {column}: " if kind else f"{table}: no column {column}"
        assert bad.detail.startswith(start)


def test_tables_of_different_lengths_are_set_aside(folder: Path) -> None:
    write_song(folder, FIRST)
    with h5py.File(track_path(folder, FIRST), "a") as file:
        file["musicbrainz/songs"].resize((2,))
    (bad,) = rejected(folder)
    assert (bad.reason, bad.detail) == (Reason.SCHEMA, "musicbrainz/songs: 2 rows of 1 songs")


def test_rows_that_no_bytes_are_there_for_are_not_read(folder: Path) -> None:
    """A damaged length must not fill the memory."""
    write_song(folder, FIRST)
    with h5py.File(track_path(folder, FIRST), "a") as file:
        file["analysis/segments_timbre"].resize((10**12, 12))
    (bad,) = rejected(folder)
    assert bad.reason is Reason.UNREADABLE
    assert bad.detail.startswith("analysis/segments_timbre: 1000000000000 rows said")


SONGS = [
    song(FIRST, timbre=np.full((2, 12), 3.0), terms=["a"], weights=[1.0]),
    song(SECOND, pitches=np.ones((5, 12)), terms=[], weights=[], year=0),
    song(THIRD, title="Third", terms=["ü", "b", "c"], weights=[0.1, 1.0, 0.5], key=7),
]


def test_a_file_of_many_songs_tells_what_their_own_files_do(folder: Path) -> None:
    write_aggregate(folder / "many" / "all.h5", SONGS)
    for made in SONGS:
        write_song(folder / "each", made["track_id"], **made)
    found = tracks(folder)
    each, many = found[:3], found[3:]
    assert [track.row for track in many] == [1, 2, 3]
    assert {track.path for track in many} == {"many/all.h5"}
    assert [values(track) for track in each] == [values(track) for track in many]


def test_a_summary_tells_neither_terms_nor_sound(folder: Path) -> None:
    write_aggregate(folder / "summary.h5", SONGS, summary=True)
    found = tracks(folder)
    assert [track.msd_track_id for track in found] == [FIRST, SECOND, THIRD]
    assert {(track.terms, track.sound) for track in found} == {((), None)}
    write_aggregate(folder / "summary.h5", SONGS[:1], summary=True)
    assert [(track.row, track.sound) for track in tracks(folder)] == [(None, None)]


def test_a_bad_row_costs_that_row_only(folder: Path) -> None:
    changes: list[dict[str, Any]]
    changes = [{}, {"tempo": np.nan}, {"title": b"\xff"}, {"timbre": np.empty((0, 12))}, {}]
    songs = [song(f"TR{at}", **fields) for at, fields in enumerate(changes)]
    write_aggregate(folder / "all.h5", songs)
    assert [track.msd_track_id for track in tracks(folder)] == ["TR0", "TR4"]
    bad = [(entry.row, entry.reason) for entry in rejected(folder)]
    assert bad == [(2, Reason.NOT_FINITE), (3, Reason.ENCODING), (4, Reason.EMPTY)]


@pytest.mark.parametrize(("row", "place", "lost"), [(2, 99, [2, 3]), (0, -1, [1])])
def test_places_that_lead_nowhere_cost_the_rows_that_need_them(
    folder: Path, row: int, place: int, lost: list[int]
) -> None:
    """The rows before and after a bad place need it: it ends the one and begins the other."""
    write_aggregate(folder / "all.h5", [song(f"TR{at}") for at in range(5)])
    with h5py.File(folder / "all.h5", "a") as file:
        rows = file["analysis/songs"][:]
        rows["idx_segments_timbre"][row] = place
        file["analysis/songs"][:] = rows
    bad = rejected(folder)
    assert [(entry.row, entry.reason) for entry in bad] == [
        (at, Reason.OUT_OF_RANGE) for at in lost
    ]
    assert len(tracks(folder)) == 5 - len(lost)


@pytest.mark.parametrize("rows", [1, 2])
def test_places_are_needed_in_a_file_of_many_songs_alone(folder: Path, rows: int) -> None:
    write_song(folder, FIRST, rows=rows)
    with h5py.File(track_path(folder, FIRST), "a") as file:
        table = file["metadata/songs"][:]
        del file["metadata/songs"]
        kept = [name for name in table.dtype.names if name != "idx_artist_terms"]
        file["metadata/songs"] = table[kept].astype([(n, table.dtype[n]) for n in kept])
    missing = (Reason.SCHEMA, "no column idx_artist_terms")
    bad = [(entry.row, entry.reason, entry.detail) for entry in rejected(folder)]
    assert bad == ([] if rows == 1 else [(1, *missing), (2, *missing)])
    assert len(read(folder)) == rows


@pytest.mark.parametrize(
    ("part", "chunk", "lost"),
    [
        # 64 segments a chunk and 3 a song: the fifth chunk begins in song 86 and ends in song 107.
        ("analysis/segments_timbre", 4, range(86, 108)),
        # 16 songs a chunk, and the one before them does not know where it ends.
        ("metadata/songs", 5, range(80, 97)),
        ("musicbrainz/songs", 5, range(81, 97)),
    ],
)
def test_a_damaged_part_costs_the_rows_that_need_it(
    folder: Path, part: str, chunk: int, lost: range
) -> None:
    path = write_aggregate(folder / "all.h5", [song(f"TR{at}") for at in range(160)])
    with h5py.File(path) as file:
        stored = file[part].id.get_chunk_info(chunk)
    content = bytearray(path.read_bytes())
    content[stored.byte_offset : stored.byte_offset + stored.size] = b"\xff" * stored.size
    path.write_bytes(content)
    bad = rejected(folder)
    assert [entry.row for entry in bad] == list(lost)
    assert {entry.reason for entry in bad} == {Reason.UNREADABLE}
    assert len(tracks(folder)) == 160 - len(lost)


def test_a_large_file_is_read_in_units_of_at_most_256_songs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(msd, "LARGE", 10_000)
    timbres = [np.full((1 + at % 3, 12), float(at)) for at in range(600)]
    songs = [song(f"TR{at:03}", timbre=timbre) for at, timbre in enumerate(timbres)]
    path = write_aggregate(folder / "all.h5", songs)
    source = MsdSource(str(folder))
    units = source.units()
    assert [(unit.start, unit.stop, unit.songs) for unit in units] == [
        *((0, 256, 256), (256, 512, 256), (512, 600, 88)),
    ]
    size = path.stat().st_size
    assert {(unit.path, unit.size, unit.stamp) for unit in units} == {
        ("all.h5", size, str(path.stat().st_mtime))
    }
    in_units = [values(found) for found in tracks(folder)]
    whole = [values(t) for t in source.read(Unit("all.h5", size, "")) if isinstance(t, Track)]
    assert [found["msd_track_id"] for found in in_units] == [f"TR{at:03}" for at in range(600)]
    pitches = song(FIRST)["pitches"]
    expected = [sound_of(timbre, pitches, 2).tobytes() for timbre in timbres]
    assert [found["sound"] for found in in_units] == expected
    assert in_units == whole


def test_a_large_file_that_is_cut_off_is_set_aside_as_a_whole_and_later_row_by_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(msd, "LARGE", 10_000)
    path = write_aggregate(folder / "all.h5", [song(f"TR{at:03}") for at in range(300)])
    source = MsdSource(str(folder))
    units = source.units()
    path.write_bytes(path.read_bytes()[:20_000])
    (whole,) = rejected(folder)
    assert (whole.row, whole.reason) == (None, Reason.UNREADABLE)
    later = list(source.read(units[1]))
    assert [e.row for e in later if isinstance(e, Rejected)] == list(range(257, 301))


@pytest.mark.parametrize("whole", [True, False])
def test_files_far_away_are_read_like_those_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    if not whole:
        monkeypatch.setattr(hdf5, "FETCHED_WHOLE", 0)
    monkeypatch.delattr(Folder, "open" if whole else "read")
    write_aggregate(folder / "all.h5", SONGS)
    write_song(folder, FIRST)
    (folder / "bad.h5").write_bytes(b"not HDF5" * 99)
    far = f"memory://far-{whole}/msd"
    for path in folder.rglob("*.h5"):
        with fsspec.open(f"{far}/{path.relative_to(folder).as_posix()}", "wb") as stream:
            stream.write(path.read_bytes())
    assert [values(track) for track in tracks(far)] == [values(track) for track in tracks(folder)]
    assert [(e.path, e.reason) for e in read(far) if isinstance(e, Rejected)] == [
        ("bad.h5", Reason.UNREADABLE)
    ]


def test_no_file_stays_open(folder: Path) -> None:
    write_song(folder, FIRST)
    write_song(folder, SECOND, tempo=np.nan)
    write_song(folder, THIRD, rows=0)
    assert len(read(folder)) == 3
    assert h5f.get_obj_count(h5f.OBJ_ALL, h5f.OBJ_FILE) == 0


def test_a_file_that_is_gone_by_now_is_set_aside(folder: Path) -> None:
    path = write_song(folder, FIRST)
    source = MsdSource(str(folder))
    (unit,) = source.units()
    path.unlink()
    (gone,) = source.read(unit)
    assert isinstance(gone, Rejected)
    assert gone.reason is Reason.UNREADABLE


def test_units_are_the_files_in_the_order_of_their_paths(folder: Path) -> None:
    for track in (THIRD, FIRST, SECOND):
        write_song(folder, track)
    (folder / "notes.txt").write_text("no song", "utf-8")
    paths = [unit.path for unit in MsdSource(str(folder)).units()]
    assert paths == ["A/A/A/TRAAAAA1.h5", "A/A/B/TRAABBB2.h5", "Z/Z/Z/TRZZZZZ3.h5"]


def test_a_worker_gets_a_source_that_still_tells_the_same(folder: Path) -> None:
    write_song(folder, FIRST)
    source = MsdSource(str(folder))
    units = source.units()
    copy = pickle.loads(pickle.dumps(source))
    assert copy == source
    assert copy.units() == units
    assert copy.described() == source.described()
    assert source.described()["hdf5_files"] == 1


def test_it_is_an_error_when_there_is_nothing(folder: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        MsdSource(str(folder)).units()
    folder.mkdir()
    with pytest.raises(DatasetError, match=r"neither \.h5 files nor MsdSongAddedFeatures\.csv"):
        MsdSource(str(folder)).units()

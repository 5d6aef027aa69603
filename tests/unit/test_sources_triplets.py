"""Files of listens: sound rows are counted, bad ones named by line."""

from pathlib import Path

import fsspec
import pytest

from segue_model.data.errors import DatasetError
from segue_model.data.rejected import Reason
from segue_model.ingest import triplets
from segue_model.ingest.storage import Folder
from segue_model.ingest.triplets import Triplets, read_triplets


def read(folder: Path, content: bytes, **song_ids: int) -> Triplets:
    (folder / "triplets.tsv").write_bytes(content)
    return read_triplets(Folder(str(folder)), "triplets.tsv", song_ids)


def test_bad_triplets_are_named_by_line_and_repeated_ones_added_up(tmp_path: Path) -> None:
    content = (
        b"b\tSO1\t3\r\nno tabs\nb\tSO1\t4\na\tSO1\t0\na\tSO1\t1.5\n\na\tSO1\t\xff\na\tSO2\t9\t9\n"
        b"a\tSO2\t007\na\tSO2\t2147483648\n\xff\tSO2\t1"
    )
    found = read(tmp_path, content, SO1=5, SO2=6)
    assert [entry.row for entry in found.rejected] == [2, 4, 5, 6, 7, 8, 9, 10]
    first = found.rejected[0]
    assert (first.path, first.reason) == ("triplets.tsv", Reason.MALFORMED)
    assert first.detail == "not user, song, plays: 'no tabs'"
    assert found.rows == 11
    assert list(found.listens.listeners) == [1, 2]
    assert list(found.listens.songs) == [5, 6]
    assert list(found.listens.plays) == [7, 1]


def test_triplets_of_which_no_row_is_sound_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"^triplets\.tsv: no row is a triplet; the first: not"):
        read(tmp_path, b"user,song,plays\na,SO1,1\n", SO1=1)


def test_triplets_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"^gone\.tsv: no such file"):
        read_triplets(Folder(str(tmp_path)), "gone.tsv", {})


def test_of_very_many_bad_triplets_a_thousand_are_named(tmp_path: Path) -> None:
    found = read(tmp_path, b"a\tSO1\t1\n" + b"bad\n" * 2_500, SO1=1)
    assert len(found.rejected) == 1_001
    assert found.rejected[-1].detail == "1500 more rows are malformed"
    assert found.rejected[-1].row is None
    assert list(found.listens.plays) == [1]


def test_no_listens_at_all_are_fine(tmp_path: Path) -> None:
    assert len(read(tmp_path, b"", SO1=1).listens.songs) == 0
    found = read(tmp_path, b"a\tSO9\t1\n", SO1=1)
    assert (len(found.listens.songs), found.strangers) == (0, 1)


def test_triplets_far_away_are_the_same(tmp_path: Path) -> None:
    content = b"".join(b"u%d\tSO%d\t%d\n" % (at % 7, at % 5, 1 + at) for at in range(500))
    with fsspec.open("memory://listens/triplets.tsv", "wb") as stream:
        stream.write(content)
    ids = {f"SO{at}": at + 1 for at in range(4)}
    far = read_triplets(Folder("memory://listens"), "triplets.tsv", ids)
    near = read(tmp_path, content, **ids)
    assert far.strangers == near.strangers == 100
    assert far.listens.plays.tolist() == near.listens.plays.tolist() != []


def test_a_line_with_a_separator_of_fields_or_a_lone_carriage_return_is_one_line(
    tmp_path: Path,
) -> None:
    found = read(tmp_path, b"a\x1fb\tSO1\t1\nbad\x1f\nb\tSO1\t2\rc\tSO1\t3\nd\tSO1\t4\r", SO1=1)
    assert [entry.row for entry in found.rejected] == [2, 3]
    assert (found.rows, list(found.listens.plays)) == (4, [1, 4])


@pytest.mark.parametrize("block", range(7, 40))
def test_lines_are_the_same_in_blocks_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(triplets, "BLOCK", block)
    found = read(tmp_path, b"a\tSO1\t1\r\n" + b"x\t" * 40 + b"\tSO1\t7\n\nb\tSO1\t3", SO1=1, SO2=2)
    assert found.rows == 4
    # One longer than a block is lost.
    kept = [1, 3] if block >= 8 else [3]
    assert list(found.listens.plays) == kept
    assert len(found.rejected) == 4 - len(kept)
    assert len(found.rejected[-2].detail) < 200


def test_the_end_of_a_line_that_is_too_long_makes_no_triplet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triplets, "BLOCK", 200)
    found = read(tmp_path, b"x" * 450 + b"\tSO1\t7\nb\tSO1\t3\n", SO1=1)
    assert [entry.row for entry in found.rejected] == [1]
    assert list(found.listens.plays) == [3]

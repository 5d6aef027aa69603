"""Measures how fast raw songs are read: HDF5 files beside bare h5py, tables in rows a second.

    python bench/ingest_sources.py FOLDER_OF_H5_FILES [--rows 1000000] [--rounds 9]

The bare twins open each file and read whole the seven datasets that a song is made of: by h5py's
files and datasets, and by its low-level calls. All run in this process and take turns; medians of
the CPU time are compared, because other work on the machine counts in any other.
"""

import argparse
import csv
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5f, h5s
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from segue_model.ingest.source import Unit
from segue_model.ingest.sources.msd_arrays import ARRAYS
from segue_model.ingest.sources.msd_hdf5 import ANALYSIS, METADATA, YEARS, read_songs
from segue_model.ingest.sources.table import TableSource
from segue_model.ingest.storage import Folder

DATASETS = [layout.name for layout in (METADATA, ANALYSIS, YEARS, *ARRAYS)]
LARGE_GROUP = 100_000


def by_h5py(path: Path) -> None:
    """Read a song's datasets as h5py is meant to be used."""
    with h5py.File(path, "r") as file:
        for name in DATASETS:
            file[name][:]


def by_low_level(path: Path) -> None:
    """Read a song's datasets by h5py's bindings of the C library."""
    file = h5f.open(os.fsencode(path), h5f.ACC_RDONLY)
    for name in DATASETS:
        dataset = h5d.open(file, name.encode())
        values = np.empty(dataset.shape, dataset.dtype)
        if values.size:
            dataset.read(h5s.ALL, h5s.ALL, values)
    file.close()


def measure_files(folder: Path, rounds: int) -> None:
    """Print the median time a file of each way, and its ratio to h5py's own."""
    paths = sorted(folder.rglob("*.h5"))
    here = Folder(str(folder))

    def by_source(path: Path) -> None:
        list(read_songs(here, Unit(path.relative_to(folder).as_posix(), 0, "")))

    ways: dict[str, Callable[[Path], None]] = {
        "h5py": by_h5py,
        "h5py's low level": by_low_level,
        "source": by_source,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time()
            for path in paths:
                way(path)
            took[name].append((time.process_time() - start) / len(paths))
    bare = statistics.median(took["h5py"])
    for name, times in took.items():
        median = statistics.median(times)
        print(f"{name:18} {median * 1e3:6.2f} ms a file, ratio {median / bare:.2f}")


def rows(number: int) -> Iterable[dict[str, object]]:
    """Yield rows as tables of songs have them."""
    for at in range(number):
        yield {
            "song_key": f"S{at:08}",
            "title": f"Título {at}" if at % 5 == 0 else f"Title {at}, live",
            "artist_key": f"A{at % 50_000}",
            "artist": f"Artist {at % 50_000}",
            "album": f"Album {at % 200_000}",
            "year": 1950 + at % 70,
            "duration_ms": 100_000 + at % 300_000,
            "tempo": 60 + at % 1_000 / 7,
            "loudness": -(at % 600) / 31,
            "key": at % 12,
            "mode": at % 2,
            "genres": "rock|pop|jazz",
            "popularity": at % 101 / 100,
        }


def measure_tables(number: int, rounds: int) -> None:
    """Print the median rows a second of CSV and Parquet."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "songs.csv")
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(next(iter(rows(1)))))
            writer.writeheader()
            writer.writerows(rows(number))

        parquet.write_table(
            arrow_csv.read_csv(path), path.with_suffix(".parquet"), row_group_size=LARGE_GROUP
        )
        for suffix in (".csv", ".parquet"):
            source = TableSource(str(path.with_suffix(suffix)), (("duration", "duration_ms/1000"),))
            rates = [rate(source, number) for _ in range(rounds)]
            print(f"{suffix:9} {statistics.median(rates):10,.0f} rows a second of a CPU")


def rate(source: TableSource, number: int) -> float:
    """Return how many rows a second of CPU time are read."""
    start = time.process_time()
    found = sum(1 for unit in source.units() for _ in source.read(unit))
    if found != number:
        raise SystemExit(f"{found} rows of {number}")
    return number / (time.process_time() - start)


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    measure_files(given.folder, given.rounds)
    measure_tables(given.rows, max(1, given.rounds // 3))


if __name__ == "__main__":
    main()

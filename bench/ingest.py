"""How fast the data pipeline reads song files, how it scales, and how much memory it takes.

    python bench/ingest.py FOLDER_OF_H5_FILES [--files 22600]

Every file is read many times, as links to it; all but one of each end as duplicates. In turns, so
that they compare: the files merely opened and the needed datasets read with h5py; the pipeline's
read step, to the file it leaves. Then whole runs with one process and two, and a tenth of the files
for the memory.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py

from segue_model.ingest.job import Job, Limit
from segue_model.ingest.reading import read_shard
from segue_model.ingest.shards import SONGS_OF_A_SHARD, cut
from segue_model.ingest.sources.msd import MsdSource
from segue_model.ingest.storage import Folder

ROOT = Path(__file__).resolve().parent.parent
SEGUE_MODEL = ROOT / ".venv-pipeline/bin/segue-model"
NEEDED = (
    *("metadata/songs", "analysis/songs", "musicbrainz/songs"),
    *("metadata/artist_terms", "metadata/artist_terms_weight"),
    *("analysis/segments_timbre", "analysis/segments_pitches"),
)
ROUNDS = 7


def main() -> None:
    """Print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=22_600)
    given = parser.parse_args()
    songs = sorted(given.folder.rglob("*.h5"))
    with tempfile.TemporaryDirectory() as scratch:
        compare_reading(songs, Path(scratch, "few"))
        compare_processes(songs, given.files, Path(scratch))


def compare_reading(songs: Sequence[Path], folder: Path) -> None:
    """Compare merely reading the files with the step that reads them."""
    link(songs, len(songs), folder)
    source = MsdSource(str(folder))
    shards = cut(source, source.units(), ())

    def bare() -> None:
        for path in songs:
            with h5py.File(path) as file:
                for name in NEEDED:
                    file[name][...]

    def step() -> None:
        with tempfile.TemporaryDirectory() as work:
            job = Job(source, Folder(work), "bench", Limit(0, is_share=False))
            for shard in shards:
                read_shard(job, shard)

    times: dict[str, list[float]] = {"h5py alone": [], "read step": []}
    for _ in range(ROUNDS):
        times["h5py alone"].append(seconds(bare))
        times["read step"].append(seconds(step))
    medians = {name: statistics.median(each) for name, each in times.items()}
    for name, median in medians.items():
        print(f"{name:11} {median / len(songs) * 1000:5.2f} ms a file")
    print(f"read step / h5py alone: {medians['read step'] / medians['h5py alone']:.2f}")


def compare_processes(songs: Sequence[Path], files: int, scratch: Path) -> None:
    """Compare whole runs, start and end included."""
    link(songs, files, scratch / "many")
    link(songs, files // 10, scratch / "tenth")
    took, rates = {}, {}
    for folder, workers in (("tenth", 2), ("many", 1), ("many", 2)):
        output = scratch / f"{folder}-{workers}"
        took[folder, workers] = seconds(lambda: ingest(scratch / folder, output, workers))  # noqa: B023
        rates[folder, workers] = reading_rate(Path(f"{output}.work", "read"))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(
            f"{folder:5} files, {workers} process(es): {took[folder, workers]:6.1f} s in all, "
            f"{rates[folder, workers]:5.0f} files/s read, largest process so far {peak:.0f} MiB"
        )
    print(f"two processes / one, in all: {took['many', 1] / took['many', 2]:.2f}")
    print(f"two processes / one, reading: {rates['many', 2] / rates['many', 1]:.2f}")


def reading_rate(folder: Path) -> float:
    """Return the files read a second, told by when the shards of a run were written.

    A process that starts reads its first shard, and one that ends its last, before or after others.
    """
    done = sorted(path.stat().st_mtime for path in folder.glob("*.rejected.parquet"))
    tenth = len(done) // 10
    return (len(done) - 2 * tenth) * SONGS_OF_A_SHARD / (done[-1 - tenth] - done[tenth])


def link(songs: Sequence[Path], files: int, folder: Path) -> None:
    """Make `folder` hold so many links to the songs."""
    for number in range(files):
        place = folder / f"{number // 1000:03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:07}.h5").symlink_to(songs[number % len(songs)].resolve())


def ingest(folder: Path, output: Path, workers: int) -> None:
    """Run the pipeline as its users do."""
    options = ("--input", str(folder), "--output", str(output), "--workers", str(workers))
    command = (str(SEGUE_MODEL), "ingest", "--source", "msd", *options)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)  # noqa: TID251 - passed on
    if done.returncode != 0:
        sys.exit(done.stderr)


def seconds(work: Callable[[], None]) -> float:
    """Return how long the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

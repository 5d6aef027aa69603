"""The plan: which songs there are, under which ids, and where each was read; and where it lies."""

import json
from dataclasses import asdict, dataclass
from typing import Final

import pyarrow as pa

from segue_model.ingest.job import PART
from segue_model.ingest.storage import Folder

PLANS: Final = "plan-"
PLAN: Final = "plan.json"
SONGS: Final = "songs.parquet"
ARTISTS: Final = "artists.parquet"
ALBUMS: Final = "albums.parquet"
GENRES: Final = "genres.parquet"
REGISTRY: Final = "ids.parquet"
REJECTED: Final = "rejected.parquet"
# What follows from the plan, once all is done.
ASSEMBLED: Final = "assembled"
RESULT: Final = "result.json"

# Where each song was read, in the order of ids; a row group a part.
SONG_ROWS: Final = pa.schema(
    [
        pa.field("id", pa.int32()),
        pa.field("song_key", pa.string()),
        pa.field("artist_id", pa.int32()),
        pa.field("album_id", pa.int32()),
        pa.field("genre_ids", pa.list_(pa.int32())),
        pa.field("mismatched", pa.bool_()),
        pa.field("shard", pa.dictionary(pa.int32(), pa.string())),
        pa.field("at", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the plan comes to; with a `problem` nothing follows from it.

    `digest` stands for all that the plan was made of; what follows from it lies in its folder.
    """

    digest: str
    songs: int
    problem: str = ""

    @property
    def parts(self) -> int:
        """Into how many parts the songs are cut."""
        return 0 if self.problem else -(-self.songs // PART)

    def folder(self, work: Folder) -> Folder:
        """Return the folder of the plan and of all that follows from it."""
        return plan_folder(work, self.digest)

    def save(self, work: Folder) -> None:
        """Leave the plan in its folder, whose other files must be there by now."""
        self.folder(work).write(PLAN, json.dumps(asdict(self)).encode())


def plan_folder(work: Folder, digest: str) -> Folder:
    """Return the folder for the plan of a digest."""
    return work.child(f"{PLANS}{digest}")


def saved_plan(work: Folder, digest: str) -> Plan | None:
    """Return the plan of a digest, `None` when it has not been made."""
    folder = plan_folder(work, digest)
    return Plan(**json.loads(folder.read(PLAN))) if folder.exists(PLAN) else None

"""The step that plans: from all that was read to songs, artists, albums and genres with ids."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from segue_model.ingest import job as at_work
from segue_model.ingest import plan as planned
from segue_model.ingest.choosing import Chosen, choose, read_keys
from segue_model.ingest.entities import Entities, entities_of
from segue_model.ingest.job import PART, Job
from segue_model.ingest.plan import Plan, saved_plan
from segue_model.ingest.reading import read_rejected
from segue_model.ingest.registry import Registry
from segue_model.ingest.shards import Shard, remembered
from segue_model.ingest.source import Annotations
from segue_model.ingest.tracks import REJECTED, Arrow, Rejected, to_table

# Another number makes the steps from here on be done again: for when they come to differ.
PLANNERS: Final = 1


@dataclass(frozen=True, slots=True)
class _Found:
    """All that a plan is made of."""

    shards: Sequence[Shard]
    annotations: Annotations
    registry: Registry


def make_plan(job: Job) -> Plan:
    """Leave a plan of what was read in the work folder, unless it is there, and return it.

    Raises: DatasetError.
    """
    found = _Found(remembered(job.work), job.source.annotations(), _registry(job))
    digest = _digest(job, found)
    plan = saved_plan(job.work, digest) or _planned(job, found, digest)
    job.work.write(at_work.CURRENT, json.dumps({"digest": digest}).encode())
    return plan


def _planned(job: Job, found: _Found, digest: str) -> Plan:
    keys = read_keys(job, found.shards)
    chosen = choose(keys, found.annotations.mismatches)
    set_aside = [*read_rejected(job, found.shards), *found.annotations.rejected]
    problem = _problem(job, set_aside, len(keys))
    plan = Plan(digest, len(chosen.keys), problem)
    folder = plan.folder(job.work)
    rejected = sorted([*set_aside, *chosen.rejected], key=_place)
    folder.write_table(planned.REJECTED, to_table(rejected, REJECTED))
    if not problem:
        entities = entities_of(job, found.shards, chosen.keys, found.annotations, found.registry)
        folder.write_table(planned.ARTISTS, entities.artists)
        folder.write_table(planned.ALBUMS, entities.albums)
        folder.write_table(planned.GENRES, entities.genres)
        songs = _songs(found, chosen, entities)
        folder.write_table(planned.REGISTRY, found.registry.table())
        folder.write_table(planned.SONGS, songs, row_group_size=PART)
    plan.save(job.work)
    return plan


def _songs(found: _Found, chosen: Chosen, entities: Entities) -> Arrow:
    keys = chosen.keys
    ids = found.registry.number("song", keys["song_key"].combine_chunks())
    shards = pa.array([shard.key for shard in found.shards], pa.string())
    columns = {
        "id": ids,
        "song_key": keys["song_key"],
        "artist_id": entities.artist_of,
        "album_id": entities.album_of,
        "genre_ids": entities.genres_of,
        "mismatched": keys["mismatched"],
        "shard": pa.DictionaryArray.from_arrays(keys["shard"].combine_chunks(), shards),
        "at": keys["at"],
    }
    return pa.table(columns, schema=planned.SONG_ROWS).sort_by("id")


def _problem(job: Job, set_aside: Sequence[Rejected], tracks: int) -> str:
    """Return why no dataset comes of this, nothing when one does; duplicates are no fault."""
    if not tracks:
        first = f", the first: {_told(set_aside[0])}" if set_aside else ""
        return f"no song can be used; {len(set_aside):,} set aside{first}"
    if job.limit.allows(len(set_aside), tracks + len(set_aside)):
        return ""
    return (
        f"{len(set_aside):,} files and rows were set aside, more than {job.limit}; "
        f"the first: {_told(set_aside[0])}"
    )


def _told(rejected: Rejected) -> str:
    row = "" if rejected.row is None else f":{rejected.row}"
    return f"{rejected.path}{row}: {rejected.reason}: {rejected.detail}"


def _place(rejected: Rejected) -> tuple[str, int, str, str]:
    return rejected.path, rejected.row or 0, rejected.reason, rejected.detail


def _registry(job: Job) -> Registry:
    there = job.work.exists(at_work.REGISTRY)
    return Registry.of(job.work.read_table(at_work.REGISTRY)) if there else Registry()


def _digest(job: Job, found: _Found) -> str:
    digest = hashlib.blake2b(f"{PLANNERS} {job.name} {job.limit}".encode(), digest_size=12)
    for part in (*_annotated(found.annotations), *sorted(s.key for s in found.shards)):
        digest.update(f"{part}\n".encode())
    for column in found.registry.table().columns:
        digest.update(repr(column.to_pylist()).encode())
    return digest.hexdigest()


def _annotated(annotations: Annotations) -> Iterable[object]:
    yield from sorted(annotations.terms.items())
    yield from sorted(annotations.labels.items())
    yield from sorted(annotations.mismatches)
    yield from annotations.rejected

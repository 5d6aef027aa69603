"""The step that plans: from all that was read to songs, artists, albums and genres with ids."""

import json
from collections.abc import Sequence

import pyarrow as pa

from segue_model.data.rejected import REJECTED, Rejected
from segue_model.ingest import job as at_work
from segue_model.ingest import plan as planned
from segue_model.ingest.choosing import Chosen, choose, read_keys
from segue_model.ingest.digest import Ingredients, digest_of
from segue_model.ingest.entities import Entities, entities_of
from segue_model.ingest.job import PART, Job
from segue_model.ingest.plan import Plan, saved_plan
from segue_model.ingest.reading import read_rejected
from segue_model.ingest.registry import saved_registry
from segue_model.ingest.set_aside import rejected_csv
from segue_model.ingest.shards import remembered_keys
from segue_model.ingest.tracks import Arrow, to_table


def make_plan(job: Job) -> Plan:
    """Leave a plan of what was read in the work folder, unless it is there, and return it.

    Raises: DatasetError.
    """
    found = Ingredients(
        remembered_keys(job.work), job.source.annotations(), saved_registry(job.work)
    )
    digest = digest_of(job, found)
    plan = saved_plan(job.work, digest) or _planned(job, found, digest)
    job.work.write(at_work.CURRENT, json.dumps({"digest": digest}).encode())
    return plan


def _planned(job: Job, found: Ingredients, digest: str) -> Plan:
    keys = read_keys(job, found.shards)
    chosen = choose(keys, found.annotations.mismatches)
    set_aside = [*read_rejected(job, found.shards), *found.annotations.rejected]
    problem = _problem(job, set_aside, len(keys))
    plan = Plan(digest, len(chosen.keys), problem)
    folder = plan.folder(job.work)
    rejected = sorted([*set_aside, *chosen.rejected], key=_place)
    table = to_table(rejected, REJECTED)
    folder.write_table(planned.REJECTED, table)
    if problem:
        job.work.write(at_work.REJECTED, rejected_csv(table))
    else:
        entities = entities_of(job, found.shards, chosen.keys, found.annotations, found.registry)
        folder.write_table(planned.ARTISTS, entities.artists)
        folder.write_table(planned.ALBUMS, entities.albums)
        folder.write_table(planned.GENRES, entities.genres)
        songs = _songs(found, chosen, entities)
        folder.write_table(planned.REGISTRY, found.registry.table())
        folder.write_table(planned.SONGS, songs, row_group_size=PART)
    plan.save(job.work)
    return plan


def _songs(found: Ingredients, chosen: Chosen, entities: Entities) -> Arrow:
    keys = chosen.keys
    ids = found.registry.number("song", keys["song_key"].combine_chunks())
    shards = pa.array(found.shards, pa.string())
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
        f"all are in {job.work.url}/{at_work.REJECTED}, the first: {_told(set_aside[0])}"
    )


def _told(rejected: Rejected) -> str:
    row = "" if rejected.row is None else f":{rejected.row}"
    return f"{rejected.path}{row}: {rejected.reason}: {rejected.detail}"


def _place(rejected: Rejected) -> tuple[str, int, str, str]:
    return rejected.path, rejected.row or 0, rejected.reason, rejected.detail

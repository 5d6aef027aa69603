"""Tells whether a plan, and all that follows from it, was made of the same things as now."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import segue_model
from segue_model.ingest.job import Job
from segue_model.ingest.registry import Registry
from segue_model.ingest.source import Annotations
from segue_model.ingest.storage import Folder

# The packages whose code decides what follows from what was read.
CODE = ("data", "ingest", "report")


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a plan is made of: the keys of what was read, what is known beside it, the ids."""

    shards: Sequence[str]
    annotations: Annotations
    registry: Registry


def digest_of(job: Job, ingredients: Ingredients) -> str:
    """Return what is another text when anything is that the dataset depends on."""
    digest = hashlib.blake2b(digest_size=12)
    for part in _parts(job, ingredients):
        digest.update(f"{part}\n".encode())
    for column in ingredients.registry.table().columns:
        for chunk in column.chunks:
            for buffer in filter(None, chunk.buffers()):
                digest.update(buffer)
    return digest.hexdigest()


def _parts(job: Job, ingredients: Ingredients) -> Iterator[object]:
    yield code_digest()
    yield job.name
    yield job.limit
    yield json.dumps(job.source.described(), sort_keys=True)
    if listens := job.source.listens():
        url, path = listens
        yield Folder(url).files(path)
    yield from sorted(ingredients.shards)
    yield from sorted(ingredients.annotations.terms.items())
    yield from sorted(ingredients.annotations.labels.items())
    yield from sorted(ingredients.annotations.mismatches)
    yield from ingredients.annotations.rejected


@cache
def code_digest() -> str:
    """Return what is another text when the code is."""
    root = Path(segue_model.__path__[0])
    digest = hashlib.blake2b(digest_size=12)
    for package in CODE:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".html", ".css"):
                digest.update(path.read_bytes())
    return digest.hexdigest()

"""Reads what is known of the Million Song Dataset's songs beside what they are."""

import csv
import re
from collections.abc import Iterator, Mapping
from typing import Final

from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.source import Annotations
from segue_model.ingest.sources.lines import lines
from segue_model.ingest.storage import File, Folder

# Labels of the tagtraum annotations that are not spelled as the terms are.
LABELS: Final = {"RnB": "r&b", "International": "world"}

MISMATCH: Final = re.compile(rb"<(SO\w+) (TR\w+)>")


def read_annotations(folder: Folder, tables: Mapping[str, File]) -> Annotations:
    """Return what the tables of artists' terms, songs' labels and mismatches tell.

    Terms are in the order of their file, the strongest first; labels spelled as terms are.
    Raises: OSError.
    """
    terms: dict[str, list[str]] = {}
    labels: dict[str, tuple[str, ...]] = {}
    rejected: list[Rejected] = []
    for term in _terms(folder, tables):
        if isinstance(term, Rejected):
            rejected.append(term)
        else:
            terms.setdefault(term[0], []).append(term[1])
    for label in _labels(folder, tables):
        if isinstance(label, Rejected):
            rejected.append(label)
        else:
            labels[label[0]] = label[1]
    return Annotations(
        {artist: tuple(ordered) for artist, ordered in terms.items()},
        labels,
        _mismatches(folder, tables),
        rejected,
    )


def _terms(folder: Folder, tables: Mapping[str, File]) -> Iterator[tuple[str, str] | Rejected]:
    """Yield artist ids with a term."""
    if "terms" not in tables:
        return
    path = tables["terms"].path
    for line in lines(folder, path):
        if isinstance(line, Rejected):
            yield line
            continue
        try:
            fields = next(csv.reader([line.text]), [])
        except csv.Error as error:
            yield Rejected(path, line.number, Reason.MALFORMED, str(error))
            continue
        match fields:
            case [artist, term]:
                yield artist, term
            case _:
                reason = f"{len(fields)} fields instead of 2"
                yield Rejected(path, line.number, Reason.MALFORMED, reason)


def _labels(
    folder: Folder, tables: Mapping[str, File]
) -> Iterator[tuple[str, tuple[str, ...]] | Rejected]:
    """Yield track ids with their labels."""
    if "labels" not in tables:
        return
    path = tables["labels"].path
    for line in lines(folder, path):
        if isinstance(line, Rejected):
            yield line
            continue
        if line.text.startswith("#"):
            continue
        track, *given = map(str.strip, line.text.split("\t"))
        labels = tuple(_spelled(label) for label in given if label)
        if track and labels:
            yield track, labels
        else:
            reason = "no label" if track else "no track"
            yield Rejected(path, line.number, Reason.EMPTY, reason)


def _spelled(label: str) -> str:
    return LABELS.get(label, label.replace("_", " ").lower())


def _mismatches(folder: Folder, tables: Mapping[str, File]) -> set[tuple[str, str]]:
    """Return the pairs of song id and track id that the Taste Profile confuses."""
    if "mismatches" not in tables:
        return set()
    found = MISMATCH.findall(folder.read(tables["mismatches"].path))
    return {(song.decode(), track.decode()) for song, track in found}

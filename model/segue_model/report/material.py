"""What a report is made from: all that lies in a dataset folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from segue_model.data.dataset import Dataset, read_dataset
from segue_model.data.errors import DatasetError
from segue_model.data.layout import RECIPE_FILE
from segue_model.report.set_aside import Rejections, read_rejections

KNOWN: Final = "known"


@dataclass(frozen=True, slots=True)
class Material:
    """A dataset; of how many songs its recipe knew each raw value; what was set aside.

    `raw` is empty and `rejections` is `None` when nothing in the folder tells.
    """

    dataset: Dataset
    raw: Mapping[str, int]
    rejections: list[Rejections] | None


def read_material(folder: Path) -> Material:
    """Return what lies in `folder`. Raises: DatasetError."""
    dataset = read_dataset(folder)
    return Material(dataset, _known(dataset), read_rejections(folder))


def _known(dataset: Dataset) -> Mapping[str, int]:
    """Return what the recipe tells of; one that is not of this project may tell nothing."""
    if not dataset.recipe:
        return {}
    fields: Any = json.loads(dataset.recipe[RECIPE_FILE].decode("utf-8-sig"))
    known, songs = fields.get(KNOWN, {}), len(dataset.songs.ids)
    if not isinstance(known, dict) or not all(_fits(count, songs) for count in known.values()):
        raise DatasetError(RECIPE_FILE, None, f"{KNOWN}: not a number of songs for each value")
    return known


def _fits(count: object, songs: int) -> bool:
    return isinstance(count, int) and 0 <= count <= songs

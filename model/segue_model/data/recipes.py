"""The files of a dataset folder that tell how its features were made; they are kept as they are."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from segue_model.data.columns import Features
from segue_model.data.errors import DatasetError
from segue_model.data.layout import FEATURES, RECIPE_ARTISTS, RECIPE_FILE

# What a file holds, by its name; none where nothing is told but the recipe's name.
RecipeFiles: TypeAlias = Mapping[str, bytes]


def read_recipe(folder: Path) -> RecipeFiles:
    """Return the files of the recipe in a dataset folder: none, `recipe.json`, or both."""
    if not (folder / RECIPE_FILE).is_file():
        return {}
    names = (RECIPE_FILE, RECIPE_ARTISTS)
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def check_recipe(files: RecipeFiles, features: Features) -> None:
    """Raise `DatasetError` if there is a recipe that is not the one of the features."""
    if not files:
        return
    fields = _load(files[RECIPE_FILE])
    name, columns = fields.get("name"), fields.get("columns")
    if name != features.recipe:
        reason = f"name: {json.dumps(name)} is not the manifest's recipe, {features.recipe!r}"
        raise DatasetError(RECIPE_FILE, None, reason)
    if columns != list(features.columns):
        raise DatasetError(RECIPE_FILE, None, f"columns: {_difference(columns, features.columns)}")


def features_json(features: Features, files: RecipeFiles) -> bytes:
    """Return what tells of the features: the file `recipe.json`, else their name and columns."""
    if files:
        return files[RECIPE_FILE]
    fields = {"name": features.recipe, "columns": features.columns}
    return (json.dumps(fields, indent=2, ensure_ascii=False) + "\n").encode()


def _load(content: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DatasetError(RECIPE_FILE, error.lineno, f"not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(RECIPE_FILE, None, "not UTF-8") from error
    if not isinstance(fields, dict):
        raise DatasetError(RECIPE_FILE, None, "not a JSON object")
    return fields


def _difference(told: object, columns: tuple[str, ...]) -> str:
    if not isinstance(told, list):
        return "not a list"
    if len(told) != len(columns):
        return f"{len(told)}, but {FEATURES} has {len(columns)}"
    at = next(at for at, column in enumerate(columns) if told[at] != column)
    return f"{json.dumps(told[at])} where {FEATURES} has {columns[at]!r}"

"""The manifest: what a dataset folder says of itself, in `dataset.json`."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from segue_model.data.errors import DatasetError
from segue_model.data.layout import FILES, MANIFEST, NAME_LENGTH

FORMAT: Final = 1
UNNAMED_SOURCE: Final[Mapping[str, object]] = {"kind": "custom"}
UNNAMED_RECIPE: Final = "custom"
KINDS: Final[Mapping[type, str]] = {dict: "an object", str: "text", list: "a list"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What cannot be told from the CSV files; an empty `fingerprint` vouches for nothing.

    `columns` are those of the features, if it names any.
    """

    name: str
    source: Mapping[str, object]
    recipe: str
    fingerprint: str
    columns: tuple[str, ...] = ()


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a dataset folder; only `format` and `name` must be given.

    Raises: DatasetError.
    """
    fields = _load(folder / MANIFEST)
    if fields.get("format") != FORMAT or isinstance(fields["format"], bool):
        found = json.dumps(fields.get("format"))
        raise DatasetError(MANIFEST, None, f"format: {found} is not known; {FORMAT} is")
    features = _field(fields, "features", dict, {})
    name = _field(fields, "name", str, "")
    if not 1 <= len(name) <= NAME_LENGTH:
        raise DatasetError(MANIFEST, None, f"name: not a text of 1 to {NAME_LENGTH} characters")
    return Manifest(
        name=name,
        source=_field(fields, "source", dict, UNNAMED_SOURCE),
        recipe=_field(features, "recipe", str, UNNAMED_RECIPE),
        fingerprint=_field(fields, "fingerprint", str, ""),
        columns=tuple(_field(features, "columns", list, [])),
    )


def write_manifest(
    folder: Path, manifest: Manifest, counts: Mapping[str, int], columns: tuple[str, ...]
) -> None:
    """Write the manifest of a dataset of these counts and feature columns."""
    fields = {
        "format": FORMAT,
        "name": manifest.name,
        "source": manifest.source,
        "counts": counts,
        "features": {"recipe": manifest.recipe, "columns": columns},
        "fingerprint": manifest.fingerprint,
    }
    text = json.dumps(fields, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def fingerprint(folder: Path) -> str:
    """Return the SHA-256, as hex, over the CSV files one after the other."""
    digest = hashlib.sha256()
    for file in FILES:
        with (folder / file).open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _load(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise DatasetError(MANIFEST, None, f"missing in {path.parent}") from None
    except json.JSONDecodeError as error:
        raise DatasetError(MANIFEST, error.lineno, f"not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(MANIFEST, None, "not UTF-8") from error
    if not isinstance(fields, dict):
        raise DatasetError(MANIFEST, None, "not a JSON object")
    return fields


def _field(fields: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:  # noqa: ANN401 - JSON
    value = fields.get(name, default)
    if not isinstance(value, kind):
        raise DatasetError(MANIFEST, None, f"{name}: not {KINDS[kind]}")
    return value

"""Where in a folder the model is, told before anything slow is loaded."""

from pathlib import Path
from typing import Final

from segue_model.gate.errors import LoadError

FILE: Final = "saved_model.pb"


def saved_model_file(folder: Path) -> Path:
    """Return the file in `folder` that holds the graph. Raises: LoadError saying what is not there.

    A folder of versions is no model; the newest of them is named.
    """
    if not folder.is_dir():
        raise LoadError(f"{folder}: no such folder")
    inside = sorted(path.name for path in folder.iterdir())
    if FILE in inside:
        return folder / FILE
    if not inside:
        raise LoadError(f"{folder}: the folder is empty")
    versions = [name for name in inside if name.isdecimal() and (folder / name / FILE).is_file()]
    if versions:
        newest = folder / max(versions, key=int)
        raise LoadError(f"{folder}: holds versions; name one of them, such as {newest}")
    raise LoadError(f"{folder}: no {FILE} in it")

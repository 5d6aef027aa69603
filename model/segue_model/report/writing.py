"""Writes the report of a dataset folder."""

from pathlib import Path

from segue_model.data.whole_file import write_whole
from segue_model.report.material import read_material
from segue_model.report.page import render


def write_report(folder: Path, output: Path) -> None:
    """Make `output` the page of the dataset in `folder`, whole or not at all.

    The same folder makes the same bytes. Raises: DatasetError, OSError.
    """
    # The name of a dataset comes from JSON, which can hold what UTF-8 cannot.
    write_whole(output, render(read_material(folder)).encode("utf-8", "xmlcharrefreplace"))

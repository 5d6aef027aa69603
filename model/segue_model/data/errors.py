"""What can be wrong with a dataset, in the words of the person who has to correct it."""


class DatasetError(Exception):
    """A dataset cannot be read or made; the text names the file, the line where known, and why."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        """Name the place: `line` counts from 1, the header included; `None` is the whole file."""
        super().__init__(f"{file}:{line}: {reason}" if line else f"{file}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class RowError(DatasetError):
    """A row of a dataset is at fault; `line` is where it stands in a file without blank lines."""

    def __init__(self, file: str, row: int, reason: str) -> None:
        """Name the place: `row` counts from 0, the header left out."""
        super().__init__(file, row + 2, reason)
        self.row = row

"""The list of what was set aside, for people."""

import csv
import io

from segue_model.ingest.tracks import Arrow


def rejected_csv(table: Arrow) -> bytes:
    """Return a table of `REJECTED` rows as CSV, a header first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(tuple(row.values()) for row in table.to_pylist())
    return text.getvalue().encode("utf-8", "backslashreplace")

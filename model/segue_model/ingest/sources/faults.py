"""Tells what is wrong with a file, in words that do not tell where it lies."""

import os

from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.source import Unit


def said(fault: Exception) -> str:
    """Return what a library says of a fault; of one of the system's only what it is."""
    if isinstance(fault, OSError) and fault.errno:
        return os.strerror(fault.errno)
    return str(fault)


def unnamed(unit: Unit) -> Rejected:
    """Return what is said of a file that is `ILLEGIBLE`."""
    return Rejected(unit.path, None, Reason.ENCODING, unit.stamp)

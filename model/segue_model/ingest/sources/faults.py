"""Tells what libraries found wrong with a file, in words that do not tell where it lies."""

import os


def said(fault: Exception) -> str:
    """Return what a library says of a fault; of one of the system's only what it is."""
    if isinstance(fault, OSError) and fault.errno:
        return os.strerror(fault.errno)
    return str(fault)

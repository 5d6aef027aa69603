"""Puts a file in place whole, so that no reader ever sees half of one."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Make `path` a file of `content`, whole or not at all. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)

"""The typed client: songs in, recommended songs out, from Python or the command line."""

from segue_client.client import Client, RecommendOptions, SimilarOptions
from segue_client.errors import (
    DeadlineExceeded,
    InvalidRequest,
    NotFound,
    Resource,
    SegueError,
    Unavailable,
    Violation,
)

__all__ = [
    "Client",
    "DeadlineExceeded",
    "InvalidRequest",
    "NotFound",
    "RecommendOptions",
    "Resource",
    "SegueError",
    "SimilarOptions",
    "Unavailable",
    "Violation",
]

"""What the commands share: whom they ask, and how they answer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import click
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table

from segue.v1.recommendation_service_pb2 import (
    DEGRADED_REASON_CATALOG_INCOMPLETE,
    DEGRADED_REASON_CATALOG_UNAVAILABLE,
    DEGRADED_REASON_HISTORY_UNAVAILABLE,
    DEGRADED_REASON_MODEL_UNAVAILABLE,
    RECOMMENDATION_SOURCE_POPULAR,
    FindSimilarSongsResponse,
    RecommendSongsResponse,
)
from segue_client.client import Client
from segue_client.failures import told

# Nobody sees where a line breaks in a file or a pipe.
PIPE_WIDTH: Final = 200

DEGRADED: Final = {
    DEGRADED_REASON_MODEL_UNAVAILABLE: "the model did not answer; these are the popular songs",
    DEGRADED_REASON_CATALOG_UNAVAILABLE: "the catalog did not answer; songs have ids only",
    DEGRADED_REASON_CATALOG_INCOMPLETE: "the catalog does not know all of these songs",
    DEGRADED_REASON_HISTORY_UNAVAILABLE: "likes and dislikes could not be read, and do not count",
}


@dataclass(frozen=True, slots=True)
class Session:
    """What all commands share: whom to ask, how long to wait, how to answer."""

    server: str
    timeout: float
    as_json: bool

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Connect for the length of a command; failures become messages and exit codes."""
        with told(self.server), Client(self.server, timeout=self.timeout) as client:
            yield client

    def show(self, message: Message, *tables: Table) -> None:
        """Write an answer to standard output: as JSON, or as these tables."""
        if self.as_json:
            plain = sys.stdout.encoding.lower() != "utf-8"
            text = MessageToJson(
                message, always_print_fields_with_no_presence=True, ensure_ascii=plain
            )
            click.echo(text)
            return
        width = None if sys.stdout.isatty() else PIPE_WIDTH
        for table in tables:
            if table.row_count:
                Console(width=width, highlight=False).print(table)


def note(text: str) -> None:
    """Tell the user something that is no part of the answer."""
    click.echo(f"Note: {text}", err=True)


MOST_SONGS: Final = 100
MOST: Final = f"an answer has {MOST_SONGS} at the most"
ALL: Final = "no other satisfies the request"


def remark(answer: RecommendSongsResponse | FindSimilarSongsResponse, k: int) -> None:
    """Say in what way an answer is less than, or other than, the `k` songs asked for."""
    for reason in answer.degraded.reasons:
        note(f"degraded: {DEGRADED.get(reason, f'reason {reason}')}")
    popular = {item.source == RECOMMENDATION_SOURCE_POPULAR for item in answer.recommendations}
    if 0 < len(answer.recommendations) < k:
        note(f"{len(answer.recommendations)} songs: {MOST if k > MOST_SONGS else ALL}")
    if not popular:
        note("no song satisfies the request")
    elif all(popular) and not answer.degraded.reasons:
        note("nothing is known of this listener: these are the popular songs")

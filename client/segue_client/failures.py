"""What the command line says when a call fails, and the exit code that scripts can trust."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from segue_client.errors import (
    DeadlineExceeded,
    InvalidRequest,
    NotFound,
    SegueError,
    Unavailable,
)

EXIT_CODES: Final[dict[type[SegueError], int]] = {
    InvalidRequest: 2,
    NotFound: 3,
    Unavailable: 4,
    DeadlineExceeded: 5,
}


@contextmanager
def told(server: str) -> Iterator[None]:
    """Turn what a call fails with into a message on standard error and an exit code."""
    try:
        yield
    except SegueError as error:
        click.echo(f"Error: {explained(error, server)}", err=True)
        raise click.exceptions.Exit(EXIT_CODES.get(type(error), 1)) from error


def explained(error: SegueError, server: str) -> str:
    """Return what went wrong, and what can be done about it, in the user's terms."""
    match error:
        case InvalidRequest() if error.violations:
            named = (f"\n  {field.field}: {field.description}" for field in error.violations)
            return "the request is invalid" + "".join(named)
        case DeadlineExceeded():
            return f"no answer from {server} in time; --timeout gives it longer"
        # gRPC itself says so: the server would have said when to try again.
        case Unavailable(retry_after=None):
            return f"no answer from {server}; is it running there? ({error.message})"
        case Unavailable():
            return f"{error.message}; try again in {error.retry_after:g} s"
        case _:
            return error.message

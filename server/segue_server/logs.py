"""How the server logs: a line an event, for machines or for people."""

import io
import logging
import sys

import structlog


def set_up_logs(level: str, *, as_json: bool) -> None:
    """Log to standard output what is at least as severe as the level, by its name."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What callers send may hold what no encoding has; that must not end a request.
        sys.stdout.reconfigure(errors="backslashreplace")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer()
            if as_json
            else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )

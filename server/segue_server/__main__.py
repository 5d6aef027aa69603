"""The composition root: settings, engines, catalog, recommender, gRPC server, signals."""

import argparse
import asyncio
import json
import logging
import re
import signal
import sys

import grpc
import grpc.aio
import structlog
import uvloop
from pydantic import ValidationError
from pydantic_settings import SettingsError

from segue_server.catalog.sql import SqlCatalog, open_catalog
from segue_server.domain.engine_directory import EngineDirectory
from segue_server.domain.recommender import Recommender
from segue_server.engines.fallback import FallbackEngine
from segue_server.engines.popular import PopularEngine
from segue_server.engines.tf_serving import CHANNEL_OPTIONS, TfServingEngine
from segue_server.settings import Settings
from segue_server.transport.call import CallLimits
from segue_server.transport.readiness import Readiness
from segue_server.transport.server import make_server

# The name that answers carry when the popular songs of the catalog stand in for a model.
SUBSTITUTE = "catalog-popular"

log = structlog.get_logger()


def main() -> None:
    """Serve until SIGTERM or SIGINT; exit with 2 for wrong settings, 1 for a failed start."""
    parser = argparse.ArgumentParser(prog="segue-server", description=__doc__)
    parser.add_argument(
        "--print-config", action="store_true", help="print the settings as JSON and exit"
    )
    arguments = parser.parse_args()
    try:
        settings = Settings()
    except (ValidationError, SettingsError) as error:
        sys.exit(_wrong_settings(*_troubles(error)))
    if arguments.print_config:
        print(json.dumps(settings.printable(), indent=2))  # noqa: T201 - what was asked for
        return
    _set_up_logs(settings)
    sys.exit(uvloop.run(serve(settings)))


async def serve(settings: Settings) -> int:
    """Serve until told to stop; return the exit code."""
    catalog = _open_catalog(settings)
    channel = grpc.aio.insecure_channel(settings.model_server, options=CHANNEL_OPTIONS)
    try:
        return await _serve(settings, catalog, channel)
    finally:
        await channel.close()
        catalog.close()


async def _serve(settings: Settings, catalog: SqlCatalog, channel: grpc.aio.Channel) -> int:
    engines = {
        name: TfServingEngine(channel, name, model) for name, model in settings.engines.items()
    }
    substitute = PopularEngine(catalog, SUBSTITUTE)
    recommender = Recommender(
        {name: FallbackEngine(engine, substitute) for name, engine in engines.items()},
        settings.default_engine,
        catalog,
    )
    directory = EngineDirectory(engines, settings.default_engine)
    limits = CallLimits(settings.deadline, settings.max_concurrent_calls)
    server, health = make_server(recommender, catalog, directory, limits)
    try:
        server.add_insecure_port(settings.listen)
    except RuntimeError:
        log.error("cannot listen; is the port taken?", listen=settings.listen)  # noqa: TRY400
        return 1
    readiness = Readiness(health, directory, catalog)
    await readiness.begin()
    await server.start()
    log.info("serving", listen=settings.listen, engines=sorted(engines))
    watch = asyncio.create_task(readiness.watch())
    await _told_to_stop()
    log.info("stopping", grace=settings.grace)
    watch.cancel()
    await health.enter_graceful_shutdown()
    await server.stop(settings.grace)
    return 0


def _open_catalog(settings: Settings) -> SqlCatalog:
    try:
        return open_catalog(settings.catalog_url.get_secret_value(), settings.catalog_connections)
    except ValueError as error:
        sys.exit(_wrong_settings(f"SEGUE_CATALOG_URL: {error}"))


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _troubles(error: ValidationError | SettingsError) -> list[str]:
    """Return a line for each wrong setting, with its name."""
    if isinstance(error, SettingsError):  # a value that should be JSON and is not
        named = re.search(r'field "(\w+)"', str(error))
        return [f"SEGUE_{named[1].upper() if named else ''}: not valid JSON"]
    return [
        f"SEGUE_{'.'.join(map(str, trouble['loc'])).upper()}: {trouble['msg']}"
        if trouble["loc"]
        else trouble["msg"]
        for trouble in error.errors()
    ]


def _wrong_settings(*lines: str) -> int:
    """Say what is wrong; return the exit code for it."""
    print("segue-server: wrong settings", *lines, sep="\n", file=sys.stderr)  # noqa: T201
    return 2


def _set_up_logs(settings: Settings) -> None:
    json_lines = settings.log_format == "json"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer()
            if json_lines
            else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )


if __name__ == "__main__":
    main()

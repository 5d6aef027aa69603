"""The composition root: settings, engines, catalog, recommender, gRPC server, signals."""

import argparse
import asyncio
import json
import re
import secrets
import signal
import sys
from collections.abc import Hashable
from dataclasses import dataclass

import structlog
import uvloop
from pydantic import ValidationError
from pydantic_settings import SettingsError

from segue_server.activity.open import Activity, open_activity
from segue_server.catalog.sql import SqlCatalog, open_catalog
from segue_server.domain.attribution import AttributionTokens
from segue_server.domain.deadline import Deadline
from segue_server.domain.engine_directory import EngineDirectory
from segue_server.domain.playlist_keeper import PlaylistKeeper
from segue_server.domain.playlist_stream import PlaylistStream
from segue_server.domain.recommender import Recommender
from segue_server.domain.traffic import Traffic
from segue_server.domain.watching import Watching
from segue_server.engines.popular import PopularEngine
from segue_server.logs import set_up_logs
from segue_server.settings import Settings
from segue_server.switching import Switchboard, TrafficWatch
from segue_server.traffic_settings import TrafficError, TrafficSettings, parse
from segue_server.transport.call import CallLimits
from segue_server.transport.identity import Identity
from segue_server.transport.readiness import Readiness
from segue_server.transport.server import Parts, make_server

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
        traffic, _ = _told_traffic(settings)
        printed = settings.printable() | {"traffic": traffic.model_dump(mode="json")}
        print(json.dumps(printed, indent=2))  # noqa: T201 - what was asked for
        return
    set_up_logs(settings.log_level, as_json=settings.log_format == "json")
    sys.exit(uvloop.run(serve(settings)))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What lies in databases."""

    catalog: SqlCatalog
    activity: Activity


async def serve(settings: Settings) -> int:
    """Serve until told to stop; return the exit code."""
    catalog = _open_catalog(settings)
    activity = _open_activity(settings)
    board = Switchboard(settings.model_server, PopularEngine(catalog, SUBSTITUTE))
    try:
        traffic, watch = _open_traffic(settings, board)
        return await _serve(settings, _Kept(catalog, activity), traffic, watch)
    finally:
        await board.close()
        catalog.close()
        activity.close()


async def _serve(
    settings: Settings, kept: "_Kept", traffic: Traffic, watch: TrafficWatch | None
) -> int:
    catalog, playlists = kept.catalog, kept.activity.playlists
    directory = EngineDirectory(traffic)
    recommender = Recommender(traffic, catalog, kept.activity.events)
    keeper = PlaylistKeeper(playlists, catalog, recommender)

    versions: dict[str, str] = {}

    async def world(deadline: Deadline) -> Hashable:
        """Return what all recommendations depend on."""
        engines = await directory.all(deadline)
        # An engine that is silent for a moment has not changed.
        versions.update({one.name: one.info.version for one in engines if one.info})
        told = tuple((one.name, one.default, versions.get(one.name)) for one in engines)
        return told, await catalog.fingerprint(deadline)

    watching = Watching(playlists, world, settings.max_watchers)
    parts = Parts(
        recommender=recommender,
        catalog=catalog,
        directory=directory,
        keeper=keeper,
        events=kept.activity.events,
        stream=PlaylistStream(keeper, watching, settings.deadline),
        identity=Identity(settings.user_header),
        tokens=AttributionTokens(_token_key(settings)),
    )
    limits = CallLimits(settings.deadline, settings.max_concurrent_calls)
    server, health = make_server(parts, limits)
    try:
        server.add_insecure_port(settings.listen)
    except RuntimeError:
        log.error("cannot listen; is the port taken?", listen=settings.listen)  # noqa: TRY400
        return 1
    readiness = Readiness(health, directory, catalog, playlists)
    await readiness.begin()
    await server.start()
    log.info("serving", listen=settings.listen, engines=sorted(traffic.lineup.routes))
    watches = [
        readiness.watch(),
        watching.run(lambda trouble: log.warning("cannot watch", error=trouble)),
        *([watch.watch()] if watch else []),
    ]
    tasks = [asyncio.create_task(one) for one in watches]
    await _told_to_stop()
    log.info("stopping", grace=settings.grace)
    for task in tasks:
        task.cancel()
    watching.close()
    await health.enter_graceful_shutdown()
    await server.stop(settings.grace)
    return 0


def _open_traffic(settings: Settings, board: Switchboard) -> tuple[Traffic, TrafficWatch | None]:
    """Return the traffic to begin with, and what follows its file where there is one."""
    file = settings.traffic_file
    told, content = _told_traffic(settings)
    try:
        traffic = Traffic(board.lineup(told))
    except TrafficError as error:
        place = "SEGUE_ENGINES" if file is None else f"SEGUE_TRAFFIC_FILE: {file}"
        sys.exit(_wrong_settings(f"{place}: {error}"))
    return traffic, TrafficWatch(file, content, traffic, board) if file else None


def _told_traffic(settings: Settings) -> tuple[TrafficSettings, bytes]:
    """Return the traffic to begin with, and what its file holds; exit with 2 for a wrong one."""
    file = settings.traffic_file
    if file is None:
        return settings.traffic, b""
    try:
        content = file.read_bytes()
        return parse(content), content
    except OSError as error:
        sys.exit(_wrong_settings(f"SEGUE_TRAFFIC_FILE: {file}: {error.strerror}"))
    except TrafficError as error:
        sys.exit(_wrong_settings(f"SEGUE_TRAFFIC_FILE: {file}: {error}"))


def _token_key(settings: Settings) -> bytes:
    if settings.token_key is not None:
        return settings.token_key.get_secret_value().encode()
    log.warning("SEGUE_TOKEN_KEY is not set: no other process can read this one's tokens")
    return secrets.token_bytes(32)


def _open_catalog(settings: Settings) -> SqlCatalog:
    try:
        return open_catalog(settings.catalog_url.get_secret_value(), settings.catalog_connections)
    except ValueError as error:
        sys.exit(_wrong_settings(f"SEGUE_CATALOG_URL: {error}"))


def _open_activity(settings: Settings) -> Activity:
    url = settings.activity_url.get_secret_value()
    try:
        return open_activity(url, settings.activity_connections, settings.event_connections)
    except ValueError as error:
        sys.exit(_wrong_settings(f"SEGUE_ACTIVITY_URL: {error}"))


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


if __name__ == "__main__":
    main()

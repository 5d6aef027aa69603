"""`make run`: everything on this machine, from nothing to a first recommendation."""

import asyncio
import os
import sys
import time
from pathlib import Path

from prepare import PreparationFailed, home_of, prepare
from stack import Ports, Stack
from supervisor import Supervisor

PATIENCE = 120.0
LAST_PORT = 65_535
PORT_VARIABLES = {
    "http": "SEGUE_HTTP_PORT",
    "grpc": "SEGUE_GRPC_PORT",
    "model": "SEGUE_MODEL_PORT",
    "model_rest": "SEGUE_MODEL_REST_PORT",
    "admin": "SEGUE_ADMIN_PORT",
}


def main() -> int:
    """Prepare, run until Ctrl-C, return the exit code."""
    env = os.environ  # noqa: TID251 - this is the settings reader of `make run`
    dataset = Path(env["SEGUE_DATASET"]) if env.get("SEGUE_DATASET") else None
    try:
        given = {name: _port(key, env[key]) for name, key in PORT_VARIABLES.items() if env.get(key)}
    except ValueError as error:
        print(f"{error}.")
        return 2
    stack = Stack(home_of(dataset), Ports(**given), env.get("SEGUE_CATALOG_URL", ""))
    variables = ", ".join(PORT_VARIABLES.values())
    if taken := stack.ports.taken():
        print(f"Taken already, perhaps by another `make run`: port {', '.join(taken)}.")
        print(f"Other ports can be set by {variables}.")
        return 1
    if len(set(vars(stack.ports).values())) < len(PORT_VARIABLES):
        print(f"Two of {variables} are the same port.")
        return 2
    try:
        prepare(dataset, stack)
        return asyncio.run(_run(stack))
    except PreparationFailed as error:
        print(f"{error}.")
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
        return 130


def _port(variable: str, value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= LAST_PORT:
        raise ValueError(f"{variable}: {value!r} is not a port; ports are 1 to {LAST_PORT}")
    return int(value)


async def _run(stack: Stack) -> int:
    supervisor = Supervisor(stack.processes())
    announcer = asyncio.create_task(_announce(stack, supervisor))
    await supervisor.run()
    announcer.cancel()
    print("Stopped.")
    return 1 if supervisor.failed else 0


async def _announce(stack: Stack, supervisor: Supervisor) -> None:
    """Say so once everything is ready; give up when it takes too long."""
    started = time.monotonic()
    while missing := await asyncio.to_thread(stack.waiting_for):
        if time.monotonic() - started > PATIENCE:
            print(f"Not ready after {PATIENCE:.0f} s: {missing} does not answer. Stopping.")
            supervisor.failed = True
            supervisor.stopping.set()
            return
        await asyncio.sleep(0.5)
    print(_banner(stack, time.monotonic() - started), flush=True)


def _banner(stack: Stack, seconds: float) -> str:
    http, rpc = stack.ports.http, stack.ports.grpc
    call = "segue.v1.RecommendationService/RecommendSongs"
    return f"""
Segue is ready after {seconds:.0f} s.

  page   http://localhost:{http}
  JSON   http://localhost:{http}/v1
  gRPC   localhost:{rpc}

Try, from another shell:

  curl 'http://localhost:{http}/recommend?songs=5|15|1249&k=3'
  grpcurl -plaintext -d '{{"songs":[5,15,1249],"k":3}}' localhost:{rpc} {call}
  .venv/bin/segue --server localhost:{rpc} recommend 5 15 1249 -k 3

The engines, and which of them gets how much of the traffic, are told by two files that may be
edited now (docs/choosing.md):

  {stack.model_config}
  {stack.traffic}

Ctrl-C stops everything. What follows is the log.
"""


if __name__ == "__main__":
    sys.exit(main())

"""The OpenAPI document is true: what it says is held against the running stack, through Envoy."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from conftest import not_installed
from openapi_calls import (
    DOCUMENT,
    VISITOR,
    Json,
    address,
    beyond,
    call,
    operations,
    parameters,
    properties,
    refused,
)
from running_stack import RunningStack
from stack import ROOT

# Schemathesis makes so many calls of each kind for each operation, the same ones every time.
EXAMPLES = os.environ.get("SEGUE_FUZZ_EXAMPLES", "5")  # noqa: TID251 - `make fuzz` sets it
SEED = os.environ.get("SEGUE_FUZZ_SEED", "1")  # noqa: TID251
PATIENCE = 3600
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "refused_as_stated",
)


def is_stream(operation: Json) -> bool:
    return "text/event-stream" in operation["responses"]["200"]["content"]


def closed(document: Json) -> Json:
    """Nothing but what is documented is sent, or may come back."""
    strict = copy.deepcopy(document)
    for schema in strict["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return strict


def test_schemathesis_finds_no_difference(running: RunningStack, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(closed(DOCUMENT)))
    schemathesis = str(Path(sys.executable).with_name("schemathesis"))
    streams = [operation["operationId"] for _, _, operation in operations() if is_stream(operation)]
    command = (
        *(schemathesis, "run", str(document), "--url", address(running), "--header", VISITOR),
        *("--phases", "coverage,fuzzing", "--checks", ",".join(CHECKS), "--warnings", "off"),
        *("--max-examples", EXAMPLES, "--seed", SEED, "--generation-database", "none"),
        *(part for name in streams for part in ("--exclude-operation-id", name)),
        *("--continue-on-failure", "--no-color"),
    )
    env = {**os.environ, "SCHEMATHESIS_HOOKS": "openapi_checks", "PYTHONPATH": str(ROOT / "tests")}  # noqa: TID251 - passed on
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("verb", "path", "operation"),
    list(operations()),
    ids=[operation["operationId"] for _, _, operation in operations()],
)
class TestOperation:
    def test_refuses_what_is_beyond_a_stated_limit(
        self, running: RunningStack, verb: str, path: str, operation: Json
    ) -> None:
        for name, schema in parameters(operation).items():
            for value in beyond(schema):
                refused(running, (verb, path, operation), name, parameters={name: value})
        for name, schema in properties(operation).items():
            for value in beyond(schema):
                refused(running, (verb, path, operation), name, body={name: value})

    def test_refuses_a_parameter_that_is_not_documented(
        self, running: RunningStack, verb: str, path: str, operation: Json
    ) -> None:
        status, answer = call(running, (verb, path, operation), {"unheardOf": 1})
        assert (status, answer["details"][0]["reason"]) == (400, "MALFORMED_REQUEST")

    def test_asks_for_a_visitor_where_it_says_so(
        self, running: RunningStack, verb: str, path: str, operation: Json
    ) -> None:
        status, _ = call(running, (verb, path, operation), visitor=None)
        needed = operation.get("security") == [{"visitor": []}]
        assert (status == 401) == needed


@pytest.mark.parametrize("operation", ["AddSong", "GetSong", "RecommendSongs", "UpdatePlaylist"])
def test_limits_are_there_to_be_held(operation: str) -> None:
    found = next(one for _, _, one in operations() if one["operationId"] == operation)
    assert [*parameters(found).values(), *properties(found).values()]
    assert any(
        list(beyond(one)) for one in (*parameters(found).values(), *properties(found).values())
    )


def test_the_document_is_served_next_to_the_api(running: RunningStack) -> None:
    with urllib.request.urlopen(f"{address(running)}/openapi.json", timeout=10) as answer:
        assert answer.headers["content-type"] == "application/json"
        assert json.load(answer) == DOCUMENT


def test_the_reference_page_shows_every_call(running: RunningStack) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        not_installed("chromium")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000")
    page = subprocess.run(
        (str(chromium), *flags, "--dump-dom", f"{address(running)}/reference/"),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    shown = re.findall(r'<article id="(\w+)"', page)
    assert sorted(shown) == sorted(one["operationId"] for _, _, one in operations())
    assert "may be absent" in page

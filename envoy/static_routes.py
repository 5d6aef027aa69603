"""Routes that let Envoy answer with the files of the web page: what is in the folder is served."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent.parent / "client" / "web"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# No script or style but those of the files themselves, nothing from elsewhere, in nobody's frame.
SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
LARGEST_BYTES = 1024 * 1024


def routes(folder: str, source: Path = SOURCE) -> list[dict[str, Any]]:
    """Return a route for each file below `source` that has a type known here, in order of names.

    `folder` is where Envoy finds the files when it starts. An `index.html` answers for its folder.
    """
    files = sorted(path for path in source.rglob("*") if path.suffix in CONTENT_TYPES)
    return [
        _route(address, f"{folder}/{name}", CONTENT_TYPES[path.suffix])
        for path in files
        for name in [path.relative_to(source).as_posix()]
        for address in _addresses(name)
    ]


def as_yaml(found: list[dict[str, Any]], indent: int) -> str:
    """Return the routes as items of a YAML list; all lines but the first are indented."""
    return f"\n{' ' * indent}".join(f"- {json.dumps(route)}" for route in found)


def _addresses(name: str) -> Iterator[str]:
    yield f"/{name}"
    if name == "index.html" or name.endswith("/index.html"):
        yield f"/{name.removesuffix('index.html')}"


def _route(address: str, file: str, content_type: str) -> dict[str, Any]:
    headers = {"content-type": content_type, **HEADERS}
    return {
        # Other verbs travel on, and are told that nothing answers them.
        "match": {
            "path": address,
            "headers": [{"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}],
        },
        "direct_response": {"status": 200, "body": {"filename": file}},
        "response_headers_to_add": [
            {
                "header": {"key": key, "value": value},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
            for key, value in headers.items()
        ],
        # The transcoder refuses every path that is no call.
        "typed_per_filter_config": {
            "envoy.filters.http.grpc_json_transcoder": {
                "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
                "disabled": True,
            }
        },
    }

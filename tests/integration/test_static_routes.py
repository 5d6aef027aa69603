"""The web page's files, served by Envoy at its root, beside the API."""

from pathlib import Path

import pytest

import static_routes
from envoy_process import Envoy

WEB = static_routes.SOURCE
APP_ENGINE = WEB / "app.yaml"


@pytest.mark.parametrize("path", ["/", "/index.html", "/?utm=1"])
def test_the_page_is_at_the_root(envoy: Envoy, path: str) -> None:
    reply = envoy.get(path)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert reply.body == (WEB / "index.html").read_bytes()
    assert reply.headers["content-security-policy"] == static_routes.SECURITY_POLICY
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"


def test_every_file_of_a_known_type_is_served_as_what_it_is(envoy: Envoy) -> None:
    files = [path for path in WEB.iterdir() if path.suffix in static_routes.CONTENT_TYPES]
    assert len(files) > 10
    for path in files:
        reply = envoy.get(f"/{path.name}")
        assert (reply.status, reply.body) == (200, path.read_bytes())
        assert reply.headers["content-type"] == static_routes.CONTENT_TYPES[path.suffix]


def test_a_head_is_answered_without_the_file(envoy: Envoy) -> None:
    reply = envoy.request("HEAD", "/main.js")
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize("path", ["/app.yaml", "/nothing.js", "/../envoy.yaml", "/INDEX.html"])
def test_nothing_else_is_served(envoy: Envoy, path: str) -> None:
    reply = envoy.get(path)
    assert (reply.status, reply.headers["content-type"]) == (404, "application/json")
    assert "content-security-policy" not in reply.headers


def test_a_new_file_needs_no_line_and_a_folder_answers_by_its_index(tmp_path: Path) -> None:
    (tmp_path / "manual").mkdir()
    for name in ("b.js", "manual/index.html", "notes.txt", "app.yaml"):
        (tmp_path / name).write_text("x")
    found = static_routes.routes("/etc/page", tmp_path)
    served = {
        route["match"]["path"]: route["direct_response"]["body"]["filename"] for route in found
    }
    assert served == {
        "/b.js": "/etc/page/b.js",
        "/manual/index.html": "/etc/page/manual/index.html",
        "/manual/": "/etc/page/manual/index.html",
    }


def test_a_page_served_elsewhere_may_change_playlists_from_an_allowed_origin(envoy: Envoy) -> None:
    asked = {
        "origin": "http://localhost:3000",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "content-type,x-visitor-id",
    }
    reply = envoy.request("OPTIONS", "/v1/playlists/x", headers=asked)
    assert reply.headers["access-control-allow-origin"] == "http://localhost:3000"
    allowed = {name.strip() for name in reply.headers["access-control-allow-headers"].split(",")}
    assert {"content-type", "x-visitor-id"} <= allowed
    methods = {name.strip() for name in reply.headers["access-control-allow-methods"].split(",")}
    assert {"GET", "POST", "PATCH", "DELETE"} <= methods
    other = envoy.request(
        "OPTIONS", "/v1/playlists/x", headers={**asked, "origin": "https://evil.example"}
    )
    assert "access-control-allow-origin" not in other.headers


def test_app_engine_gives_the_same_policy_but_for_the_address_of_the_api() -> None:
    api = "connect-src https://api.segue.example.com"
    policy = static_routes.SECURITY_POLICY.replace("connect-src 'self'", api)
    assert f'"{policy}"' in APP_ENGINE.read_text()
    assert APP_ENGINE.read_text().count("secure: always") == 2

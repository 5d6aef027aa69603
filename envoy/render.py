"""Writes Envoy's configuration, so that one template serves every place it runs in.

python envoy/render.py envoy/values/local.env --set LISTEN_PORT=8081 > envoy.yaml

Nothing is guessed: a name without a value, or a value without a name, makes no configuration.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

import static_routes

TEMPLATE = Path(__file__).with_name("envoy.yaml")
NAME = re.compile(r"[A-Z][A-Z0-9_]*")
ROUTES_INDENT = 24


class RenderError(Exception):
    """The values, or the template, cannot make a configuration; the text says where and why."""


def parse_values(lines: Iterable[str], origin: str) -> dict[str, str]:
    """Return the values of `NAME=value` lines; blank lines and `#` comments are skipped.

    Raises RenderError, which names `origin` and the line, for anything else, a name given twice
    and a value that a quoted YAML string cannot hold as it is.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise RenderError(f"{origin}, line {number}: expected NAME=value, found {text!r}")
        if name in values:
            raise RenderError(f"{origin}, line {number}: {name} is given twice")
        if not value or "'" in value or not value.isprintable():
            raise RenderError(f"{origin}, line {number}: {name} needs a printable value without '")
        values[name] = value
    return values


def load_values(path: Path) -> dict[str, str]:
    """Return the values of a file; see `parse_values`. Raises RenderError when unreadable."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RenderError(f"{path}: cannot be read: {error}") from error
    return parse_values(lines, str(path))


def render(values: Mapping[str, str], template: Path = TEMPLATE) -> str:
    """Return the template with every `${NAME}` replaced.

    `PAGE`, where Envoy finds the files of the web page, becomes their routes. Raises RenderError
    when a name has no value, or a value no name, or a `$` stands alone.
    """
    values = _with_routes(values)
    text = Template(template.read_text(encoding="utf-8"))
    if not text.is_valid():
        raise RenderError(f"{template}: a `$` that is no placeholder must be written `$$`")
    names = set(text.get_identifiers())
    if missing := sorted(names - values.keys()):
        raise RenderError(f"{template}: no value for {', '.join(missing)}")
    if unknown := sorted(values.keys() - names):
        raise RenderError(f"{template}: has no place for {', '.join(unknown)}")
    return text.substitute(values)


def _with_routes(values: Mapping[str, str]) -> dict[str, str]:
    rest = {name: value for name, value in values.items() if name != "PAGE"}
    if "PAGE" not in values:
        return rest
    found = static_routes.routes(values["PAGE"])
    return rest | {
        "PAGE_FILE_BYTES": str(static_routes.LARGEST_BYTES),
        "PAGE_ROUTES": static_routes.as_yaml(found, ROUTES_INDENT),
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the configuration; return 1 and say why on standard error when there is none."""
    parser = argparse.ArgumentParser(description="Write Envoy's configuration.")
    parser.add_argument("values", type=Path, help="a file of NAME=value lines")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="replace a value"
    )
    options = parser.parse_args(arguments)
    try:
        values = load_values(options.values) | parse_values(options.set, "--set")
        sys.stdout.write(render(values))
    except RenderError as error:
        print(f"render: {error}", file=sys.stderr)  # noqa: T201 - a program's error
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

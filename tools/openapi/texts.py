"""Comments of the contract as descriptions of JSON."""

import re
from collections.abc import Iterator
from typing import Any

IDENTIFIER = re.compile(r"`[A-Za-z][A-Za-z0-9_.]*`")
ERRORS = re.compile(r"\n*^Errors[^\n]*:\n(?P<listed>(?:.+\n?)*)", re.MULTILINE)
ERROR = re.compile(r"- (?P<code>[A-Z_]+): (?P<text>.+)")


def tidy(node: Any) -> None:  # noqa: ANN401 - any part of a document
    """Rewrite every description below `node`: unwrapped, and with the names that JSON has."""
    for holder in _objects(node):
        if isinstance(text := holder.get("description"), str):
            holder["description"] = json_names(unwrapped(text))


def unwrapped(comment: str) -> str:
    """Return a comment with each of its paragraphs, and each point of a list, on one line."""
    paragraphs = re.split(r"\n\s*\n", comment.strip())
    return "\n\n".join(_one_line_each(paragraph) for paragraph in paragraphs)


def json_names(text: str) -> str:
    """Return a text whose quoted names of fields are those of JSON: `min_year` is `minYear`."""
    return IDENTIFIER.sub(lambda found: camel(found[0]), text)


def camel(name: str) -> str:
    """Return the name that JSON has for a field."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def errors_of(comment: str) -> tuple[str, dict[str, str]]:
    """Return an unwrapped comment without its list of errors, and these by their codes."""
    found = ERRORS.search(comment)
    if found is None:
        return comment, {}
    listed = dict(ERROR.findall(found["listed"]))
    return ERRORS.sub("", comment).strip(), listed


def _one_line_each(paragraph: str) -> str:
    lines: list[str] = []
    for line in paragraph.splitlines():
        text = line.strip()
        in_list = bool(lines) and lines[-1].startswith("- ")
        # The lines of a point are indented, by more than the space after the comment's slashes.
        if lines and not text.startswith("- ") and (line.startswith("  ") or not in_list):
            lines[-1] += f" {text}"
        else:
            lines += ["", text] if in_list and not text.startswith("- ") else [text]
    return "\n".join(lines)


def _objects(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _objects(part)

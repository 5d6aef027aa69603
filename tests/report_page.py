"""Reads the page of a report as a browser would: elements, texts, tables."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from segue_model.report import write_report

VOID = {"meta", "link", "br", "img", "input"}
Attributes = dict[str, str | None]


@dataclass
class Element:
    tag: str
    attributes: Attributes
    children: list["Element | str"] = field(default_factory=list)

    def every(self, tag: str, **attributes: str) -> "Iterator[Element]":
        """Yield the elements below this one, in the order of the page."""
        for child in self.children:
            if isinstance(child, Element):
                has = all(child.attributes.get(name) == it for name, it in attributes.items())
                if tag in (child.tag, "*") and has:
                    yield child
                yield from child.every(tag, **attributes)

    def first(self, tag: str, **attributes: str) -> "Element":
        return next(self.every(tag, **attributes))

    @property
    def text(self) -> str:
        parts = (each if isinstance(each, str) else each.text for each in self.children)
        return " ".join("".join(parts).split())

    def table(self) -> list[list[str]]:
        """Return the texts of the body's cells."""
        rows = self.first("tbody").every("tr")
        return [[cell.text for cell in row.children if isinstance(cell, Element)] for row in rows]


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("page", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"</{tag}> closes what it did not open"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def page_of(folder: Path) -> Element:
    """Return the page of the dataset in `folder`; every element in it is closed."""
    write_report(folder, folder / "report.html")
    return parsed((folder / "report.html").read_text("utf-8"))


def parsed(text: str) -> Element:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert len(reader.open) == 1, f"{reader.open[-1].tag} is never closed"
    return reader.open[0]


def section(page: Element, name: str) -> Element:
    return page.first("section", id=name)

"""The posts of an export: how many there may be, and what it holds besides, in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.files import InputFile
from tagloop.reading.sources.tables.bounds import check_count
from tagloop.reading.sources.xml_items import Layout, XmlItems


def open_items(
    kind: str,
    file: InputFile,
    limits: Limits,
    layout: Layout,
    records: Callable[[XmlItems, str, list[str]], Iterator[Record]],
) -> Source:
    """Opens an export in XML.

    Args:
        kind: What `Source.kind` says.
        file: The export.
        limits: What reading it may take.
        layout: How it holds its items.
        records: Makes records of the items, given the file's name and the source's notes.

    Raises:
        UserError: It cannot be read.
    """
    items = XmlItems(file, limits, layout)
    source = Source(kind, file.name, iter(()), unit="B", total=file.size)
    source.position = items.position
    source.records = bounded(records(items, file.name, source.notes), file.name, limits)
    return source


def bounded(records: Iterable[Record], name: str, limits: Limits) -> Iterator[Record]:
    """Yields records, as many as there may be.

    Raises:
        UserError: There are more.
    """
    for number, record in enumerate(records, 1):
        check_count(name, number, "articles", limits)
        yield record


def left_out_note(what: Counter[str]) -> str:
    """Returns a sentence that counts them by kind; nothing if there are none."""
    counted = ", ".join(f"{count:,} {kind}" for kind, count in what.most_common())
    return f"Left out, since they are no articles: {counted}." if counted else ""


def terms(names: Iterable[str]) -> list[str] | list[dict[str, str]]:
    """Returns the names of an article's terms, each once.

    A list of one text with a comma is commonly a list in the wrong place; where an export says that
    it is one term (``Health, Food``), it stands as an object with a name.
    """
    names = unique(names)
    if len(names) == 1 and any(sign in names[0] for sign in ",;|"):
        return [{"name": names[0]}]
    return names


def unique(texts: Iterable[str]) -> list[str]:
    """Returns texts without repetitions and empty ones, in order."""
    return list(dict.fromkeys(text for text in texts if text))

"""``Posts.xml`` of a Stack Exchange data dump: the questions, which have titles and tags.

Read with lxml, row by row, since a dump has gigabytes. What the Data Explorer gives is a table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.posts import left_out_note, open_items
from tagloop.reading.sources.files import InputFile
from tagloop.reading.sources.xml_items import PROLOG, ROWS, XmlItems

HEAD = re.compile(PROLOG + rb"<posts>\s*+<row\s[^>]*?\bPostTypeId=")
_QUESTION = "1"
_KINDS = {"2": "answer", "3": "wiki", "4": "tag wiki excerpt", "5": "tag wiki"}
_TAG = re.compile(r"[^<>|]++")
"""``<a><b>``; since 2023 ``|a|b|``."""


def read_stack_exchange(file: InputFile, limits: Limits) -> Source:
    """Opens a dump; only questions are read.

    Raises:
        UserError: It cannot be read.
    """
    return open_items("stack exchange", file, limits, ROWS, _records)


def _records(items: XmlItems, name: str, notes: list[str]) -> Iterator[Record]:
    left_out = Counter[str]()
    for item in items:
        where = f"{name}:{item.line}"
        if item.element is None:
            yield Record(where, {}, problem=item.problem)
            continue
        row = item.element.attrib
        if row.get("PostTypeId") != _QUESTION:
            kind = str(row.get("PostTypeId", "?"))
            left_out[_KINDS.get(kind, f"post of type {kind}")] += 1
            continue
        values = {
            "title": str(row.get("Title", "")),
            "tags": _TAG.findall(str(row.get("Tags", ""))),
            "published": f"{row['CreationDate']}Z" if row.get("CreationDate") else "",
            "license": str(row.get("ContentLicense", "")),
        }
        yield Record(
            where,
            values,
            body=str(row.get("Body", "")),
            markup="html",
            oddities=(item.oddity,) if item.oddity else (),
        )
    if note := left_out_note(left_out):
        notes.append(note)

"""A Buttondown export: ``emails.csv`` or ``emails.json``, and each email as a Markdown file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.indexed_files import FilesByName, with_texts
from tagloop.reading.sources.exports.json_document import mappings, read_json
from tagloop.reading.sources.exports.posts import bounded
from tagloop.reading.sources.files import Tree
from tagloop.reading.sources.tables.delimited import read_delimited

MEMBER = re.compile(r"(?:\A|/)emails\.(?:csv|json)\Z")
_EMAIL = re.compile(r"(?:\A|/)emails/[^/]+\.md\Z")
_EDITOR = re.compile(r"\A\s*+<!-- buttondown-editor-mode: \w++ -->\s*+")


def is_buttondown(tree: Tree, limits: Limits) -> bool:
    """Tells whether a tree has the emails as well."""
    return any(_EMAIL.search(str(path)) for path in tree.paths())


def read_buttondown(tree: Tree, limits: Limits) -> Source:
    """Opens a Buttondown export.

    Raises:
        UserError: The list of its emails cannot be read.
    """
    paths = tree.paths()
    index = next(path for path in paths if MEMBER.search(str(path)))
    file = tree.file(index)
    if index.suffix == ".csv":
        rows: Iterator[Record] = read_delimited(file, limits).records
    else:
        emails = enumerate(mappings(read_json(file, limits)), 1)
        rows = (Record(f"{file.name}: email {number}", email) for number, email in emails)
    files = FilesByName([path for path in paths if _EMAIL.search(str(path))])

    def find(values: Mapping[str, Any]) -> tuple[str, PurePosixPath | None]:
        slug = values.get("slug") or ""
        return str(slug), files.called(slug)

    source = Source("buttondown", tree.name, iter(()), left_out=Counter(tree.left_out))
    records = map(_without_mark, with_texts(rows, tree, find, limits))
    source.records = bounded(records, tree.name, limits)
    return source


def _without_mark(record: Record) -> Record:
    return replace(record, body=_EDITOR.sub("", record.body)) if record.body else record

"""A Buttondown export: a list of emails, with their texts in it or as Markdown files beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.indexed_files import FilesByName, with_texts
from tagloop.reading.sources.exports.posts import bounded
from tagloop.reading.sources.files import InputFile, Tree
from tagloop.reading.sources.tables.delimited import read_delimited
from tagloop.reading.sources.tables.json_document import read_json

MEMBER = re.compile(r"(?:\A|/)emails\.(?:csv|json)\Z")
HEAD = re.compile(
    rb"\A(?=[^\n]*\bsubject\b)(?=[^\n]*\bbody\b)[^\n]*\bpublish_date\b"
    rb'|\A\s*+[\[{](?=[\s\S]*?"subject"\s*+:)(?=[\s\S]*?"publish_date"\s*+:)[\s\S]*?"body"\s*+:'
)
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
    rows = (read_json if index.suffix == ".json" else read_delimited)(file, limits).records
    files = FilesByName([path for path in paths if _EMAIL.search(str(path))])

    def find(values: Mapping[str, Any]) -> tuple[str, PurePosixPath | None]:
        slug = values.get("slug") or ""
        return str(slug), files.called(slug)

    source = Source("buttondown", tree.name, iter(()), left_out=Counter(tree.left_out))
    records = map(_without_mark, with_texts(rows, tree, find, limits))
    source.records = bounded(records, tree.name, limits)
    return source


def read_emails(file: InputFile, limits: Limits) -> Source:
    """Opens a list of emails with their texts, in CSV or as its interface gives it in JSON.

    Raises:
        UserError: It cannot be read.
    """
    source: Source = (read_json if file.ending == ".json" else read_delimited)(file, limits)
    source.kind = "buttondown"
    source.records = map(_with_text, source.records)
    source.columns = None
    return source


def _with_text(record: Record) -> Record:
    text = record.values.get("body")
    if record.problem or not isinstance(text, str):
        return record
    values = {name: value for name, value in record.values.items() if name != "body"}
    return _without_mark(replace(record, values=values, body=text, markup="markdown"))


def _without_mark(record: Record) -> Record:
    return replace(record, body=_EDITOR.sub("", record.body)) if record.body else record

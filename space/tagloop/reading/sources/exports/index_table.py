"""A table of articles with their texts in files beside it, however the two are called.

One column names the files by their path or name, or has an identifier (a number, a slug) that the
files are called by. Which one it is shows in the first rows.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.documents import read_document
from tagloop.reading.record import UNLIMITED, Limits, Record, Source
from tagloop.reading.sources.exports.indexed_files import FilesByName, with_texts
from tagloop.reading.sources.exports.posts import bounded
from tagloop.reading.sources.files import InputFile, Tree
from tagloop.reading.sources.tables.delimited import read_delimited
from tagloop.reading.sources.tables.json_lines import read_json_lines

_TABLES: dict[str, Callable[[InputFile, Limits], Source]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}
_TEXTS = frozenset(
    (
        ".html", ".htm", ".xhtml", ".md", ".markdown", ".mkd", ".mdx", ".txt", ".rst", ".org",
        ".docx", ".pdf",
    )
)  # fmt: skip
_MAX_TABLES = 5
"""So many are looked at: exports have a table of posts, of subscribers, of comments."""
_SAMPLE = 100
_ENOUGH = 0.6
"""Share of the rows whose file must be there."""
_NAMED = 0.5
"""Share of the files that rows must name: else they are articles by themselves."""


@dataclass(frozen=True)
class _Index:
    """A table that names files: where it is, by which column, and how."""

    table: PurePosixPath
    column: str
    find: Callable[[Any], PurePosixPath | None]
    found: int


def is_index(tree: Tree) -> bool:
    """Tells whether a tree is a table with files."""
    return _find_index(tree) is not None


def read_index(tree: Tree, limits: Limits) -> Source:
    """Opens a table with the files that it names.

    Raises:
        UserError: There is no such table, or it cannot be read.
    """
    index = _find_index(tree)
    if index is None:
        raise UserError(f"{tree.name}: no table in it names the other files.")
    table = _open(tree, index.table, limits)
    named: set[PurePosixPath] = set()

    def find(values: Mapping[str, Any]) -> tuple[str, PurePosixPath | None]:
        value = values.get(index.column)
        path = index.find(value)
        if path is not None:
            named.add(path)
        return "" if value is None else str(value).strip(), path

    source = Source("index", tree.name, iter(()), None, table.unit, table.total, table.position)
    source.left_out.update(tree.left_out)
    source.notes = table.notes
    source.notes.append(
        f"{index.table.name} lists the articles: its column '{index.column}' says which file has "
        "the text of each."
    )
    rows = with_texts(table.records, tree, find, limits)

    def records() -> Iterator[Record]:
        for row in rows:
            values = {name: it for name, it in row.values.items() if name != index.column}
            yield replace(row, values=values)
        for path in _texts(tree):
            if path not in named:
                source.left_out[f"not named in {index.table.name}"] += 1

    source.records = bounded(records(), tree.name, limits)
    return source


def _texts(tree: Tree) -> list[PurePosixPath]:
    return [path for path in tree.paths() if path.suffix.lower() in _TEXTS]


def _open(tree: Tree, path: PurePosixPath, limits: Limits) -> Source:
    return _TABLES[path.suffix.lower()](tree.file(path), limits)


def _find_index(tree: Tree) -> _Index | None:
    """Finds the table that names the most files."""
    texts = _texts(tree)
    tables = [path for path in tree.paths() if path.suffix.lower() in _TABLES]
    if not texts or not tables:
        return None
    files = FilesByName(texts)
    tables = sorted(tables, key=lambda path: len(path.parts))[:_MAX_TABLES]
    found = [it for path in tables if (it := _index_of(tree, path, files, len(texts)))]
    best = max(found, key=lambda it: it.found, default=None)
    return None if best is None or _have_tags(tree, best) else best


def _index_of(tree: Tree, path: PurePosixPath, files: FilesByName, texts: int) -> _Index | None:
    try:
        table = _open(tree, path, UNLIMITED)
        rows = [it.values for it in itertools.islice(table.records, _SAMPLE) if not it.problem]
    except UserError:
        return None
    ways: tuple[Callable[[Any], PurePosixPath | None], ...] = (
        lambda value: files.named(value, path.parent),
        files.called,
    )
    columns = list(dict.fromkeys(name for row in rows for name in row))
    for find in ways:
        counted = Counter[str]()
        for column in columns:
            found = {file for row in rows if (file := find(row.get(column)))}
            counted[column] = len(found)
        for column, count in counted.most_common(1):
            if count >= _ENOUGH * len(rows) and count >= _NAMED * min(texts, len(rows)) > 0:
                return _Index(path, column, find, count)
    return None


def _have_tags(tree: Tree, index: _Index) -> bool:
    """Tells whether the files themselves say what they are: then the table is a mere list."""
    for row in itertools.islice(_open(tree, index.table, UNLIMITED).records, 5):
        path = index.find(row.values.get(index.column))
        try:
            if path and read_document(tree.read(path), path.name).values.get("tags"):
                return True
        except UserError:
            continue
    return False

"""A table of articles with their texts in files beside it, however the two are called.

One column names the files by their path or name, or has an identifier (a number, a slug) that the
files are called by. Which one it is shows in the first rows.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.documents import read_document
from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.indexed_files import FilesByName, with_texts
from tagloop.reading.sources.exports.posts import bounded
from tagloop.reading.sources.files import InputFile, Tree
from tagloop.reading.sources.tables.delimited import read_delimited
from tagloop.reading.sources.tables.json_document import read_json
from tagloop.reading.sources.tables.spreadsheet import read_spreadsheet

_TABLES: dict[str, Callable[[InputFile, Limits], Source]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".json": read_json,
    ".jsonl": read_json,
    ".ndjson": read_json,
    ".xlsx": read_spreadsheet,
    ".ods": read_spreadsheet,
}
MEMBER = re.compile(rf"(?:{'|'.join(map(re.escape, _TABLES))})\Z", re.IGNORECASE)
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
_TITLES = frozenset(("title", "headline", "name", "subject"))
"""A file may be called by its title, but rather by what else says the same."""


@dataclass(frozen=True)
class _Index:
    """A table that names files: where it is, by which column, and how."""

    table: PurePosixPath
    column: str
    find: Callable[[Any], PurePosixPath | None]
    found: int


def is_index(tree: Tree, limits: Limits) -> bool:
    """Tells whether a tree is a table with files."""
    return _find_index(tree, limits) is not None


def read_index(tree: Tree, limits: Limits) -> Source:
    """Opens a table with the files that it names.

    Raises:
        UserError: There is no such table, or it cannot be read.
    """
    index = _find_index(tree, limits)
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
            yield replace(row, values=_without_path(row.values, index.column))
        for path in _texts(tree):
            if path not in named:
                source.left_out[f"not named in {index.table.name}"] += 1

    source.records = bounded(records(), tree.name, limits)
    return source


def _without_path(values: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    """Returns values without the path of the file, which may stand where a text is looked for."""
    suffix = PurePosixPath(str(values.get(column))).suffix.lower()
    if suffix not in _TEXTS:
        return values
    return {name: value for name, value in values.items() if name != column}


def _texts(tree: Tree) -> list[PurePosixPath]:
    return [path for path in tree.paths() if path.suffix.lower() in _TEXTS]


def _open(tree: Tree, path: PurePosixPath, limits: Limits) -> Source:
    return _TABLES[path.suffix.lower()](tree.file(path), limits)


def _find_index(tree: Tree, limits: Limits) -> _Index | None:
    """Finds the table that names the most files."""
    texts = _texts(tree)
    tables = [path for path in tree.paths() if path.suffix.lower() in _TABLES]
    if not texts or not tables:
        return None
    files = FilesByName(texts)
    tables = sorted(tables, key=lambda path: len(path.parts))[:_MAX_TABLES]
    found = [it for path in tables if (it := _index_of(tree, path, files, len(texts), limits))]
    best = max(found, key=lambda it: it.found, default=None)
    return None if best is None or _have_tags(tree, best, limits) else best


def _index_of(
    tree: Tree, path: PurePosixPath, files: FilesByName, texts: int, limits: Limits
) -> _Index | None:
    try:
        table = _open(tree, path, limits)
        rows = [it.values for it in itertools.islice(table.records, _SAMPLE) if not it.problem]
    except UserError:
        return None
    ways: tuple[Callable[[Any], PurePosixPath | None], ...] = (
        lambda value: files.named(value, path.parent),
        files.called,
    )
    columns = list(dict.fromkeys(name for row in rows for name in row))
    columns.sort(key=lambda name: name.strip().casefold() in _TITLES)
    to_name = texts if len(rows) < _SAMPLE else min(texts, _SAMPLE)
    for find in ways:
        counts = [len({file for row in rows if (file := find(row.get(it)))}) for it in columns]
        count = max(counts, default=0)
        if count and count >= max(_ENOUGH * len(rows), _NAMED * to_name):
            return _Index(path, columns[counts.index(count)], find, count)
    return None


def _have_tags(tree: Tree, index: _Index, limits: Limits) -> bool:
    """Tells whether the files themselves say what they are: then the table is a mere list."""
    for row in itertools.islice(_open(tree, index.table, limits).records, 5):
        path = index.find(row.values.get(index.column))
        try:
            if path and read_document(
                tree.read(path, limits.record_characters), path.name
            ).values.get("tags"):
                return True
        except UserError:
            continue
    return False

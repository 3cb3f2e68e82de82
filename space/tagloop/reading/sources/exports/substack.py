"""A Substack export: ``posts.csv`` with a row a post, whose texts are files in HTML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.indexed_files import FilesByName, with_texts
from tagloop.reading.sources.exports.posts import bounded, left_out_note
from tagloop.reading.sources.files import Tree
from tagloop.reading.sources.tables.delimited import read_delimited

MEMBER = re.compile(r"(?:\A|/)\d+\.[^/]*html\Z")
_INDEX = re.compile(r"(?:\A|/)posts\.csv\Z")
_NUMBER_AND_SLUG = re.compile(r"\A\d{5,}+\.[\w-]++\.html\Z")
_POSTS = frozenset(("newsletter", "podcast", "adhoc_email", "video", ""))
"""Types that are articles; others are pages (``About``) and threads of comments."""


def is_substack(tree: Tree, limits: Limits) -> bool:
    """Tells whether a tree has the list that Substack writes, or is one without it."""
    index = _index(tree)
    if index is None:
        pages = [path for path in tree.paths() if path.suffix == ".html"]
        return all(_NUMBER_AND_SLUG.match(path.name) for path in pages)
    return tree.file(index).head().lstrip(b'\xef\xbb\xbf"').startswith(b"post_id")


def read_substack(tree: Tree, limits: Limits) -> Source:
    """Opens a Substack export.

    Raises:
        UserError: It has no ``posts.csv``, or one that cannot be read.
    """
    paths, index = tree.paths(), _index(tree)
    if index is None:
        raise UserError(
            f"{tree.name}: a Substack export needs its posts.csv, which has the titles and dates: "
            "export it again and keep all of it together."
        )
    table = read_delimited(tree.file(index), limits)
    pages = [path for path in paths if path.suffix == ".html"]
    source = Source("substack", tree.name, iter(()), left_out=Counter(tree.left_out))
    if others := len(paths) - len(pages) - 1:
        source.left_out["files of Substack besides the posts"] += others
    source.notes.append(
        "Substack exports no tags: they have to be added by hand, as a column of posts.csv."
    )
    rows = _rows(table.records, source.notes)
    records = with_texts(rows, tree, _finder(FilesByName(pages)), limits)
    source.records = bounded(records, tree.name, limits)
    return source


def _index(tree: Tree) -> PurePosixPath | None:
    return next((path for path in tree.paths() if _INDEX.search(str(path))), None)


def _rows(rows: Iterator[Record], notes: list[str]) -> Iterator[Record]:
    left_out = Counter[str]()
    for row in rows:
        if (kind := str(row.values.get("type") or "")) in _POSTS:
            yield row
        else:
            left_out[kind] += 1
    if note := left_out_note(left_out):
        notes.append(note)


def _finder(files: FilesByName) -> Any:
    def find(values: Mapping[str, Any]) -> tuple[str, PurePosixPath | None]:
        identifier = str(values.get("post_id") or "")
        found = files.called(identifier) or files.called(identifier.partition(".")[0])
        return identifier, found

    return find

"""Articles whose values are rows of a table and whose texts are files beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from tagloop.errors import UserError
from tagloop.reading.documents import read_document
from tagloop.reading.record import Limits, Record
from tagloop.reading.sources.files import Tree

_FIELDS = {
    "title": ("title",),
    "tags": ("tags", "categories"),
    "published": ("date", "published"),
    "url": ("url", "canonical"),
}
"""What a file's own values are taken for where the table says nothing."""


class FilesByName:
    """Files of a tree, found by their path, their name, or their name without its ending."""

    def __init__(self, paths: Sequence[PurePosixPath]) -> None:
        self._by_path = {str(path).casefold(): path for path in paths}
        self._by_name = _each_once((path.name.casefold(), path) for path in paths)
        self._by_stem = _each_once((path.stem.casefold(), path) for path in paths)
        # Substack: ``1234.the-slug.html`` belongs to ``1234``.
        self._by_number = _each_once(
            (path.name.partition(".")[0], path) for path in paths if path.name[:1].isdigit()
        )

    def named(self, value: Any, folder: PurePosixPath) -> PurePosixPath | None:
        """Returns the file whose path or name a value is.

        Args:
            value: As a table has it.
            folder: Where that table lies, from which paths may be told.
        """
        if not isinstance(value, str) or not 2 < len(value) < 500:
            return None
        path = unquote(value.strip()).replace("\\", "/").removeprefix("./").lstrip("/").casefold()
        for key in (path, f"{folder}/{path}".casefold().removeprefix("./")):
            if key in self._by_path:
                return self._by_path[key]
        return self._by_name.get(path.rpartition("/")[2])

    def called(self, value: Any) -> PurePosixPath | None:
        """Returns the file whose name without its ending an identifier is."""
        if not isinstance(value, str | int) or isinstance(value, bool):
            return None
        key = str(value).strip().casefold()
        return self._by_stem.get(key) or self._by_number.get(key)


def _each_once(pairs: Iterable[tuple[str, PurePosixPath]]) -> dict[str, PurePosixPath]:
    """Returns what stands for one file only."""
    found: dict[str, PurePosixPath | None] = {}
    for key, path in pairs:
        found[key] = None if key in found else path
    return {key: path for key, path in found.items() if path is not None}


def with_texts(
    rows: Iterable[Record],
    tree: Tree,
    find: Callable[[Mapping[str, Any]], tuple[str, PurePosixPath | None]],
    limits: Limits,
) -> Iterator[Record]:
    """Yields rows with the texts of their files; a missing file is the problem of its row.

    Args:
        rows: Of the table.
        tree: Where the files are.
        find: Returns, for the values of a row, what they call the file and where it is.
        limits: What a file may take.
    """
    for row in rows:
        if row.problem:
            yield row
            continue
        called, path = find(row.values)
        if path is None:
            problem = f"there is no file '{called[:100]}' for it" if called else "it names no file"
            yield replace(row, problem=problem)
            continue
        try:
            file = read_document(tree.read(path, limits.record_characters), f"{tree.name}/{path}")
        except UserError as error:
            yield replace(row, problem=str(error))
            continue
        own = {
            field: file.values[name]
            for field, names in _FIELDS.items()
            for name in reversed(names)
            if file.values.get(name)
        }
        yield replace(
            row,
            body=file.body,
            markup=file.markup,
            fallbacks={**file.fallbacks, **own, **row.fallbacks},
            draft=row.draft or file.draft,
            problem=file.problem,
            oddities=(*row.oddities, *file.oddities),
        )

"""Where the articles are in one JSON object: a wrapper, objects by id, columns, or one article."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tagloop.reading.sources.tables.json_values import has_text, is_text_name, unwrapped

_DEPTH = 4
"""Levels in which a list of articles is looked for: ``data.posts.edges`` has three."""
_LOOKED_AT = 20
"""Items of a list that tell whether they are articles."""


class Articles(NamedTuple):
    """What is read of an object.

    Attributes:
        items: The articles' objects.
        note: Where they were, if that was a choice; for people.
    """

    items: Iterable[Any]
    note: str = ""


class _Found(NamedTuple):
    path: str
    items: Sequence[Any]

    def rank(self) -> tuple[bool, int]:
        first = self.items[:_LOOKED_AT]
        texts = sum(isinstance(item, dict) and has_text(unwrapped({**item})) for item in first)
        return texts * 2 >= len(first), len(self.items)


def find_articles(value: dict[str, Any]) -> Articles:
    """Returns the articles in an object."""
    if is_article(value):
        return Articles([value])
    if columns := _of_columns(value):
        return Articles(columns, "It is read as a table that is written by columns.")
    found = list(_lists(value, "", 0))
    if not found:
        return Articles([value])
    best = max(found, key=_Found.rank)
    others = ", ".join(f"'{other.path}' ({len(other.items):,})" for other in found if other != best)
    note = f"The articles are taken from '{best.path}' ({len(best.items):,})"
    if not best.path:
        note = f"It is read as {len(best.items):,} articles by their keys"
    return Articles(best.items, note + (f", not from {others[:300]}." if others else "."))


def is_article(value: Mapping[str, Any]) -> bool:
    """Tells whether an object has a text of its own, and is no wrapper or table of columns."""
    for key, inner in value.items():
        if is_text_name(key):
            if isinstance(inner, str):
                return True
            if isinstance(inner, list) and inner and all(isinstance(one, str) for one in inner):
                # Paragraphs, unless each is of another article.
                return not any(
                    isinstance(other, list) for other in value.values() if other is not inner
                )
            if isinstance(inner, dict) and isinstance(inner.get("rendered"), str):
                return True
    return False


def _of_columns(value: dict[str, Any]) -> Iterable[dict[str, Any]] | None:
    """Returns the rows of what pandas and others write column by column."""
    names, rows = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(rows, list) and names:
        if all(isinstance(row, list) for row in rows):
            return [dict(zip(map(str, names), row, strict=False)) for row in rows]
        return None
    if not has_text(value):
        return None
    columns = list(value.values())
    if all(isinstance(column, dict) for column in columns):
        keys = list(columns[0])
        return [{name: value[name].get(key) for name in value} for key in keys]
    if all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]
    return None


def _lists(value: Any, path: str, depth: int) -> Iterator[_Found]:
    """Yields the lists of objects in the first levels, and objects of objects by id."""
    if isinstance(value, list):
        if value and all(isinstance(item, dict) for item in value):
            yield _Found(path, value)
        if len(value) != 1:
            return
        value = value[0]
    if not isinstance(value, dict) or depth > _DEPTH:
        return
    inner = list(value.values())
    if inner and all(isinstance(item, dict) for item in inner):
        by_id = _Found(path, inner)
        if by_id.rank()[0]:
            yield by_id
            return
    for key, item in value.items():
        if isinstance(item, list | dict):
            yield from _lists(item, f"{path}.{key}".lstrip("."), depth + 1)

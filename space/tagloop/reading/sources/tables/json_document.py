"""JSON: a list of objects, an object that holds them, one article; or objects one after another.

Items of a list are read one by one, so that a broken one is a problem of its own. `ijson`, which
reads by pieces, is slower by far and stops at the first broken item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from tagloop.errors import UserError
from tagloop.reading.record import Limits, Record
from tagloop.reading.sources.files import InputFile
from tagloop.reading.sources.tables import MAX_RECORD_CHARACTERS, TableSource
from tagloop.reading.sources.tables.bounds import check_count
from tagloop.reading.sources.tables.json_lines import json_lines_source
from tagloop.reading.sources.tables.json_shape import find_articles, is_article
from tagloop.reading.sources.tables.json_values import (
    DECODER,
    has_text,
    json_problem,
    kind_of,
    unwrapped,
)
from tagloop.reading.sources.tables.text_file import TextFile

HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*+(?:\{\s*+\"|\[\s*+(?:\{|\[\s*+\"))")
"""How JSON begins in a file whose name does not say that it is JSON."""
LINE_ENDINGS = (".jsonl", ".ndjson", ".jl")
_FIRST_LINES = 20
_BLANKS = re.compile(r"[\s,]*+")
_NEXT_OBJECT = re.compile(r"(?<=[,\s])\{")
_LIST_IN_OBJECT = re.compile(r":\s*+\[\s*+(?=\{)")
_NO_JSON = re.compile(
    r'"(?:[^"\\]++|\\(?:.|\Z))*+(?:"|\Z)'
    r"|(//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|,(?=\s*+[}\]]))",
    re.DOTALL,
)
"""Comments, and commas after the last item, which people leave in what they write by hand; texts
are passed over."""
_READ_AGAIN = 4
"""So many times its length a file is read in search of whole items after broken ones."""
_WINDOW = 8_000
"""Characters in which an item is tried first; then in eight times as many, and so on."""
_LONGEST_SIGN = 16
"""Characters: an error so near to a window's end may be of the window alone."""
_MAX_VALUES = 3_000_000
"""Of a visitor's file: each takes 60 bytes and more of memory, were it empty."""


def read_json(file: InputFile, limits: Limits) -> TableSource:
    """Opens a file of JSON, or of JSON Lines, as it begins.

    Raises:
        UserError: It is no text, or no JSON.
    """
    text = TextFile(file)
    if _has_lines(text, file.ending):
        return json_lines_source(text, file, limits)
    source = TableSource("table", file.name, iter(()), None, "item", encoding=text.encoding)
    source.notes += text.notes
    source.records = _records(text, source.notes, limits)
    return source


def _has_lines(text: TextFile, ending: str) -> bool:
    """Tells whether each line is an object of its own."""
    lines = chain.from_iterable(text.lines(MAX_RECORD_CHARACTERS))
    first = list(islice((line.strip() for line in lines if line.strip()), _FIRST_LINES))
    whole = sum(_is_object(line) for line in first)
    if ending in LINE_ENDINGS and len(first) == whole == 1:
        return is_article(unwrapped(DECODER.decode(first[0])))  # or it holds all articles
    if ending in LINE_ENDINGS:
        return bool(whole) or not first or first[0][0] not in "[{"
    return whole > 1 and whole * 2 >= len(first)


def _is_object(line: str) -> bool:
    try:
        return line[0] == "{" and isinstance(DECODER.decode(line), dict)
    except (ValueError, RecursionError):
        return False


def _records(text: TextFile, notes: list[str], limits: Limits) -> Iterator[Record]:
    data = text.read()
    if limits.records is not None and data.count(",") > _MAX_VALUES:
        raise UserError(
            f"{text.name} has more than {_MAX_VALUES:,} values: split it and give one part after "
            "the other."
        )
    most = limits.record_characters or MAX_RECORD_CHARACTERS
    count = 0
    for item, problem in _checked(_items(data, text.name, notes, most), text.name):
        count += 1
        check_count(text.name, count, "items", limits)
        yield Record(f"{text.name}: item {count}", item or {}, problem=problem)
    if text.damage:
        where = f"{text.name}: item {count + 1}"
        yield Record(where, {}, problem=f"the file breaks off in it ({text.damage})")
    elif not count:
        raise UserError(f"{text.name} has no items in it: give a file with at least one.")


def _checked(
    items: Iterator[tuple[Any, str]], name: str
) -> Iterator[tuple[dict[str, Any] | None, str]]:
    header: list[str] = []
    for item, problem in items:
        if problem:
            yield None, problem
        elif isinstance(item, dict):
            yield unwrapped(item), ""
        elif isinstance(item, list) and header:
            yield dict(zip(header, item, strict=False)), ""
        elif (
            isinstance(item, list)
            and all(isinstance(cell, str) for cell in item)
            and has_text(dict.fromkeys(item))
        ):
            header = item
        else:
            yield None, f"it is not a JSON object but {kind_of(item)}"


def _items(data: str, name: str, notes: list[str], most: int) -> Iterator[tuple[Any, str]]:
    """Yields the articles' values, or what is wrong with each."""
    begin = _after_blanks(data, 0)
    if data.startswith("/", begin):
        data = _without_comments(data)
        begin = _after_blanks(data, 0)
    if data.startswith("[", begin):
        yield from _list_items(data, begin + 1, most)
        return
    try:
        value, end = _decoded_object(data, begin)
    except (ValueError, RecursionError) as error:
        inside = _LIST_IN_OBJECT.search(data, begin)
        if not data.startswith("{", begin) or inside is None:
            raise UserError(f"{name}{_place(error)}: {json_problem(error)}.") from error
        notes.append(f"It is broken{_place(error)}; its first list of objects is read.")
        yield from _list_items(data, inside.end(), most)
        return
    if not isinstance(value, dict):
        raise UserError(
            f"{name}: expected a list of objects, or one with a list of objects in it; found "
            f"{kind_of(value)}."
        )
    if _after_blanks(data, end) < len(data):
        yield from _list_items(data, begin, most)  # objects one after another
        return
    articles = find_articles(value)
    if articles.note:
        notes.append(articles.note)
    for item in articles.items:
        yield item, ""


def _list_items(data: str, place: int, most: int) -> Iterator[tuple[Any, str]]:
    """Yields the items from a place on, up to the end of their list."""
    keys: set[str] = set()
    budget = _READ_AGAIN * len(data)
    repaired = False
    lines = _Lines(data)
    while True:
        place = _after_blanks(data, place)
        if place >= len(data) or data[place] == "]":
            return
        tried = _tried(data, place)
        if tried.error is not None:
            if not repaired:
                repaired = True
                without = _without_comments(data)
                if _is_whole(without, place):
                    data, lines = without, _Lines(without)
                    continue
            yield None, json_problem(tried.error) + lines.place(place, tried.error)
            after = max(place, place + _position(tried.error))
            found, budget = _next_item(data, after, keys, budget)
            if found is None:
                return
            place = found
            continue
        if tried.end - place > most:
            yield None, f"it has more than {most:,} characters"
        else:
            yield tried.item, ""
            if isinstance(tried.item, dict):
                keys = keys or set(tried.item)
        place = tried.end


class _Tried(NamedTuple):
    """What stands at a place: an item and its end, or an error whose position counts from there.

    Attributes:
        read: Characters that it took to tell.
    """

    item: Any
    end: int
    read: int
    error: Exception | None = None


def _tried(data: str, place: int) -> _Tried:
    """Reads the item at a place in a window that grows until it ends in it.

    An error of `json` counts the lines before it, so that of the whole text each would cost the
    way to its place: a square's time for a file of nothing but broken items.
    """
    size, read = _WINDOW, 0
    while True:
        window = data[place : place + size]
        whole = place + size >= len(data)
        try:
            item, end = DECODER.raw_decode(window)
        except RecursionError as error:
            return _Tried(None, place, read + _WINDOW, error)
        except ValueError as error:
            position = _position(error)
            if whole or not (
                position > len(window) - _LONGEST_SIGN or "Unterminated" in str(error)
            ):
                return _Tried(None, place, read + max(position, 100), error)
        else:
            if whole or end < len(window):
                return _Tried(item, place + end, read + end)
        read += size
        size *= 8


class _Lines:
    """Counts the lines of a text up to places that come one after the other."""

    def __init__(self, data: str) -> None:
        self._data = data
        self._at = self._line = self._begin = 0

    def place(self, item: int, error: Exception) -> str:
        """Says where in the text an error of an item is."""
        if not isinstance(error, json.JSONDecodeError):
            return ""
        self._move(item)
        here = _Lines(self._data)
        here._at, here._line, here._begin = self._at, self._line, self._begin
        here._move(item + error.pos)
        return f" (line {here._line + 1:,}, column {here._at - here._begin + 1:,})"

    def _move(self, to: int) -> None:
        self._line += self._data.count("\n", self._at, to)
        self._begin = max(self._begin, self._data.rfind("\n", self._at, to) + 1)
        self._at = to


def _decoded_object(data: str, begin: int) -> tuple[Any, int]:
    try:
        return DECODER.raw_decode(data, begin)
    except ValueError:
        without = _without_comments(data)
        if not _is_whole(without, begin):
            raise
        return DECODER.raw_decode(without, begin)


def _without_comments(data: str) -> str:
    """Returns JSON with blanks for what is none, so that all places stay."""
    return _NO_JSON.sub(
        lambda found: re.sub(r"[^\n]", " ", found[1]) if found[1] else found[0], data
    )


def _is_whole(data: str, place: int) -> bool:
    place = _after_blanks(data, place)
    try:
        return place >= len(data) or data[place] == "]" or bool(DECODER.raw_decode(data, place))
    except (ValueError, RecursionError):
        return False


def _next_item(data: str, place: int, keys: set[str], budget: int) -> tuple[int | None, int]:
    """Returns where a whole item begins that has names of those before, and what is left."""
    for found in _NEXT_OBJECT.finditer(data, place):
        tried = _tried(data, found.start())
        budget -= tried.read
        if tried.error is None:
            after = _after_blanks(data, tried.end)
            alike = len(keys & set(tried.item)) * 2 >= len(keys) if keys else has_text(tried.item)
            if alike and data[after : after + 1] in "]{":
                return found.start(), budget
        if budget <= 0:
            break
    return None, budget


def _after_blanks(data: str, place: int) -> int:
    found = _BLANKS.match(data, place)
    return found.end() if found else place


def _position(error: Exception) -> int:
    return error.pos if isinstance(error, json.JSONDecodeError) else 0


def _place(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f" (line {error.lineno:,}, column {error.colno:,})"
    return ""

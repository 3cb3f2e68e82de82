"""A batch as JSON Lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tagloop.batch.rows import (
    BLOCK,
    MAX_MARKUP_CHARACTERS,
    MAX_ROWS,
    TAGS,
    TEXT_NAMES,
    TITLE_NAMES,
    Row,
    RowTags,
    added_names,
    check_blank,
    check_count,
    encoding_of,
    find_name,
)
from tagloop.errors import UserError
from tagloop.limits import readable
from tagloop.text.markup import plain_text

MAX_LINE_CHARACTERS = 1_000_000


class JsonLinesFile:
    """Reads the file line by line; ``name`` is what the visitor calls it.

    Raises:
        UserError: The file is no text, has no line with a text, or is too long.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._encoding = encoding_of(path, name)
        count = 0
        useful = False
        keys: list[str] = []
        for _, line in self._lines():
            count += 1
            if count > MAX_ROWS:
                break
            record, _ = _parse(line)
            if record is not None:
                keys += [key for key in record if key not in keys][: 100 - len(keys)]
                useful = useful or find_name(TEXT_NAMES, list(record)) is not None
        self.total = check_count(name, count, "lines")
        if not useful:
            found = ", ".join(f"“{readable(key[:40])}”" for key in keys[:12]) or "no JSON objects"
            raise UserError(
                f"{name} has no line with a text, only {found}: each line must be an object like "
                '{"title": "…", "text": "…"}.'
            )
        self._names = added_names(keys)

    def rows(self) -> Iterator[Row]:
        """Reads the lines; a broken one has its problem with it."""
        for number, line in self._lines():
            where = f"line {number:,}"
            record, problem = _parse(line)
            if record is None:
                yield Row(where, problem=problem, given=line)
                continue
            title, title_problem = _value(record, TITLE_NAMES)
            text, problem = _value(record, TEXT_NAMES)
            if len(text) <= MAX_MARKUP_CHARACTERS:
                text = plain_text(text)
            yield Row(where, title, text, problem or title_problem, line)

    def writer(self, target: Path) -> JsonLinesWriter:
        """Begins the file with the tags."""
        return JsonLinesWriter(target, self._names)

    def _lines(self) -> Iterator[tuple[int, str]]:
        """Yields the lines that are not blank; of one too long only so much that it shows."""
        with self._path.open(encoding=self._encoding, errors="replace", newline="\n") as file:
            number = blank = 0
            while line := file.readline(MAX_LINE_CHARACTERS + 1):
                number += 1
                ended = line.endswith("\n")
                while not ended and (more := file.readline(BLOCK)):
                    ended = more.endswith("\n")
                if number == 1:
                    line = line.removeprefix("\ufeff")
                if line.strip():
                    yield number, line.strip()
                else:
                    blank += 1
                    check_blank(self._name, blank)


class JsonLinesWriter:
    """Writes each line as it was given, with three more keys before its closing brace."""

    def __init__(self, target: Path, names: list[str]) -> None:
        self._file = target.open("w", encoding="utf-8", errors="replace", newline="\n")
        self._names = names

    def write(self, row: Row, tagged: RowTags) -> None:
        """Writes a line; one that is no JSON object becomes one, with the line as its ``line``."""
        line: str = row.given
        if _parse(line)[0] is None:
            line = json.dumps({"line": readable(line)}, ensure_ascii=False)
        inside = line[: line.rindex("}")].rstrip()
        values = [list(tagged.tags), list(tagged.confidences), tagged.problem]
        added = json.dumps(dict(zip(self._names, values, strict=True)), ensure_ascii=False)
        comma = "" if inside == "{" else ", "
        self._file.write(f"{inside}{comma}{added[1:]}\n")

    def close(self) -> list[str]:
        """Completes the file."""
        self._file.close()
        if self._names[0] != TAGS:
            return [f"The file had {TAGS} already: the new ones are under {self._names[0]}."]
        return []


def _parse(line: str) -> tuple[dict[str, Any] | None, str | None]:
    if len(line) > MAX_LINE_CHARACTERS:
        return None, f"it has more than {MAX_LINE_CHARACTERS:,} characters"
    try:
        record = json.loads(line)
    except RecursionError:
        return None, "it is nested too deeply"
    except ValueError as error:
        return None, f"it is not JSON ({error})"
    if not isinstance(record, dict):
        return None, "it is not a JSON object"
    return record, None


def _value(record: dict[str, Any], names: tuple[str, ...]) -> tuple[str, str | None]:
    keys = list(record)
    place = find_name(names, keys)
    value = None if place is None else record[keys[place]]
    if value is None:
        return "", None
    if isinstance(value, list | dict):
        return "", f"its {keys[place or 0]} is a {type(value).__name__}, not text"
    return str(value), None

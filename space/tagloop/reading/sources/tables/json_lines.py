"""JSON Lines: one object a line, whatever the file is called."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from json import JSONDecodeError

from tagloop.errors import UserError
from tagloop.reading.record import Limits, Record
from tagloop.reading.sources.files import InputFile
from tagloop.reading.sources.tables import MAX_RECORD_CHARACTERS, TableSource
from tagloop.reading.sources.tables.bounds import check_blank, check_count
from tagloop.reading.sources.tables.json_values import DECODER, json_problem, kind_of, unwrapped
from tagloop.reading.sources.tables.text_file import TextFile


def json_lines_source(text: TextFile, file: InputFile, limits: Limits) -> TableSource:
    """Opens a file of JSON objects, one a line, whose text has been opened already."""
    return TableSource(
        "table",
        file.name,
        _records(text, limits),
        None,
        "B",
        file.size,
        text.position,
        notes=text.notes,
        encoding=text.encoding,
    )


def _records(text: TextFile, limits: Limits) -> Iterator[Record]:
    most = limits.record_characters or MAX_RECORD_CHARACTERS
    count = blank = number = 0
    for number, raw in enumerate(chain.from_iterable(text.lines(most)), 1):
        line = raw.strip()
        if not line:
            blank += 1
            check_blank(text.name, blank, limits)
            continue
        if text.damage and text.breaks_off(raw):
            break
        count += 1
        check_count(text.name, count, "lines", limits)
        yield _record(f"{text.name}:{number}", line, len(raw) > most, most)
    if text.damage:
        yield Record(
            f"{text.name}:{number + 1}", {}, problem=f"the file breaks off in it ({text.damage})"
        )
    elif not count:
        raise UserError(f"{text.name} has no lines in it: give a file with at least one.")


def _record(where: str, line: str, too_long: bool, most: int) -> Record:
    if too_long:
        return Record(where, {}, problem=f"it has more than {most:,} characters", given=line)
    try:
        value = DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        column = f" (column {error.colno})" if isinstance(error, JSONDecodeError) else ""
        return Record(where, {}, problem=json_problem(error) + column, given=line)
    if not isinstance(value, dict):
        problem = f"it is not a JSON object but {kind_of(value)}"
        return Record(where, {}, problem=problem, given=line)
    return Record(where, unwrapped(value), given=line)

"""Spreadsheets (.xlsx, .xlsm, .xls, .ods): the first sheet that has a header, a row an article.

They are read by python-calamine, which gives the values that the program stored, dates as dates.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from tagloop.errors import UserError
from tagloop.reading.record import Limits, Record
from tagloop.reading.sources.files import InputFile
from tagloop.reading.sources.tables import TableSource
from tagloop.reading.sources.tables.bounds import check_columns, check_count
from tagloop.reading.sources.tables.delimited import read_delimited
from tagloop.reading.sources.tables.header import column_names, header_notes
from tagloop.reading.sources.tables.json_values import has_text
from tagloop.reading.sources.tables.sheet_extent import checked_sheets

_T = TypeVar("_T")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of an old .xls, and of a newer file that is locked ([MS-CFB])."""
_HEADER_ROWS = 20
"""In so many rows the header is looked for: some begin with a title or a date."""


class _Header(NamedTuple):
    """Where a sheet's header is.

    Attributes:
        sheet: The sheet.
        place: Of its row, from 0.
        cells: Its texts.
    """

    sheet: CalamineSheet
    place: int
    cells: list[str]


def read_spreadsheet(file: InputFile, limits: Limits) -> TableSource:
    """Opens a spreadsheet.

    Raises:
        UserError: It is none, is locked, has no header, or is larger than may be.
    """
    head = file.head()
    if (
        not head.startswith((_ZIP, _OLE))
        and b"\0" not in head
        and not head.lstrip().startswith(b"<")
    ):
        return read_delimited(file, limits)  # many programs call a text .xls
    header, others = _open(file, limits)
    check_columns(file.name, len(header.cells), limits)
    names = column_names(header.cells)
    notes = header_notes(header.cells, names)
    if others:
        listed = ", ".join(f"'{name[:40]}'" for name in others[:8])
        notes.append(
            f"The sheet '{header.sheet.name[:40]}' is read; there are also {listed}"
            f"{' and more' if len(others) > 8 else ''}."
        )
    return TableSource(
        "table",
        file.name,
        _records(file.name, header, names, limits),
        [name for name in names if name],
        total=max(header.sheet.height - header.place - 1, 0),
        notes=notes,
        header=header.cells,
    )


def _open(file: InputFile, limits: Limits) -> tuple[_Header, list[str]]:
    """Returns the header of the sheet that is read, and the names of the others.

    Raises:
        UserError: It is no spreadsheet, is locked, or has no header.
    """
    with file.open() as stream:
        data = stream.read()
    if data.startswith(_ZIP):
        source = checked_sheets(data, file.name, limits)
    elif data.startswith(_OLE) and file.ending == ".xls" and limits.records is None:
        source = io.BytesIO(data)
    elif data.startswith(_OLE):
        raise _refusal(file.name, "is locked with a password, or an old .xls")
    else:
        raise _refusal(file.name, "is not a spreadsheet, whatever its name says")

    def find() -> tuple[_Header | None, list[str]]:
        book = CalamineWorkbook.from_filelike(source)
        found = [header for name in book.sheet_names if (header := _header(book, name))]
        best = next((one for one in found if has_text(dict.fromkeys(one.cells))), None)
        best = best or next(iter(found), None)
        return best, [one.sheet.name for one in found if one is not best]

    best, others = _guarded(find, file.name)
    if best is None:
        raise UserError(
            f"{file.name} has no sheet with a line of column names at its top: add one."
        )
    return best, others


def _header(book: CalamineWorkbook, name: str) -> _Header | None:
    try:
        sheet = book.get_sheet_by_name(name)
    except CalamineError:  # a chart, or a sheet that is broken
        return None
    for place, row in enumerate(islice(sheet.iter_rows(), _HEADER_ROWS)):
        texts = [cell for cell in row if isinstance(cell, str) and cell.strip()]
        if len(texts) > 1 or (texts and len(row) == 1):
            return _Header(sheet, place, list(map(_shown, row)))
    return None


def _records(name: str, header: _Header, names: Sequence[str], limits: Limits) -> Iterator[Record]:
    begin = (header.sheet.start or (0, 0))[0] + 1
    count = 0
    for number, row in enumerate(header.sheet.iter_rows(), begin):
        if number - begin <= header.place or not any(cell != "" for cell in row):
            continue
        count += 1
        check_count(name, count, "rows", limits)
        where = f"{name}:row {number}"
        given = list(map(_shown, row))
        if limits.record_characters is not None and sum(map(len, given)) > limits.record_characters:
            problem = f"it has more than {limits.record_characters:,} characters"
            yield Record(where, {}, problem=problem, given=given)
            continue
        values = {
            column: cell if isinstance(cell, datetime.date) else text
            for column, cell, text in zip(names, row, given, strict=True)
            if column
        }
        yield Record(where, values, given=given)
    if not count:
        raise UserError(f"{name} has no rows in it: give a file with at least one.")


def _shown(cell: Any) -> str:
    """Returns a cell as people see it: a year is no ``2021.0``."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, bool):
        return str(cell).upper()
    return cell if isinstance(cell, str) else str(cell)


def _guarded(read: Callable[[], _T], name: str) -> _T:
    """Calls the library.

    Raises:
        UserError: It cannot read the file.
    """
    try:
        return read()
    except PasswordError as error:
        raise _refusal(name, "is locked with a password") from error
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise _refusal(name, f"is not a spreadsheet, or damaged ({error})") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust, for bytes that it did not expect
            raise
        raise _refusal(name, "is damaged") from error


def _refusal(name: str, what: str) -> UserError:
    return UserError(f"{name} {what}: save the sheet with the articles as CSV and give that.")

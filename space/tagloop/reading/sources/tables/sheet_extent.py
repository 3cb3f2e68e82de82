"""How large a spreadsheet's sheets are, before their cells are laid out in memory.

A sheet is read into a rectangle from its first cell to its last, so one stray cell in the last
corner (Excel has 17 thousand million) would take all memory, and the process with it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from tagloop.errors import UserError
from tagloop.reading.damage import DAMAGE
from tagloop.reading.record import Limits

_MAX_CELLS = 20_000_000
"""Of a sheet: each takes 32 bytes, if it is empty."""
_MAX_VISITORS_CELLS = 2_000_000
_MAX_PARTS = 5_000
_FILLED = re.compile(rb'<(?:\w{1,9}:)?c\s(?:[^<>]*?\s)?r="([A-Z]{1,4})(\d{1,8})"[^<>]*+(?<!/)>')
"""Cells with something in them, in Office Open XML."""
_UNPLACED = re.compile(rb"<(?:\w{1,9}:)?c(?=[\s>])(?![^<>]*?\sr=)[^<>]*+>")
_ODS = re.compile(
    rb"<table:(table-row|table-cell|covered-table-cell)(?=[\s/>])([^<>]*+)>|<(/table:table-row)>"
)
_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,8})"')
_BINARY = re.compile(r"worksheets/[^/]*+(?<=\.bin)\Z", re.IGNORECASE)
"""Sheets of .xlsb, whose size only the library can tell."""


def checked_sheets(data: bytes, name: str, limits: Limits) -> io.BytesIO:
    """Returns a spreadsheet that is a zip (.xlsx, .ods), once its size has been looked at.

    Raises:
        UserError: It is damaged, or unpacks to more than may be.
    """
    checked = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(checked, "w") as copy:
            # Of two parts with the same name the last counts.
            parts = list({part.filename: part for part in archive.infolist()}.values())
            parts = [
                part for part in parts if not part.filename.endswith((".png", ".jpeg", ".jpg"))
            ]
            size = sum(part.file_size for part in parts)
            if limits.unpacked_bytes is not None and (
                size > limits.unpacked_bytes or len(parts) > _MAX_PARTS
            ):
                raise UserError(
                    f"{name} unpacks to {size / 1e6:,.0f} MB, more than may be: save the sheet "
                    "with the articles as CSV and give that."
                )
            for part in parts:
                if limits.records is not None and _BINARY.search(part.filename):
                    raise UserError(
                        f"{name} is a binary sheet: save the sheet with the articles as CSV and "
                        "give that."
                    )
                content = archive.read(part)  # no byte more than the archive says
                _check_cells(content, name, limits)
                copy.writestr(part.filename, content)
    except DAMAGE as error:
        raise UserError(
            f"{name} is not a spreadsheet, or damaged ({error}): open it in your spreadsheet "
            "program, save it anew and try again."
        ) from error
    checked.seek(0)
    return checked


def _check_cells(content: bytes, name: str, limits: Limits) -> None:
    if b"sheetData" in content:
        rows, columns = _office_extent(content)
    elif b"table:table-row" in content:
        rows, columns = _open_document_extent(content)
    else:
        return
    most = _MAX_CELLS if limits.records is None else _MAX_VISITORS_CELLS
    if rows * columns > most:
        raise UserError(
            f"{name} has a sheet of {rows:,} rows and {columns:,} columns, more than can be read: "
            "delete what lies far out, or save the sheet with the articles as CSV."
        )


def _office_extent(content: bytes) -> tuple[int, int]:
    rows = columns = 0
    for letters, number in _FILLED.findall(content):
        rows = max(rows, int(number))
        columns = max(columns, _column(letters))
    # Cells that do not say where they are stand one after the other.
    return rows, columns + len(_UNPLACED.findall(content))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _open_document_extent(content: bytes) -> tuple[int, int]:
    rows = widest = 0
    for repeated, width in _open_document_rows(content):
        rows += repeated
        widest = max(widest, width)
    return rows, widest


def _open_document_rows(content: bytes) -> Iterator[tuple[int, int]]:
    """Yields how often each row stands there, and up to which column something is in it.

    Empty rows at the end of a sheet do not count.
    """
    empty = repeated = place = width = 0
    for found in _ODS.finditer(content):
        kind, attributes, end = found.groups()
        times = 1
        if attributes and (said := _REPEATED.search(attributes)):
            times = int(said[1])
        if kind == b"table-row":
            repeated, place, width = times, 0, 0
            empty += times if attributes.endswith(b"/") else 0
        elif kind:
            place += times
            if not attributes.endswith(b"/") or b"value" in attributes:
                width = place
        elif end and width:
            yield empty + repeated, width
            empty = 0
        elif end:
            empty += repeated

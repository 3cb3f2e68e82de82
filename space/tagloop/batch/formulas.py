"""Keeps spreadsheets from running what a cell says.

A spreadsheet takes a cell that begins with certain characters for a formula, also out of a CSV
file; a text that someone wrote could so fetch an address, or start a program on the machine of
whoever opens the file. After OWASP, "CSV Injection"
(https://owasp.org/www-community/attacks/CSV_Injection), such a cell gets an apostrophe in front,
which spreadsheets read as "this is text", and every cell is quoted, so that none can begin in the
middle of another one where a spreadsheet expects another separator.
"""

from __future__ import annotations

import re

_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")  # noqa: RUF001
"""The full-width forms count as the plain ones in East Asian settings."""
_HARMLESS = re.compile(r"[+-]?(?:\d[\d.,]*(?:[eE][+-]?\d+)?\s?%?)?")
"""Plain numbers, and a lone sign: there is nothing in them to run, and an apostrophe would make
``-3.5`` a text."""


def is_formula(cell: str) -> bool:
    """Tells whether a spreadsheet could take the cell for a formula."""
    return cell.startswith(_BEGINNINGS) and not _HARMLESS.fullmatch(cell)


def neutral(cell: str) -> str:
    """Returns the cell as it may stand in a CSV file."""
    return f"'{cell}" if is_formula(cell) else cell

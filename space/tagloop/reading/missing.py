"""What programs and people write where there is nothing."""

from __future__ import annotations

import math
from typing import Any

_WORDS = frozenset(
    {
        *("nan", "none", "null", "nil", "n/a", "#n/a", "<na>", "nat", "undefined", "\\n", "~"),
        *("(none)", "[none]", "(null)", "[null]", "?"),
        *("-", "--", "–", "—", "[]", "{}", "()", "''", '""', "['']"),
    }
)
"""pandas, Python, MySQL (``\\N``), JSON, YAML, R, spreadsheets, JavaScript; and what stands for an
empty list."""


def is_missing(value: Any) -> bool:
    """Tells whether a value says that there is none: ``nan``, ``None``, ``N/A``, ``-``, blanks."""
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, list | tuple | dict | set | frozenset):
        return not value
    if not isinstance(value, str):
        return False
    text = value.strip() if len(value) < 1_000 else value
    # R writes NA; a tag or title "Na" is sodium.
    return not text.strip() or text == "NA" or (len(text) < 10 and text.casefold() in _WORDS)

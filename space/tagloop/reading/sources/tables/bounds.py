"""What a table may have at most, and the sentences that say so; a person's own has no bounds."""

from __future__ import annotations

from tagloop.errors import UserError
from tagloop.reading.record import Limits

_BLANK_LINES = 10
"""So many times the records that may be: more than anybody leaves between them, and a file of
nothing else would be read for a minute."""


def check_count(name: str, count: int, what: str, limits: Limits) -> None:
    """Looks at the number of records; ``what`` they are called.

    Raises:
        UserError: There are too many.
    """
    if limits.records is not None and count > limits.records:
        raise UserError(
            f"{name} has more than {limits.records:,} {what}, which is the limit: split it and "
            "give one part after the other."
        )


def check_blank(name: str, count: int, limits: Limits) -> None:
    """Looks at the number of blank lines.

    Raises:
        UserError: There are too many.
    """
    if limits.records is not None and count > _BLANK_LINES * limits.records:
        raise UserError(
            f"{name} has more than {_BLANK_LINES * limits.records:,} blank lines: take them out."
        )


def check_columns(name: str, count: int, limits: Limits) -> None:
    """Looks at the number of columns.

    Raises:
        UserError: There are too many.
    """
    if limits.columns is not None and count > limits.columns:
        raise UserError(
            f"{name} has {count:,} columns; the limit is {limits.columns:,}. Leave out those that "
            "say nothing of the articles."
        )

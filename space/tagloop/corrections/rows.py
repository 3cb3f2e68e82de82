"""One line of JSON Lines as a row: the only reader of rows, in the outbox and in the dataset.

Whoever can write to the dataset or to the outbox's folder can put anything there. What is no row
costs its line alone, and what is read as one can be written by every other reader (Arrow's, the
Hub's viewer), which would refuse the whole file for it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

from tagloop.errors import UserError

MAX_ROW_BYTES = 4 * 2**20
"""Ten times the longest correction that can be sent; a reader holds one line at a time."""
MAX_DEPTH = 32
"""A correction nests its values 3 deep; Python's own limit depends on who calls."""
INTEGERS = range(-(2**63), 2**63)  # as a column holds them
_BLOCK = 2**16


def read_row(line: bytes) -> dict[str, Any]:
    """Returns the row that a line holds.

    Raises:
        UserError: It is none: too long, no UTF-8, no JSON object, nested too deeply, a key twice,
            a number that is none or has more than 64 bits, half a surrogate pair.
    """
    if len(line) > MAX_ROW_BYTES:
        raise UserError(f"more than {MAX_ROW_BYTES:,} bytes.")
    try:
        row = json.loads(
            line.decode(),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_integer,
        )
    except RecursionError:
        raise UserError("nested too deeply.") from None
    except UserError:
        raise
    except ValueError:  # json's own, and bytes that are no UTF-8
        raise UserError("no JSON.") from None
    if not isinstance(row, dict):
        raise UserError("no JSON object.")
    if _depth_exceeds(row, MAX_DEPTH):
        raise UserError("nested too deeply.")
    if b"\\u" in line:
        try:
            json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise UserError("half a surrogate pair, which is no character.") from None
    return row


def lines_of(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yields each line that is not blank with its number, which counts from 1.

    Of a line that is too long only so much is read that it shows; the rest is passed over.
    """
    number = 0
    while line := file.readline(MAX_ROW_BYTES + 2):
        number += 1
        ended = line.endswith(b"\n")
        while not ended and (more := file.readline(_BLOCK)):
            ended = more.endswith(b"\n")
        line = line.removesuffix(b"\n")
        if line.strip():
            yield number, line


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UserError("a key stands there twice.")
    return found


def _no_number(text: str) -> NoReturn:
    raise UserError(f"{text} is no number.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise UserError("a number is too large.")
    return number


def _integer(text: str) -> int:
    if len(text) > 20 or (number := int(text)) not in INTEGERS:  # a longer one takes time to read
        raise UserError("a number is too large.")
    return number


def _depth_exceeds(row: dict[str, Any], limit: int) -> bool:
    level: list[Any] = [row]
    for _ in range(limit):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True

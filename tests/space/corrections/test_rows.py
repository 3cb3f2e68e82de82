"""A line of rows: what is read as one, every reader can take."""

from __future__ import annotations

import json
import time
from io import BytesIO

import pytest

from tagloop.corrections.rows import MAX_ROW_BYTES, lines_of, read_row
from tagloop.errors import UserError

BAD_LINES = {
    "torn": b'{"id": "1", "te',
    "bytes": b"\x80\x81\xff",
    "invalid UTF-8": b'{"id": "\xff"}',
    "NUL": b"\x00" * 100,
    "NUL inside": b'{"id": "1\x00"}',
    "nested lists": b'{"id": "1", "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "nested below Python's limit": b'{"id": "1", "a": ' + b"[" * 200 + b"]" * 200 + b"}",
    "nested and open": b"[" * 100_000,
    "half a surrogate pair": rb'{"id": "1", "text": "\ud800"}',
    "half a surrogate pair as a key": rb'{"id": "1", "\uDC00": 1}',
    "a key twice": b'{"id": "1", "id": "2"}',
    "a key twice inside": b'{"id": "1", "a": {"b": 1, "b": 2}}',
    "NaN": b'{"id": "1", "a": NaN}',
    "infinite": b'{"id": "1", "a": -Infinity}',
    "too large for a float": b'{"id": "1", "a": 1e999}',
    "too large for a column": b'{"id": "1", "a": 9223372036854775808}',
    "5,000 digits": b'{"id": "1", "a": ' + b"9" * 5000 + b"}",
    "a list": b"[1]",
    "a number": b"1",
    "a byte-order mark": b'\xef\xbb\xbf{"id": "1"}',
    "huge": b'{"id": "1", "a": "' + b"x" * MAX_ROW_BYTES + b'"}',
}


@pytest.mark.parametrize("kind", BAD_LINES)
def test_what_is_no_row_is_said(kind: str) -> None:
    began = time.process_time()
    with pytest.raises(UserError) as caught:
        read_row(BAD_LINES[kind])
    assert len(str(caught.value)) < 100
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "row",
    [
        {"id": "1", "text": "a\nb\r\u2028 ü \U0001f600 \0"},
        {"id": "1", "number": -(2**63), "other": 2**63 - 1, "share": 0.5, "none": None},
        {"id": "1", "list": [{"tag": "a", "confidence": 1e-9}], "yes": True},
    ],
)
def test_what_json_writes_is_read(row: dict[str, object]) -> None:
    assert read_row(json.dumps(row).encode()) == row
    assert read_row(json.dumps(row, ensure_ascii=False).encode()) == row


def test_lines_are_counted_and_a_huge_one_is_passed_over() -> None:
    huge = b"x" * (3 * MAX_ROW_BYTES)
    file = BytesIO(b'{"id": "1"}\n \n' + huge + b'\n{"id": "2"}')
    found = dict(lines_of(file))
    assert list(found) == [1, 3, 4]
    assert (found[1], found[4]) == (b'{"id": "1"}', b'{"id": "2"}')
    assert MAX_ROW_BYTES < len(found[3]) < MAX_ROW_BYTES + 10


def test_a_line_at_the_limit_is_whole() -> None:
    line = b'{"id": "' + b"x" * (MAX_ROW_BYTES - 10) + b'"}'
    assert len(line) == MAX_ROW_BYTES
    [(_, read)] = lines_of(BytesIO(line + b"\n"))
    assert read == line and len(read_row(read)["id"]) == MAX_ROW_BYTES - 10

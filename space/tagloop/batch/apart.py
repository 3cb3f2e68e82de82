"""A batch's file, read in a process of its own with limits of memory and time.

A hostile file can keep any reader busy for hours or fill the memory, and a thread cannot be
stopped. The process is asked for a few rows at a time, so neither side ever has the file in memory
because of the other.
"""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from threading import Timer
from typing import Any

from tagloop.batch.rows import Form, Piece, Row, RowTags
from tagloop.errors import UserError
from tagloop.reading.sandbox import PACKAGES, environment

OPEN_SECONDS = 120.0
"""In which a file is opened and its rows are counted: 50 MB of CSV take 2 s, of spreadsheet 20."""
ANSWER_SECONDS = 60.0
"""In which a chunk of rows is read, or written: each article takes some hundredths of a second."""
MAX_ANSWER_BYTES = 100_000_000
COMMAND = (sys.executable, "-m", "tagloop.batch.process")


class ApartFile:
    """Reads the file article by article; see `tagloop.batch.rows.BatchFile`.

    Args:
        path: The file.
        columns: Field to the file's own name of it, where the names do not say it.

    Raises:
        UserError: It cannot be read, has nothing that could be tagged, or too much.
    """

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, str(path.resolve()), json.dumps(columns)],
            env=environment(),
            cwd=PACKAGES,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            self.total, ending, head, tail = self._answer(OPEN_SECONDS)
        except BaseException:
            self.close()
            raise
        self.form = Form(ending, b64decode(head), b64decode(tail))

    def read(self, most: int) -> list[Row]:
        """Returns the next rows, so many at the most; none at the end.

        Raises:
            UserError: It cannot be read any further.
        """
        return [Row(*each) for each in self._ask("read", most)]

    def write(self, tagged: Sequence[RowTags]) -> list[Piece]:
        """Returns what is written for the rows of the last ``read``."""
        pieces = self._ask("write", [astuple(each) for each in tagged])
        return [Piece(b64decode(content), *rest) for content, *rest in pieces]

    def notes(self) -> list[str]:
        """Returns sentences about what was read and written, for the visitor."""
        return list(self._ask("notes", None))

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, name: str, argument: Any) -> Any:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({name: argument}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:  # it is gone, which its answer says
            pass
        return self._answer(ANSWER_SECONDS)

    def _answer(self, seconds: float) -> Any:
        assert self._process.stdout is not None
        watchdog = Timer(seconds, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline(MAX_ANSWER_BYTES)
        finally:
            watchdog.cancel()
        if not line.endswith(b"\n"):
            raise UserError("It takes too long or too much memory to be read: split it.")
        answer = json.loads(line)
        if "problem" in answer:
            raise UserError(answer["problem"])
        return answer["result"]

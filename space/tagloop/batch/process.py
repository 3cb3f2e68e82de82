"""The process in which a batch's file is read and written; started by `tagloop.batch.apart`.

It is asked in lines of JSON and answers each with one; what it writes goes through the answers as
well, so that it need not write a byte itself. The file's bytes, the parsers of a dozen formats and
their libraries are here alone.
"""

from __future__ import annotations

import json
import logging
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

from tagloop.batch.opened_file import OpenedFile
from tagloop.batch.rows import RowTags
from tagloop.errors import UserError
from tagloop.reading.sandbox.process import limit_this_process

MAX_MEMORY_BYTES = 1536 * 1024 * 1024
"""Of address space: 50 MB of JSON take a third of it."""
MAX_CPU_SECONDS = 1800
"""Half of the hour that a batch may take: pages of HTML take 0.02 s each."""


def main() -> None:
    """Opens the file that the command line names, and answers until it is told nothing more."""
    limit_this_process(MAX_MEMORY_BYTES, MAX_CPU_SECONDS)
    logging.disable(logging.CRITICAL)  # libraries complain of most of the files in the world
    path, columns = Path(sys.argv[1]), json.loads(sys.argv[2])
    opened: list[OpenedFile] = []

    def open_file() -> Any:
        opened.append(OpenedFile(path, columns))
        form = opened[0].form
        return [opened[0].total, form.ending, _text(form.head), _text(form.tail)]

    def read(most: int) -> Any:
        return [astuple(row) for row in opened[0].read(most)]

    def write(tagged: list[list[Any]]) -> Any:
        pieces = opened[0].write([RowTags(*each) for each in tagged])
        return [[_text(piece.content), *astuple(piece)[1:]] for piece in pieces]

    def notes(_: None) -> Any:
        return opened[0].notes()

    _answer(open_file)
    for line in sys.stdin:
        ((name, argument),) = json.loads(line).items()
        work = {"read": read, "write": write, "notes": notes}[name]
        _answer(lambda work=work, argument=argument: work(argument))  # type: ignore[misc]


def _answer(work: Callable[[], Any]) -> None:
    try:
        answer = {"result": work()}
    except UserError as error:
        answer = {"problem": str(error)}
    except MemoryError:
        answer = {"problem": "It needs too much memory to be read: split it."}
    except Exception:  # whatever a reader makes of a file that is not as it should be
        answer = {"problem": "It cannot be read any further, it seems to be damaged."}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _text(content: bytes) -> str:
    return b64encode(content).decode()


if __name__ == "__main__":
    main()

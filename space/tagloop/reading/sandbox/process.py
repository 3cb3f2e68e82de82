"""The process in which one file or page is read; started by `tagloop.reading`, it answers in JSON.

A hostile file can keep any reader busy for hours or fill the memory, and a thread cannot be
stopped: so each one has a process of its own, with limits that the system keeps.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

from tagloop.errors import UserError
from tagloop.limits import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, beginning, readable
from tagloop.reading.record import ReadOptions, Record
from tagloop.reading.sandbox import ADDRESS, Article
from tagloop.text.encodings import decode

MAX_MEMORY_BYTES = 640 * 1024 * 1024
"""Of address space; an ordinary document takes about a third of it, most of that libraries."""
MAX_CPU_SECONDS = 20
QUICK_SECONDS, NICENESS = 2, 10
"""A file that takes more of the processor than ordinary ones comes after all that others wait
for."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u200b\ufeff]")
_GAPS = re.compile(r"\n[ \t\f]*(?:\n[ \t\f]*)+")


def read_document(path: Path, name: str) -> Article:
    """Reads a file by its ending; the article is tidy and within the limits.

    Raises:
        UserError: The file cannot be read, or has no text.
    """
    from tagloop.reading.documents import read_document

    return _article(read_document(path.read_bytes(), name), name)


def read_page(address: str, name: str) -> Article:
    """Fetches a page and reads it, as ``read_document`` reads a file.

    Raises:
        UserError: The page cannot be fetched or read, or has no text.
    """
    from tagloop.reading.documents import read_document
    from tagloop.reading.fetch.page import fetch_page

    page = fetch_page(address)
    ending = ".html" if page.kind == "html" else ".txt"
    content = decode(page.content, name, html=page.kind == "html", declared=page.charset)
    return _article(read_document(content.encode(), f"page{ending}"), name)


def _article(record: Record, name: str) -> Article:
    """Makes the article of a record; broken front matter is said, and the text after it read."""
    from tagloop.reading.entries import entry_of

    problem = record.problem if name in record.problem else f"{name}: {record.problem}"
    notes = [problem] if record.problem else []
    if record.problem and not record.body:
        raise UserError(problem)
    entry = entry_of(replace(record, problem=""), ReadOptions(needed=()))
    title, text = _tidy(entry.title).replace("\n", " "), _tidy(entry.text)
    if not text:
        raise UserError(f"{name} has no text in it; paste the text instead.")
    if len(text) > MAX_TEXT_CHARACTERS:
        notes.append(
            f"{name} has more than {MAX_TEXT_CHARACTERS:,} characters of text: its beginning is "
            "here."
        )
    return Article(
        beginning(title, MAX_TITLE_CHARACTERS),
        beginning(text, MAX_TEXT_CHARACTERS),
        " ".join(notes),
    )


def _tidy(text: str) -> str:
    text = _CONTROL.sub("", readable(text).replace("\f", "\n").replace("\xa0", " "))
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _GAPS.sub("\n\n", lines).strip()


def limit_this_process(memory: int = MAX_MEMORY_BYTES, cpu_seconds: int = MAX_CPU_SECONDS) -> None:
    """Lets the system stop this process when it takes too much; Windows has no such limits.

    Args:
        memory: Bytes of address space.
        cpu_seconds: Of the processor.
    """
    if sys.platform != "win32":
        import resource
        import signal

        signal.signal(signal.SIGVTALRM, lambda number, frame: os.nice(NICENESS))
        signal.setitimer(signal.ITIMER_VIRTUAL, QUICK_SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write


def main() -> None:
    """Reads what the command line names: its kind, its place, and how it is called in sentences."""
    limit_this_process()
    logging.disable(logging.CRITICAL)  # pypdf complains about most of the PDFs in the world
    kind, place, name = sys.argv[1:]
    try:
        read = read_page(place, name) if kind == ADDRESS else read_document(Path(place), name)
        answer = read._asdict()
    except UserError as error:
        answer = {"problem": str(error)}
    except MemoryError:
        answer = {"problem": f"{name} needs too much memory to be read; paste its text instead."}
    except Exception:  # whatever a reader makes of a file that is not as it should be
        answer = {
            "problem": f"{name} cannot be read, it seems to be damaged: paste its text instead, or "
            "open it in the program that made it and save it again."
        }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()

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
from collections.abc import Callable
from pathlib import Path

from tagloop.errors import UserError
from tagloop.limits import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, readable
from tagloop.reading.sandbox import ADDRESS

MAX_MEMORY_BYTES = 640 * 1024 * 1024
"""Of address space; an ordinary document takes about a third of it, most of that libraries."""
MAX_CPU_SECONDS = 20
QUICK_SECONDS, NICENESS = 2, 10
"""A file that takes more of the processor than ordinary ones comes after all that others wait
for."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u200b\ufeff]")
_GAPS = re.compile(r"\n[ \t\f]*(?:\n[ \t\f]*)+")


def read_document(path: Path, name: str) -> tuple[str, str]:
    """Reads a file by its ending; returns title and text, tidy and within the limits.

    Raises:
        UserError: The file cannot be read, has no text, or too much of it.
    """
    return _fit(*_reader(path.suffix.lower())(path.read_bytes(), name), name)


def read_page(address: str, name: str) -> tuple[str, str]:
    """Fetches a page and reads it; returns title and text as ``read_document`` does.

    Raises:
        UserError: The page cannot be fetched or read, has no text, or too much of it.
    """
    from tagloop.reading.documents import html_page, plain_text
    from tagloop.reading.fetch.page import fetch_page
    from tagloop.text.encodings import decode

    page = fetch_page(address)
    html = page.kind == "html"
    content = decode(page.content, name, html=html, declared=page.charset)
    return _fit(*(html_page.read_html if html else plain_text.read_text)(content, name), name)


def _fit(title: str, text: str, name: str) -> tuple[str, str]:
    title, text = _tidy(title).replace("\n", " "), _tidy(text)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise UserError(
            f"{name} has more than {MAX_TEXT_CHARACTERS:,} characters of text, which is the "
            "limit: paste the part that says what it is about."
        )
    if not text:
        raise UserError(f"{name} has no text in it; paste the text instead.")
    if len(title) > MAX_TITLE_CHARACTERS:
        title = title[:MAX_TITLE_CHARACTERS].rsplit(" ", 1)[0]
    return title, text


def _reader(ending: str) -> Callable[[bytes, str], tuple[str, str]]:
    """Imports only what the ending needs: the process is new for every file."""
    from tagloop.reading.documents import html_page, markdown, plain_text
    from tagloop.text.encodings import decode

    if ending == ".pdf":
        from tagloop.reading.documents.pdf import read_pdf

        return read_pdf
    if ending == ".docx":
        from tagloop.reading.documents.word import read_word

        return read_word
    if ending in (".html", ".htm"):
        return lambda data, name: html_page.read_html(decode(data, name, html=True), name)
    if ending in (".md", ".markdown"):
        return lambda data, name: markdown.read_markdown_file(decode(data, name), name)
    return lambda data, name: plain_text.read_text(decode(data, name), name)


def _tidy(text: str) -> str:
    text = _CONTROL.sub("", readable(text).replace("\f", "\n").replace("\xa0", " "))
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _GAPS.sub("\n\n", lines).strip()


def limit_this_process() -> None:
    """Lets the system stop this process when it takes too much; Windows has no such limits."""
    if sys.platform != "win32":
        import resource
        import signal

        signal.signal(signal.SIGVTALRM, lambda number, frame: os.nice(NICENESS))
        signal.setitimer(signal.ITIMER_VIRTUAL, QUICK_SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write


def main() -> None:
    """Reads what the command line names: its kind, its place, and how it is called in sentences."""
    limit_this_process()
    logging.disable(logging.CRITICAL)  # pypdf complains about most of the PDFs in the world
    kind, place, name = sys.argv[1:]
    try:
        title, text = (
            read_page(place, name) if kind == ADDRESS else read_document(Path(place), name)
        )
        answer = {"title": title, "text": text}
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

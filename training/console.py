"""What a person sees of a command: a line a station, one bar for what runs, and where the log is.

Inside ``quiet`` everything that is printed, by whatever library, goes into a log file; only what is
said through this module reaches the terminal.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, TextIO

from tqdm import tqdm

from tagloop.errors import UserError
from training import processes

CLEAR_LINE = "\r\033[K"
NAME_WIDTH = 16
BAR_DELAY = 0.5
"""Seconds that a loop runs before its bar is shown: short ones need none."""


class _Terminal:
    """Where lines and bars go: standard output, or what ``quiet`` says."""

    out: ClassVar[TextIO | None] = None
    running: ClassVar[str] = ""
    """Shown while a station has no bar."""
    bar: ClassVar[tqdm | None] = None

    @classmethod
    def stream(cls) -> TextIO:
        return cls.out or sys.stdout


def say(text: str) -> None:
    """Says a line to the person, above what moves."""
    out = _Terminal.stream()
    with tqdm.external_write_mode(file=out):
        out.write((CLEAR_LINE if out.isatty() else "") + text + "\n")
    out.flush()
    _show_running()


def now(text: str) -> None:
    """Shows in a terminal what the running station does at the moment."""
    name = _Terminal.running.partition(":")[0]
    _Terminal.running = f"{name}: {text}"
    _show_running()


def _show_running() -> None:
    out = _Terminal.stream()
    if _Terminal.running and out.isatty() and not _bar_is_shown():
        out.write(f"{CLEAR_LINE}{_Terminal.running} …")
        out.flush()


class Station:
    """One station of a command.

    Attributes:
        result: What it says once it is done.
        seconds: What it took.
    """

    def __init__(self) -> None:
        """Starts the clock."""
        self.result = ""
        self.seconds = 0.0


@contextmanager
def station(name: str, spent: float = 0.0) -> Iterator[Station]:
    """Runs a station, then says its line: name, result and time.

    Args:
        name: In a word or two.
        spent: Seconds that it has taken already.
    """
    entry, started = Station(), time.monotonic() - spent
    _Terminal.running = name
    _show_running()
    try:
        yield entry
    except BaseException:
        entry.result = "stopped"
        raise
    finally:
        _Terminal.running = ""
        entry.seconds = round(time.monotonic() - started, 1)
        say(f"{name:<{NAME_WIDTH}} {entry.result} ({entry.seconds:g} s)")


def progress_bar(iterable: Iterable[Any] | None = None, **options: Any) -> tqdm:
    """Returns a bar for what runs, with rate and time left; it takes tqdm's arguments.

    Nothing is shown without a terminal, nor of one bar inside another.
    """
    out = _Terminal.stream()
    hidden = _bar_is_shown() or not out.isatty()
    options |= {"file": out, "disable": hidden, "leave": False, "dynamic_ncols": True}
    bar = tqdm(iterable, delay=BAR_DELAY, **options)
    if not hidden:
        _Terminal.bar = bar
    return bar


def _bar_is_shown() -> bool:
    return _Terminal.bar is not None and not _Terminal.bar.disable  # a closed one is disabled


def log_file(name: str) -> Path:
    """Returns where the commands of a project keep the log."""
    return Path("build") / name / "log.txt"


@contextmanager
def quiet(log: Path, verbose: bool = False, to: TextIO | None = None) -> Iterator[None]:
    """Sends what is printed into a log, written anew; an unexpected exception names it.

    Of several processes that train together all write the log and the first alone speaks.

    Args:
        log: The file.
        verbose: Leave everything where it is.
        to: Where the person reads: standard output, if it is not for the result alone.

    Raises:
        UserError: The log cannot be written.
    """
    if verbose:
        _Terminal.out = to
        try:
            yield
        finally:
            _Terminal.out = None
        return
    first = processes.is_first()
    with contextlib.ExitStack() as stack:
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(log.open("a", encoding="utf-8", buffering=1))
        except OSError as error:
            raise UserError(f"{log}: cannot be written ({error.strerror}).") from error
        if first:
            file.truncate(0)
        terminal = _terminal(to or sys.stdout) if first else Path(os.devnull).open("w")
        _Terminal.out = stack.enter_context(terminal)
        stack.callback(setattr, _Terminal, "out", None)
        stack.enter_context(_redirected(file))
        _hide_bars_of_libraries()
        say(f"The log is {log}; -v shows it here.")
        try:
            yield
        except Exception as error:
            if not isinstance(error, UserError):
                say(f"This should not have happened; see the log, {log}.")
            raise
        finally:
            if _Terminal.bar is not None:
                _Terminal.bar.close()


@contextmanager
def _terminal(stream: TextIO) -> Iterator[TextIO]:
    """Yields a stream of its own to where another goes, which stays when that is redirected."""
    try:
        copy = os.dup(stream.fileno())
    except (OSError, ValueError):  # a test's buffer, which has no file
        yield stream
        return
    encoding, errors = stream.encoding, stream.errors
    with os.fdopen(copy, "w", buffering=1, encoding=encoding, errors=errors) as out:
        yield out


@contextmanager
def _redirected(file: TextIO) -> Iterator[None]:
    """Sends both standard streams to a file: Python's, and the descriptors that C++ writes to."""
    kept = {number: os.dup(number) for number in (1, 2)}
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        for number in kept:
            os.dup2(file.fileno(), number)
        with contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
            yield
    finally:
        # What others still hold back for the old streams belongs to the log, too.
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)


def _hide_bars_of_libraries() -> None:
    """Keeps bars, which mean nothing in a file, out of the log."""
    # Imported here: they take seconds, which a command that needs none of them should not wait.
    import datasets
    from huggingface_hub.utils import disable_progress_bars
    from transformers.utils import logging

    disable_progress_bars()
    datasets.disable_progress_bars()
    logging.disable_progress_bar()

"""Patterns of ``.gitignore`` and ``.gitattributes``, matched in time linear in pattern and path.

The wildcards are translated by dulwich, by git's own rules; its matching with `re` backtracks, and
a pattern such as ``*a*a*a*a*ab`` takes years. RE2 does not backtrack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

import re2
from dulwich.attrs import parse_git_attributes
from dulwich.ignore import read_ignore_patterns
from dulwich.wildmatch import MalformedPattern, translate

from training.hub.errors import HubError

MAX_FILE = 64 << 10
"""Longest file of patterns, in bytes."""
MAX_PATTERNS = 1000
MAX_LINE = 2048
"""Longest line, in bytes, that is looked at: git's own bound for attributes."""
MAX_WORK, CALL_WORK = 2_000_000_000, 2000
"""Most work on one list, and what a match takes besides pattern times path, in bytes squared; on
the slowest patterns known this is about a second."""

MANY_STARS = re.compile(rb"(?:(?<=/)|\A)\*{3,}(?=/|\Z)")
"""A part of three stars or more, which git reads like ``**``."""


@dataclass(frozen=True)
class _Pattern:
    """One line: the wildcards, for what they count, and what they say."""

    regex: re2._Regexp[bytes]
    only_folders: bool
    value: bool


class Patterns:
    """The lines of a file, of which the last that fits a path counts."""

    def __init__(self, lines: Iterable[tuple[bytes, bool]]) -> None:
        """Compiles the lines, pattern and what it says; a faulty one matches nothing, as in git.

        Raises:
            HubError: 413 when they are too many.
        """
        lines = list(islice(lines, MAX_PATTERNS + 1))
        if len(lines) > MAX_PATTERNS:
            raise HubError(413, f"At most {MAX_PATTERNS} patterns are taken.")
        compiled = [(_compile(pattern, value), len(pattern)) for pattern, value in lines]
        self._patterns = [pattern for pattern, _ in reversed(compiled) if pattern is not None]
        self._size = sum(length for pattern, length in compiled if pattern is not None)
        self._work = 0

    def last(self, name: bytes, *, is_folder: bool) -> bool | None:
        """Returns what the last fitting line says; None where none fits.

        Raises:
            HubError: 413 when all calls together are too much work.
        """
        self._work += len(self._patterns) * CALL_WORK + self._size * len(name)
        if self._work > MAX_WORK:
            raise HubError(
                413, "Too many patterns for so many paths; send fewer files at once, or shorten "
                "the .gitignore or .gitattributes."
            )  # fmt: skip
        for pattern in self._patterns:
            if (is_folder or not pattern.only_folders) and pattern.regex.fullmatch(name):
                return pattern.value
        return None


class Ignored:
    """What a ``.gitignore`` at a repository's root says."""

    def __init__(self, content: bytes) -> None:
        """Reads the file.

        Raises:
            HubError: 413 when it is too long.
        """
        lines = read_ignore_patterns(BytesIO(_bounded(content, ".gitignore")))
        self._patterns = Patterns(map(_ignore_line, lines))
        self._folders: dict[bytes, bool] = {b"": False}

    def __contains__(self, name: bytes) -> bool:
        """Tells whether a file is ignored: no line can bring back what is in an ignored folder."""
        in_ignored = self._folder_is_ignored(name.rpartition(b"/")[0])
        return in_ignored or self._patterns.last(name, is_folder=False) is True

    def _folder_is_ignored(self, name: bytes) -> bool:
        missing = []
        while name not in self._folders:
            missing.append(name)
            name = name.rpartition(b"/")[0]
        ignored = self._folders[name]
        for folder in reversed(missing):
            ignored = ignored or self._patterns.last(folder, is_folder=True) is True
            self._folders[folder] = ignored
        return ignored


class LargeByName:
    """Which files a ``.gitattributes`` at a repository's root sends to the LFS store."""

    def __init__(self, content: bytes) -> None:
        """Reads the file.

        Raises:
            HubError: 413 when it is too long.
        """
        lines = parse_git_attributes(BytesIO(_bounded(content, ".gitattributes")))
        told = (
            (pattern, said[b"filter"] == b"lfs") for pattern, said in lines if b"filter" in said
        )
        self._patterns = Patterns(told)

    def __contains__(self, name: bytes) -> bool:
        """Tells whether a file goes there."""
        return self._patterns.last(name, is_folder=False) is True


def _bounded(content: bytes, name: str) -> bytes:
    if len(content) > MAX_FILE:
        raise HubError(413, f"A {name} may have {MAX_FILE} bytes.")
    return b"\n".join(line for line in content.split(b"\n") if len(line) <= MAX_LINE)


def _ignore_line(line: bytes) -> tuple[bytes, bool]:
    return (line[1:], False) if line.startswith(b"!") else (line, True)


def _compile(pattern: bytes, value: bool) -> _Pattern | None:
    wanted, options = pattern.rstrip(b"/"), re2.Options()
    options.encoding, options.dot_nl = re2.Options.Encoding.LATIN1, True
    options.log_errors = False
    if not wanted:
        return None
    wanted = MANY_STARS.sub(b"**", wanted)
    anywhere = b"" if b"/" in wanted else b"(?:.*/)?"
    try:
        regex = re2.compile(anywhere + translate(wanted.removeprefix(b"/")), options)
    except (MalformedPattern, re2.error):
        return None
    return _Pattern(regex, pattern.endswith(b"/"), value)

"""The kinds of input on this machine: each is one module with one function, and one line here.

A kind is recognised by the ending of a file and its first bytes, or by the names of the files in a
folder or zip; the first that fits reads it, so the particular come before the general.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tagloop.reading.record import UNLIMITED, Limits, Source
from tagloop.reading.sources.files import InputFile, Tree


@dataclass(frozen=True)
class FileKind:
    """A kind of file.

    Attributes:
        name: What `Source.kind` says.
        read: Opens it.
        endings: In lower case, with their dot, without that of a compression; empty: any.
        head: Searched in the first `files.HEAD_BYTES`, unpacked; None: any.
    """

    name: str
    read: Callable[[InputFile, Limits], Source]
    endings: tuple[str, ...] = ()
    head: re.Pattern[bytes] | None = None


@dataclass(frozen=True)
class TreeKind:
    """A kind of folder or zip.

    Attributes:
        name: What `Source.kind` says.
        read: Opens it.
        member: Found in the path of at least one of its files; None: any.
    """

    name: str
    read: Callable[[Tree, Limits], Source]
    member: re.Pattern[str] | None = None


FILE_KINDS: tuple[FileKind, ...] = ()
TREE_KINDS: tuple[TreeKind, ...] = ()


def open_path(path: Path, limits: Limits = UNLIMITED) -> Source:
    """Opens a file, a folder or a zip.

    Raises:
        UserError: It cannot be read, or is of no kind that is known.
    """
    raise NotImplementedError

"""Where bytes come from: a file, compressed or not, and a tree of files in a folder or a zip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

HEAD_BYTES = 65_536
"""What is looked at to tell a file's kind."""


@dataclass(frozen=True)
class InputFile:
    """A file.

    Attributes:
        path: Where it is.
        name: For people, without folders of this machine.
    """

    path: Path
    name: str

    @property
    def ending(self) -> str:
        """Returns the ending that tells the format: ``.jsonl`` of ``articles.jsonl.xz``."""
        raise NotImplementedError

    def head(self) -> bytes:
        """Returns the first `HEAD_BYTES`, unpacked."""
        raise NotImplementedError

    def open(self) -> IO[bytes]:
        """Opens it for reading, unpacked; ``tell`` of what it unpacks from says how far it is."""
        raise NotImplementedError


class Tree(Protocol):
    """Files in a folder or a zip.

    Attributes:
        name: For people.
    """

    name: str

    def paths(self) -> Sequence[PurePosixPath]:
        """Returns the paths of all files, in order, relative to the tree."""

    def read(self, path: PurePosixPath) -> bytes:
        """Returns a file's bytes.

        Raises:
            UserError: It cannot be read, or is larger than may be.
        """

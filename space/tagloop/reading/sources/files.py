"""Where bytes come from: a file, compressed or not, and a tree of files in a folder or a zip."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import stat
import weakref
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol, TypeVar

from ftfy.fixes import fix_surrogates

from tagloop.errors import UserError
from tagloop.reading.damage import DAMAGE
from tagloop.reading.record import UNLIMITED, Limits

_T = TypeVar("_T")

HEAD_BYTES = 65_536
"""What is looked at to tell a file's kind."""
MAX_MEMBERS = 20_000
"""Of a visitor's zip."""
COMPRESSIONS: dict[str, tuple[bytes, Callable[[Any], Any]]] = {
    ".gz": (b"\x1f\x8b\x08", lambda raw: gzip.GzipFile(fileobj=raw)),
    ".bz2": (b"BZh", bz2.BZ2File),
    ".xz": (b"\xfd7zXZ\x00", lzma.LZMAFile),
}
"""By ending: the first bytes, which alone decide (a browser may have unpacked it already), and what
unpacks."""
NEVER_READ = frozenset(
    (
        ".git", ".hg", ".svn", ".trash", ".obsidian", ".quarto", ".venv", ".idea", ".vscode",
        ".ipynb_checkpoints", ".jekyll-cache", ".sass-cache", ".tox", ".cache", "node_modules",
        "bower_components", "__pycache__", "__MACOSX", "_freeze", "_site", "venv", "site-packages",
        ".github", ".docusaurus", ".history", ".stversions", ".deploy_git", "$RECYCLE.BIN",
        "System Volume Information",
    )
)  # fmt: skip
"""Folders of programs: versions, settings, what was thrown away, what others wrote."""
_OWN_FILES = re.compile(r"\A(?:\._.*|\.DS_Store|desktop\.ini|Thumbs\.db)\Z", re.IGNORECASE)
"""What macOS and Windows leave in folders."""
_LEADS_OUT = re.compile(r"\A/|\A[A-Za-z]:|\0|(?:\A|/)\.\.(?:/|\Z)")
_UTF8_NAME = 0x800
_LOCKED = 0x1


def shown(name: str | PurePosixPath) -> str:
    """Returns a name for people: bytes that are no character in it become ``�``."""
    return fix_surrogates(str(name))


@dataclass(frozen=True)
class InputFile:
    """A file.

    Attributes:
        path: Where it is; of a member of a zip, its path there.
        name: For people, without folders of this machine.
        opener: Opens it as it lies there; None: a file on this machine.
    """

    path: Path
    name: str
    opener: Callable[[], IO[bytes]] | None = None

    @property
    def ending(self) -> str:
        """Returns the ending that tells the format: ``.jsonl`` of ``articles.jsonl.xz``."""
        packed = self.path.suffix.lower() in COMPRESSIONS
        return (self.path.with_suffix("") if packed else self.path).suffix.lower()

    @cached_property
    def size(self) -> int | None:
        """Returns how many bytes it has as it lies there; None if that is not known."""
        return self.path.stat().st_size if self.opener is None else None

    @cached_property
    def _head(self) -> bytes:
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    def head(self) -> bytes:
        """Returns the first `HEAD_BYTES`, unpacked.

        Raises:
            UserError: It cannot be read.
        """
        return self._head

    def open(self) -> IO[bytes]:
        """Opens it for reading, unpacked; the stream can be sought in.

        Raises:
            UserError: It cannot be read; while it is read, also that it is damaged.
        """
        return self.open_counted()[0]

    def open_counted(self) -> tuple[IO[bytes], Callable[[], int]]:
        """Opens it as `open` does; returns as well what tells how many of `size` were read.

        Raises:
            UserError: It cannot be read.
        """
        raw = self.opener() if self.opener else _open_file(self.path, self.name)
        first = raw.read(8)
        raw.seek(0)
        last = 0

        def position() -> int:
            nonlocal last
            last = last if raw.closed else raw.tell()
            return last

        for ending, (magic, unpack) in COMPRESSIONS.items():
            if first.startswith(magic):
                packed = _Unpacked(unpack(raw), raw, f"{self.name} is no complete {ending} file")
                return io.BufferedReader(packed, HEAD_BYTES), position
        return raw, position


class _Unpacked(io.RawIOBase):
    """A decompressor whose many exceptions are one sentence."""

    def __init__(self, inner: Any, raw: IO[bytes], problem: str) -> None:
        self._inner: io.BufferedIOBase = inner
        self._raw = raw
        self._problem = problem

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # Of a file that is cut off, all that comes before.
        data = self._checked(lambda: self._inner.read1(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._checked(lambda: self._inner.seek(offset, whence))

    def tell(self) -> int:
        return self._inner.tell()

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
            self._raw.close()
        super().close()

    def _checked(self, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except DAMAGE as error:
            raise UserError(f"{self._problem} ({error}): make it anew.") from error


def _open_file(path: Path, name: str) -> IO[bytes]:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
            raise UserError(f"{name} is no file that can be read (a folder, a pipe or a device).")
        return path.open("rb")
    except OSError as error:
        broken = path.is_symlink() and isinstance(error, FileNotFoundError)
        reason = "it is a link that leads nowhere" if broken else error.strerror or str(error)
        raise UserError(f"{name} cannot be read ({reason}).") from error


class Tree(Protocol):
    """Files in a folder or a zip.

    Attributes:
        name: For people.
        left_out: Files that `paths` does not name, by folder or by what they are.
    """

    name: str
    left_out: Counter[str]

    def paths(self) -> Sequence[PurePosixPath]:
        """Returns the paths of all files, in order, relative to the tree.

        What lies in folders of programs (`NEVER_READ`) is not among them.
        """

    def read(self, path: PurePosixPath, most: int | None = None) -> bytes:
        """Returns a file's bytes.

        Raises:
            UserError: It cannot be read, or has more than ``most`` bytes.
        """

    def file(self, path: PurePosixPath) -> InputFile:
        """Returns a file for those who read by and by."""


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = shown(path.resolve().name)
        self.left_out: Counter[str] = Counter()
        self._paths: list[PurePosixPath] | None = None

    def paths(self) -> Sequence[PurePosixPath]:
        """Returns the paths of all files; links to folders are followed, each folder once.

        Raises:
            UserError: The folder itself cannot be read.
        """
        if self._paths is None:
            try:
                os.scandir(self._path).close()
            except OSError as error:
                raise UserError(f"{self.name} cannot be read ({error.strerror}).") from error
            found = [path for path in self._walk() if not _is_left_out(path, self.left_out)]
            self._paths = sorted(found, key=lambda path: path.parts)
        return self._paths

    def read(self, path: PurePosixPath, most: int | None = None) -> bytes:
        """Returns a file's bytes.

        Raises:
            UserError: It cannot be read, or has more than ``most`` bytes.
        """
        name = f"{self.name}/{shown(path)}"
        with _open_file(self._path / path, name) as stream:
            try:
                data = stream.read() if most is None else stream.read(most + 1)
            except OSError as error:
                raise UserError(f"{name} cannot be read ({error.strerror}).") from error
        _check_size(name, len(data), most)
        return data

    def file(self, path: PurePosixPath) -> InputFile:
        """Returns a file for those who read by and by."""
        return InputFile(self._path / path, f"{self.name}/{shown(path)}")

    def _walk(self) -> Iterator[PurePosixPath]:
        """Names the files; real folders come before links to them, so that those name them."""
        seen: set[tuple[int, int]] = set()
        folders, links = [PurePosixPath()], list[PurePosixPath]()
        while folders or links:
            at = folders.pop() if folders else links.pop(0)
            try:
                status = (self._path / at).stat()
                entries = list(os.scandir(self._path / at))
            except OSError as error:
                self.left_out[f"the folder {shown(at)} cannot be read ({error.strerror})"] += 1
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            for entry in entries:
                path = at / entry.name
                if entry.name not in NEVER_READ and _is_folder(entry):
                    (links if entry.is_symlink() else folders).append(path)
                elif _is_folder(entry):
                    self.left_out[f"in {entry.name}"] += sum(
                        len(files) for _, _, files in os.walk(self._path / path)
                    )
                else:
                    yield path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


class ZipTree:
    """A zip; nothing is ever unpacked to disk.

    Raises:
        UserError: The file is no zip, unpacks to too much, or names files outside of itself.
    """

    def __init__(self, file: InputFile, limits: Limits = UNLIMITED) -> None:
        self.name = file.name
        self.left_out: Counter[str] = Counter()
        self._stream = file.open()
        try:
            self._archive = zipfile.ZipFile(self._stream)
        except DAMAGE as error:
            self._stream.close()
            raise UserError(
                f"{file.name} is not a zip archive, or damaged: make it anew."
            ) from error
        # Whoever reads the tree may stop anywhere, so the file is closed when nobody has it.
        weakref.finalize(self, self._archive.close)
        weakref.finalize(self, self._stream.close)
        infos = [info for info in self._archive.infolist() if not _is_folder_member(info)]
        self._check(infos, limits)
        self._members = {PurePosixPath(member_name(info)): info for info in infos}

    def paths(self) -> Sequence[PurePosixPath]:
        """Returns the paths of all files, in order, relative to the tree."""
        found = [path for path in self._members if not _in_never_read(path)]
        self.left_out = Counter(
            f"in {part}" for path in self._members if (part := _in_never_read(path))
        )
        found = [path for path in found if not _is_left_out(path, self.left_out)]
        return sorted(found, key=lambda path: path.parts)

    def info(self, path: PurePosixPath) -> zipfile.ZipInfo:
        """Returns what the zip says of a file, for whoever writes it again."""
        return self._members[path]

    def read(self, path: PurePosixPath, most: int | None = None) -> bytes:
        """Returns a file's bytes.

        Raises:
            UserError: It is locked, damaged, or has more than ``most`` bytes.
        """
        name, info = f"{self.name}/{shown(path)}", self._members[path]
        if info.flag_bits & _LOCKED:
            raise UserError(f"{name} is locked with a password.")
        _check_size(name, info.file_size, most)
        try:
            return self._archive.read(info)  # never more than the zip says that it has
        except DAMAGE as error:
            raise UserError(f"{name} is damaged ({error}).") from error

    def file(self, path: PurePosixPath) -> InputFile:
        """Returns a file for those who read by and by; it is unpacked into the memory."""
        name = f"{self.name}/{shown(path)}"
        return InputFile(Path(path), name, lambda: io.BytesIO(self.read(path)))

    def _check(self, infos: list[zipfile.ZipInfo], limits: Limits) -> None:
        size = sum(info.file_size for info in infos)
        most = limits.unpacked_bytes
        if most is not None and (size > most or len(infos) > MAX_MEMBERS):
            raise UserError(
                f"{self.name} unpacks to {size / 1e6:,.0f} MB in {len(infos):,} files; the limit "
                f"is {most / 1e6:,.0f} MB and {MAX_MEMBERS:,} files. Split it."
            )
        names = Counter[PurePosixPath]()
        for info in infos:
            name = member_name(info)
            if _LEADS_OUT.search(name):  # whoever unpacks it, or the answer, would write there
                raise UserError(
                    f"{self.name} has a file that leads out of it ({name[:80]!r}): make it anew."
                )
            names[PurePosixPath(name)] += 1
            if names[PurePosixPath(name)] > 1:
                raise UserError(
                    f"{self.name} has two files of the same name ({name[:80]!r}): make it anew."
                )


def member_name(info: zipfile.ZipInfo) -> str:
    """Returns the name of a zip's member, with slashes.

    Programs of old wrote names in the code page of DOS (which `zipfile` takes for granted), others
    write UTF-8 without saying so, and some write backslashes.
    """
    name = info.filename
    if not info.flag_bits & _UTF8_NAME:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name.replace("\\", "/")


def _is_folder_member(info: zipfile.ZipInfo) -> bool:
    return member_name(info).endswith("/")


def _in_never_read(path: PurePosixPath) -> str:
    return next((part for part in path.parts[:-1] if part in NEVER_READ), "")


def _is_left_out(path: PurePosixPath, left_out: Counter[str]) -> bool:
    if not _OWN_FILES.match(path.name):
        return False
    left_out["files of macOS or Windows"] += 1
    return True


def _check_size(name: str, size: int, most: int | None) -> None:
    if most is not None and size > most:
        raise UserError(f"{name} has more than {most:,} bytes, which is the limit of one file.")

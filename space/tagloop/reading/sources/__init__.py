"""The kinds of input on this machine: each is one module with one function, and one line here.

A kind is recognised by the ending of a file and its first bytes, or by the names of the files in a
folder or zip; the first that fits reads it, so the particular come before the general.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tagloop.errors import UserError
from tagloop.reading.record import UNLIMITED, Limits, Record, Source
from tagloop.reading.sources import article_files
from tagloop.reading.sources.files import Folder, InputFile, Tree, ZipTree, shown


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


FILE_KINDS: tuple[FileKind, ...] = (
    # Exports and feeds, told by their first bytes.
    # Tables.
    # One article.
    FileKind("markdown", article_files.open_file, article_files.ENDINGS),
)
TREE_KINDS: tuple[TreeKind, ...] = (
    # Exports.
    # A folder or zip of articles.
    TreeKind("markdown", article_files.open_tree, article_files.MEMBER),
)
"""What a tree without any of these holds is read file by file, as `FILE_KINDS` says."""
_ZIP = re.compile(rb"\APK(?:\x03\x04|\x05\x06)")
_OFFICE_ENDINGS = (".docx", ".xlsx", ".xlsm", ".ods", ".odt", ".pptx", ".epub")
"""Zips as well, by their first bytes."""


def open_path(path: Path, limits: Limits = UNLIMITED) -> Source:
    """Opens a file, a folder or a zip.

    Raises:
        UserError: It cannot be read, or is of no kind that is known.
    """
    if path.is_dir():
        return open_tree(Folder(path), limits)
    return open_file(InputFile(path, shown(path.name)), limits)


def open_file(file: InputFile, limits: Limits = UNLIMITED) -> Source:
    """Opens a file or a zip.

    Raises:
        UserError: It cannot be read, or is of no kind that is known.
    """
    if _ZIP.match(file.head()) and file.ending not in _OFFICE_ENDINGS:
        return open_tree(ZipTree(file, limits), limits)
    kind = _kind(file)
    if kind is None:
        raise UserError(
            f"{file.name} is of a kind that is not read"
            f"{f' ({file.ending})' if file.ending else ''}; known are {_known()}, folders "
            "and zips of such files."
        )
    return kind.read(file, limits)


def open_tree(tree: Tree, limits: Limits = UNLIMITED) -> Source:
    """Opens a folder or a zip.

    Raises:
        UserError: It cannot be read, or holds nothing that is known.
    """
    paths = [str(path) for path in tree.paths()]
    for kind in TREE_KINDS:
        if kind.member is None or any(map(kind.member.search, paths)):
            return kind.read(tree, limits)
    return _file_by_file(tree, limits)


def _kind(file: InputFile) -> FileKind | None:
    for kind in FILE_KINDS:
        if kind.endings and file.ending not in kind.endings:
            continue
        if kind.head is None or kind.head.search(file.head()):
            return kind
    return None


def _is_known(file: InputFile) -> bool:
    try:
        return bool(_ZIP.match(file.head()) or _kind(file))
    except UserError:  # it is damaged, which its record shall say
        return any(file.ending in kind.endings for kind in FILE_KINDS)


def _file_by_file(tree: Tree, limits: Limits) -> Source:
    """Opens a tree of tables, exports or further zips, which people pack to send them."""
    files = [tree.file(path) for path in tree.paths()]
    readable: list[InputFile] = []
    left_out = Counter(tree.left_out)
    for file in files:
        if _is_known(file):
            readable.append(file)
        else:
            left_out[file.ending or "files without an ending"] += 1
    if not readable:
        raise UserError(f"{tree.name} holds no file that is read; known are {_known()}.")
    if len(readable) == 1:
        only = open_file(readable[0], limits)
        only.left_out.update(left_out)
        return only
    source = Source("files", tree.name, iter(()), left_out=left_out)
    source.records = _records(source, readable, limits)
    return source


def _records(whole: Source, files: list[InputFile], limits: Limits) -> Iterator[Record]:
    for file in files:
        try:
            source = open_file(file, limits)
            for record in source.records:
                where = f"{file.name}: {record.where.removeprefix(file.path.name).lstrip(':, ')}"
                yield record if file.name in record.where else replace(record, where=where)
        except UserError as error:
            yield Record(file.name, {}, problem=str(error))
            continue
        whole.left_out.update(source.left_out)
        whole.notes.extend(source.notes)


def _known() -> str:
    return ", ".join(dict.fromkeys(ending for kind in FILE_KINDS for ending in kind.endings))

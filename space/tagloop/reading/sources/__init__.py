"""The kinds of input on this machine: each is one module with one function, and one line here.

A kind is recognised by the ending of a file and its first bytes, or by the names of the files in a
folder or zip; the first that fits reads it, so the particular come before the general.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tagloop.errors import UserError
from tagloop.reading.record import UNLIMITED, Limits, Record, Source
from tagloop.reading.sources import article_files, feed
from tagloop.reading.sources.exports import (
    blogger,
    buttondown,
    devto,
    ghost,
    index_table,
    medium,
    notion,
    stack_exchange,
    substack,
    wix,
    wordpress,
)
from tagloop.reading.sources.files import Folder, InputFile, Tree, ZipTree, shown
from tagloop.reading.sources.tables import delimited, json_document, parquet, spreadsheet


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
        fits: Looks closer, where the names alone do not tell; None: they do.
    """

    name: str
    read: Callable[[Tree, Limits], Source]
    member: re.Pattern[str] | None = None
    fits: Callable[[Tree, Limits], bool] | None = None


JSON = (".json", ".txt", "")
"""Endings of what is JSON as a whole."""
FILE_KINDS: tuple[FileKind, ...] = (
    # Exports and feeds, told by their first bytes.
    FileKind("wordpress", wordpress.read_wordpress, head=wordpress.HEAD),
    FileKind("blogger", blogger.read_blogger, head=blogger.HEAD),
    FileKind("stack exchange", stack_exchange.read_stack_exchange, head=stack_exchange.HEAD),
    FileKind("feed", feed.read_feed, head=feed.HEAD),
    FileKind("feed", feed.read_feed, JSON, feed.JSON_HEAD),
    FileKind("ghost", ghost.read_ghost, JSON, ghost.HEAD),
    FileKind("dev.to", devto.read_devto, JSON, devto.HEAD),
    FileKind("wix", wix.read_wix, (".csv",), wix.HEAD),
    FileKind("buttondown", buttondown.read_emails, (".csv", ".json"), buttondown.HEAD),
    # Tables; a text of any other ending may be one by its first bytes.
    FileKind("table", parquet.read_parquet, (".parquet", ".pq")),
    FileKind("table", parquet.read_parquet, head=parquet.HEAD),
    FileKind("table", parquet.read_arrow, (".arrow", ".feather")),
    FileKind("table", spreadsheet.read_spreadsheet, (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")),
    FileKind("table", json_document.read_json, (".json", ".jsonl", ".ndjson", ".jl")),
    FileKind("table", json_document.read_json, (".txt", ".log", ".csv", ""), json_document.HEAD),
    FileKind("table", delimited.read_delimited, (".csv", ".tsv", ".tab", ".psv")),
    FileKind("table", delimited.read_delimited, (".txt", ""), delimited.HEAD),
    # One article.
    FileKind("markdown", article_files.open_file, article_files.ENDINGS),
    # JSON under any name; a Markdown file may have front matter in JSON.
    FileKind("table", json_document.read_json, head=json_document.HEAD),
)
TREE_KINDS: tuple[TreeKind, ...] = (
    # Exports.
    TreeKind("blogger", blogger.read_takeout, blogger.MEMBER),
    TreeKind("medium", medium.read_medium, medium.MEMBER),
    TreeKind("substack", substack.read_substack, substack.MEMBER, substack.is_substack),
    TreeKind("buttondown", buttondown.read_buttondown, buttondown.MEMBER, buttondown.is_buttondown),
    TreeKind("notion", notion.read_notion, notion.MEMBER),
    TreeKind("index", index_table.read_index, index_table.MEMBER, index_table.is_index),
    # A folder or zip of articles.
    TreeKind("markdown", article_files.open_tree, article_files.MEMBER),
    # A table in several files.
    TreeKind("table", parquet.read_shards, parquet.SHARD),
)
"""What a tree without any of these holds is read file by file, as `FILE_KINDS` says."""
_ABOUT = re.compile(
    r"(?:\A|/)(?:readme|licen[cs]e|copying|notice|changelog|contributing|citation|attribution"
    r"|data[ _-]?(?:set[ _-]?)?(?:card|dictionary|sheet|description))"
    r"(?:\.\w{1,8})?\Z",
    re.IGNORECASE,
)
"""Files about a collection; beside tables they are no articles."""
MAX_NESTED = 3
"""Zips within one another; there are some that hold themselves."""
_ZIP = re.compile(rb"\APK(?:\x03\x04|\x05\x06)")
_OFFICE_ENDINGS = (".docx", ".xlsx", ".xlsm", ".xlsb", ".ods", ".odt", ".pptx", ".epub")
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
    return _open_file(file, limits, 1)


def _open_file(file: InputFile, limits: Limits, depth: int) -> Source:
    if _ZIP.match(file.head()) and file.ending not in _OFFICE_ENDINGS:
        if depth > MAX_NESTED:
            raise UserError(f"{file.name} is a zip in too many others: unpack those first.")
        return _open_tree(ZipTree(file, limits), limits, depth)
    kind = _kind(file)
    if kind is None:
        raise UserError(
            f"{file.name} is of a kind that is not read"
            f"{f' ({file.ending})' if file.ending else ''}; known are {_known()}, and "
            "folders and zips of them."
        )
    return kind.read(file, limits)


def open_tree(tree: Tree, limits: Limits = UNLIMITED) -> Source:
    """Opens a folder or a zip.

    Raises:
        UserError: It cannot be read, or holds nothing that is known.
    """
    return _open_tree(tree, limits, 0)


def shards_of(folder: Path) -> list[Path]:
    """Returns the tables of a folder that is nothing else; the folder itself where it is more.

    Raises:
        UserError: It cannot be read, or holds nothing that is known.
    """
    tree = Folder(folder)
    kind = _tree_kind(tree, UNLIMITED)
    if kind is None:
        files = _known_files(tree)[0]
        if not all(kind and kind.name == "table" for kind in map(_kind, files)):
            return [folder]
        return [file.path for file in files]
    if kind.read is not parquet.read_shards:
        return [folder]
    return [folder / path for path in tree.paths() if parquet.SHARD.search(str(path))]


def _open_tree(tree: Tree, limits: Limits, depth: int) -> Source:
    kind = _tree_kind(tree, limits)
    return kind.read(tree, limits) if kind else _file_by_file(tree, limits, depth)


def _tree_kind(tree: Tree, limits: Limits) -> TreeKind | None:
    paths = [str(path) for path in tree.paths() if not _ABOUT.search(str(path))]
    paths = paths or [str(path) for path in tree.paths()]
    for kind in TREE_KINDS:
        named = kind.member is None or any(map(kind.member.search, paths))
        if named and (kind.fits is None or kind.fits(tree, limits)):
            return kind
    return None


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


def _file_by_file(tree: Tree, limits: Limits, depth: int) -> Source:
    """Opens a tree of tables, exports or further zips, which people pack to send them."""
    readable, left_out = _known_files(tree)
    if len(readable) == 1:
        only = _open_file(readable[0], limits, depth + 1)
        only.left_out.update(left_out)
        return only
    source = Source("files", tree.name, iter(()), left_out=left_out)
    source.records = _records(source, readable, limits, depth + 1)
    return source


def _known_files(tree: Tree) -> tuple[list[InputFile], Counter[str]]:
    """Returns the files that are read, and how many others there are by ending.

    Raises:
        UserError: None is read.
    """
    readable: list[InputFile] = []
    left_out = Counter(tree.left_out)
    for path in tree.paths():
        file = tree.file(path)
        if _ABOUT.search(str(path)):
            left_out["files about the others"] += 1
        elif _is_known(file):
            readable.append(file)
        else:
            left_out[file.ending or "files without an ending"] += 1
    if not readable:
        raise UserError(f"{tree.name} holds no file that is read; known are {_known()}.")
    return readable, left_out


def _records(whole: Source, files: list[InputFile], limits: Limits, depth: int) -> Iterator[Record]:
    for file in files:
        try:
            source = _open_file(file, limits, depth)
            yield from source.records
        except UserError as error:
            yield Record(file.name, {}, problem=str(error))
            continue
        whole.left_out.update(source.left_out)
        whole.notes += [f"{file.path.name}: {note}" for note in source.notes]


def _known() -> str:
    articles = article_files.ENDINGS
    tables = {ending for kind in FILE_KINDS if kind.name == "table" for ending in kind.endings}
    names = {kind.name for kind in FILE_KINDS} | {kind.name for kind in TREE_KINDS}
    exports = names - {"table", "markdown", "index"}
    return (
        f"articles ({', '.join(articles)}), tables ({', '.join(sorted(tables - {*articles, ''}))}) "
        f"and exports ({', '.join(sorted(exports))})"
    )

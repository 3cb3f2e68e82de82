"""A batch as a zip of Markdown files; nothing is ever unpacked to disk."""

from __future__ import annotations

import csv
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import yaml

from tagloop.batch.formulas import neutral
from tagloop.batch.rows import (
    CONFIDENCES,
    MAX_MARKUP_CHARACTERS,
    TAGS,
    Row,
    RowTags,
    check_count,
    free_name,
)
from tagloop.errors import UserError
from tagloop.reading.documents.markdown import read_markdown_file
from tagloop.text.encodings import find_encoding
from tagloop.reading.front_matter import FrontMatter, split_front_matter

MAX_ENTRIES = 20_000
MAX_UNPACKED_BYTES = 200_000_000
MAX_ENTRY_BYTES = 1_000_000
PROBLEMS = "tagging-problems.csv"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)
"""What `zipfile` and its decompressors raise for bytes that are not what they say."""
_ENDINGS = (".md", ".markdown")
_EMPTY_TAGS = re.compile(r"^tags:[ \t]*(?:\[[ \t]*\]|~|null)?[ \t]*(\r?)$", re.MULTILINE)


class MarkdownZip:
    """Reads the files of the archive, in its order; ``name`` is what the visitor calls it.

    Raises:
        UserError: The file is no zip, unpacks to too much, or names files outside of itself.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
        except _DAMAGE as error:
            raise UserError(f"{name} is not a zip archive, or damaged: make it anew.") from error
        _check(entries, name)
        self._entries = [entry for entry in entries if _is_article(entry.filename)]
        files = sum(not entry.filename.endswith("/") for entry in entries)  # a name may be empty
        self._left_out = files - len(self._entries)
        self.total = check_count(name, len(self._entries), "Markdown files")

    def rows(self) -> Iterator[Row]:
        """Reads the files; one that cannot be read has its problem with it."""
        with zipfile.ZipFile(self._path) as archive:
            for entry in self._entries:
                yield _read(archive, entry)

    def writer(self, target: Path) -> MarkdownZipWriter:
        """Begins the archive with the tags."""
        return MarkdownZipWriter(target, self._left_out)


class MarkdownZipWriter:
    """Writes the files with tags in their front matter, their bodies as they were."""

    def __init__(self, target: Path, left_out: int) -> None:
        self._archive = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._left_out = left_out
        self._problems: list[tuple[str, str]] = []
        self._renamed = 0

    def write(self, row: Row, tagged: RowTags) -> None:
        """Writes a file; one with a problem stays as it was, and the problem goes into a list."""
        entry, data, text = row.given
        if tagged.problem is None:
            try:
                content, name = add_tags(text, tagged, row.where)
                self._renamed += name != TAGS
                data = content.encode("utf-8", errors="replace")
            except UserError as error:
                self._problems.append((row.where, str(error)))
        else:
            self._problems.append((row.where, tagged.problem))
        info = zipfile.ZipInfo(entry.filename, entry.date_time)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        self._archive.writestr(info, data)

    def close(self) -> list[str]:
        """Completes the archive."""
        notes = []
        if self._problems:
            table = io.StringIO()
            rows = [("file", "error"), *self._problems]
            csv.writer(table, quoting=csv.QUOTE_ALL).writerows(map(neutral, row) for row in rows)
            self._archive.writestr(PROBLEMS, table.getvalue())
            notes.append(f"Files with problems are as they were; {PROBLEMS} in the zip lists them.")
        if self._renamed:
            notes.append(
                f"{self._renamed:,} files had {TAGS} already: theirs stay, the new ones are under "
                f"suggested_{TAGS}."
            )
        if self._left_out:
            notes.append(f"{self._left_out:,} files that are no Markdown are left out.")
        self._archive.close()
        return notes


def add_tags(content: str, tagged: RowTags, where: str) -> tuple[str, str]:
    """Adds tags with confidences to front matter; returns the file and the name of the tags.

    Every line that was there stays as it was written; ``tags`` that are empty are filled.

    Raises:
        UserError: The front matter is written in a way that lines cannot be added to.
    """
    mark = "\ufeff" if content.startswith("\ufeff") else ""
    content = content.removeprefix("\ufeff")
    front = split_front_matter(content, where)
    empty = front.values.get(TAGS) in (None, "", [], "~", "null")
    name = TAGS if empty else free_name(TAGS, list(front.values))
    confidences = free_name(CONFIDENCES, list(front.values))
    end = "\r\n" if "\r\n" in content else "\n"
    lines = front.lines
    if name == TAGS and TAGS in front.values:
        lines = _EMPTY_TAGS.sub("", lines, count=1)
    lines = lines.strip("\r\n")
    tags = yaml.safe_dump({name: list(tagged.tags)}, allow_unicode=True, sort_keys=False)
    numbers = yaml.safe_dump(
        {confidences: list(tagged.confidences)}, default_flow_style=None, width=1_000
    )
    added = (tags + numbers).rstrip("\n").replace("\n", end)
    head = f"{lines}{end}{added}" if lines else added
    # What ends the closing line of dashes is the first thing that the body has.
    body = front.body if front.given else f"{end}{end}{content}"
    changed = f"---{end}{head}{end}---{body}"
    _check_added(changed, front, name, tagged, where)
    return mark + changed, name


def _check_added(changed: str, before: FrontMatter, name: str, tagged: RowTags, where: str) -> None:
    impossible = UserError(f"{where}: tags cannot be added to front matter written like this.")
    try:
        after = split_front_matter(changed, where)
    except UserError as error:
        raise impossible from error
    # Not the values: the lines are the same, and comparing nested aliases can take for ever.
    same = set(before.values) - {name} <= set(after.values)
    written = list(after.values.get(name) or []) == list(tagged.tags)
    if not same or not written or (before.given and after.body != before.body):
        raise impossible


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Row:
    where = entry.filename
    if entry.flag_bits & 0x1:
        return Row(where, problem="it is locked with a password", given=(entry, b"", ""))
    if entry.file_size > MAX_ENTRY_BYTES:
        problem = f"it has {entry.file_size:,} bytes; the limit of one is {MAX_ENTRY_BYTES:,}"
        return Row(where, problem=problem, given=(entry, b"", ""))
    try:
        data = archive.read(entry)
    except _DAMAGE as error:
        return Row(where, problem=f"it is damaged ({error})", given=(entry, b"", ""))
    try:
        encoding = find_encoding([data], where)
        content = data.decode("utf-8" if encoding == "utf-8-sig" else encoding, errors="replace")
        if len(content) > MAX_MARKUP_CHARACTERS:
            raise UserError(f"it has more than {MAX_MARKUP_CHARACTERS:,} characters")
        title, text = read_markdown_file(content.removeprefix("\ufeff"), where)
    except UserError as error:
        return Row(where, problem=str(error), given=(entry, data, ""))
    return Row(where, title, text, None, (entry, data, content))


def _check(entries: list[zipfile.ZipInfo], name: str) -> None:
    size = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or size > MAX_UNPACKED_BYTES:
        raise UserError(
            f"{name} unpacks to {size / 1e6:,.0f} MB in {len(entries):,} files; the limit is "
            f"{MAX_UNPACKED_BYTES / 1e6:,.0f} MB and {MAX_ENTRIES:,} files. Split it."
        )
    seen: set[str] = set()
    for entry in entries:
        shown = entry.filename[:80]
        parts = PurePosixPath(entry.filename).parts
        # Whoever unpacks the answer would write there.
        if ".." in parts or entry.filename.startswith("/") or re.search(r"[\\:\0]", entry.filename):
            raise UserError(f"{name} has a file that leads out of it ({shown!r}): make it anew.")
        if entry.filename in seen:
            raise UserError(f"{name} has two files of the same name ({shown!r}): make it anew.")
        seen.add(entry.filename)


def _is_article(filename: str) -> bool:
    path = PurePosixPath(filename)
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return path.suffix.lower() in _ENDINGS and not hidden

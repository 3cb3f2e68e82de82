"""Article files with tags in their front matter, in its dialect; what follows it as it was."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from tagloop.batch.rows import CONFIDENCES, TAGS, Form, Piece, RowTags, free_name
from tagloop.batch.writers.writer import Written
from tagloop.errors import UserError
from tagloop.reading.front_matter import split_front_matter
from tagloop.reading.front_matter.adding import HTML_ENDINGS, Values, add_values, takes
from tagloop.reading.sources.files import Folder, InputFile, ZipTree
from tagloop.text.encodings import declared_encoding, find_encoding

_BEGUN = (
    ".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdx", ".qmd", ".rmd", ".rmarkdown", ".rst",
    ".org",
)  # fmt: skip
"""Files that get front matter where they have none; in others nothing expects it."""
_HEAD = re.compile(r"<head[\s>]", re.IGNORECASE)


class ArticleFilesWriter:
    """Writes each file with its tags.

    Args:
        given: The zip, the folder, or the one file.
    """

    def __init__(self, given: InputFile | ZipTree | Folder) -> None:
        self._given = given
        self.form = Form(given.ending if isinstance(given, InputFile) else ".zip")
        self._renamed = 0

    def write(self, row: Written) -> Piece:
        """Returns a file; one with a problem, or with no place for tags, as it was."""
        where = row.entry.record.where
        try:
            data, name, modified = self._file(row)
        except UserError:  # it is damaged, as its problem says
            return Piece(b"", str(row.entry.record.given))
        if row.tagged.problem:
            return Piece(data, name, modified=modified)
        try:
            added, encoding = _with_tags(data, row.tagged, where, name)
        except UserError as error:
            problem = str(error).removeprefix(where).lstrip(":, ")
            return Piece(data, name, problem, modified=modified)
        if added is None:
            return Piece(data, name, listed=True, modified=modified)
        content, written = added
        self._renamed += written != TAGS
        return Piece(_encoded(content, encoding), name, modified=modified)

    def notes(self) -> list[str]:
        """Returns how many files had tags."""
        if not self._renamed:
            return []
        had = "1 file" if self._renamed == 1 else f"{self._renamed:,} files"
        return [f"{had} had {TAGS} already: theirs stay, the new ones are under suggested_{TAGS}."]

    def _file(self, row: Written) -> tuple[bytes, str, tuple[int, ...]]:
        if isinstance(self._given, InputFile):
            with self._given.open() as stream:
                return stream.read(), self._given.name, ()
        path: PurePosixPath = row.entry.record.given
        modified = self._given.info(path).date_time if isinstance(self._given, ZipTree) else ()
        return self._given.read(path), str(path), modified


def has_place(file: InputFile) -> bool:
    """Tells whether tags can stand in an article's file, or why they cannot will be its problem."""
    try:
        with file.open() as stream:
            return _with_tags(stream.read(), RowTags(), file.name, file.name)[0] is not None
    except UserError:
        return True


def _with_tags(
    data: bytes, tagged: RowTags, where: str, name: str
) -> tuple[tuple[str, str] | None, str]:
    """Returns what `add_tags` makes of a file, and the file's encoding.

    Raises:
        UserError: It cannot be read, or nothing can be added to its front matter.
    """
    ending = PurePosixPath(name).suffix.lower()
    declared = declared_encoding(data) if ending in HTML_ENDINGS else None
    encoding = find_encoding([data], where, declared)
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding  # the mark stays
    return add_tags(data.decode(encoding, errors="replace"), tagged, where, ending), encoding


def _encoded(content: str, encoding: str) -> bytes:
    try:
        return content.encode(encoding)
    except UnicodeEncodeError:  # tags have letters that the file's own encoding has not
        return content.encode(errors="replace")


def add_tags(content: str, tagged: RowTags, where: str, ending: str) -> tuple[str, str] | None:
    """Adds tags to front matter, with their confidences where they come with them.

    Returns:
        The file and the name of the tags; None if nothing in such a file expects any.

    Raises:
        UserError: The front matter is written in a way that nothing can be added to.
    """
    front = split_front_matter(content, where, ending)
    if not front.given and ending in HTML_ENDINGS and _HEAD.search(content):
        return add_values(content, {TAGS: list(tagged.tags)}, where, ending), TAGS
    if not front.given and ending not in _BEGUN:
        return None
    taken = [name for name in front.values if not takes(front, name)]
    tags, confidences = (
        name if takes(front, name) else free_name(name, [name, *taken])
        for name in (TAGS, CONFIDENCES)
    )
    values: Values = {tags: list(tagged.tags)}
    if len(tagged.confidences) == len(tagged.tags):
        values = {**values, confidences: list(tagged.confidences)}
    return add_values(content, values, where, ending), tags

"""Where the tags of many articles go: their own kind of file, Parquet, or a dataset's folder.

Each is written beside its place, as ``….part``, and takes its place when it is whole.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from tagloop.batch.results import FolderResult, PlainResult, ResultFile, ZipResult
from tagloop.batch.rows import Row, RowTags
from tagloop.batch.writers.choice import choose_writer
from tagloop.batch.writers.writer import Writer, Written
from tagloop.errors import UserError
from tagloop.reading.record import UNLIMITED, Entry
from training.data.sources.locations import FILE_ENDINGS, is_there
from training.tag.articles import Articles
from training.tag.parquet import ArticleColumns, ParquetFile

PACKED: dict[str, Callable[[Path, str], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
PARQUET = (".parquet", ".pq")


class Target(ABC):
    """Something that is written article by article.

    Attributes:
        path: What it will be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(f"{path.name}.part")

    @abstractmethod
    def add(self, entry: Entry, tagged: RowTags) -> str:
        """Writes an article; returns why it has no tags there, empty if it has."""

    @abstractmethod
    def close(self) -> list[str]:
        """Completes it; returns sentences for a person."""

    def take_place(self) -> list[str]:
        """Completes it and puts it where it belongs; returns sentences for a person."""
        notes = self.close()
        self.partial.rename(self.path)
        return notes

    def abandon(self) -> None:
        """Ends the writing and removes what was written."""
        try:
            self.close()
        finally:
            self.remove_partial()

    def remove_partial(self) -> None:
        """Removes what is not whole, of this run or of one that was killed."""
        if self.partial.is_dir():
            shutil.rmtree(self.partial, ignore_errors=True)
        else:
            self.partial.unlink(missing_ok=True)


class OwnTarget(Target):
    """The source's own kind of file, written as the Batch tab writes it."""

    def __init__(self, path: Path, writer: Writer) -> None:
        super().__init__(path)
        self.remove_partial()
        self._writer = writer
        self._result = self._begin()

    def add(self, entry: Entry, tagged: RowTags) -> str:
        """Writes an article; returns why it has no tags there, empty if it has."""
        piece = self._writer.write(Written(entry, tagged))
        self._result.add(Row(entry.record.where, entry.title), tagged, piece)
        return tagged.problem or piece.problem

    def close(self) -> list[str]:
        """Completes it; returns sentences for a person."""
        return [*self._writer.notes(), *self._result.close()]

    def _begin(self) -> ResultFile:
        form = self._writer.form
        if not form.is_archive:
            open_packed = PACKED.get(self.path.suffix.lower())
            file: IO[bytes] = (
                open_packed(self.partial, "wb") if open_packed else self.partial.open("wb")
            )
            return PlainResult(file, form)
        zipped = self.path.suffix.lower() == ".zip"
        return ZipResult(self.partial) if zipped else FolderResult(self.partial)


class ParquetTarget(Target):
    """One Parquet file."""

    def __init__(self, path: Path, columns: ArticleColumns) -> None:
        super().__init__(path)
        self._columns = columns
        self._file = ParquetFile(self.partial, columns)

    def add(self, entry: Entry, tagged: RowTags) -> str:
        """Writes an article; returns why it has no tags there, empty if it has."""
        self._file.add(entry, tagged)
        return tagged.problem

    def close(self) -> list[str]:
        """Completes it; returns sentences for a person."""
        self._file.close()
        return unfit_notes(self._columns)


def unfit_notes(columns: ArticleColumns) -> list[str]:
    """Returns a sentence where values were left out."""
    if not columns.unfit:
        return []
    one = columns.unfit == 1
    return [
        f"{columns.unfit:,} {'value is' if one else 'values are'} left out that "
        f"{'is' if one else 'are'} not of the column's type."
    ]


def own_writer(articles: Articles) -> Writer | None:
    """Returns what writes the source's own kind of file; None where Parquet is what it is.

    Parquet, Arrow and datasets of the Hub state types that no other format keeps; of what lies at
    an address there is no file to write again.
    """
    if articles.path is None or articles.schema is not None:
        return None
    return choose_writer(articles.source, articles.survey, articles.path, UNLIMITED)


def target_path(out: str, articles: Articles, writer: Writer | None) -> Path:
    """Returns where the result goes, as a person says or ``…-tagged`` in the current folder.

    Raises:
        UserError: Something is there already, or the ending is of a format that is not written.
    """
    ending = ".parquet" if writer is None else writer.form.ending
    is_folder = articles.path is not None and articles.path.is_dir()
    if out:
        path = Path(out).expanduser()
        _check_ending(path, ending, articles)
    else:
        packed = articles.path.suffix.lower() if articles.path else ""
        kept = "" if ending == ".zip" and is_folder else ending
        if packed in PACKED and writer is not None:
            kept += packed
        path = Path(f"{articles.stem}-tagged{kept}")
    check_free(path, articles.location)
    return path


def check_free(path: Path, location: str) -> None:
    """Makes sure that a result can have a place.

    Args:
        path: The place.
        location: The source's, which must not come to have its own result in it.

    Raises:
        UserError: Something is there already, there is no such folder, or it lies in the source.
    """
    if path.exists():
        raise UserError(f"{path} is there already: remove it, or name another with --out.")
    if not path.parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}.")
    if is_there(location) and Path(location).expanduser().resolve() in path.resolve().parents:
        raise UserError(f"{path} lies in {location}: name a place outside with --out.")


def _check_ending(path: Path, ending: str, articles: Articles) -> None:
    given = path.suffix.lower()
    plain = Path(path.stem).suffix.lower() if given in PACKED else given
    fits = given in PARQUET or plain == ending
    if ending == ".zip":
        fits = fits or given not in FILE_ENDINGS
    if not fits:
        own = "a folder or .zip" if ending == ".zip" else ending
        other = "" if ending == ".parquet" else ", or as .parquet"
        raise UserError(f"{articles.name} comes back as {own}{other}: {path} has another ending.")


def is_parquet(path: Path) -> bool:
    """Tells whether a file is to be Parquet, by its ending."""
    return path.suffix.lower() in PARQUET

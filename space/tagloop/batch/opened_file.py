"""A visitor's file in the process that reads it: its articles, and what is written of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from tagloop.batch.named_columns import in_the_tab
from tagloop.batch.rows import LIMITS, MAX_ROWS, Piece, Row, RowTags
from tagloop.batch.writers.choice import choose_writer
from tagloop.batch.writers.writer import BEGINNING, CUT_TITLE, Survey, Written
from tagloop.errors import UserError
from tagloop.limits import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, beginning, readable
from tagloop.reading.columns import listed, naming
from tagloop.reading.entries import Entries, read_entries
from tagloop.reading.record import Entry, ReadOptions, Source
from tagloop.reading.sources import open_path


class OpenedFile:
    """Reads the file article by article; see `tagloop.batch.rows.BatchFile`.

    Args:
        path: The file.
        columns: Field to the file's own name of it, where the names do not say it.

    Raises:
        UserError: It cannot be read, has nothing that could be tagged, or too much.
    """

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        survey = _survey(path)
        source = open_path(path, LIMITS)
        self.total = survey.count
        try:
            self._entries = _entries(source, columns, survey)
        except UserError as error:
            raise UserError(in_the_tab(str(error))) from error
        self._writer = choose_writer(source, survey, path)
        self.form = self._writer.form
        self._source = source
        self._read: list[tuple[Entry, str]] = []
        self._cut_texts = self._cut_titles = 0

    def read(self, most: int) -> list[Row]:
        """Returns the next rows, so many at the most; none at the end.

        Raises:
            UserError: It cannot be read any further.
        """
        self._read.clear()
        return [self._row(entry) for entry in islice(self._entries, most)]

    def write(self, tagged: Sequence[RowTags]) -> list[Piece]:
        """Returns what is written for the rows of the last ``read``."""
        rows = zip(self._read, tagged, strict=True)
        return [self._writer.write(Written(entry, tags, note)) for (entry, note), tags in rows]

    def notes(self) -> list[str]:
        """Returns sentences about what was read and written, for the visitor."""
        return [*self._cut_notes(), *self._left_out(), *self._writer.notes()]

    def close(self) -> None:
        """Ends the reading."""
        if isinstance(self._source.records, Iterator) and hasattr(self._source.records, "close"):
            self._source.records.close()

    def _row(self, entry: Entry) -> Row:
        title, text = entry.title.strip(), entry.text.strip()
        problem = entry.problem or ("" if text else "it has no text")
        cut_text, cut_title = len(text) > MAX_TEXT_CHARACTERS, len(title) > MAX_TITLE_CHARACTERS
        note = "; ".join(
            sentence
            for sentence, holds in ((BEGINNING, cut_text), (CUT_TITLE, cut_title))
            if holds and not problem
        )
        self._read.append((entry, note))
        if problem:
            return Row(entry.record.where, problem=problem)
        self._cut_texts += cut_text
        self._cut_titles += cut_title
        title, text = beginning(title, MAX_TITLE_CHARACTERS), beginning(text, MAX_TEXT_CHARACTERS)
        return Row(entry.record.where, title, text)

    def _cut_notes(self) -> Iterator[str]:
        for count, what, most in (
            (self._cut_texts, "text", MAX_TEXT_CHARACTERS),
            (self._cut_titles, "title", MAX_TITLE_CHARACTERS),
        ):
            if count == 1:
                yield f"1 {what} was longer than {most:,} characters: its beginning was tagged."
            elif count:
                yield (
                    f"{count:,} {what}s were longer than {most:,} characters: their beginning was "
                    "tagged."
                )

    def _left_out(self) -> Iterator[str]:
        count = sum(self._source.left_out.values())
        if count:
            kinds = ", ".join(
                f"{kind} ({number:,})" for kind, number in self._source.left_out.most_common(5)
            )
            files = "file is" if count == 1 else "files are"
            yield f"{count:,} {files} left out: {kinds}."


def _survey(path: Path) -> Survey:
    """Reads the file once, to count its records and see how it is written."""
    source = open_path(path, LIMITS)
    survey = Survey()
    for record in source.records:
        survey.see(record)
        if survey.count > MAX_ROWS:
            raise UserError(
                f"{source.name} has more than {MAX_ROWS:,} articles, which is the limit: split it "
                "and give one part after the other."
            )
    if survey.count == 0:
        raise UserError(f"{source.name} has no articles in it: give a file with at least one.")
    return survey


def _entries(source: Source, columns: Mapping[str, str], survey: Survey) -> Entries:
    """Returns the articles of a file that has texts.

    Raises:
        UserError: There is no column for the text, or none of a name that a person gives.
    """
    entries = read_entries(source, ReadOptions(columns=columns, needed=("text",)))
    if not entries.columns.names.get("text") and not survey.apart:
        if not survey.names and survey.problem:
            raise UserError(f"{source.name} has no article that can be read: {survey.problem}.")
        raise UserError(
            f"{source.name}: no column for the text found; the columns are "
            f"{listed([readable(name) for name in survey.names])}. Say which one it is with "
            f"{naming('text')}."
        )
    return entries

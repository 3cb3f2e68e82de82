"""A visitor's file in the process that reads it: its articles, and what is written of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from tagloop.batch.articles import entries_of, left_out_notes, row_of, survey_of
from tagloop.batch.named_columns import in_the_tab
from tagloop.batch.rows import LIMITS, MAX_ROWS, Piece, Row, RowTags
from tagloop.batch.writers.choice import choose_writer
from tagloop.batch.writers.writer import BEGINNING, CUT_TITLE, Written
from tagloop.errors import UserError
from tagloop.limits import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, beginning
from tagloop.reading.record import Entry
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
        survey = survey_of(open_path(path, LIMITS), MAX_ROWS)
        source = open_path(path, LIMITS)
        self.total = survey.count
        try:
            self._entries = entries_of(source, columns, survey)
        except UserError as error:
            raise UserError(in_the_tab(str(error))) from error
        self._writer = choose_writer(source, survey, path, LIMITS)
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
        return [*self._cut_notes(), *left_out_notes(self._source), *self._writer.notes()]

    def close(self) -> None:
        """Ends the reading."""
        if isinstance(self._source.records, Iterator) and hasattr(self._source.records, "close"):
            self._source.records.close()

    def _row(self, entry: Entry) -> Row:
        row = row_of(entry)
        title = beginning(row.title, MAX_TITLE_CHARACTERS)
        text = beginning(row.text, MAX_TEXT_CHARACTERS)
        cut_text, cut_title = text != row.text, title != row.title
        cut = ((BEGINNING, cut_text), (CUT_TITLE, cut_title))
        self._read.append((entry, "; ".join(sentence for sentence, holds in cut if holds)))
        self._cut_texts += cut_text
        self._cut_titles += cut_title
        return replace(row, title=title, text=text)

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

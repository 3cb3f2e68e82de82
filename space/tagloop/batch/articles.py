"""A source's articles as rows that can be tagged: counted in a first reading, made in a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tagloop.batch.rows import Row
from tagloop.batch.writers.writer import Survey
from tagloop.errors import UserError
from tagloop.limits import readable
from tagloop.reading.columns import listed, naming
from tagloop.reading.entries import Entries, read_entries
from tagloop.reading.record import Entry, ReadOptions, Source


def survey_of(source: Source, most: int | None = None) -> Survey:
    """Reads a source to its end, to count its records and see how it is written.

    Args:
        source: Opened for this alone.
        most: Records that it may have; None for any number.

    Raises:
        UserError: It has none, or too many.
    """
    survey = Survey()
    for record in source.records:
        survey.see(record)
        if most is not None and survey.count > most:
            raise UserError(
                f"{source.name} has more than {most:,} articles, which is the limit: split it "
                "and give one part after the other."
            )
    if survey.count == 0:
        raise UserError(f"{source.name} has no articles in it: give a file with at least one.")
    return survey


def entries_of(source: Source, columns: Mapping[str, str], survey: Survey) -> Entries:
    """Returns the articles of a source that has texts.

    Args:
        source: None of its records need have been read.
        columns: Field to the source's own name of it, where the names do not say it.
        survey: Of its first reading.

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


def row_of(entry: Entry) -> Row:
    """Returns what is tagged of an article, or why it cannot be."""
    title, text = entry.title.strip(), entry.text.strip()
    problem = entry.problem or ("" if text else "it has no text")
    if problem:
        return Row(entry.record.where, problem=problem)
    return Row(entry.record.where, title, text)


def left_out_notes(source: Source) -> Iterator[str]:
    """Yields a sentence about files that are not read, if there are any."""
    count = sum(source.left_out.values())
    if count:
        kinds = ", ".join(f"{kind} ({number:,})" for kind, number in source.left_out.most_common(5))
        files = "file is" if count == 1 else "files are"
        yield f"{count:,} {files} left out: {kinds}."

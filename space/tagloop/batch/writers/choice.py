"""Which writer gives a file back, by what was opened."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from tagloop.batch.writers.article_files import ArticleFilesWriter, has_place
from tagloop.batch.writers.json_document import JsonDocumentWriter
from tagloop.batch.writers.json_lines import JsonLinesWriter
from tagloop.batch.writers.listing import ListingWriter
from tagloop.batch.writers.table import TableWriter
from tagloop.batch.writers.writer import Survey, Writer
from tagloop.errors import UserError
from tagloop.reading.record import Limits, Source
from tagloop.reading.sources.files import Folder, InputFile, ZipTree
from tagloop.reading.sources.tables import TableSource

_NO_FRONT_MATTER = (".docx", ".pdf", ".txt")


def choose_writer(source: Source, survey: Survey, path: Path, limits: Limits) -> Writer:
    """Returns the writer of a file or folder that was opened.

    Args:
        source: What was opened; its records may have been read or not.
        survey: What its first reading has found.
        path: Where it is.
        limits: Of an archive.
    """
    file = InputFile(path, path.name)
    ending = file.ending
    if isinstance(source, TableSource):
        if isinstance(survey.given, str):
            return JsonLinesWriter(survey, ending)
        if survey.given is None and (document := _json_of(path, source)) is not None:
            try:
                return JsonDocumentWriter(document, survey)
            except LookupError:
                pass
        return TableWriter(source, survey, ending)
    if isinstance(survey.given, PurePosixPath):
        return ArticleFilesWriter(Folder(path) if path.is_dir() else ZipTree(file, limits))
    if source.kind == "markdown" and ending not in _NO_FRONT_MATTER:
        if has_place(file):
            return ArticleFilesWriter(file)
        return ListingWriter(f"{file.name} has no place for tags: this table lists them.")
    return ListingWriter(
        f"Tags cannot be put back into this kind of file ({source.kind}): this table lists them."
    )


def _json_of(path: Path, source: TableSource) -> Any:
    """Reads the document again; None if it is none."""
    try:
        with InputFile(path, source.name).open() as stream:
            return json.loads(stream.read().decode(source.encoding or "utf-8-sig", "replace"))
    except (UserError, ValueError, RecursionError):
        return None

"""The articles of a source, which are read several times: counted, tagged, written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from tagloop.batch.articles import entries_of, left_out_notes, row_of, survey_of
from tagloop.batch.rows import Row
from tagloop.errors import UserError
from tagloop.reading.record import Entry, Record, Source
from tagloop.reading.sources.address import is_address
from tagloop.reading.sources.files import COMPRESSIONS
from tagloop.reading.sources.tables import TableSource
from training.console import progress_bar
from training.data.sources import open_source
from training.data.sources.hub import PATTERN
from training.data.sources.locations import is_there

Seen = Callable[[Mapping[str, Any]], object]


class Articles:
    """A source's articles; never more than a few are in memory, but see ``_open_address``.

    Attributes:
        location: As a person gave it.
        path: The file or folder; None of what is not here.
        name: For people and reports, without a path of this machine.
        source: As it was opened for the first reading, which is over.
        survey: What that has found.
        digest: Of all that was read.
        notes: What a person should know of the source.
    """

    def __init__(
        self, location: str, columns: Mapping[str, str], limit: int | None, see: Seen | None = None
    ) -> None:
        """Reads the source once.

        Args:
            location: As `training.data.sources.open_source` takes it.
            columns: Field to the source's own name of it, where the names do not say it.
            limit: So many articles are read at the most; None for all.
            see: Told the values of each article of the first reading, where the source does not
                state their types.

        Raises:
            UserError: It is not there, cannot be read, or has no article with a text.
        """
        self.location = location
        self.path = Path(location).expanduser() if is_there(location) else None
        self._columns = columns
        self._limit = limit
        self._fetched: tuple[Source, list[Record]] | None = None
        self.source = self.open()
        self.name = self.source.name
        digest = hashlib.sha256()
        self.source.records = _seen(self.source.records, digest, None if self.schema else see)
        self.survey = survey_of(self.source)
        self.survey.long = False  # all of a text is tagged
        self.digest = digest.hexdigest()
        self.notes = [*self.source.notes, *left_out_notes(self.source)]
        entries_of(self.open(), columns, self.survey)  # a column that is missing is told at once

    @property
    def schema(self) -> Any:
        """The Arrow schema of its columns; None where it states none."""
        return self.source.schema if isinstance(self.source, TableSource) else None

    @property
    def count(self) -> int:
        """How many there are."""
        return self.survey.count

    @property
    def shown(self) -> str:
        """Its name for people, with the beginning of a commit."""
        name, at, commit = self.name.partition("@")
        return f"{name}{at}{commit[:10]}" if self.path is None else self.name

    @property
    def stem(self) -> str:
        """A name for files that come of the source."""
        return stem_of(self.location)

    def open(self) -> Source:
        """Opens the source anew."""
        source = self._open_address() if is_address(self.location) else self._open()
        source.records = islice(up_to_break(source.name, source.records), self._limit)
        return source

    def entries(self) -> Iterator[Entry]:
        """Yields the articles, always in the same order."""
        return entries_of(self.open(), self._columns, self.survey)

    def rows(self) -> Iterator[Row]:
        """Yields what is tagged of each.

        Raises:
            UserError: There are not as many as there were.
        """
        count = 0
        for entry in self.entries():
            count += 1
            yield row_of(entry)
        if count != self.count:
            raise UserError(f"{self.name} was changed while it was read: run the command again.")

    def _open(self) -> Source:
        # Of a large dataset's first articles the rest need not be fetched.
        return open_source(self.location, streaming=self._limit is not None)

    def _open_address(self) -> Source:
        """Opens what lies at an address, which is fetched once and kept in memory."""
        if self._fetched is None:
            source = open_source(self.location)
            self._fetched = source, list(up_to_break(source.name, source.records))
        source, records = self._fetched
        return replace(source, records=iter(records))


def stem_of(location: str) -> str:
    """Returns a name for files that come of a source; of shards that of their folder."""
    if not is_there(location) and "*" in location:
        location = str(Path(location).parent)
    if is_there(location):
        path = Path(location).expanduser().resolve()
        path = path.with_suffix("") if path.suffix.lower() in COMPRESSIONS else path
        return path.name if path.is_dir() else path.stem
    found = PATTERN.fullmatch(location.removeprefix("hub:"))
    name = found["repo_id"].rpartition("/")[2] if found else location
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "articles"


def up_to_break(name: str, records: Iterator[Record]) -> Iterator[Record]:
    """Yields the records up to where a source breaks off, which is a record with a problem.

    Raises:
        UserError: Nothing at all can be read.
    """
    read = 0
    try:
        for record in records:
            read += 1
            yield record
    except UserError as error:
        if not read:
            raise
        yield Record(name, {}, problem=f"the source breaks off: {error}")


def _seen(records: Iterator[Record], digest: Any, see: Seen | None) -> Iterator[Record]:
    with progress_bar(records, unit=" articles", desc="read") as bar:
        for record in bar:
            parts = (record.values, record.body, record.markup, record.fallbacks, record.problem)
            digest.update(repr(parts).encode("utf-8", "surrogatepass"))
            if see:
                see(record.values)
            yield record

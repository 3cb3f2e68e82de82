"""Many articles: counted, tagged part by part, then written in one go, and published if asked."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tagloop.errors import UserError
from tagloop.reading.columns import parse_mapping
from tagloop.reading.sources.tables import TableSource
from training import console
from training.data.sources.locations import is_there
from training.process_lock import process_lock
from training.tag.articles import Articles
from training.tag.column_types import ColumnTypes, stated_columns
from training.tag.models import BUILD, Model, find_model
from training.tag.outcome import Outcome, write_all
from training.tag.parquet import ArticleColumns
from training.tag.parts import Parts
from training.tag.request import Request
from training.tag.tagging import Work
from training.tag.targets import (
    OwnTarget,
    ParquetTarget,
    Target,
    is_parquet,
    own_writer,
    target_path,
)
from training.tag.workers import tag_parts

if TYPE_CHECKING:
    from training.publish.repository import Repository
    from training.tag.dataset import DatasetTarget

PLACE = BUILD / "tag"
"""Where runs keep what is tagged."""


def tag_many(request: Request) -> None:
    """Tags all articles of a source and prints where they are.

    Raises:
        UserError: The source or the model cannot be read, something is in the way of the result,
            no article can be tagged, or the Hub refuses.
    """
    with console.quiet(PLACE / "log.txt", request.verbose, sys.stderr):
        places = _Run(request).run()
    print("\n".join(places))


class _Run:
    """One run, from the source to the places of its result."""

    def __init__(self, request: Request) -> None:
        """Looks at what is asked for; nothing is read yet.

        Raises:
            UserError: The columns are not written as they should be, or nothing may be pushed.
        """
        self._request = request
        self._columns = parse_mapping(list(request.columns))
        self._into: Repository | None = None
        if request.push:
            # Imported for those who publish alone: it takes seconds.
            from training.tag.dataset import repository

            self._into = repository(request.push)

    def run(self) -> list[str]:
        """Tags and writes; returns the files and addresses that there are now."""
        request = self._request
        with console.station("model") as station:
            model = find_model(request.model, allowlist=bool(request.allowed_tags))
            station.result = str(model)
        with console.station("read") as station:
            self._read()
            station.result = f"{self._articles.count:,} articles of {self._articles.shown}"
        for note in self._articles.notes:
            console.say(f"  {note}")
        parts = Parts(PLACE / self._articles.stem, self._key(model), self._articles.count)
        with ExitStack() as stack:
            stack.enter_context(process_lock(parts.folder / "in-use", _in_use))
            with console.station("tag") as station:
                station.result = self._tag(model, parts)
            with console.station("write") as station:
                outcome = self._write(parts, stack)
                station.result = f"{outcome.tagged:,} of {outcome.articles:,} articles tagged"
            for line in outcome.said():
                console.say(f"  {line}")
            self._push(model, outcome)
        return self._places

    def _read(self) -> None:
        """Reads the source once, and says where its result will be."""
        request = self._request
        self._types = ColumnTypes()
        typed = request.push or is_parquet(Path(request.out)) or not is_there(request.source)
        see = self._types.see if typed else None
        self._articles = Articles(request.source, self._columns, request.limit, see)
        self._places: list[str] = []
        self._file: Path | None = None
        self._writer = own_writer(self._articles)
        if request.out or not request.push:
            self._file = target_path(request.out, self._articles, self._writer)
            self._places.append(str(self._file))

    def _key(self, model: Model) -> dict[str, object]:
        """Returns what a run's tags depend on."""
        return {
            "source": self._articles.name,
            "articles": self._articles.digest,
            "columns": self._columns,
            "model": model.shown,
            "files": model.fingerprint(),
            "options": dict(self._request.options),
        }

    def _tag(self, model: Model, parts: Parts) -> str:
        request, count = self._request, self._articles.count
        before = parts.done()
        work = Work(model.folder, request.options, request.batch_size)
        if before < count:
            bar = console.progress_bar(total=count, initial=before, unit=" articles", desc="tag")
            try:
                missing = parts.missing(self._articles.rows())
                tag_parts(missing, work, request.workers or 1, bar.update)
            except KeyboardInterrupt:
                console.say(f"  {parts.done():,} of {count:,} articles are tagged")
                raise
            finally:
                bar.close()
        earlier = f", {before:,} of them in an earlier run" if before else ""
        return f"{count:,} articles{earlier}"

    def _write(self, parts: Parts, stack: ExitStack) -> Outcome:
        source = self._articles.source
        own = None
        if isinstance(source, TableSource):
            own = stated_columns(source) or self._types.schema()
        columns = ArticleColumns(own)
        targets: list[Target] = []
        if self._file and (self._writer is None or is_parquet(self._file)):
            targets.append(ParquetTarget(self._file, columns))
        elif self._file and self._writer:
            targets.append(OwnTarget(self._file, self._writer))
        self._dataset: DatasetTarget | None = None
        if self._into:
            from training.tag.dataset import DatasetTarget

            folder = parts.folder / "dataset"
            shutil.rmtree(folder, ignore_errors=True)  # of a push that was interrupted
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            self._dataset = DatasetTarget(folder, columns)
            targets.append(self._dataset)
        articles = self._articles
        outcome = write_all(articles.entries(), parts.tags(), articles.count, targets)
        if not outcome.tagged:
            first = next(iter(outcome.untagged.values())).first
            raise UserError(f"{articles.name}: no article could be tagged; the first is {first}.")
        return outcome

    def _push(self, model: Model, outcome: Outcome) -> None:
        if self._into is None or self._dataset is None:
            return
        from training.tag.dataset import push

        dataset, source = self._dataset.dataset(), self._articles.name
        self._places.append(push(dataset, self._into, source, model, outcome, self._request))


def _in_use(holder: str) -> str:
    return f"The same articles are being tagged already (process {holder}): wait for its end."

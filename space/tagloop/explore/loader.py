"""Reads the dataset when somebody first wants to see it, and again when the Hub has a newer one.

Everything slow runs on a thread of its own; who asks gets what there is, and a line about the rest.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock, Thread

import numpy as np

from tagloop.errors import UserError
from tagloop.explore.articles import MAX_ARTICLES, Articles, read_articles
from tagloop.explore.folder import DatasetWithheldError, Version, display_name, fetch, look_up
from tagloop.explore.parquet import open_parts
from tagloop.explore.search import Query, find

logger = logging.getLogger(__name__)

CHECK_SECONDS = 60.0
"""The Hub is asked for a newer commit at most this often."""
RETRY_SECONDS = 10.0
"""And after a failure this often."""
MAX_KEPT_SEARCHES = 16
UNEXPECTED = "The dataset could not be read: {kind}. The Space's log tells more."


@dataclass(frozen=True)
class LoadedDataset:
    """A version of the dataset that has been read.

    Attributes:
        name: Id of the dataset, or its folder's name.
        version: Which one.
        articles: Its articles.
    """

    name: str
    version: Version
    articles: Articles


class DatasetLoader:
    """One dataset, kept up to date for the visitors.

    Args:
        repo: Dataset id on the Hub, or a folder.
        clock: Gives seconds.
    """

    def __init__(self, repo: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.repo = repo
        self._clock = clock
        self._lock = Lock()
        self._scanning = Lock()
        self._thread: Thread | None = None
        self._next_look = -float("inf")
        self._searches: OrderedDict[tuple[str, Query], np.ndarray] = OrderedDict()
        self.dataset: LoadedDataset | None = None
        self.progress = ""
        self.problem: str | None = None

    @property
    def busy(self) -> bool:
        """Whether the dataset is being looked up or read."""
        return self._thread is not None and self._thread.is_alive()

    def open(self) -> None:
        """Begins to read the dataset unless it has been read lately; returns at once."""
        with self._lock:
            if self.busy or self._clock() < self._next_look:
                return
            self.progress = "Looking the dataset up …"
            self._thread = Thread(target=self._refresh, name="dataset", daemon=True)
            self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Waits until nothing is being read."""
        if self._thread is not None:
            self._thread.join(seconds)

    def find(self, dataset: LoadedDataset, query: Query) -> np.ndarray:
        """Returns the rows that a query asks for; the last searches are remembered.

        Only one visitor's search reads texts at a time, so that tagging keeps its share of the
        processor.

        Raises:
            UserError: A file cannot be read.
        """
        key = (dataset.version.key, query)
        with self._lock:
            if key in self._searches:
                self._searches.move_to_end(key)
                return self._searches[key]
        if query.reads_texts:
            with self._scanning:
                rows = find(dataset.articles, query)
        else:
            rows = find(dataset.articles, query)
        with self._lock:
            self._searches[key] = rows
            while len(self._searches) > MAX_KEPT_SEARCHES:
                self._searches.popitem(last=False)
        return rows

    def _refresh(self) -> None:
        wait = CHECK_SECONDS
        try:
            self._read()
            self.problem = None
        except UserError as error:
            if isinstance(error, DatasetWithheldError):
                self.dataset = None
            wait, self.problem = RETRY_SECONDS, str(error)
            logger.warning("%s", error)
        except Exception as error:  # no visitor waits for a thread that has died
            wait = RETRY_SECONDS
            self.problem = UNEXPECTED.format(kind=type(error).__name__)
            logger.exception("The dataset could not be read")
        self._next_look = self._clock() + wait

    def _read(self) -> None:
        version = look_up(self.repo)
        if self.dataset is not None and self.dataset.version.key == version.key:
            return
        if version.commit is not None:
            first = "the first articles of " if (version.stated or 0) > MAX_ARTICLES else ""
            self.progress = f"Fetching {first}{version.megabytes:,.1f} MB from the Hub …"
        fetched = fetch(self.repo, version, MAX_ARTICLES)
        started = self._clock()

        def tell(done: int, of: int) -> None:
            self.progress = f"Reading articles: {done:,} of {of:,} …"

        articles = read_articles(open_parts(fetched.files), tell)
        if fetched.rest:
            total = max(version.stated or 0, articles.total)
            articles = replace(articles, total=total, is_least=version.stated is None)
        self.dataset = LoadedDataset(display_name(self.repo), version, articles)
        self._searches.clear()
        logger.info(
            "Read %d articles of the dataset in %.1f s, %.1f MB in memory",
            len(articles),
            self._clock() - started,
            articles.nbytes / 1e6,
        )

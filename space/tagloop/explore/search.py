"""Which articles have these words and these tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tagloop.errors import UserError
from tagloop.explore.articles import Articles
from tagloop.explore.parquet import read_batches
from tagloop.limits import check_length
from tagloop.vocabulary.normal_form import normal_form

MAX_QUERY_CHARACTERS = 200
MAX_WORDS = 8
MAX_FILTER_TAGS = 10


@dataclass(frozen=True)
class Query:
    """What a visitor looks for; what is empty does not restrict.

    Attributes:
        words: All must occur, each anywhere in the title or in a tag, large or small letters
            alike; part of a word counts.
        tags: An article must have all of them; compared by normal form.
        split: Only this one.
        source: Only this one.
        in_text: The words may also stand in the text.
    """

    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    split: str | None = None
    source: str | None = None
    in_text: bool = False

    @classmethod
    def of(
        cls,
        words: str = "",
        tags: list[str] | None = None,
        split: str | None = None,
        source: str | None = None,
        in_text: bool = False,
    ) -> Query:
        """Makes a query of what a visitor wrote and chose.

        Raises:
            UserError: The search is too long.
        """
        written = check_length("search", words or "", MAX_QUERY_CHARACTERS).split()
        if len(written) > MAX_WORDS:
            raise UserError(f"Search for at most {MAX_WORDS} words at once.")
        chosen = list(tags or [])
        if len(chosen) > MAX_FILTER_TAGS:
            raise UserError(f"Filter by at most {MAX_FILTER_TAGS} tags at once.")
        names = [check_length("tag", tag, MAX_QUERY_CHARACTERS) for tag in chosen]
        unique = {normal_form(name): name for name in reversed(names) if name.strip()}
        return cls(tuple(written), tuple(reversed(unique.values())), split, source, bool(in_text))

    @property
    def reads_texts(self) -> bool:
        """Whether the files must be read."""
        return self.in_text and bool(self.words)


def find(articles: Articles, query: Query) -> np.ndarray:
    """Returns the rows that a query asks for: those with all words in title and tags first.

    Raises:
        UserError: A file cannot be read.
    """
    wanted = _filtered(articles, query)
    if not query.words:
        return np.flatnonzero(wanted).astype(np.int32)
    near = np.stack([_in_title_or_tag(articles, word) for word in query.words])
    named = wanted & near.all(axis=0)
    found = np.flatnonzero(named)
    if query.in_text:
        open_rows = wanted & ~named
        told = _in_text(articles, query.words, near, open_rows)
        found = np.concatenate([found, np.flatnonzero(told)])
    return found.astype(np.int32)


def _filtered(articles: Articles, query: Query) -> np.ndarray:
    wanted = np.ones(len(articles), bool)
    for tag in query.tags:
        place = articles.forms.get(normal_form(tag))
        having = np.zeros(len(articles), bool)
        if place is not None:
            having[articles.rows_with(place)] = True
        wanted &= having
    for chosen, names, codes in (
        (query.split, articles.splits, articles.split),
        (query.source, articles.sources, articles.source),
    ):
        if chosen is not None:
            wanted &= codes == (list(names).index(chosen) if chosen in names else -1)
    return wanted


def _in_title_or_tag(articles: Articles, word: str) -> np.ndarray:
    found = _contains(articles.title, word)
    tags = _contains(pa.array(articles.tag_names, pa.string()), word)
    if tags.any():
        found[articles.row_of_tag[tags[articles.tags]]] = True
    return found


def _in_text(
    articles: Articles,
    words: tuple[str, ...],
    near: np.ndarray,
    open_rows: np.ndarray,
) -> np.ndarray:
    """Finds the rows among ``open_rows`` whose text has those words that are not near by."""
    found = np.zeros(len(articles), bool)
    for begin, column in _texts(articles, open_rows):
        here = slice(begin, begin + len(column))
        rows = np.flatnonzero(open_rows[here])
        if not len(rows):
            continue
        texts = column.take(pa.array(rows))
        good = np.ones(len(rows), bool)
        for word, known in zip(words, near, strict=True):
            good &= known[here][rows] | _contains(texts, word)
        found[begin + rows[good]] = True
    return found


def _texts(articles: Articles, open_rows: np.ndarray) -> Iterator[tuple[int, pa.Array]]:
    """Yields the texts in batches with their first row; no row group without an open row."""
    begin = 0
    for part in articles.parts:
        for group, rows in enumerate(part.groups):
            if open_rows[begin : begin + rows].any():
                at = begin
                for batch in read_batches(part, ["text"], [group]):
                    yield at, batch.column(0).slice(0, max(len(articles) - at, 0))
                    at += batch.num_rows
            begin += rows


def _contains(column: pa.Array, word: str) -> np.ndarray:
    match = pc.match_substring(column, word, ignore_case=True)
    found: np.ndarray = match.fill_null(False).to_numpy(zero_copy_only=False)
    return found.copy()

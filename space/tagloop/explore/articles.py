"""The articles as the tab keeps them: titles, tags, lengths and where each comes from; no texts.

About 200 bytes an article: columns of Arrow and NumPy instead of Python objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tagloop.errors import UserError
from tagloop.explore.parquet import OPTIONAL, ParquetFile, read_batches, read_text
from tagloop.text.words import count_words
from tagloop.vocabulary.normal_form import normal_form

MAX_ARTICLES = 250_000
"""That are kept; of a larger dataset the tab shows the first ones and says so."""
MAX_CHARACTERS = {"title": 300, "url": 2000, "source": 120, "license": 120, "published": 10}
MAX_TAG_CHARACTERS = 120
NOT_STATED = ""


@dataclass(frozen=True)
class Articles:
    """All articles of a dataset, row by row.

    Attributes:
        parts: The files, in the order of the rows.
        total: Articles of the dataset, more than are kept if it is very large.
        is_least: Whether there are more, but nobody knows how many.
        title: Of each row.
        url: Of each row, None where there is none.
        published: The day, ``2024-05-01``, None where it is not known.
        source: Place in ``sources`` of each row.
        license: Place in ``licenses`` of each row.
        split: Place in ``splits`` of each row.
        words: Number of words of each text: runs of characters without white space.
        offsets: Where in ``tags`` those of each row begin; one more than there are rows.
        tags: Places in ``tag_names``, row after row, in the author's order.
        tag_names: Display forms, the most frequent first.
        tag_counts: The number of articles of each tag.
    """

    parts: Sequence[ParquetFile]
    total: int
    title: pa.Array
    url: pa.Array
    published: pa.Array
    sources: Sequence[str]
    source: np.ndarray
    licenses: Sequence[str]
    license: np.ndarray
    splits: Sequence[str]
    split: np.ndarray
    words: np.ndarray
    offsets: np.ndarray
    tags: np.ndarray
    tag_names: Sequence[str]
    tag_counts: np.ndarray
    is_least: bool = False

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def forms(self) -> dict[str, int]:
        """Normal form of a tag to its place in ``tag_names``."""
        return {normal_form(name): place for place, name in enumerate(self.tag_names)}

    def display(self, tag: str) -> str:
        """Returns a tag as the dataset writes it; one that it does not have, as it stands."""
        place = self.forms.get(normal_form(tag))
        return tag if place is None else self.tag_names[place]

    @property
    def tags_each(self) -> np.ndarray:
        """Number of tags of each row."""
        return np.diff(self.offsets)

    @cached_property
    def row_of_tag(self) -> np.ndarray:
        """The row of each entry of ``tags``."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.tags_each)

    def tags_of(self, row: int) -> list[str]:
        """Returns the tags of a row, in the author's order."""
        places = self.tags[self.offsets[row] : self.offsets[row + 1]]
        return [self.tag_names[place] for place in places]

    def rows_with(self, tag: int) -> np.ndarray:
        """Returns the rows that carry a tag, in order."""
        rows: np.ndarray = self.row_of_tag[self.tags == tag]
        return rows

    def text_of(self, row: int) -> str:
        """Reads a text from its file.

        Raises:
            UserError: The file cannot be read.
        """
        for part in self.parts:
            if row < part.rows:
                return read_text(part, row)
            row -= part.rows
        raise IndexError(row)

    @property
    def nbytes(self) -> int:
        """What the columns hold in memory, in bytes."""
        arrays = (self.source, self.license, self.split, self.words, self.offsets, self.tags)
        columns = (self.title, self.url, self.published)
        in_columns: int = sum(column.nbytes for column in columns)
        return sum(array.nbytes for array in arrays) + in_columns


@dataclass
class _Names:
    """Strings as numbers: few different ones, once each."""

    places: dict[str, int] = field(default_factory=dict)
    codes: list[np.ndarray] = field(default_factory=list)

    def codes_of(self, column: pa.Array) -> np.ndarray:
        encoded = column.dictionary_encode()
        names = encoded.dictionary.to_pylist()
        known = np.array([self.places.setdefault(n, len(self.places)) for n in names], np.int32)
        return known[encoded.indices.to_numpy(zero_copy_only=False)] if len(names) else known

    def add(self, column: pa.Array) -> None:
        self.codes.append(self.codes_of(column))

    def add_same(self, name: str, rows: int) -> None:
        self.codes.append(np.full(rows, self.places.setdefault(name, len(self.places)), np.int32))


class _Reader:
    """Takes in batch after batch and becomes `Articles`."""

    def __init__(self) -> None:
        self.text_columns: dict[str, list[pa.Array]] = {"title": [], "url": [], "published": []}
        self.names = {"source": _Names(), "license": _Names(), "split": _Names()}
        self.surfaces = _Names()
        self.words: list[np.ndarray] = []
        self.lengths: list[np.ndarray] = []
        self.tags: list[np.ndarray] = []

    def take(self, batch: pa.RecordBatch, split: str) -> None:
        for name in ("title", "url", "published"):
            column = _strings(batch, name)
            self.text_columns[name].append(column.fill_null("") if name == "title" else column)
        for name in ("source", "license"):
            self.names[name].add(_strings(batch, name).fill_null(NOT_STATED))
        self.names["split"].add_same(split, batch.num_rows)
        self.words.append(
            np.array([count_words(text.as_py() or "") for text in batch["text"]], np.int32)
        )
        self._take_tags(batch["tags"])

    def _take_tags(self, column: pa.Array) -> None:
        self.lengths.append(pc.list_value_length(column).fill_null(0).to_numpy().astype(np.int64))
        flat = column.flatten().cast(pa.string()).fill_null("")
        flat.validate(full=True)
        short = pc.utf8_slice_codeunits(flat, 0, MAX_TAG_CHARACTERS)
        self.tags.append(self.surfaces.codes_of(short))

    def articles(self, parts: Sequence[ParquetFile]) -> Articles:
        columns = {
            name: pa.chunked_array(pieces, pa.string()).combine_chunks()
            for name, pieces in self.text_columns.items()
        }
        offsets, tags, names, counts = _merged_tags(
            np.concatenate(self.lengths), np.concatenate(self.tags), list(self.surfaces.places)
        )
        coded = {name: np.concatenate(column.codes) for name, column in self.names.items()}
        return Articles(
            parts=tuple(parts),
            total=sum(part.rows for part in parts),
            **columns,
            source=coded["source"],
            license=coded["license"],
            split=coded["split"],
            sources=list(self.names["source"].places),
            licenses=list(self.names["license"].places),
            splits=list(self.names["split"].places),
            words=np.concatenate(self.words),
            offsets=offsets,
            tags=tags,
            tag_names=names,
            tag_counts=counts,
        )


def read_articles(
    parts: Sequence[ParquetFile], progress: Callable[[int, int], object] = lambda done, of: None
) -> Articles:
    """Reads the files once, from beginning to end.

    Args:
        parts: The files.
        progress: Called with the number of articles read and to read.

    Raises:
        UserError: A file cannot be read, or there is no article.
    """
    total = sum(part.rows for part in parts)
    expected = min(total, MAX_ARTICLES)
    if not total:
        raise UserError("The dataset has no article yet.")
    reader, done = _Reader(), 0
    for part in parts:
        for batch in read_batches(part, ("title", "text", "tags", *OPTIONAL)):
            kept = batch.slice(0, expected - done)
            try:
                reader.take(kept, part.split)
            except (pa.ArrowException, UnicodeDecodeError):
                raise UserError(f"{part.path.name} holds text that is not valid UTF-8.") from None
            done += kept.num_rows
            progress(done, expected)
            if done == expected:
                break
        if done == expected:
            break
    articles = reader.articles(parts)
    pa.default_memory_pool().release_unused()
    return articles


def _strings(batch: pa.RecordBatch, name: str) -> pa.Array:
    """Returns a column as valid strings of bounded length; nulls where there is no such column."""
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    column = batch[name].cast(pa.string())
    column.validate(full=True)
    return pc.utf8_slice_codeunits(column, 0, MAX_CHARACTERS[name])


def _merged_tags(
    lengths: np.ndarray, codes: np.ndarray, surfaces: list[str]
) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    """Makes one tag of what has one normal form, once a row; the most frequent tags come first.

    Returns:
        Offsets, tags, their names and counts, as in `Articles`.
    """
    written = np.bincount(codes, minlength=len(surfaces))
    forms = [normal_form(surface) for surface in surfaces]
    spellings: dict[str, Counter[str]] = {}
    for form, surface, count in zip(forms, surfaces, written, strict=True):
        if form:
            spellings.setdefault(form, Counter())[surface.strip()] += int(count)
    places = {form: place for place, form in enumerate(spellings)}
    merged = np.array([places.get(form, -1) for form in forms], np.int32)
    tags = merged[codes] if len(codes) else np.empty(0, np.int32)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    rows, tags = rows[tags >= 0], tags[tags >= 0]
    _, first = np.unique(rows * max(len(places), 1) + tags, return_index=True)
    first.sort()
    rows, tags = rows[first], tags[first]
    counts = np.bincount(tags, minlength=len(places))
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    displays = [spelling.most_common(1)[0][0] for spelling in spellings.values()]
    each = np.bincount(rows, minlength=len(lengths))
    offsets = np.array([0, *accumulate(each.tolist())], np.int32)
    return offsets, rank[tags], [displays[place] for place in order], counts[order]

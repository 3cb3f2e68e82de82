"""What a dataset folder holds: sizes, features and counts, read from its Parquet files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import DatasetInfo, Features, SplitDict, SplitInfo

from tagloop.errors import UserError
from tagloop.text.words import count_words
from tagloop.vocabulary.vocabulary import Vocabulary

SPLITS = ("train", "validation", "test")
ROWS = 1000
"""That are Python objects at a time."""
COUNTED = ["title", "text", "tags", "source", "license", "published", "origin"]
_MAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_SIZES = [(10**exponent, 10 ** (exponent + 1)) for exponent in range(3, 12)]


@dataclass
class Description:
    """What a dataset folder holds.

    Attributes:
        info: Features, sizes and splits, as ``load_dataset`` reads them in a card.
        words: Words of each text.
        tags_per_article: Tags of each article.
        vocabulary: All tags with their counts.
        sources: (source, licence as stated) to number of articles.
        corrections: Articles whose tags a person corrected.
        titles_only: Articles without a text.
        mail_addresses: Articles in whose text something like an e-mail address stands.
        published: First and last date, where any is known.
        example: The first row of the first split.
    """

    info: DatasetInfo
    words: list[int] = field(default_factory=list)
    tags_per_article: list[int] = field(default_factory=list)
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary.from_tag_lists([]))
    sources: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    corrections: int = 0
    titles_only: int = 0
    mail_addresses: int = 0
    published: tuple[str, str] | None = None
    example: dict[str, Any] = field(default_factory=dict)

    @property
    def articles(self) -> int:
        """Number of articles in all splits."""
        return len(self.words)

    @property
    def splits(self) -> dict[str, int]:
        """Number of articles of each split."""
        return {name: split.num_examples for name, split in (self.info.splits or {}).items()}

    @property
    def tag_counts(self) -> dict[str, int]:
        """Tag as people see it to its number of articles, the most frequent first."""
        return dict(zip(self.vocabulary.tags, self.vocabulary.counts.values(), strict=True))

    @property
    def licenses(self) -> Counter[str | None]:
        """Number of articles of each licence, as stated."""
        counts: Counter[str | None] = Counter()
        for (_, stated), count in self.sources.items():
            counts[stated] += count
        return counts

    @property
    def median_words(self) -> int:
        """Median number of words of those articles that have a text."""
        return round(median([words for words in self.words if words] or [0]))

    @property
    def median_tags(self) -> int:
        """Median number of tags of an article."""
        return round(median(self.tags_per_article or [0]))

    @property
    def single_use(self) -> int:
        """Number of tags that only one article carries."""
        return sum(count == 1 for count in self.vocabulary.counts.values())


def describe(dataset_dir: Path) -> Description:
    """Reads the Parquet files of a dataset folder.

    Raises:
        UserError: There is no Parquet file, one cannot be read, or they hold no article.
    """
    files = split_files(dataset_dir)
    description = Description(DatasetInfo(splits=SplitDict(), dataset_size=0))
    try:
        for split, paths in files.items():
            _describe_split(description, split, paths)
        if not description.articles:
            raise UserError(f"{dataset_dir} holds no article, so there is nothing to describe.")
        # Building merged what is the same, and a person may have kept apart what looks so.
        description.vocabulary = Vocabulary.from_tag_lists(_tag_lists(files), learn=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{dataset_dir / 'data'} cannot be read as Parquet: {error}") from None
    description.info.download_size = sum(
        path.stat().st_size for paths in files.values() for path in paths
    )
    return description


def _describe_split(description: Description, split: str, paths: Sequence[Path]) -> None:
    """Counts the rows of a split, one of its files in memory at a time."""
    info = description.info
    entry = SplitInfo(name=split)
    for path in paths:
        table = pq.read_table(path)
        info.features = info.features or Features.from_arrow_schema(table.schema)
        entry.num_bytes += table.nbytes
        entry.num_examples += table.num_rows
        if table.num_rows and not description.example:
            description.example = table.slice(0, 1).to_pylist()[0]
        for batch in table.select(COUNTED).to_batches(max_chunksize=ROWS):
            for row in batch.to_pylist():
                _count(description, row)
    assert info.splits is not None
    info.splits.add(entry)
    info.dataset_size = (info.dataset_size or 0) + entry.num_bytes


def _tag_lists(files: Mapping[str, Sequence[Path]]) -> Iterator[list[str]]:
    for paths in files.values():
        for path in paths:
            yield from pq.read_table(path, columns=["tags"])["tags"].to_pylist()


def split_files(dataset_dir: Path) -> dict[str, list[Path]]:
    """Finds the Parquet files of each split, in the order of `SPLITS`.

    Raises:
        UserError: There is no Parquet file.
    """
    found = {split: sorted(dataset_dir.glob(f"data/{split}-*.parquet")) for split in SPLITS}
    if not any(found.values()):
        raise UserError(f"{dataset_dir} holds no data/*.parquet: build it first with make data.")
    return {split: paths for split, paths in found.items() if paths}


def _count(description: Description, row: dict[str, Any]) -> None:
    text = row["text"] or ""
    description.words.append(count_words(text))
    description.tags_per_article.append(len(row["tags"]))
    description.sources[row["source"], row["license"]] += 1
    description.corrections += row["origin"] == "correction"
    description.titles_only += not text
    description.mail_addresses += bool(_MAIL_ADDRESS.search(text))
    if row["published"]:
        day = row["published"][:10]
        first, last = description.published or (day, day)
        description.published = min(first, day), max(last, day)


def size_category(articles: int) -> str:
    """Returns the Hub's size category.

    >>> size_category(999), size_category(6222)
    ('n<1K', '1K<n<10K')
    """
    if articles < _SIZES[0][0]:
        return "n<1K"
    low, high = next(pair for pair in _SIZES if articles < pair[1])
    return f"{_short(low)}<n<{_short(high)}"


def _short(value: int) -> str:
    for power, letter in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")):
        if value >= power:
            return f"{value // power}{letter}"
    return str(value)

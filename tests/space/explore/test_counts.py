"""What the pictures of a dataset count, on articles that can be counted by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagloop.explore.articles import Articles, read_articles
from tagloop.explore.cooccurrence import map_tags, related_order
from tagloop.explore.counts import (
    OTHER_SOURCES,
    count_lengths,
    count_sources,
    count_splits,
    count_tags_each,
    median_words,
    top_tags,
)
from tagloop.explore.parquet import open_parts

from .article_rows import article, write_dataset

ROWS = {
    "train": [
        article("1", "word " * 120, ["A", "B"], source="x"),
        article("2", "word " * 130, ["A", "B", "C"], source="x"),
        article("3", "word " * 260, ["A"], source="y"),
        article("4", "", ["C"], source="z"),
    ],
    "test": [article("5", "word " * 140, [], source="x"), article("6", "word", ["D"], source="w")],
}


def articles_of(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Articles:
    write_dataset(folder, rows)
    return read_articles(open_parts(sorted((folder / "data").glob("*.parquet"))))


@pytest.fixture
def articles(tmp_path: Path) -> Articles:
    return articles_of(tmp_path, ROWS)


def test_splits_and_sources(articles: Articles) -> None:
    assert count_splits(articles) == {"train": 4, "test": 2}
    counts = [(count.source, count.by_split) for count in count_sources(articles)]
    assert counts == [("x", (2, 1)), ("y", (1, 0)), ("z", (1, 0)), ("w", (0, 1))]
    counts = [(count.source, count.by_split) for count in count_sources(articles, most=3)]
    assert counts == [("x", (2, 1)), ("y", (1, 0)), (OTHER_SOURCES, (1, 1))]


def test_tags(articles: Articles) -> None:
    assert top_tags(articles) == [("A", 3), ("B", 2), ("C", 2), ("D", 1)]
    assert top_tags(articles, 1) == [("A", 3)]
    assert count_tags_each(articles) == [("0", 1), ("1", 3), ("2", 1), ("3", 1)]
    assert count_tags_each(articles, most=2) == [("0", 1), ("1", 3), ("2+", 2)]


def test_lengths(articles: Articles) -> None:
    lengths = dict(count_lengths(articles))
    assert sum(lengths.values()) == 5, "all that have a text"
    assert lengths == {"1–49": 1, "50–99": 0, "100–149": 3, "150–199": 0, "200–249": 0} | {
        "250–299": 1
    }
    assert median_words(articles) == 130


def test_a_few_very_long_articles_do_not_widen_the_classes(tmp_path: Path) -> None:
    rows = [article(str(n), "word " * (100 + n), ["a"]) for n in range(100)]
    rows.append(article("long", "word " * 9000, ["a"]))
    rows.append(article("short", "word", ["a"]))
    lengths = count_lengths(articles_of(tmp_path, {"train": rows}))
    assert [label for label, _ in lengths] == ["<120", "120–139", "140–159", "160–179", "180+"]
    assert [count for _, count in lengths] == [21, 20, 20, 20, 21]


def test_only_titles(tmp_path: Path) -> None:
    articles = articles_of(tmp_path, {"train": [article("title", None, None)]})
    assert count_lengths(articles) == []
    assert median_words(articles) == 0
    assert count_tags_each(articles) == [("0", 1)]
    assert top_tags(articles) == []


def test_the_map_has_the_jaccard_index(articles: Articles) -> None:
    found = map_tags(articles)
    place = {tag: row for row, tag in enumerate(found.tags)}
    assert set(place) == {"A", "B", "C", "D"}
    assert found.together[place["A"], place["B"]] == 2
    assert found.together[place["A"], place["A"]] == 3
    assert found.jaccard[place["A"], place["B"]] == pytest.approx(2 / 3)
    assert found.jaccard[place["B"], place["C"]] == pytest.approx(1 / 3)
    assert found.jaccard[place["A"], place["D"]] == 0
    assert np.allclose(found.jaccard, found.jaccard.T)
    one, other, together, index = found.closest()[0]
    assert ({one, other}, together) == ({"A", "B"}, 2)
    assert index == pytest.approx(2 / 3)
    assert all("D" not in pair[:2] for pair in found.closest()), "nothing to do with any"


def test_the_map_takes_the_most_frequent(articles: Articles) -> None:
    assert set(map_tags(articles, most=2).tags) == {"A", "B"}


def test_an_order_that_was_shuffled_is_found_again() -> None:
    """Things on a line, each like its neighbours: seriation must give the line back."""
    line = np.exp(-np.abs(np.subtract.outer(np.arange(12), np.arange(12))) / 2)
    shuffled = np.random.default_rng(3).permutation(12)
    order = [int(shuffled[i]) for i in related_order(line[np.ix_(shuffled, shuffled)])]
    assert order in (list(range(12)), list(range(11, -1, -1)))


def test_groups_with_nothing_in_common_stay_together() -> None:
    group = np.array([0, 1, 0, 1, 0, 2, 1])
    similarity = (group[:, None] == group[None, :]).astype(float)
    order = related_order(similarity)
    assert sorted(order) == list(range(7))
    assert [int(group[i]) for i in order] == [0, 0, 0, 1, 1, 1, 2]

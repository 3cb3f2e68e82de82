"""Finding articles by words, tags, split and source."""

import pytest

from tagloop.errors import UserError
from tagloop.explore import search as module
from tagloop.explore.articles import Articles, read_articles
from tagloop.explore.parquet import ParquetFile, open_parts, read_batches
from tagloop.explore.search import Query, find

from .article_rows import article, write_dataset

TRAIN = [
    article("The bank at midnight", "A teller sleeps.", ["Chatbots", "Fintech"], source="x"),
    article("Straße und Ärger", "In the bank there is a river.", ["Reisen"], source="y"),
    article("A river walk", "Nothing of money.", ["Travel", "Banking"], source="x"),
    article("C++ (not C) 100%", "A+B.* \\d", ["C++"], source="y"),
    article("東京の銀行", "銀行は夜に答える。", ["金融"], source="y"),
    article("No text", None, ["Travel"]),
]
TEST = [article("River bank", "The bank of a river.", ["Travel", "Rivers"], source="x")]


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Articles:
    folder = write_dataset(tmp_path_factory.mktemp("dataset"), {"train": TRAIN, "test": TEST})
    return read_articles(open_parts(sorted((folder / "data").glob("*.parquet"))))


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (Query.of(), [0, 1, 2, 3, 4, 5, 6]),
        (Query.of("BANK"), [0, 2, 6]),
        (Query.of("bank river"), [2, 6]),
        (Query.of("ärger"), [1]),
        (Query.of("銀行"), [4]),
        (Query.of("c++"), [3]),
        (Query.of(".*"), []),
        (Query.of("(not 100%"), [3]),
        (Query.of("bank", in_text=True), [0, 2, 6, 1]),
        (Query.of("river bank", in_text=True), [2, 6, 1]),
        (Query.of("teller bank", in_text=True), [0]),
        (Query.of(".* \\d", in_text=True), [3]),
        (Query.of("夜に", in_text=True), [4]),
        (Query.of("", ["travel"]), [2, 5, 6]),
        (Query.of("", ["Travel", "banking"]), [2]),
        (Query.of("", ["Travel", "no such tag"]), []),
        (Query.of("", [" "]), [0, 1, 2, 3, 4, 5, 6]),
        (Query.of("", [], "test"), [6]),
        (Query.of("", [], "nowhere"), []),
        (Query.of("", [], None, "x"), [0, 2, 6]),
        (Query.of("", [], None, ""), [5]),
        (Query.of("bank", ["Travel"], "test", "x", True), [6]),
        (Query.of("bank", [], "train", "y", True), [1]),
    ],
)
def test_found(articles: Articles, query: Query, rows: list[int]) -> None:
    assert find(articles, query).tolist() == rows


def test_only_row_groups_that_matter_are_read(
    articles: Articles, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[str, int]] = []

    def watch(part: ParquetFile, columns: list[str], groups: list[int]) -> object:
        read.extend((part.split, group) for group in groups)
        return read_batches(part, columns, groups)

    monkeypatch.setattr(module, "read_batches", watch)
    assert find(articles, Query.of("answer", ["Fintech"], in_text=True)).tolist() == []
    assert read == [("train", 0)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Query.of("x" * 201), "200"),
        (lambda: Query.of("a b c d e f g h i"), "at most 8 words"),
        (lambda: Query.of("", [str(n) for n in range(11)]), "at most 10 tags"),
        (lambda: Query.of("", [{"path": "/etc/passwd"}]), "must be text"),  # type: ignore[list-item]
    ],
)
def test_more_than_is_reasonable_is_refused(make: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make()  # type: ignore[operator]


def test_half_a_character_finds_nothing(articles: Articles) -> None:
    assert find(articles, Query.of("\ud83d", in_text=True)).tolist() == []

"""The dataset as the Space reads it: what is kept of it, at what cost, and what is said if not."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tagloop.errors import UserError
from tagloop.explore import articles as module
from tagloop.explore.articles import Articles, read_articles
from tagloop.explore.parquet import open_parts, split_of

from .article_rows import article, write_dataset

TRAIN = [
    article(
        "A bank at night",
        "One two  three\n\nfour",
        ["Banking", "chatbots"],
        source="Blog",
        url="https://example.org/a",
        license="CC0-1.0",
        published="2024-05-01T10:00:00Z",
    ),
    article(None, None, None),
    article("Hyphens", "one", ["Machine-Learning", "machine learning", "  ", "Chatbots"]),
    article("More", "two words", ["Machine Learning", "Banking", "Chatbots"]),
    article("And more", "", ["Machine Learning"], source="Paper"),
]
TEST = [article("Last", "The last text.", ["Banking"], source="Blog")]


def read(folder: Path) -> Articles:
    return read_articles(open_parts(sorted((folder / "data").glob("*.parquet"))))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("dataset"), {"test": TEST, "train": TRAIN})


def test_what_is_kept_of_each_article(folder: Path) -> None:
    articles = read(folder)
    assert len(articles) == articles.total == 6
    titles = ["A bank at night", "", "Hyphens", "More", "And more", "Last"]
    assert articles.title.to_pylist() == titles
    assert articles.words.tolist() == [4, 0, 1, 2, 0, 3]
    assert [articles.splits[place] for place in articles.split] == ["train"] * 5 + ["test"]
    sources = [articles.sources[place] for place in articles.source]
    assert sources == ["Blog", "", "", "", "Paper", "Blog"]
    assert articles.licenses[articles.license[0]] == "CC0-1.0"
    assert articles.published.to_pylist()[:2] == ["2024-05-01", None]
    assert articles.url.to_pylist()[:2] == ["https://example.org/a", None]


def test_tags_of_one_normal_form_are_one_tag_once_an_article(folder: Path) -> None:
    articles = read(folder)
    assert list(articles.tag_names) == ["Banking", "Chatbots", "Machine Learning"]
    assert articles.tag_counts.tolist() == [3, 3, 3]
    assert [articles.tags_of(row) for row in range(6)] == [
        ["Banking", "Chatbots"],
        [],
        ["Machine Learning", "Chatbots"],
        ["Machine Learning", "Banking", "Chatbots"],
        ["Machine Learning"],
        ["Banking"],
    ]
    assert articles.tags_each.tolist() == [2, 0, 2, 3, 1, 1]
    assert articles.rows_with(0).tolist() == [0, 3, 5]


def test_each_text_is_found_in_its_row_group_and_file(folder: Path) -> None:
    articles = read(folder)
    texts = [articles.text_of(row) for row in range(6)]
    assert texts == [row["text"] or "" for row in TRAIN + TEST]


def test_progress_counts_to_the_end(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    parts = open_parts(sorted((folder / "data").glob("*.parquet")))
    read_articles(parts, lambda done, of: told.append((done, of)))
    assert told[-1] == (6, 6)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_very_large_dataset_is_read_to_a_bound(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ARTICLES", 3)
    articles = read(folder)
    assert (len(articles), articles.total) == (3, 6)
    assert articles.text_of(2) == "one"


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-00000-of-00001", "train"),
        ("validation-00003-of-00012-0a1b2c3d", "validation"),
        ("test", "test"),
        ("articles", "train"),
    ],
)
def test_the_split_is_in_the_name(name: str, split: str) -> None:
    assert split_of(Path(f"data/{name}.parquet")) == split


def problem(folder: Path) -> str:
    with pytest.raises(UserError) as raised:
        read(folder)
    message = str(raised.value)
    assert message.count(". ") == 0, "one sentence"
    assert str(folder) not in message, "no place on the server"
    return message


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"headline": ["a"], "text": ["b"], "tags": [["c"]]}, "title is missing"),
        ({"title": ["a"], "text": ["b"], "tags": ["c, d"]}, "tags is missing or of another type"),
        ({"label": [1]}, "title and text and tags are missing"),
    ],
)
def test_other_columns_are_named(tmp_path: Path, columns: dict[str, Any], named: str) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "data" / "train-00000-of-00001.parquet")
    assert named in problem(tmp_path)


def test_columns_that_can_be_done_without(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    columns = {"title": ["a"], "text": ["b"], "tags": [["c"]], "source": [[1, 2]]}
    pq.write_table(pa.table(columns), tmp_path / "data" / "train.parquet")
    articles = read(tmp_path)
    assert articles.url.to_pylist() == [None]
    assert list(articles.sources) == [""]


def test_large_types_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    table = pa.table({"title": ["a"], "text": ["b c"], "tags": [["d", "e"]]})
    kinds = [pa.large_string(), pa.large_string(), pa.large_list(pa.large_string())]
    large = table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))
    pq.write_table(large, tmp_path / "data" / "train.parquet")
    articles = read(tmp_path)
    assert articles.tags_of(0) == ["d", "e"]
    assert articles.words.tolist() == [2]


def test_no_article(tmp_path: Path) -> None:
    assert "no article yet" in problem(write_dataset(tmp_path, {"train": []}))


def test_a_broken_file(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, {"train": TRAIN}) / "data" / "train-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:-30])
    assert "cannot be read as Parquet" in problem(tmp_path)


def test_a_file_whose_pages_are_damaged(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, {"train": TRAIN}) / "data" / "train-00000-of-00001.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * 600 + content[604:])
    assert "cannot be read as Parquet" in problem(tmp_path)


@pytest.mark.parametrize("column", ["title", "text", "tags"])
def test_text_that_is_no_utf8(tmp_path: Path, column: str) -> None:
    broken = pa.array([b"\xff\xfe bad"], pa.binary()).view(pa.string())
    good = pa.array(["good"])
    columns = {"title": good, "text": good, "tags": good} | {column: broken}
    columns["tags"] = pa.ListArray.from_arrays([0, 1], columns["tags"])
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "data" / "train.parquet")
    assert "UTF-8" in problem(tmp_path)


# 100 MB of texts.
ROWS, CHARACTERS = 20_000, 5_000
MEGABYTES = 64
MEASURE = """
import json, re, sys
from pathlib import Path
from tagloop.explore.articles import read_articles
from tagloop.explore.parquet import open_parts
from tagloop.explore.search import Query, find

def megabytes(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

def read_folder(folder):
    return read_articles(open_parts(sorted(Path(folder).glob("data/*.parquet"))))

# The libraries' own code and tables come first, with a handful of articles.
find(read_folder(sys.argv[1]), Query.of("needle", in_text=True))
before = megabytes("VmHWM")
articles = read_folder(sys.argv[2])
read = megabytes("VmHWM")
found = len(find(articles, Query.of("needle", in_text=True)))
print(json.dumps({
    "each": articles.nbytes / len(articles), "read": read - before,
    "search": megabytes("VmHWM") - before, "found": found,
}))
"""


@pytest.mark.slow
def test_memory_of_20_000_articles_stays_below_its_bound(tmp_path: Path, folder: Path) -> None:
    """300 bytes an article are kept, and neither reading nor a search takes more than 64 MB on top.

    So it is whatever the texts' size and although a row group holds them all.
    """
    words = "a needle in the haystack of words that every article is made of ".split()
    body = " ".join(words[place % len(words)] for place in range(CHARACTERS // 5))
    rows = [
        article(
            f"Article {number} about something or other",
            f"{number} {body if number % 2 else body[::-1]}",
            [f"tag {number % 900}", f"tag {number % 77}", "everything"],
            source=f"source {number % 9}",
            url=f"https://example.org/articles/{number}",
            license="CC0-1.0",
            published="2024-01-01",
        )
        for number in range(ROWS)
    ]
    write_dataset(tmp_path, {"train": rows}, row_group_size=ROWS)
    command = [sys.executable, "-c", MEASURE, str(folder), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    used = json.loads(re.findall(r"^\{.*\}$", done.stdout, re.MULTILINE)[-1])
    assert used["found"] == ROWS // 2
    assert used["each"] < 300
    assert used["read"] < MEGABYTES
    assert used["search"] < MEGABYTES

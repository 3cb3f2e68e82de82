"""The pictures and the list as HTML: what came from the dataset shows and does nothing."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tagloop.explore.loader import DatasetLoader, LoadedDataset
from tagloop.explore.search import Query
from tagloop.web.tabs.explore.article_list import (
    BEGINNING_CHARACTERS,
    article_list,
    opened,
    web_address,
)
from tagloop.web.tabs.explore.pictures import pictures

from ....explore.article_rows import article, write_dataset

HOSTILE = "\"><img src=x onerror=alert(1)>'</script>${alert(2)}{{alert}}`"


def loader_of(folder: Path, rows: list[dict[str, Any]]) -> DatasetLoader:
    loader = DatasetLoader(str(write_dataset(folder, {"train": rows})))
    loader.open()
    loader.wait(20)
    assert loader.dataset is not None, loader.problem
    return loader


def shown(loader: DatasetLoader, query: Query, page: int = 1) -> str:
    dataset = loader.dataset
    assert dataset is not None
    return article_list(dataset, query, loader.find(dataset, query), page)


def dataset_of(loader: DatasetLoader) -> LoadedDataset:
    assert loader.dataset is not None
    return loader.dataset


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> DatasetLoader:
    row = article(
        HOSTILE,
        HOSTILE,
        [HOSTILE, "Other"],
        source=HOSTILE,
        url="javascript:alert(1)",
        license=HOSTILE,
        published=HOSTILE,
    )
    return loader_of(tmp_path_factory.mktemp("dataset"), [row, row | {"title": "x"}])


def test_hostile_words_are_inert(hostile: DatasetLoader) -> None:
    tag = dataset_of(hostile).articles.tag_names[0]
    for page in (
        pictures(dataset_of(hostile)),
        shown(hostile, Query()),
        shown(hostile, Query.of(HOSTILE, [tag], HOSTILE, HOSTILE)),
        shown(hostile, Query.of("", [tag])),
    ):
        names = {name for name, _ in Elements(page).found}
        assert not names & {"img", "script", "iframe", "object", "style", "svg", "input", "form"}
        attributes = {key for _, of in Elements(page).found for key in of}
        assert not any(key.startswith("on") for key in attributes)
        assert not re.search(r"[{}$`]", page), "nothing that gradio's templates act on"
        assert "javascript:" not in page


def test_a_buttons_tag_comes_back_as_it_was(hostile: DatasetLoader) -> None:
    tag = dataset_of(hostile).articles.tag_names[0]
    buttons = [of for _, of in Elements(shown(hostile, Query())).found if "data-tags" in of]
    assert json.loads(buttons[0]["data-tags"] or "") == [tag]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a?b=c&d=%20e#f",
        "http://example.org",
        "https://例え.jp/道",
    ],
)
def test_links_to_the_web(url: str) -> None:
    assert web_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.org/a",
        "/local",
        "https:///nowhere",
        "https:\\\\example.org",
        "http://[bad",
        "ftp://example.org",
    ],
)
def test_no_other_links(url: str | None) -> None:
    assert web_address(url) is None


def test_an_articles_facts(tmp_path: Path) -> None:
    loader = loader_of(
        tmp_path,
        [
            article(
                "Night",
                "One two.",
                ["A", "B"],
                source="Blog",
                url="https://example.org/?a=1&b=2",
                license="CC BY 4.0",
                published="2024-05-01",
            ),
            article("", "Three", [], published="May 1st"),
        ],
    )
    page = shown(loader, Query())
    assert "<h3" in page
    assert "2 articles" in page
    link = next(of for name, of in Elements(page).found if name == "a")
    assert link["href"] == "https://example.org/?a=1&b=2"
    assert link["rel"] == "noopener nofollow"
    for fact in ("Blog", "2024-05-01", "2 words", "train", "Licence: CC BY 4.0"):
        assert f"{fact}<" in page, fact
    assert "Licence: not stated" in page
    assert "(no title)" in page
    assert "May" not in page


def test_twenty_a_page(tmp_path: Path) -> None:
    loader = loader_of(tmp_path, [article(f"n{n}", "t", ["A"]) for n in range(45)])

    def titles(page: int) -> list[str]:
        return re.findall(r">(n\d+)</span></summary>", shown(loader, Query(), page))

    assert titles(1) == [f"n{n}" for n in range(20)]
    assert titles(3) == [f"n{n}" for n in range(40, 45)]
    assert titles(0) == titles(-5) == titles(1)
    assert titles(99) == titles(3)
    assert 'start="41"' in shown(loader, Query(), 3)
    first = [of for _, of in Elements(shown(loader, Query())).found if "data-page" in of]
    assert [("disabled" in of, of["data-page"]) for of in first] == [
        (True, "1"),
        (True, "0"),
        (False, "2"),
        (False, "3"),
    ]
    assert "data-page" not in shown(loader, Query.of("n44"))


def test_what_was_looked_for_is_said(tmp_path: Path) -> None:
    loader = loader_of(tmp_path, [article("Bank", "t", ["Machine Learning", "B"], source="S")])
    assert "1 article tagged <bdi>Machine Learning</bdi><" in shown(
        loader, Query.of("", ["machine-learning"])
    )
    both = shown(loader, Query.of("", ["B", "Machine Learning"]))
    assert 'href="?tag=B&amp;tag=Machine+Learning"' in both
    everything = shown(loader, Query.of("bank", ["B"], "train", "S", True))
    assert "with “<bdi>bank</bdi>” in title, tags or text, of the split train" in everything
    assert "?tag=" not in everything, "a link would lose the words"
    assert "does not have the tag “Nothing”" in shown(loader, Query.of("", ["Nothing"]))
    assert "look in the texts too" in shown(loader, Query.of("nothing"))


def test_the_beginning_of_a_text(tmp_path: Path) -> None:
    rows = [
        article("short", "Two words.\n\nTwo more.", ["a"]),
        article("long", "word " * 2000, ["a"]),
        article("no blank", "字" * 5000, ["a"]),
        article("title only", None, ["a"]),
    ]
    loader = loader_of(tmp_path, rows)
    key = dataset_of(loader).version.key
    answers = [opened(loader, f"{key}:{row}") for row in range(4)]
    assert answers[0] == {"text": "Two words.\n\nTwo more.", "note": "The whole text, 4 words."}
    assert len(answers[1]["text"]) <= BEGINNING_CHARACTERS + 2
    assert answers[1]["note"] == "The first 300 of 2,000 words."
    assert answers[1]["text"].endswith("word …")
    assert len(answers[2]["text"]) == BEGINNING_CHARACTERS + 2
    assert answers[3] == {"text": "", "note": "This article has a title only."}


@pytest.mark.parametrize("place", [None, 3, "", "0", "abc:0", ["x"], {"path": "/etc/passwd"}])
def test_a_place_that_is_none(hostile: DatasetLoader, place: object) -> None:
    assert "has changed" in opened(hostile, place)["problem"]


def test_a_row_that_is_none(hostile: DatasetLoader) -> None:
    key = dataset_of(hostile).version.key
    assert set(opened(hostile, f"{key}:1")) == {"text", "note"}
    for row in ("2", "-1", "999999999", "1/../../x"):
        assert "has changed" in opened(hostile, f"{key}:{row}")["problem"]


def test_pictures_of_an_article_without_anything(tmp_path: Path) -> None:
    loader = loader_of(tmp_path, [article(None, None, None)])
    page = pictures(dataset_of(loader))
    assert page.count("<figure") == page.count("<figcaption") == 4
    assert "NaN" not in page


def test_every_picture_has_a_name_and_a_sentence(hostile: DatasetLoader) -> None:
    page = pictures(dataset_of(hostile))
    assert page.count("<figure") == page.count("<figcaption>") == 5
    for labelled in re.findall(r'aria-labelledby="([\w-]+)"', page):
        assert f'id="{labelled}"' in page

"""The row's identity and the cleaning of texts and tags."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from tagloop.reading.record import Entry, Record
from training.data.articles import (
    FEATURES,
    Article,
    article_id,
    clean_article,
    clean_tags,
    clean_text,
)

ENTRY = Entry(
    Record("a.csv:2", {}),
    title="A title",
    text="Five words stand right here.",
    tags=("Food",),
)


def make(**changes: Any) -> Article:
    article = clean_article(replace(ENTRY, **changes), default_source="blog").article
    assert article is not None
    return article


def test_id_is_the_digest_of_the_url() -> None:
    url = "https://example.com/a"
    assert make(url=url).id == hashlib.sha256(url.encode()).hexdigest()
    assert make(url=url, title="Another", text="Another text.").id == make(url=url).id


def test_id_without_url_survives_typography_but_not_words() -> None:
    first = article_id("It's here", 'A "quoted"  text.\n\nEnd')
    assert first == article_id("It’s here", "A “quoted” text. end")
    assert first != article_id("It's here", 'A "quoted" text. Ends')
    assert len(first) == 64


def test_text_is_repaired_and_keeps_its_paragraphs() -> None:
    dirty = "\ufeffcafÃ© \x07 au\u00a0lait\r\n \t\r\n\r\n\r\nsoft\u00adhyphen &amp; e\u0301  \nnext"
    assert clean_text(dirty) == "café au lait\n\nsofthyphen & é\nnext"
    assert clean_text("“quoted” — as written") == "“quoted” — as written"


@pytest.mark.parametrize("text", ["", "  \n\n ", "\u200b"])
def test_blank_text_is_empty(text: str) -> None:
    assert clean_text(text) == ""


def test_tags_are_unique_by_normal_form_and_bad_ones_are_named() -> None:
    names = ["Machine Learning", "machine-learning", "C++", "C#", " ", "!!!", "#python"]
    kept, rejected = clean_tags([*names, "x" * 41, "one two three four five six"])
    assert kept == ["Machine Learning", "C++", "C#", "python"]
    assert [(tag.tag[:3], tag.reason) for tag in rejected] == [
        ("!!!", "no letters"),
        ("xxx", "too many characters"),
        ("one", "too many words"),
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": ""}, "empty text"),
        ({"text": "\u200b"}, "empty text"),
        ({"text": "Too few words"}, "too short"),
        ({"tags": ()}, "no tags"),
        ({"tags": ("?",)}, "no tags"),
        ({"text": "每天早"}, "too short"),
        ({"problem": "front matter, line 2: it is broken"}, "front matter, line 2: it is broken"),
        ({"text": "", "title": ""}, "empty text"),
    ],
)
def test_reasons(changes: dict[str, Any], reason: str) -> None:
    cleaned = clean_article(replace(ENTRY, **changes), default_source="blog", min_words=5)
    assert (cleaned.article, cleaned.reason) == (None, reason)


def test_title_only_is_kept_when_asked() -> None:
    title_only = replace(ENTRY, text="")
    kept = clean_article(title_only, default_source="x", keep_title_only=True, min_words=5)
    assert kept.article is not None and kept.article.text == ""
    no_title = clean_article(
        replace(title_only, title=""), default_source="x", keep_title_only=True
    )
    assert no_title.reason == "empty text"


def test_words_are_counted_where_no_blanks_stand() -> None:
    text = "每天早上渡轮都会离开小岛"
    entry = replace(ENTRY, text=text)
    assert clean_article(entry, default_source="x", min_words=10).article is not None


def test_wide_signs_are_not_mended() -> None:
    text = "渡轮，小岛（二）：“早安！”（真的）？　好"
    assert clean_text(text) == text.replace("　", " ")


def test_long_text_is_not_cut() -> None:
    assert len(make(text="word " * 50_000).text.split()) == 50_000


def test_row_has_the_columns_of_the_contract() -> None:
    row = make(url="", license="", published="2020-01-01").row()
    assert list(row) == list(FEATURES)
    assert row["tags"] == ["Food"] and row["source"] == "blog" and row["origin"] == "source"
    assert row["url"] is None and row["license"] is None
    assert make(origin="correction").origin == "correction"

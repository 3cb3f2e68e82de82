"""What a shared link brought: read with suspicion, and shown as it was sent."""

from __future__ import annotations

from typing import Any

import pytest

from tagloop.limits import MAX_TAG_CHARACTERS, MAX_TAGS
from tagloop.service.service import Tagging
from tagloop.tagger.tagger import Tag
from tagloop.web.tabs.tag.editor import chips_of
from tagloop.web.tabs.tag.sharing import SharedArticle, shared_article

TAGGING = Tagging("A", "Bread.", (Tag("Bread", 0.5, True), Tag("Ovens", 0.4, False)), "me", None)


def test_an_article_comes_with_its_tags_or_without() -> None:
    sent = {"title": "A", "text": "B"}
    assert shared_article(sent) == SharedArticle("A", "B", None)
    assert shared_article(sent | {"tags": ["x"], "more": 1}) == SharedArticle("A", "B", ("x",))
    assert shared_article(sent | {"tags": []}) == SharedArticle("A", "B", ())


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "text",
        [],
        {"title": "A"},
        {"title": None, "text": "B"},
        {"title": "A", "text": ["B"]},
        {"title": "A", "text": "B", "tags": "x"},
        {"title": "A", "text": "B", "tags": [None]},
        {"title": "A", "text": "B", "tags": ["x"] * (MAX_TAGS + 1)},
        {"title": "A", "text": "B", "tags": ["x" * (MAX_TAG_CHARACTERS + 1)]},
    ],
)
def test_what_is_no_article_is_none(sent: Any) -> None:
    assert shared_article(sent) is None


def test_a_links_tags_are_shown_with_what_the_model_says_of_them() -> None:
    value = chips_of(TAGGING, ["Rye", "bread"])
    assert value is not None and value["id"] == TAGGING.id
    assert value["tags"] == [
        {"tag": "Rye", "confidence": None, "present": None, "linked": True},
        {"tag": "bread", "confidence": 0.5, "present": True},
    ]
    assert chips_of(TAGGING, []) == {"id": TAGGING.id, "tags": []}
    assert chips_of(None, ["Rye"]) is None

"""A file as the static Space reads it, before the browser makes text of its HTML."""

from __future__ import annotations

from typing import Any

import pytest

from tagloop.errors import UserError
from tagloop.reading.browser_files import read_file

FRONT_MATTER: list[tuple[str, str, list[str]]] = [
    ("---\ntitle: On ferries\ntags: [Travel, 'Sea']\n---\nText\n", "On ferries", ["Travel", "Sea"]),
    ('+++\ntitle = "On ferries"\n[taxonomies]\ntags = ["Sea"]\n+++\nText\n', "On ferries", ["Sea"]),
    ("Title: On ferries\nTags: Travel, Sea\n\nText\n", "On ferries", ["Travel", "Sea"]),
    ("---\ntags:\n---\nText\n", "", []),
]


@pytest.mark.parametrize(("content", "title", "tags"), FRONT_MATTER)
def test_front_matter_of_any_generator_gives_title_and_tags(
    content: str, title: str, tags: list[str]
) -> None:
    found = read_file("post.md", content)
    assert found == {"title": title, "tags": tags, "note": "", "html": "<p>Text</p>\n"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.html", "<p>x</p>", {"page": "<p>x</p>"}),
        ("a.txt", "Ferries\n\nThey float.", {"title": "Ferries", "text": "They float."}),
        ("a.txt", "---\ntitle: Ferries\n---\n*x*", {"html": "<p><em>x</em></p>\n"}),
        ("a.html", "---\ntitle: Ferries\n---\n<b>{% x %}x</b>", {"title": "Ferries"}),
    ],
)
def test_the_ending_says_how_it_is_written(
    name: str, content: str, expected: dict[str, Any]
) -> None:
    found = read_file(name, content)
    assert {key: found[key] for key in expected} == expected


def test_front_matter_that_cannot_be_read_is_said_and_the_text_after_it_read() -> None:
    found = read_file("post.md", "+++\ntitle = [\n+++\nText\n")
    assert found["html"] == "<p>Text</p>\n"
    assert found["note"].startswith("post.md, line ")


def test_front_matter_without_an_end_is_refused() -> None:
    with pytest.raises(UserError, match="has no end"):
        read_file("post.md", "---\ntitle: [\n\n")

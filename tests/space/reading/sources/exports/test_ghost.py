import json
from typing import Any

import pytest

from tagloop.errors import UserError

from ..conftest import Opened

TABLES: dict[str, Any] = {
    "posts": [
        {
            "id": "p1", "title": "Pier", "slug": "pier", "html": "<p>The ferry runs.</p>",
            "mobiledoc": None, "status": "published", "type": "post", "locale": "de",
            "published_at": "2024-01-02T09:30:00.000Z", "canonical_url": "https://h.example/pier/",
        },
        {"id": "p2", "title": "Seeds", "html": "<p>Later.</p>", "status": "draft", "type": "post"},
        {"id": "p3", "title": "About", "html": "<p>We.</p>", "status": "published", "type": "page"},
    ],
    "tags": [
        {"id": "t1", "name": "Winter"},
        {"id": "t2", "name": "Boats"},
        {"id": "t3", "name": "#import", "visibility": "internal"},
    ],
    "posts_tags": [
        {"post_id": "p1", "tag_id": "t1", "sort_order": 1},
        {"post_id": "p1", "tag_id": "t2", "sort_order": 0},
        {"post_id": "p1", "tag_id": "t3", "sort_order": 2},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        {"db": [{"meta": {"exported_on": 1700000000000, "version": "5.7"}, "data": TABLES}]},
        {"meta": {"exported_on": 1388805572000, "version": "003"}, "data": TABLES},
    ],
)
def test_tables_of_a_database(opened: Opened, document: Any) -> None:
    source, [pier, seeds] = opened("export.json", json.dumps(document))
    assert source.kind == "ghost"
    assert pier.values == {
        "title": "Pier",
        "tags": ["Boats", "Winter"],
        "url": "https://h.example/pier/",
        "published": "2024-01-02T09:30:00.000Z",
        "status": "published",
        "language": "de",
    }
    assert (pier.body, pier.markup, pier.draft) == ("<p>The ferry runs.</p>", "html", "")
    assert (seeds.draft, seeds.values["tags"]) == ("status: draft", [])
    assert source.notes == ["Left out, since they are no articles: 1 page."]


CARD = {"version": "0.3.1", "cards": [["markdown", {"markdown": "The *ferry*."}]], "sections": []}
SECTIONS = {"cards": [], "sections": [[1, "p", [[0, [], 0, "The "], [0, [0], 1, "<ferry>."]]]]}
LEXICAL = {
    "root": {
        "children": [
            {"type": "heading", "children": [{"text": "Pier"}]},
            {
                "type": "paragraph",
                "children": [{"text": "The "}, {"children": [{"text": "ferry."}]}],
            },
        ]
    }
}


@pytest.mark.parametrize(
    ("key", "value", "body", "markup"),
    [
        ("mobiledoc", json.dumps(CARD), "The *ferry*.", "markdown"),
        ("mobiledoc", json.dumps(SECTIONS), "<p>The &lt;ferry&gt;.</p>", "html"),
        ("lexical", json.dumps(LEXICAL), "<p>Pier</p>\n<p>The ferry.</p>", "html"),
        ("plaintext", "The ferry.", "The ferry.", "text"),
        (
            "mobiledoc",
            '{"cards": [3, [4]], "sections": [[1, "p", [7, "x"]], 2]}',
            "<p></p>",
            "html",
        ),
        ("lexical", "[" * 100_000, "", "html"),
    ],
)
def test_a_post_without_html(opened: Opened, key: str, value: str, body: str, markup: str) -> None:
    post = {"title": "Pier", "html": None, key: value, "tags": [{"name": "Boats"}, {"name": "#x"}]}
    _, [record] = opened("a.json", json.dumps({"db": [{"data": {"posts": [post]}}]}))
    assert (record.body, record.markup) == (body, markup)
    assert (record.values["tags"], record.draft) == (["Boats"], "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"db": [{"data": {}}]}', "no posts"),
        ('{"db": [', r"a\.json:1: it is no JSON"),
        ('{"db": ' + "[" * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_export(opened: Opened, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        opened("a.json", text)

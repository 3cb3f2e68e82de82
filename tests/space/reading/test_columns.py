"""Which of a source's own names is which field."""

from __future__ import annotations

from typing import Any

import pytest

from tagloop.errors import UserError
from tagloop.reading.columns import Columns, parse_mapping


def chosen(*seen: str, **given: str) -> dict[str, str]:
    columns = Columns.choose(seen, given, "a.csv", needed=())
    return {field: names[0] for field, names in columns.names.items() if names}


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (["title", "text", "tags"], {"title": "title", "text": "text", "tags": "tags"}),
        (["\ufeffTitle", "Body", "TAGS", "", " "], {"title": "\ufeffTitle", "text": "Body",
                                                     "tags": "TAGS"}),
        (["Author", "Main Category", "Title", "Excerpt", "ID", "Tags", "Plain Content",
          "Categories", "Rich Content"],
         {"title": "Title", "text": "Plain Content", "tags": "Tags"}),
        (["link", "headline", "category", "short_description", "authors", "date"],
         {"title": "headline", "text": "short_description", "tags": "category", "url": "link",
          "published": "date"}),
        (["post_title", "post_content", "postDate", "post-status", "post_category"],
         {"title": "post_title", "text": "post_content", "published": "postDate",
          "tags": "post_category"}),
        (["title", "body_html", "body_markdown", "tag_list", "tags", "canonical_url",
          "published_at", "description"],
         {"title": "title", "text": "body_markdown", "tags": "tags", "url": "canonical_url",
          "published": "published_at"}),
        (["title.rendered", "content.rendered", "datePublished", "inLanguage"],
         {"title": "title.rendered", "text": "content.rendered", "published": "datePublished",
          "language": "inLanguage"}),
        (["title", "content:encoded", "pubDate", "category", "rights"],
         {"title": "title", "text": "content:encoded", "published": "pubDate", "tags": "category",
          "license": "rights"}),
        (["title", "selftext", "created_utc", "permalink"],
         {"title": "title", "text": "selftext", "published": "created_utc", "url": "permalink"}),
        (["titles", "summaries", "terms"],
         {"title": "titles", "text": "summaries", "tags": "terms"}),
        (["title", "text", "subject", "date"],
         {"title": "title", "text": "text", "tags": "subject", "published": "date"}),
        (["subject", "body", "status"], {"title": "subject", "text": "body"}),
        (["title", "description", "content", "keywords", "categories"],
         {"title": "title", "text": "content", "tags": "categories"}),
        (["Titel", "Inhalt", "Schlagwörter", "Datum"],
         {"title": "Titel", "text": "Inhalt", "tags": "Schlagwörter", "published": "Datum"}),
        (["标题", "正文", "标签"], {"title": "标题", "text": "正文", "tags": "标签"}),
    ],
)  # fmt: skip
def test_usual_names(seen: list[str], found: dict[str, str]) -> None:
    assert chosen(*seen) == found


def test_a_person_names_columns_as_he_likes() -> None:
    seen = ("Heading 1", "Body", "Key-Words", "keywords")
    assert chosen(*seen, title="Heading 1", tags="Key-Words")["tags"] == "Key-Words"
    assert chosen(*seen, title="heading_1")["title"] == "Heading 1"
    assert "text" not in chosen(*seen, text="")


def fails(seen: list[str], **given: str) -> str:
    with pytest.raises(UserError) as error:
        Columns.choose(seen, given, "a.csv")
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
    return str(error.value)


def test_a_missing_column_lists_what_is_there_and_how_to_name_one() -> None:
    assert fails(["title", "story line", "tags", ""]) == (
        "a.csv: no column for the text found; the columns are 'title', 'story line', 'tags'. "
        'Say which one it is with --columns text=NAME (COLUMNS="text=NAME" with make), or text= if '
        "there is none."
    )
    message = fails(["title", "text", "tags"], text="body")
    assert message == (
        "a.csv: there is no column 'body' for the text; the columns are 'title', 'text', 'tags'."
    )


def names_of(values: dict[str, Any], field: str, **given: str) -> list[tuple[str, Any]]:
    columns = Columns.of_record(values, given, front_matter=True)
    return list(columns.values(values, field))


def test_front_matter_has_names_of_its_own() -> None:
    values = {
        "Title": "x",
        "link": "https://example.org/tool",
        "text": "no body",
        "taxonomies": {"tags": ["a"], "categories": ["b"]},
        "keywords": "c",
        "category": "d",
    }
    assert names_of(values, "title") == [("Title", "x")]
    assert names_of(values, "url") == [] and names_of(values, "text") == []
    assert [name for name, _ in names_of(values, "tags")] == [
        "taxonomies.tags", "category", "taxonomies.categories", "keywords",
    ]  # fmt: skip
    assert names_of(values, "tags", tags="Category") == [("category", "d")]
    assert names_of(values, "tags", tags="taxonomies.categories") == [
        ("taxonomies.categories", ["b"])
    ]
    assert names_of(values, "tags", tags="") == []


@pytest.mark.parametrize(
    ("settings", "mapping"),
    [
        (["title=headline,text=body", "tags = labels"],
         {"title": "headline", "text": "body", "tags": "labels"}),
        (["text=Plain Content,url="], {"text": "Plain Content", "url": ""}),
        (["text=Plain", "Content"], {"text": "Plain Content"}),
        (['tags="Tags, main",title=Titel'], {"tags": "Tags, main", "title": "Titel"}),
        (["tags=Writer's tags,draft=Stage"], {"tags": "Writer's tags", "draft": "Stage"}),
        (["text=a=b"], {"text": "a=b"}),
        ([], {}),
    ],
)  # fmt: skip
def test_mapping_syntax(settings: list[str], mapping: dict[str, str]) -> None:
    assert parse_mapping(settings) == mapping


@pytest.mark.parametrize("setting", ["title", "headline=title", "=x", "title=a,body"])
def test_wrong_mapping(setting: str) -> None:
    with pytest.raises(UserError, match="expected FIELD=COLUMN with FIELD one of title, text"):
        parse_mapping([setting])

"""Records to entries: which value is which field, and what is said about the whole source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tagloop.errors import UserError
from tagloop.reading import entries as module
from tagloop.reading.documents import BODIES
from tagloop.reading.entries import Entries, entry_of, read_entries
from tagloop.reading.record import Entry, ReadOptions, Record, Source

TEXT = "The lighthouse keeper counts the ships that pass before breakfast."


def table(*rows: Mapping[str, Any], **options: Any) -> Entries:
    records = [Record(f"a.csv:{line}", row) for line, row in enumerate(rows, 2)]
    source = Source("table", "a.csv", iter(records), columns=list(rows[0]))
    return read_entries(source, ReadOptions(**options))


def files(*values: Mapping[str, Any], **options: Any) -> Entries:
    records = [Record(f"{number}.md", front, body=TEXT) for number, front in enumerate(values)]
    return read_entries(Source("markdown", "blog", iter(records)), ReadOptions(**options))


def row_of(**values: Any) -> dict[str, Any]:
    return {"title": "Ships", "text": TEXT, "tags": "Sea"} | values


def row(**values: Any) -> Entry:
    return next(table(row_of(**values)))


def test_a_table() -> None:
    (entry,) = table(
        {"Title": "Ships", "Text": TEXT, "Tags": "Sea, Light", "Link": "https://example.org/1",
         "Date": "2021-02-03", "lang": "en_GB", "License": "CC0-1.0", "site": "My blog",
         "split": "train", "origin": "correction"},
    )  # fmt: skip
    assert (entry.title, entry.text, entry.tags) == ("Ships", TEXT, ("Sea", "Light"))
    assert (entry.published, entry.url) == ("2021-02-03", "https://example.org/1")
    assert (entry.language, entry.license, entry.source) == ("en-GB", "CC0-1.0", "My blog")
    assert (entry.split, entry.origin, entry.problem) == ("train", "correction", "")


@pytest.mark.parametrize(
    ("front", "tags"),
    [
        ({"tags": ["a"], "categories": ["b"], "keywords": "c"}, ["a"]),
        ({"tags": [], "categories": ["b", "c"]}, ["b", "c"]),
        ({"tags": "", "category": "b"}, ["b"]),
        ({"tags": "nan", "category": "b"}, ["b"]),
        ({"tags": None, "taxonomies": {"tags": [], "categories": ["b"]}}, ["b"]),
        ({"taxonomies": {"tags": ["a"], "categories": ["b"]}}, ["a"]),
        ({"categories": ["b"], "keywords": "cheap boats, boat shop"}, ["b"]),
        ({"keywords": "cheap boats, boat shop"}, ["cheap boats", "boat shop"]),
        ({"categories": [["a", "b"], ["c"]]}, ["a", "b", "c"]),
        ({"title": "x"}, []),
    ],
)
def test_tags_fall_back(front: dict[str, Any], tags: list[str]) -> None:
    (entry,) = files(front)
    assert list(entry.tags) == tags


def test_tags_of_the_text_come_last() -> None:
    def tags(values: dict[str, Any]) -> tuple[str, ...]:
        return entry_of(Record("a.md", values, body=TEXT, fallbacks={"tags": ["sea"]})).tags

    assert tags({"tags": []}) == ("sea",) and tags({"keywords": "a"}) == ("a",)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (TEXT, TEXT),
        ([TEXT, "", "Two."], f"{TEXT}\n\nTwo."),
        ([{"type": "paragraph", "text": TEXT}, {"text": "Two."}], f"{TEXT}\n\nTwo."),
        ({"rendered": f"<p>{TEXT}</p>", "protected": False}, TEXT),
        ({"html": f"<p>{TEXT}</p><p>Two.</p>"}, f"{TEXT}\n\nTwo."),
        (f"&lt;p&gt;{TEXT}&lt;/p&gt;&lt;p&gt;&lt;a href=&quot;x&quot;&gt;Two.&lt;/a&gt;&lt;/p&gt;",
         f"{TEXT}\n\nTwo."),
        (f"&amp;lt;p&amp;gt;{TEXT}&amp;lt;/p&amp;gt;", TEXT),
        ("nan", ""),
        (1984, "1984"),
    ],
)  # fmt: skip
def test_a_text_in_any_value(value: Any, text: str) -> None:
    assert row(text=value).text.strip() == text


def test_an_article_about_html_stays() -> None:
    about = f"Close a paragraph with &lt;/p&gt; and a list with &lt;/ul&gt;. {TEXT * 20}"
    assert row(text=about).text == about


def test_a_title_is_one_line_without_markup() -> None:
    assert (
        row(title={"rendered": "Ships &#8211; and\n <em>boats</em>"}).title == "Ships – and boats"
    )
    assert row(title="Pier &amp;amp; Co").title == "Pier & Co"
    assert row(title=["Ships"]).title == "Ships"
    assert row(title="nan").title == ""


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"title": ["a", "b"]}, "column 'title': expected one line, found a list"),
        ({"title": {"x": 1}}, "column 'title': expected one line, found an object"),
        ({"text": {"nodes": []}}, "column 'text': expected a text, found an object"),
        ({"text": True}, "column 'text': expected a text, found true or false"),
        ({"tags": [12, 34]}, "the tags in 'tags' are numbers (ids?), not names"),
        ({"tags": True}, "the tags in 'tags' are numbers (ids?), not names"),
        ({"tags": ["x"] * 300}, "too many tags"),
    ],
)
def test_a_value_of_a_wrong_type_stops_nothing(values: dict[str, Any], problem: str) -> None:
    good = {"title": "Ships", "text": TEXT, "tags": "Sea"}
    bad, after = table(good | values, good)
    assert bad.problem == problem and after.problem == ""


def test_numbers_for_tags_matter_where_tags_are_needed() -> None:
    (entry,) = table({"text": TEXT, "tags": [5]}, needed=("text",))
    assert entry.problem == "" and entry.tags == ()


def test_what_could_not_be_read_stays_so() -> None:
    entry = entry_of(Record("a.md", {}, problem="broken", oddities=("cut",)))
    assert (entry.problem, entry.oddities, entry.title) == ("broken", ("cut",), "")


@pytest.mark.parametrize(
    ("values", "published", "unreadable"),
    [
        ({"published": "true", "date": "2021-02-03"}, "2021-02-03", False),
        ({"published": True}, None, False),
        ({"published": "soon", "date": "2021-02-03"}, "2021-02-03", False),
        ({"date": "soon"}, None, True),
        ({"date": ""}, None, False),
        ({"date": "0000-00-00"}, None, False),
        ({"date": "nan"}, None, False),
        ({"timestamp": "1178040660"}, "2007-05-01T17:31:00Z", False),
    ],
)
def test_dates(values: dict[str, Any], published: str | None, unreadable: bool) -> None:
    entry = row(**values)
    assert (entry.published, entry.date_unreadable) == (published, unreadable)
    record = Record("a.md", {"date": "soon"}, body=TEXT, fallbacks={"published": "2020-01-02"})
    assert entry_of(record).published == "2020-01-02"


def test_the_column_shows_the_order_of_its_dates() -> None:
    rows = [{"title": "x", "text": TEXT, "tags": "a", "date": date} for date in
            ("03/04/2021", "25/12/2020")]  # fmt: skip
    read = table(*rows)
    assert [entry.published for entry in read] == ["2021-04-03", "2020-12-25"]
    assert any("read day first" in text for text in read.decisions())
    read = table(rows[0])
    assert next(read).date_unreadable
    assert any("day/month or month/day" in text for text in read.decisions())


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"url": "https://example.org/a"}, "https://example.org/a"),
        ({"permalink": "/a/b"}, None),
        ({"permalink": "/a/b", "canonical_url": "https://example.org/a"}, "https://example.org/a"),
        ({"link": "https://example.org/tool"}, None),
        ({"external_url": "https://example.org/tool", "ref": "https://example.org"}, None),
        ({"url": "nan"}, None),
    ],
)
def test_addresses_in_front_matter(values: dict[str, Any], url: str | None) -> None:
    (entry,) = files(values)
    assert entry.url == url


def test_drafts() -> None:
    drafts = [entry.draft for entry in files({"draft": "true"}, {"published": "2021-05-06"})]
    assert drafts == ["draft: true", ""]
    assert entry_of(Record("_drafts/a.md", {}, body="", draft="in _drafts")).draft == "in _drafts"
    (entry,) = files({"draft": "true", "Stage": "idea"}, columns={"draft": "stage"})
    assert entry.draft == "Stage: idea"


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("", "# Ships\n\nMany.", ("Ships", "Many.")),
        ("Ships", "# Ships\n\nMany.", ("Ships", "Many.")),
        ("Boats", "# Ships\n\nMany.", ("Boats", "Ships\n\nMany.")),
        ("Boats", "Many.", ("Boats", "Many.")),
    ],
)
@pytest.mark.parametrize("kept", [True, False], ids=["heading kept", "heading taken out"])
def test_the_heading_is_title_or_text(
    monkeypatch: pytest.MonkeyPatch, title: str, text: str, expected: tuple[str, str], kept: bool
) -> None:
    def read(body: str, name: str) -> tuple[str, str]:
        heading, _, rest = body.removeprefix("# ").partition("\n\n")
        if not rest:
            return "", body
        return heading, f"{heading}\n\n{rest}" if kept else rest

    monkeypatch.setitem(BODIES, "markdown", read)
    record = Record("a.md", {"title": title}, body=text, markup="markdown")
    entry = entry_of(record)
    assert (entry.title, entry.text) == expected
    named = Record("a.csv:2", {"title": title, "body_markdown": text})
    assert entry_of(named).text == expected[1]


def test_what_was_decided_is_said() -> None:
    read = table(
        {"Headline": "x", "Body": TEXT, "Topics": "Sea, Light", "note": 1},
        {"Headline": "x", "Body": TEXT, "Topics": "Machine Learning", "note": 1},
    )
    assert [entry.tags for entry in read] == [("Sea", "Light"), ("Machine Learning",)]
    assert read.decisions() == [
        "Read: title from 'Headline', text from 'Body', nothing from 'note'; --columns (COLUMNS "
        "with make) says otherwise.",
        "Tags in 'Topics' are split at commas: \"Sea, Light\" → Sea | Light; are not split at "
        'blanks: "Machine Learning" → Machine Learning; --tag_separator (TAG_SEPARATOR with make) '
        "says otherwise.",
    ]
    read = files({"keywords": "a, b"}, {"tags": "c"}, {"categories": "d"})
    list(read)
    said = " ".join(read.decisions())
    assert "Tags of 1 article come from 'keywords', which are often written for search" in said
    assert "Tags of 1 article come from 'categories'." in said
    read = files({"title": "x", "about": "y"})
    list(read)
    assert "No tags in any of the names 'title', 'about'; say where" in read.decisions()[0]
    assert '--columns tags=NAME (COLUMNS="tags=NAME" with make)' in read.decisions()[0]


def test_a_flag_is_not_said_to_be_the_date() -> None:
    read = table(
        {"title": "x", "text": TEXT, "tags": "a", "published": "true", "date": "2021-02-03"}
    )
    assert next(read).published == "2021-02-03"
    assert "published from 'date'" in read.decisions()[0]


def test_a_column_of_ids_is_said() -> None:
    read = table(*({"title": "x", "text": TEXT, "tags": [n], "category": "1"} for n in range(12)))
    list(read)
    assert "The tags in 'tags' of 12 articles are numbers" in " ".join(read.decisions())
    assert "'category' are numbers throughout (ids?)" in " ".join(read.decisions())


def test_jekylls_rule_holds_in_files_only() -> None:
    (entry,) = files({"tags": "jekyll github ruby"})
    assert entry.tags == ("jekyll", "github", "ruby")
    (entry,) = files({"category": "jekyll github"})
    assert entry.tags == ("jekyll github",)
    read = table({"title": "x", "text": TEXT, "tags": "old wooden boats"})
    assert next(read).tags == ("old wooden boats",)
    (entry,) = files({"tags": "old wooden boats"}, tag_separator="none")
    assert entry.tags == ("old wooden boats",)


@pytest.mark.parametrize(
    ("tags", "single"),
    [
        (["a", "b", ""], True),
        (["a", "b, c"], False),
        ([["a"], ["b"]], False),
        (["", ""], False),
    ],
)
def test_one_tag_a_row(tags: list[Any], single: bool) -> None:
    rows = [{"title": "x", "text": TEXT, "tags": value} for value in tags]
    assert table(*rows).single_tags == single
    assert not files({"tags": "a"}).single_tags


def test_columns_are_checked_before_anything_is_read() -> None:
    def records() -> Iterator[Record]:
        raise AssertionError("read")
        yield

    with pytest.raises(UserError, match="no column for the text"):
        read_entries(Source("table", "a.csv", records(), columns=["title", "tags"]))


def test_a_name_that_no_file_has_is_said() -> None:
    with pytest.raises(
        UserError, match=r"blog: there is no column 'topic' for the tags; .*'title'"
    ):
        next(files({"title": "x"}, columns={"tags": "topic"}))
    (entry,) = files({"title": "x", "Topic": "a, b"}, columns={"tags": "topic"})
    assert entry.tags == ("a", "b")


def test_json_without_a_needed_name_is_said_as_for_a_table() -> None:
    def read(*values: dict[str, Any], **options: Any) -> Entries:
        records = iter([Record(f"a.jsonl:{line}", value) for line, value in enumerate(values, 1)])
        return read_entries(Source("table", "a.jsonl", records), ReadOptions(**options))

    rows = {"title": "x", "tags": "a"}, {"title": "x", "story line": TEXT}
    with pytest.raises(UserError, match=r"no column for the text found; .* 'story line'\. Say"):
        next(read(*rows))
    assert [entry.text for entry in read(*rows, columns={"text": "story line"})] == ["", TEXT]
    assert len(list(read(*rows, columns={"text": ""}))) == 2


def test_a_source_that_breaks_off_gives_what_came_before() -> None:
    def records() -> Iterator[Record]:
        yield Record("a.csv:2", {"title": "x", "text": TEXT, "tags": "a"})
        raise UserError("a.csv: the file is not complete.")

    read = read_entries(Source("table", "a.csv", records(), columns=["title", "text", "tags"]))
    assert next(read).tags == ("a",)
    with pytest.raises(UserError, match="not complete"):
        next(read)


def test_later_records_are_read_as_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def records() -> Iterator[Record]:
        for number in range(10):
            taken.append(number)
            yield Record(f"{number}", {"title": "x", "text": TEXT, "tags": "a"})

    monkeypatch.setattr(module, "SAMPLE_RECORDS", 3)
    read = read_entries(Source("table", "a", records(), columns=["title", "text", "tags"]))
    assert taken == [] and next(read).tags == ("a",) and len(taken) == 3
    assert len(list(read)) == 9


@pytest.mark.parametrize("names", [("tag1", "tag2"), ("Tag 1", "Tag 2"), ("tags/0", "tags/1"),
    ("tags.0.name", "tags.1.name"), ("tags", "tags (2)")])  # fmt: skip
def test_each_tag_in_a_column_of_its_own(names: tuple[str, str]) -> None:
    both, one = table(
        {"title": "a", "text": TEXT, names[0]: "Sea", names[1]: "Light", "category": "x"},
        {"title": "b", "text": TEXT, names[0]: "", names[1]: "Ships", "category": "x"},
    )
    assert (both.tags, one.tags) == (("Sea", "Light"), ("Ships",))


def test_names_go_before_numbers() -> None:
    assert row(tags="12, 7", category="Sea").tags == ("Sea",)
    read = table(row_of(tags="12, 7"), row_of(tags="7"))
    assert [entry.tags for entry in read] == [("12", "7"), ("7",)]
    assert any("numbers throughout" in said for said in read.decisions())


def test_a_list_of_paragraphs_written_in_a_cell() -> None:
    assert row(text=str([TEXT, "Then they sail on."])).text == f"{TEXT}\n\nThen they sail on."
    assert row(text="['a' and 'b'] are names").text == "['a' and 'b'] are names"


@pytest.mark.parametrize("name", ["clean_text", "transcript", "question_content", "overview"])
def test_more_names_of_texts(name: str) -> None:
    (entry,) = table({"title": "Ships", name: TEXT, "sectionName": "Sea"})
    assert (entry.text, entry.tags) == (TEXT, ("Sea",))


def test_a_summary_that_is_the_title_is_no_text() -> None:
    (entry,) = table(
        {"Summary": "Ships", "Description": TEXT, "Labels": "Sea"}, columns={"title": "Summary"}
    )
    assert (entry.title, entry.text) == ("Ships", TEXT)

"""Front matter of every generator: read, mended where the meaning is plain, and added to."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from tagloop.errors import UserError
from tagloop.reading.front_matter import MAX_CHARACTERS, FrontMatter, split_front_matter
from tagloop.reading.front_matter.adding import add_values, takes
from tagloop.reading.front_matter.body_tags import body_tags

TAGS: dict[str, list[str] | list[float]] = {
    "tags": ["ferry", "night trains"],
    "tag_confidences": [0.9, 0.25],
}


def split(content: str, ending: str = ".md") -> FrontMatter:
    """Reads front matter, and proves that its parts are the file."""
    front = split_front_matter(content, "blog/a.md", ending)
    if front.given:
        assert front.head + front.lines + front.tail + front.body == content
    return front


def problem(content: str) -> str:
    with pytest.raises(UserError) as error:
        split_front_matter(content, "blog/a.md")
    message = str(error.value)
    assert message.startswith("blog/a.md") and "\n" not in message and "front matter" in message
    return message


DIALECTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "yaml": (
        ".md",
        "---\ntitle: Soup\ndate: 2021-02-03\ntags: [Food, Yes, 2020]\ndraft: false\n---\n\nBody",
        {
            "title": "Soup",
            "date": "2021-02-03",
            "tags": ["Food", "Yes", "2020"],
            "draft": "false",
        },
    ),
    "yaml with windows line ends": (
        ".md",
        "\ufeff---\r\ntitle: Soup\r\ntags: [Food]\r\n---\r\n\r\nBody",
        {"title": "Soup", "tags": ["Food"]},
    ),
    "yaml after blank lines, with a comment": (
        ".md",
        "\n \n--- # written by hand\ntitle: Soup\n---  \nBody",
        {"title": "Soup"},
    ),
    "yaml by name, ended by dots": (".qmd", "---yaml\ntitle: Soup\n...\nBody", {"title": "Soup"}),
    "yaml with tabs": (
        ".md",
        "---\ntitle:\tSoup\ntags:\t[Food]\nempty: \t\n---\nBody",
        {"title": "Soup", "tags": ["Food"], "empty": ""},
    ),
    "nested": (
        ".md",
        "---\ncategories:\n- [Travel, Coast]\n- [Diary]\ntaxonomies:\n  tags: [Boats]\n---\nBody",
        {
            "categories": [["Travel", "Coast"], ["Diary"]],
            "taxonomies": {"tags": ["Boats"]},
        },
    ),
    "in another ending": (".rst", "---\ntitle: Soup\n---\nBody", {"title": "Soup"}),
    "none": (".md", "Body", {}),
    "empty": (".md", "---\n---\nBody", {}),
    "hexo": (
        ".md",
        "title: Soup\ndate: 2019-03-02 10:11:12\ntags:\n- Food\n- Winter\n---\nBody",
        {"title": "Soup", "date": "2019-03-02 10:11:12", "tags": ["Food", "Winter"]},
    ),
    "toml": (
        ".md",
        '+++\ntitle = "Soup"\ndate = 2021-02-03\ndraft = false\nweight = 3\n[taxonomies]\n'
        'tags = ["Food"]\n+++\n\nBody',
        {
            "title": "Soup",
            "date": "2021-02-03",
            "draft": "false",
            "weight": "3",
            "taxonomies": {"tags": ["Food"]},
        },
    ),
    "toml by name": (".md", '---toml\r\ntitle = "Soup"\r\n---\r\nBody', {"title": "Soup"}),
    "json": (
        ".md",
        '{\n  "title": "Soup",\n  "tags": ["Food"],\n  "draft": true,\n  "weight": 1.50\n}\nBody',
        {"title": "Soup", "tags": ["Food"], "draft": "true", "weight": "1.50"},
    ),
    "json of hexo": (
        ".md",
        '"title": "Soup",\n"tags": ["Food"]\n;;;\nBody',
        {"title": "Soup", "tags": ["Food"]},
    ),
    "json by name": (".md", '---json\n{"title": "Soup"}\n---\nBody', {"title": "Soup"}),
    "json between marks": (".md", ';;;\n{"title": "Soup"}\n;;;\nBody', {"title": "Soup"}),
    "pelican": (
        ".md",
        "Title: Soup\nDate: 2014-11-17 10:20\nTags: food, winter\n    evenings\n\nBody",
        {"Title": "Soup", "Date": "2014-11-17 10:20", "Tags": "food, winter evenings"},
    ),
    "nikola": (
        ".md",
        "<!--\n.. title: Soup\n.. slug: soup\n.. tags: food, winter\n-->\n\nBody",
        {"title": "Soup", "slug": "soup", "tags": "food, winter"},
    ),
    "nikola in rst": (
        ".rst",
        ".. title: Soup\n.. tags: food\n\nBody",
        {"title": "Soup", "tags": "food"},
    ),
    "comments": (
        ".md",
        "<!-- title: Soup -->\n<!-- tags: food, winter -->\nBody",
        {"title": "Soup", "tags": "food, winter"},
    ),
    "notion": (
        ".md",
        "# Soup\n\nTags: Food, Winter\nCreated time: March 3, 2024 5:00 PM\n\nBody",
        {"title": "Soup", "Tags": "Food, Winter", "Created time": "March 3, 2024 5:00 PM"},
    ),
    "org": (
        ".org",
        ":PROPERTIES:\n:ID: 7\n:END:\n#+TITLE: Soup\n#+DATE: <2021-02-03 Wed 10:00>\n\n"
        "#+FILETAGS: :food:winter:\n\nBody",
        {
            "title": "Soup",
            "date": "2021-02-03 10:00",
            "filetags": ":food:winter:",
            "tags": ["food", "winter"],
        },
    ),
    "rst": (
        ".rst",
        "====\nSoup\n====\n\n:date: 2021-02-03\n:tags: food, winter\n\nBody",
        {"title": "Soup", "date": "2021-02-03", "tags": "food, winter"},
    ),
    "logseq": (
        ".md",
        "title:: Soup\ntags:: food, [[winter]]\n\nBody",
        {"title": "Soup", "tags": "food, [[winter]]"},
    ),
    "yaml with a blank before each line": (
        ".md",
        "---\n title: Soup\n tags: [Food]\n---\nBody",
        {"title": "Soup", "tags": ["Food"]},
    ),
    "yaml without blanks after colons": (
        ".md",
        "---\ntitle:Soup\ntags\uff1a[Food]\nslug:\xa0soup\nurl: https://e.org\n---\nBody",
        {"title": "Soup", "tags": ["Food"], "slug": "soup", "url": "https://e.org"},
    ),
    "javascript": (
        ".md",
        '---js\n{ title: "Soup", tags: ["Food"], }\n---\nBody',
        {"title": "Soup", "tags": ["Food"]},
    ),
    "toml between dashes": (
        ".md",
        '---\ntitle = "Soup"\ntags = ["Food"]\n---\nBody',
        {"title": "Soup", "tags": ["Food"]},
    ),
    "mdx": (
        ".mdx",
        "import A from './a'\n\nexport const meta = {\n  title: 'Soup: {hot}',\n"
        "  tags: ['Food'],\n};\n\nBody",
        {"title": "Soup: {hot}", "tags": ["Food"]},
    ),
    "ablog": (
        ".rst",
        "Soup\n====\n\n.. post:: May 3, 2020\n   :tags: food, winter\n\nBody",
        {"title": "Soup", "date": "May 3, 2020", "tags": "food, winter"},
    ),
}


@pytest.mark.parametrize("kind", DIALECTS)
def test_every_dialect_is_read(kind: str) -> None:
    ending, content, values = DIALECTS[kind]
    front = split(content, ending)
    assert front.values == values
    assert front.body.strip() == "Body"
    assert front.oddities == ()


@pytest.mark.parametrize(
    "content",
    [
        "---\n\nOur club swapped seeds.\n",
        "---\n\nOur club swapped seeds.\n\n---\n\nAnd bulbs.\n",
        "---\n\nNote: bring a coat,\nand a hat.\n\n---\n",
        "---\njust words\n---\nBody",
        "Harbour news: the pier\n---\n\nA heading of Markdown.\n",
        "Note: bring a coat.\n\nIt is cold.\n",
        "Title: a word that begins a sentence\nwhich goes on.\n",
        "# Pier\n\nNote: bring a coat.\n\nIt is cold.\n",
        "<!-- a comment -->\n\nBody",
        "{{< figure >}}\n\nBody",
        "https://example.com: an address\n\nBody",
    ],
)
def test_what_only_looks_like_front_matter_is_text(content: str) -> None:
    front = split(content)
    assert not front.given and front.body == content


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("title: Ferries: a love story", "title", "Ferries: a love story"),
        ('title: "Ferry" for two', "title", '"Ferry" for two'),
        ("title: 'Ferry' and 'pier'", "title", "'Ferry' and 'pier'"),
        ("title: [x", "title", "[x"),
        ("title: [Review] The pier", "title", "[Review] The pier"),
        ("title: 'open", "title", "open"),
        ("title: 'It's here'", "title", "It's here"),
        ('title: "say "hi" now"', "title", 'say "hi" now'),
        ("title: @harbour", "title", "@harbour"),
        ("title: *bold* move", "title", "*bold* move"),
        ("title: {{ name }} and more", "title", "{{ name }} and more"),
        ("title: 100%: yes\n  indeed", "title", "100%: yes indeed"),
        ("tags:\n- @name\n- pier", "tags", ["@name", "pier"]),
        ("tags: [@name, 'a, b', pier]", "tags", ["@name", "a, b", "pier"]),
        ("tags: [#pier, #boats]", "tags", ["#pier", "#boats"]),
    ],
)
def test_a_value_that_needs_quotes_is_read_as_its_author_meant_it(
    written: str, name: str, value: Any
) -> None:
    front = split(f"---\nlayout: post\n{written}\nslug: a\n---\nBody")
    assert front.values == {"layout": "post", name: value, "slug": "a"}
    (oddity,) = front.oddities
    assert oddity.startswith("front matter, line 3: ") and f"'{name}'" in oddity


def test_a_value_that_nobody_needs_is_left_out_and_said() -> None:
    front = split('---\ntitle: A\nresources:\n- name: "a" b\n  src: x\ntags: [b]\n---\nBody')
    assert front.values == {"title": "A", "tags": ["b"]}
    assert front.oddities == (
        "front matter, line 3: the value of 'resources' is not valid YAML and is left out",
    )


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ("tags: ['one' 'two words']", ["one", "two words"]),
        ("tags: - one - two words", ["one", "two words"]),
        ("tags: {one, two words}", ["one", "two words"]),
        ("tags:\n  one\n  two words", ["one", "two words"]),
        ("tags:\n\t- one\n\t- two words", ["one", "two words"]),
        ("tags: one\ntags: two words", ["one", "two words"]),
        ('tags: "one", "two words"', '"one", "two words"'),
    ],
)
def test_tags_are_not_glued(written: str, tags: Any) -> None:
    assert split(f"---\ntitle: A\n{written}\n---\nBody").values == {"title": "A", "tags": tags}


def test_yaml_between_the_marks_of_toml_is_read_and_said() -> None:
    front = split("+++\ntitle: A\ntags: [b]\n+++\nBody")
    assert front.values == {"title": "A", "tags": ["b"]}
    assert front.oddities == (
        "front matter: '+++' stands around TOML; what is there is read as YAML",
    )


@pytest.mark.parametrize(
    ("lines", "name", "value"),
    [
        ("tags:\n- Boats\n -Piers", "tags", ["Boats", "Piers"]),
        ("tags:\n  - Boats\n    - 'Old piers'", "tags", ["Boats", "Old piers"]),
        ("tags:\n-Boats\n-Piers", "tags", ["Boats", "Piers"]),
        ("tags:\n* Boats\n* Piers", "tags", ["Boats", "Piers"]),
        ("tags:\n\xa0\xa0- Boats\n\xa0\xa0- Piers", "tags", ["Boats", "Piers"]),
        ("categories:\n- - Boats\n  - Piers", "categories", [["Boats", "Piers"]]),
        ("title: !important", "title", "!important"),
        ("title: !important news", "title", "!important news"),
        ("title: {tide} tables", "title", "{tide} tables"),
        ("title: > 5 boats", "title", "> 5 boats"),
        ("title: | Pier", "title", "| Pier"),
        ("title: >-\n  Two\n  lines", "title", "Two lines"),
        ("draft: false\ndraft: true", "draft", "true"),
        ("published: false\npublished: true", "published", "false"),
    ],
)
def test_what_yaml_reads_differently_from_its_author(lines: str, name: str, value: object) -> None:
    assert split(f"---\n{lines}\n---\nBody").values == {name: value}


def test_headers_need_no_blank_line_after_a_title_and_tags() -> None:
    front = split("Title: A\nTags: b, c\nBody")
    assert front.values == {"Title": "A", "Tags": "b, c"} and front.body == "\nBody"
    assert not split("Title: A\nBody").given


def test_lists_of_org_as_hugo_reads_it() -> None:
    front = split_front_matter('#+tags[]: ferry "old pier"\n\nBody', "a.org", ".org")
    assert front.values["tags"] == ["ferry", "old pier"]


def test_hashes_of_tags_are_no_comments() -> None:
    front = split("---\ntags: #pier #boats\nkeywords:\n- #ferry\ntitle: a # comment\n---\nBody")
    assert front.values == {"tags": "#pier #boats", "keywords": ["#ferry"], "title": "a"}
    assert len(front.oddities) == 2 and all("comment in YAML" in text for text in front.oddities)
    assert split("---\ntags: # none yet\n---\nBody").values == {"tags": ""}


def test_of_a_name_given_twice_lists_are_joined_and_else_the_first_counts() -> None:
    front = split("---\ntags: [a, b]\ntitle: One\ntags: [b, c]\ntitle: Two\n---\nBody")
    assert front.values == {"tags": ["a", "b", "c"], "title": "One"}
    assert front.oddities == (
        "front matter: 'tags' is given twice; both are read together",
        "front matter: 'title' is given twice; the first counts",
    )
    assert split("---\nx: a: b\ntags: [a]\ntags: [c]\n---\n").values["tags"] == ["a", "c"]


def test_front_matter_without_an_end_ends_at_the_first_blank_line() -> None:
    front = split("---\ntitle: A\ntags: [b]\n\nBody\n\n---\n\nmore")
    assert front.values == {"title": "A", "tags": ["b"]} and front.body.startswith("\nBody")
    assert "no line '---' closes it" in front.oddities[0]
    with pytest.raises(UserError, match="no line '---' closes the front matter"):
        add_values("---\ntitle: A\n\nBody", TAGS, "a.md")


def test_what_cannot_be_mended_names_file_and_line() -> None:
    message = problem("---\ntitle: A\ntags: [a, b\n---\nBody")
    assert message.startswith("blog/a.md, line ") and "not valid YAML" in message
    assert "line 1: the front matter has no end; put a line '---'" in problem("---\ntitle: a\nText")
    assert problem('+++\ntitle = "a"\ntags = b\n+++\n').startswith("blog/a.md, line 3: ")
    assert "put a line '+++'" in problem('+++\ntitle = "a"\n')
    assert problem('{\n  "title": "a",\n  "tags": [}\n').startswith("blog/a.md, line 3: ")
    assert "JSON" in problem('---json\n{"title": }\n---\n')


HOSTILE = {
    "long": "a: b\n" * MAX_CHARACTERS,
    "nested": "a: " + "[" * (MAX_CHARACTERS - 10) + "\n",
    "aliases": "a: &a [x]\n"
    + "".join(
        f"{n}: &{n} [*{p}, *{p}]\n"
        for p, n in zip("abcdefghijklmnopqrst", "bcdefghijklmnopqrstu", strict=True)
    ),
}


@pytest.mark.parametrize("lines", HOSTILE.values(), ids=HOSTILE)
def test_hostile_yaml_is_refused_at_once(lines: str) -> None:
    begun = time.process_time()
    problem(f"---\n{lines}---\nBody")
    assert time.process_time() - begun < 2


ADDED = {
    "yaml": (".md", "---\ntitle: A: b\n---\nBody\n", "---\ntitle: A: b\n{yaml}---\nBody\n"),
    "empty tags": (
        ".md",
        "---\r\ntags: []\r\ntitle: A\r\n---\r\nBody",
        "---\r\ntags:\r\n- ferry\r\n- night trains\r\ntitle: A\r\n"
        "tag_confidences: [0.9, 0.25]\r\n---\r\nBody",
    ),
    "empty": (".md", "---\n---\nBody", "---\n{yaml}---\nBody"),
    "none": (".md", "\ufeffBody", "\ufeff---\n{yaml}---\n\nBody"),
    "hexo": (".md", "title: A\n---\nBody", "title: A\n{yaml}---\nBody"),
    "zola in yaml": (
        ".md",
        "---\ntitle: A\ntaxonomies:\n  categories: [x]\n---\nBody",
        "---\ntitle: A\ntaxonomies:\n  categories: [x]\n  tags: [ferry, night trains]\n"
        "extra:\n  tag_confidences: [0.9, 0.25]\n---\nBody",
    ),
    "toml": (
        ".md",
        '+++\ntitle = "A"\n[cover]\nimage = "b"\n+++\nBody',
        '+++\ntitle = "A"\ntags = ["ferry", "night trains"]\ntag_confidences = [0.9, 0.25]\n'
        '[cover]\nimage = "b"\n+++\nBody',
    ),
    "zola": (
        ".md",
        '+++\ntitle = "A"\n[taxonomies]\ntags = []\n+++\nBody',
        '+++\ntitle = "A"\n[taxonomies]\ntags = ["ferry", "night trains"]\n\n[extra]\n'
        "tag_confidences = [0.9, 0.25]\n+++\nBody",
    ),
    "json": (
        ".md",
        '{\n  "title": "A"\n}\nBody',
        '{\n  "title": "A",\n  "tags": ["ferry", "night trains"],\n'
        '  "tag_confidences": [0.9, 0.25]\n}\nBody',
    ),
    "json of hexo": (
        ".md",
        '"title": "A",\n"tags": []\n;;;\nBody',
        '"title": "A",\n"tags": ["ferry", "night trains"],\n"tag_confidences": [0.9, 0.25]\n'
        ";;;\nBody",
    ),
    "pelican": (
        ".md",
        "Title: A\nDate: 2020-01-01\n\nBody",
        "Title: A\nDate: 2020-01-01\nTags: ferry, night trains\nTag_confidences: 0.9, 0.25\n\nBody",
    ),
    "nikola": (
        ".md",
        "<!--\n.. title: A\n.. tags: \n.. slug: a\n-->\n\nBody",
        "<!--\n.. title: A\n.. tags: ferry, night trains\n.. slug: a\n"
        ".. tag_confidences: 0.9, 0.25\n-->\n\nBody",
    ),
    "comments": (
        ".md",
        "<!-- title: A -->\nBody",
        "<!-- title: A -->\n<!-- tags: ferry, night trains -->\n"
        "<!-- tag_confidences: 0.9, 0.25 -->\nBody",
    ),
    "notion": (
        ".md",
        "# A\n\nDate: 2020\n\nBody",
        "# A\n\nDate: 2020\nTags: ferry, night trains\nTag_confidences: 0.9, 0.25\n\nBody",
    ),
    "org": (
        ".org",
        "#+TITLE: A\n\nBody",
        "#+TITLE: A\n#+FILETAGS: :ferry:night_trains:\n#+TAG_CONFIDENCES: 0.9, 0.25\n\nBody",
    ),
    "rst": (
        ".rst",
        "A\n=\n\n:date: 2020-01-01\n\nBody",
        "A\n=\n\n:date: 2020-01-01\n:tags: ferry, night trains\n"
        ":tag_confidences: 0.9, 0.25\n\nBody",
    ),
    "rst without fields": (
        ".rst",
        "A\n==\n\nBody",
        "A\n==\n\n:tags: ferry, night trains\n:tag_confidences: 0.9, 0.25\n\nBody",
    ),
    "saved page": (
        ".html",
        "<html><head><title>A</title></head>Body",
        '<html><head>\n<meta name="keywords" content="ferry, night trains">\n'
        '<meta name="tag_confidences" content="0.9, 0.25"><title>A</title></head>Body',
    ),
    "logseq": (
        ".md",
        "title:: A\n\nBody",
        "title:: A\ntags:: ferry, night trains\ntag_confidences:: 0.9, 0.25\n\nBody",
    ),
    "indented": (
        ".md",
        "---\n title: A\n---\nBody",
        "---\n title: A\n tags:\n - ferry\n - night trains\n"
        " tag_confidences: [0.9, 0.25]\n---\nBody",
    ),
    "mdx": (
        ".mdx",
        "export const meta = {\n  title: 'A',\n}\n\nBody",
        'export const meta = {\n  title: \'A\',\n  "tags": ["ferry", "night trains"],\n'
        '  "tag_confidences": [0.9, 0.25]\n}\n\nBody',
    ),
    "page of jekyll": (".html", "---\ntitle: A\n---\n<p>Body", "---\ntitle: A\n{yaml}---\n<p>Body"),
}
YAML = "tags:\n- ferry\n- night trains\ntag_confidences: [0.9, 0.25]\n"


@pytest.mark.parametrize("kind", ADDED)
def test_tags_are_added_where_the_generator_expects_them(kind: str) -> None:
    ending, content, expected = ADDED[kind]
    assert takes(split(content, ending), "tags")
    assert add_values(content, TAGS, "a.md", ending) == expected.replace("{yaml}", YAML)


def test_tags_that_are_there_are_not_written_over() -> None:
    for content in ("---\ntags: [a]\n---\n", "Title: A\nTags: b\n\nBody", "---\ntags: a\n---\n"):
        assert not takes(split(content), "tags")
        assert takes(split(content), "suggested_tags")
        changed = add_values(content, {"suggested_tags": ["x"]}, "a.md")
        assert split(changed).values.items() >= split(content).values.items()


def test_tags_with_commas_and_marks_come_back() -> None:
    tags = {"tags": ["R&D, science", "#one", "C++: a", 'say "hi"', "名前"]}
    for content in ("---\ntitle: A\n---\n", '+++\ntitle = "A"\n+++\n', '{"title": "A"}\n'):
        assert split(add_values(content, tags, "a.md")).values["tags"] == tags["tags"]
    assert "Tags: R&D, science; #one; " in add_values("Title: A\n\nBody", tags, "a.md")


def test_front_matter_that_lines_cannot_be_added_to_is_said() -> None:
    with pytest.raises(UserError, match="cannot be added to front matter written like this"):
        add_values('---\n{"title": "A"}\n---\nBody', TAGS, "a.md")


def test_tags_in_the_text_are_found_and_lines_of_tags_go() -> None:
    tags, body = body_tags(
        "Tags: #harbour #boats/ferry\n\n# A note\n## Two\n#Heading of old\n\n"
        "It runs. #travel, #日本\n"
        "- #list no#tag [a](#anchor) #12 #fff #a1b2c3 `#code` https://e.org/#part &#39;\n"
        "```\n#include\n```\n    #indented\n#alone\n"
    )
    assert tags == ["harbour", "boats/ferry", "travel", "日本", "list", "alone"]
    assert body.startswith("\n# A note\n") and "It runs. #travel, #日本\n" in body
    assert "#alone" not in body and "#include" in body
    assert body_tags("A #night train# and #pier.\nTags: [[Boats]], [[Harbour|H]]\n[[x]]") == (
        ["night train", "pier", "Boats", "Harbour"],
        "A #night train# and #pier.\n[[x]]",
    )


PIECES = (
    "---\n", "---\r\n", "+++\n", "...\n", ";;;\n", "<!--\n", "-->\n", "{", "}", "\n", " \n",
    "```\n", "title: A\n", 'title: "A: b\n', "tags: [a, b]\n", "tags:\n", "- a\n", "  - b: c\n",
    "\t- x\n",
    '"tags": ["a"],\n', 'tags = ["a"]\n', "[taxonomies]\n", "taxonomies:\n", "  tags: []\n", "A\n",
    ".. title: x\n", ".. tags: \n", "#+TITLE: x\n", ":tags: a\n", "# H\n", "Text #tag [[x]]\n",
    "=====\n", "export const meta = {\n", "&a [*a]\n", "!x y\n", "? z\n", "%T\n", "@\n",
    "title:: x\n",
)  # fmt: skip


def test_whatever_a_file_holds_nothing_of_it_is_lost() -> None:
    chance = random.Random(5)
    added = 0
    for _ in range(1_000):
        content = "".join(chance.choices(PIECES, k=chance.randint(1, 12)))
        ending = chance.choice([".md", ".mdx", ".rst", ".org", ".html", ".txt"])
        try:
            front = split(content, ending)
            changed = add_values(content, {"new_tags": ["p", "q r"]}, "a.md", ending)
        except UserError as error:
            assert "\n" not in str(error)
            continue
        added += 1
        # What was added stands between two parts of what was there.
        pairs = enumerate(zip(content, changed, strict=False))
        same = next((at for at, (old, new) in pairs if old != new), len(content))
        assert changed.endswith(content[same:])
        assert not front.given or split(changed, ending).body == front.body
    assert added > 500

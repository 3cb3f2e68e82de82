"""Folders of Markdown files with front matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tagloop.errors import UserError
from training.data.articles import clean_text
from training.data.sources import open_source

BODY = """# Heading

One *line* with [a link](https://example.com) and `a <b> c`,
folded.

- first
- second

```python
def twice(x):
    return x * 2
```

![picture](x.png)

> Quoted &amp; done. <!-- hidden -->
"""


def read(folder: Path) -> list[dict[str, Any]]:
    return [row.fields for row in open_source(str(folder)).rows]


def fails(folder: Path, content: bytes | str) -> str:
    path = folder / "bad.md"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError) as error:
        read(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "posts").mkdir()
    return tmp_path / "posts"


def test_front_matter_and_body(folder: Path) -> None:
    (folder / "a.md").write_text(
        "---\ntitle: 'Soup: hot'\ntags: [Food, Yes, 2020]\nurl: https://example.com/a\n"
        f"date: 2021-02-03\nlicense: CC0-1.0\nsource: My blog\n---\n\n{BODY}"
    )
    (fields,) = read(folder)
    assert clean_text(fields.pop("text")).split("\n\n") == [
        "Heading",
        "One line with a link and a <b> c, folded.",
        "* first\n* second",
        "def twice(x):\nreturn x * 2",
        "Quoted & done.",
    ]
    assert fields == {
        "title": "Soup: hot",
        "tags": ["Food", "Yes", "2020"],
        "url": "https://example.com/a",
        "published": "2021-02-03",
        "license": "CC0-1.0",
        "source": "My blog",
    }


def test_subfolders_in_the_order_of_names(folder: Path) -> None:
    (folder / "sub").mkdir()
    for name in ("b.md", "sub/a.markdown", "a.md", "ignored.txt"):
        (folder / name).write_text(f"---\ntitle: {name}\ntags: one, two\n---\nText.\n")
    source = open_source(str(folder))
    rows = list(source.rows)
    assert [row.where for row in rows] == ["posts/a.md", "posts/b.md", "posts/sub/a.markdown"]
    assert [row.fields["tags"] for row in rows] == [["one", "two"]] * 3
    assert (source.kind, source.location, source.total) == ("markdown", "posts", 3)


@pytest.mark.parametrize("content", ["Just text.\n", "", "---\n---\nText.\n", "---\ntags:\n---\n"])
def test_without_tags_there_is_a_row_to_report(folder: Path, content: str) -> None:
    (folder / "README.md").write_text(content)
    (fields,) = read(folder)
    assert [tag for tag in fields["tags"] if tag] == [] and fields["title"] == ""


def test_yaml_error_names_the_line(folder: Path) -> None:
    message = fails(folder, "---\ntags: [a]\ntitle: one: two\n---\nText.\n")
    assert message.startswith("posts/bad.md, line 3: the front matter is not valid YAML")
    message = fails(folder, "---\n\n\ntitle: 'open\n---\nText.\n")
    assert message.startswith("posts/bad.md, line ")
    assert "no end; put a line '---'" in fails(folder, "---\ntitle: a\n\nText.\n")
    assert "must be lines of 'name: value'" in fails(folder, "---\njust words\n---\nText.\n")
    message = fails(folder, "---\ntitle: [a, b]\ntags: c\n---\nText.\n")
    assert message == "posts/bad.md, column 'title': expected a text, found a list."
    message = fails(folder, "---\ntitle: a\ntags: {b: c}\n---\nText.\n")
    assert message.startswith("posts/bad.md, column 'tags': expected a text or a list of texts")


def test_not_utf8(folder: Path) -> None:
    message = fails(folder, b"---\ntitle: a\n---\nna\xefve\n")
    assert message.startswith("posts/bad.md, line 4: not UTF-8 at byte 19 (0xef)")


def test_empty_folder(folder: Path) -> None:
    (folder / "a.txt").write_text("text")
    with pytest.raises(UserError, match="holds no Markdown file"):
        open_source(str(folder))

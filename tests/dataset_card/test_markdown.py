"""Whatever a value holds, a card only shows it."""

from __future__ import annotations

import html
import re
from pathlib import Path

import jinja2
import pytest
from markdown_it import MarkdownIt

from dataset_card.markdown import (
    PLACEHOLDER,
    Markdown,
    code,
    escape,
    fenced,
    number,
    render,
    shorten,
    visible,
)

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
STARTS = ["#", "##", "-", "+", "*", "=", "==", "---", "- - -", "___", "***", "1.", "12)", ">", "|"]
STARTS += ["~~~", "```", ":--", "    x", "\t", "[a]: b", "<!-- x", "<div>", "<?php", "&copy;", "\\"]
TEXTS = (
    [f"{start} text" for start in STARTS] + STARTS + ["Ends!", "ends\\", "a | b", "a_b_c", "x*y"]
)


def shown(markdown: str) -> str:
    """The text of a rendered paragraph, which must hold no element of its own."""
    found = re.fullmatch(r"<p>(.*)</p>\n?", MARKDOWN.render(markdown), re.DOTALL)
    assert found, MARKDOWN.render(markdown)
    assert "<" not in found.group(1), found.group(1)
    return html.unescape(found.group(1))


@pytest.mark.parametrize("text", [text for text in TEXTS if text.strip()])
def test_escaped_text_is_one_paragraph_that_says_the_same(text: str) -> None:
    assert shown(escape(text)) == visible(text)


@pytest.mark.parametrize("text", TEXTS)
def test_escaped_text_stays_in_its_cell(text: str) -> None:
    table = MARKDOWN.render(f"| a | b |\n|---|---|\n| {escape(text)} | {escape(text)} |\n")
    cells = [html.unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", table)]
    assert cells == [visible(text)] * 2


def test_every_printable_ascii_pair_survives() -> None:
    marks = [chr(number) for number in range(33, 127) if not chr(number).isalnum()]
    for first in marks:
        for second in marks:
            for text in (f"{first}{second}", f"a{first}{second} b{second}{first}"):
                assert shown(escape(text)) == text


@pytest.mark.parametrize("text", ["https://a.example", "www.a.example", "me@a.example"])
def test_bare_addresses_are_broken_up(text: str) -> None:
    assert shown(escape(text)) == text
    assert text not in escape(text)  # GitHub's autolinks find nothing


def test_an_exclamation_mark_makes_no_image_of_a_link_behind_it() -> None:
    assert "<img" not in MARKDOWN.render(f"{escape('Wow!')}[text](https://a.example)")


@pytest.mark.parametrize(
    "text",
    ["TODO", "x_TODO", "None of us", "nan", "{{ x }}", "Lorem Ipsum", "<!-- x -->", "_None_"],
)
def test_data_is_not_taken_for_a_placeholder(text: str) -> None:
    assert PLACEHOLDER.search(text)
    assert not PLACEHOLDER.search(escape(text))
    assert not PLACEHOLDER.search(code(text))
    assert shown(escape(text)) == text


def test_only_hidden_characters_are_removed() -> None:
    assert visible("a\u202eb\u200bc\ufeff\x00\x1b[0m\u00ad") == "abc[0m"
    assert visible("👩\u200d💻 क\u200dष") == "👩\u200d💻 क\u200dष"
    assert visible(" a\r\n\tb\u2028c\u00a0d ") == "a b c d"
    assert visible("lone \ud800") == "lone ?"


@pytest.mark.parametrize("text", ["a`b", "`", "a|b", "<b>", "x\n`y`", "# x", "plain text, C++ 3.5"])
def test_inline_code_cannot_be_left(text: str) -> None:
    rendered = MARKDOWN.render(f"| a |\n|---|\n| {code(text)} |\n")
    cell = re.search(r"<td>(.*)</td>", rendered)
    assert cell and html.unescape(re.sub(r"</?code>", "", cell.group(1))) == visible(text)


@pytest.mark.parametrize("text", ["```\n# out", "a\n````\nb", "~~~", "<script>", "\u2028x"])
def test_code_blocks_cannot_be_left(text: str) -> None:
    tokens = MARKDOWN.parse(fenced(text, "python"))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].info == "python"


def test_shorten_keeps_words_and_length() -> None:
    assert shorten("short", 10) == "short"
    assert shorten("one two three four", 12) == "one two…"
    assert shorten("x" * 50, 10) == "x" * 9 + "…"
    assert all(len(shorten("ab cd, ef gh", length)) <= length for length in range(2, 14))
    assert number(1234567) == "1,234,567"


def test_render_escapes_all_but_markdown(tmp_path: Path) -> None:
    template = tmp_path / "card.md"
    template.write_text(
        "{{ text }}\n\n\n\n{{ ours }} {{ count }}\n{% for x in xs %}\n- {{ x }}\n{% endfor %}"
    )
    text = render(template, text="*a*", ours=Markdown("*b*"), count=3, xs=["- c", "d"])
    assert text == "\\*a\\*\n\n*b* 3\n- \\- c\n- d\n"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_render_refuses_what_has_no_value(tmp_path: Path, value: float | None) -> None:
    (tmp_path / "card.md").write_text("{{ value }}")
    with pytest.raises(ValueError, match="cannot show"):
        render(tmp_path / "card.md", value=value)
    with pytest.raises(jinja2.UndefinedError):
        render(tmp_path / "card.md")

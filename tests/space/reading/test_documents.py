"""One article in a file of its own."""

from __future__ import annotations

import time

import pytest

from tagloop.reading.documents import BODIES, ENDINGS, MARKUPS, read_document, read_html_fragment
from tagloop.reading.documents.html_page import read_html
from tagloop.reading.documents.org import read_org
from tagloop.reading.documents.rst import read_rst
from tagloop.reading.entries import entry_of


def test_every_ending_has_a_reader_of_its_markup() -> None:
    assert set(MARKUPS.values()) | {"page"} == set(BODIES)
    assert set(ENDINGS) == set(MARKUPS)


def test_front_matter_gives_values_and_the_rest_is_the_body() -> None:
    record = read_document(b"---\r\ntitle: Soup\r\ntags: [a]\r\n---\r\n\r\n# Hot\r\n", "x/a.md")
    assert record.values == {"title": "Soup", "tags": ["a"]}
    assert (record.where, record.body, record.markup) == ("x/a.md", "\n\n# Hot\n", "markdown")


def test_a_page_of_jekyll_is_a_fragment_and_a_saved_page_a_page() -> None:
    jekyll = read_document(b"---\ntitle: Soup\n---\n<p>Hot.</p>", "a.html")
    assert (jekyll.markup, jekyll.values) == ("html", {"title": "Soup"})
    saved = read_document(
        b"<!doctype html><html><head><title>Soup</title>"
        b'<meta property="article:tag" content="Food"></head><body><p>Hot.</p></body></html>',
        "a.html",
    )
    assert (saved.markup, saved.values) == ("page", {"title": "Soup", "tags": ["Food"]})
    assert read_document(b"<p>Hot.</p>", "a.html").markup == "html"


def test_tags_in_the_text_and_dates_in_the_name_are_fallbacks() -> None:
    record = read_document(b"Tags: #food\n\nSoup is hot. #winter\n", "blog/2021-02-03 soup.md")
    assert record.values == {"Tags": "#food"}
    assert record.fallbacks == {"published": "2021-02-03", "tags": ["winter"]}
    record = read_document(b"2021-02-03\n\nTags: #food\n\nSoup.\n", "soup.md")
    assert record.fallbacks == {"tags": ["food"]} and record.body == "2021-02-03\n\n\nSoup.\n"


def test_a_title_is_never_taken_from_the_name() -> None:
    record = read_document(b"Soup is hot.", "soup.md")
    assert not record.values and "title" not in record.fallbacks


def test_the_first_heading_is_a_title_where_there_is_no_other() -> None:
    record = read_document(b"2024-03-29\n\nTags: #food\n\n# The *hot* soup\n\nSoup.\n", "a.md")
    assert record.fallbacks["title"] == "The hot soup"
    assert "title" not in read_document(b"Soup.\n\n```\n# no\n```\n# Late\n", "a.md").fallbacks
    assert "title" not in read_document(b"Title: A\n\nSoup.\n\n# B\n", "a.md").fallbacks


def test_letters_that_are_not_utf8_are_read_and_said() -> None:
    record = read_document(
        "---\ntitle: Caf\xe9\n---\nNa\xefve caf\xe9s.\n".encode("cp1252"), "x/a.md"
    )
    assert record.values == {"title": "Caf\xe9"} and "Windows-1252" in record.oddities[0]
    assert read_document("Caf\xe9".encode(), "a.md").oddities == ()


def test_broken_files_are_problems_with_what_can_be_read() -> None:
    record = read_document(b"---\ntags: [a, b\nx: 1\n---\nSoup.", "blog/a.md")
    assert record.problem.startswith("line ") and "front matter" in record.problem
    assert record.body == "Soup."
    assert "not a Word document" in read_document(b"PK", "a.docx").problem
    assert "not a PDF" in read_document(b"%PS", "a.pdf").problem
    assert read_document(bytes(range(256)) * 20, "a.md").problem


def test_the_heading_of_a_fragment_is_its_title() -> None:
    assert read_html_fragment('<div>\n<h1 id="a">Soup &amp; <i>bread</i></h1><p>Hot.', "a") == (
        "Soup & bread",
        "Hot.\n",
    )
    title, text = read_html_fragment("<p>Before.</p><h1>Soup</h1>", "a")
    assert title == "" and "Before." in text and "Soup" in text


RST = """The soup
========

It is *hot*, ``very``, see `a page <https://example.com>`_, :ref:`the stove <stove>`,
:func:`~kitchen.boil` and [1]_.

.. toctree::
   :maxdepth: 2

   menu

.. recipe:: Leek
   :serves: 4

   Cut the *leek*.

.. note:: Bring salt.

.. image:: soup.png

.. code-block:: python

   boil(1)

.. youtube:: abc

.. include:: /etc/passwd

.. raw:: html

   <b>raw</b>

The cook
--------

She tastes.

.. [1] A footnote.
"""


def test_restructuredtext_keeps_its_prose_alone() -> None:
    title, text = read_rst(RST, "a.rst")
    assert title == "The soup"
    assert text.strip().split("\n\n") == [
        "It is hot, very, see a page, the stove, kitchen.boil and .",
        "Cut the leek.",
        "Bring salt.",
        "boil(1)",
        "The cook",
        "She tastes.",
        "A footnote.",
    ]
    assert read_rst("No title.\n\nTwo.", "a.rst") == ("", "No title.\n\nTwo.\n")


@pytest.mark.parametrize(
    "unit", ["a_ ", "``a ", "_`a ", "`a`_ ", "* ", ".. _a:\n", "(a) ", "> ", "|a| "]
)
def test_hostile_restructuredtext_is_read_in_a_moment(unit: str) -> None:
    begun = time.process_time()
    read_rst(unit * (40_000 // len(unit)), "a.rst")
    assert time.process_time() - begun < 2


ORG = """* The soup :food:winter:
:PROPERTIES:
:ID: 7
:END:
It is *hot*, /very/, =so=, see [[https://example.com][a page]] and a/b/c [fn:1].
[[file:soup.png]]
#+begin_src python
boil(1)  # *not bold*
#+end_src
#+CAPTION: Prices
| leek | 2 |
|------+---|
| salt | 1 |
** TODO [#A] The cook
- tastes
** Secret :noexport:
hidden
*** hidden, too
** COMMENT later
hidden
** Shown
# a comment
#+begin_comment
hidden
#+end_comment
#+begin_quote
/Quoted/ words
#+end_quote
"""


def test_org_keeps_its_prose_alone() -> None:
    title, text = read_org(ORG, "a.org")
    assert title == "The soup"
    assert [line for line in text.split("\n") if line.strip()] == [
        "It is hot, very, so, see a page and a/b/c .",
        "boil(1)  # *not bold*",
        "leek  2",
        "salt  1",
        "The cook",
        "- tastes",
        "Shown",
        "Quoted words",
    ]
    assert read_org("* One\na\n* Two\nb", "a.org") == ("", "One\n\na\n\nTwo\n\nb")
    assert read_org("", "a.org") == ("", "")


def test_a_page_may_leave_out_its_outermost_tags() -> None:
    page = (
        b"<title>A site</title><nav>Menu</nav><article><h1>The bank at night</h1>"
        b"<p>A customer asks the <b>bank</b> a question.</p></article>"
    )
    entry = entry_of(read_document(page, "post.html"))
    assert (entry.title, entry.text.strip()) == (
        "The bank at night",
        "A customer asks the bank a question.",
    )


@pytest.mark.parametrize("step", [1, -1])
def test_substitutions_that_hold_each_other_are_not_filled_in(step: int) -> None:
    lines = [f".. |{n}| replace:: " + f"|{n - 1}| " * 10 for n in range(1, 13)][::step]
    title, text = read_rst(".. |0| replace:: ten letters\n" + "\n".join(lines) + "\n\n|12|\n", "a")
    assert (title, text.strip()) == ("", "|12|")
    assert "so be it" in read_rst(".. |x| replace:: so be it\n\nSay |x|.\n", "a")[1]


@pytest.mark.parametrize("unit", ["<!--x-->", "<h2><a>x</a></h2>", "<main role=main></main>"])
def test_pages_take_time_in_proportion_to_their_elements(unit: str) -> None:
    def seconds(count: int) -> float:
        begun = time.process_time()
        read_html(f"<html><body><h1>Pier</h1>{unit * count}<p>The ferry runs.</p>", "a.html")
        return time.process_time() - begun

    seconds(100)
    assert seconds(6_000) < 8 * max(seconds(2_000), 0.05)

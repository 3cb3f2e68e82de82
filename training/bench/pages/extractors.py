"""What finds the article in a page: ours, what we had, and what people would use instead."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import trafilatura
from lxml.html import document_fromstring, tostring
from trafilatura.readability_lxml import Document

from tagloop.errors import UserError
from tagloop.reading.documents.html_page import read_html
from tagloop.text.markup import html_to_text

Extractor = Callable[[Sequence[str]], list[str]]
READABILITY_JS = """
const { Readability } = require("@mozilla/readability");
const { JSDOM } = require("jsdom");
const pages = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(pages.map((page) => {
  const found = new Readability(new JSDOM(page).window.document).parse();
  return found ? found.content : "";
})));
"""


def extractors(node: str) -> dict[str, Extractor]:
    """Returns all by name.

    Args:
        node: Folder in which ``npm install @mozilla/readability jsdom`` was run; empty: without it.
    """
    found: dict[str, Extractor] = {
        "Tagloop": _each(lambda page: read_html(page, "page")[1]),
        "Tagloop before": _each(_elements),
        "trafilatura": _each(_trafilatura),
        "trafilatura, recall": _each(partial(_trafilatura, recall=True)),
        "trafilatura, precision": _each(partial(_trafilatura, precision=True)),
        "readability-lxml": _each(_readability_lxml),
    }
    return found | ({"Mozilla Readability": partial(_readability_js, node)} if node else {})


def _each(extract: Callable[[str], str]) -> Extractor:
    return lambda pages: [extract(page) for page in pages]


def _trafilatura(page: str, recall: bool = False, precision: bool = False) -> str:
    return (
        trafilatura.extract(
            page, include_comments=False, favor_recall=recall, favor_precision=precision
        )
        or ""
    )


def _readability_lxml(page: str) -> str:
    """Returns what trafilatura's copy of readability-lxml finds."""
    return html_to_text(Document(document_fromstring(page)).summary())


def _readability_js(folder: str, pages: Sequence[str]) -> list[str]:
    try:
        done = subprocess.run(
            ["node", "-e", READABILITY_JS],
            cwd=Path(folder),
            input=json.dumps(pages),
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(
            f"{folder}: run 'npm install @mozilla/readability jsdom' there first."
        ) from error
    return [html_to_text(page) if page else "" for page in json.loads(done.stdout)]


def _elements(html: str) -> str:
    """Returns the only ``<article>``, else ``<main>``, else all, without navigation."""
    page = document_fromstring(html)
    for element in page.xpath("//script|//style|//noscript|//nav|//footer|//aside|//form"):
        element.drop_tree()
    articles = page.xpath("//article") or page.xpath("//main") or page.xpath("//*[@role='main']")
    body = articles[0] if len(articles) == 1 else page
    for heading in body.xpath(".//h1|.//head"):
        heading.drop_tree()
    return html_to_text(tostring(body, encoding="unicode", with_tail=False))

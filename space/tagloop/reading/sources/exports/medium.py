"""A Medium export: a page in HTML for each post, drafts among them.

Read with lxml, by the microformats (``h-entry``) that Medium writes: finding the article in a page,
as for other sites, is not needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from lxml import etree
from lxml.html import HtmlElement, document_fromstring, tostring

from tagloop.errors import UserError
from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.posts import bounded
from tagloop.reading.sources.files import Tree
from tagloop.text.encodings import decode

MEMBER = re.compile(
    r"(?:\A|/)posts/(?:draft|\d{4}-\d\d-\d\d)_[^/]*\.html\Z"
    r"|\A(?:draft|\d{4}-\d\d-\d\d)_[^/]*-[0-9a-f]{8,14}\.html\Z"
)
"""A post in an export, or in its folder of posts alone."""
_POST = re.compile(r"(?:(?:\A|/)posts/|\A)[^/]+\.html\Z")
_LIST = "README.html"
"""What the export begins with."""


def read_medium(tree: Tree, limits: Limits) -> Source:
    """Opens a Medium export; bookmarks, claps and the like are left out."""
    posts = [path for path in tree.paths() if _POST.search(str(path)) and path.name != _LIST]
    source = Source("medium", tree.name, iter(()), unit="file", total=len(posts))
    source.left_out.update(tree.left_out)
    if others := len(tree.paths()) - len(posts):
        source.left_out["files of Medium besides the posts"] += others
    source.records = bounded(_records(tree, posts, limits, source.notes), tree.name, limits)
    return source


def _records(
    tree: Tree, posts: list[PurePosixPath], limits: Limits, notes: list[str]
) -> Iterator[Record]:
    tagged = 0
    for path in posts:
        where = f"{tree.name}/{path}"
        try:
            text = decode(tree.read(path, limits.record_characters), where, html=True)
            record = _record(where, path, document_fromstring(text))
        except (UserError, etree.ParserError, ValueError) as error:
            yield Record(where, {}, problem=str(error))
            continue
        tagged += bool(record.values["tags"])
        yield record
    if not tagged and posts:
        notes.append(
            "This Medium export has no tags: Medium leaves them out of most exports, so they have "
            "to be added by hand, or the posts read from the blog's feed."
        )


def _record(where: str, path: PurePosixPath, page: HtmlElement) -> Record:
    bodies = page.xpath("//section[@data-field='body']") or page.xpath("//*[@class='e-content']")
    title = _first_text(page, "//h1[contains(@class, 'p-name')]") or _first_text(page, "//title")
    if not bodies:
        raise UserError("it has no body as Medium writes it")
    for heading in bodies[0].xpath(".//h3 | .//h1 | .//h2"):
        if " ".join(heading.text_content().split()) == title:
            heading.drop_tree()
        break  # only the first may repeat the title
    tags = page.xpath("//*[@class='p-tags']//a | //a[@class='p-tag' or @class='p-category']")
    is_draft = path.name.startswith("draft")
    values = {
        "title": title,
        "tags": list(dict.fromkeys(" ".join(tag.text_content().split()) for tag in tags)),
        "url": next(iter(page.xpath("//a[contains(@class, 'p-canonical')]/@href")), ""),
        "published": next(iter(page.xpath("//time[@class='dt-published']/@datetime")), ""),
        "status": "draft" if is_draft else "published",
    }
    return Record(
        where,
        values,
        body=tostring(bodies[0], encoding="unicode", with_tail=False),
        markup="html",
        draft="it is a draft of Medium" if is_draft else "",
    )


def _first_text(page: HtmlElement, path: str) -> str:
    return next((" ".join(it.text_content().split()) for it in page.xpath(path)), "")

"""A Blogger backup: ``blog-….xml`` of old, ``feed.atom`` of Google Takeout.

Read with lxml, item by item: entries of all kinds (posts, pages, comments, settings) stand in one
Atom feed, told apart by elements that libraries for feeds do not know.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.posts import left_out_note, open_items, unique
from tagloop.reading.sources.files import InputFile, Tree
from tagloop.reading.sources.xml_items import ATOM, PROLOG, Item, XmlItems, local_name, text_of

HEAD = re.compile(
    PROLOG + rb"<feed\b(?=[\s\S]*?(?:schemas\.google\.com/blogger/2008/kind#|<blogger:type>))"
)
MEMBER = re.compile(r"(?:\A|/)Blogger/Blogs/[^/]+/feed\.atom\Z")
_KIND_SCHEME = "http://schemas.google.com/g/2005#kind"
_LABEL_SCHEME = "http://www.blogger.com/atom/ns#"


def read_blogger(file: InputFile, limits: Limits) -> Source:
    """Opens a backup of one blog; only posts are read.

    Raises:
        UserError: It cannot be read.
    """
    return open_items("blogger", file, limits, ATOM, _records)


def read_takeout(tree: Tree, limits: Limits) -> Source:
    """Opens all blogs of a Google Takeout.

    Raises:
        UserError: One cannot be read.
    """
    paths = tree.paths()
    blogs = [path for path in paths if MEMBER.search(str(path))]
    source = Source("blogger", tree.name, iter(()), left_out=Counter(tree.left_out))
    if others := len(paths) - len(blogs):
        source.left_out["files of Takeout besides the blogs' feeds"] += others

    def records() -> Iterator[Record]:
        for path in blogs:
            blog = read_blogger(tree.file(path), limits)
            yield from blog.records
            source.notes += [f"{path.parent.name}: {note}" for note in blog.notes]

    source.records = records()
    return source


def _records(items: XmlItems, name: str, notes: list[str]) -> Iterator[Record]:
    left_out = Counter[str]()
    blog = ""
    for item in items:
        where = f"{name}:{item.line}"
        if item.element is None:
            yield Record(where, {}, problem=item.problem)
            continue
        blog = blog or text_of(_child(items.around, "title"))
        kind = _kind(item.element)
        if kind != "post":
            left_out[kind] += 1
        elif _text(item.element, "status") == "SOFT_TRASHED" or _text(item.element, "trashed"):
            left_out["post in the trash"] += 1
        else:
            yield _record(where, item, blog)
    if note := left_out_note(left_out):
        notes.append(note)


def _kind(entry: etree._Element) -> str:
    if kind := _text(entry, "type"):
        return kind.lower()
    for category in _children(entry, "category"):
        if category.get("scheme") == _KIND_SCHEME:
            return str(category.get("term", "")).rpartition("#")[2]
    return "post"


def _record(where: str, item: Item, blog: str) -> Record:
    entry = item.element
    assert entry is not None
    status = _text(entry, "status") or "LIVE"
    control = _child(entry, "control")
    if control is not None and text_of(_child(control, "draft")) == "yes":
        status = "DRAFT"
    labels = [
        category.get("term", "")
        for category in _children(entry, "category")
        if category.get("scheme") in (_LABEL_SCHEME, None)
    ]
    links = [it.get("href", "") for it in _children(entry, "link") if it.get("rel") == "alternate"]
    values = {
        # Takeout escapes its titles once more.
        "title": html.unescape(_text(entry, "title")),
        "tags": unique(labels),
        "url": links[0] if links else "",
        "published": _text(entry, "published"),
        "status": status,
        "source": blog,
    }
    return Record(
        where,
        values,
        body=_text(entry, "content") or _text(entry, "summary"),
        markup="html",
        draft="" if status == "LIVE" else f"status: {status.lower()}",
        oddities=(item.oddity,) if item.oddity else (),
    )


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if local_name(child) == name)


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next(_children(element, name), None)


def _text(element: etree._Element, name: str) -> str:
    return text_of(_child(element, name))

"""A Ghost export: tables of a database in JSON, or what its interfaces (Content, Admin) give."""

from __future__ import annotations

import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.json_document import mappings, read_json
from tagloop.reading.sources.exports.posts import bounded, left_out_note, terms
from tagloop.reading.sources.files import InputFile

HEAD = re.compile(
    rb'\A(?:\xef\xbb\xbf)?\s*+\{\s*+"db"\s*+:'
    rb'|\A(?:\xef\xbb\xbf)?\s*+\{\s*+"meta"\s*+:\s*+\{[^{}]*?"exported_on"'
    rb'|\A(?:\xef\xbb\xbf)?\s*+\{(?=[\s\S]*?"(?:mobiledoc|lexical)"\s*+:)'
)
_PUBLISHED = frozenset(("published", "sent"))
"""``sent`` was published as a newsletter only."""


def read_ghost(file: InputFile, limits: Limits) -> Source:
    """Opens a Ghost export; pages and internal tags (``#…``) are left out.

    Raises:
        UserError: It cannot be read.
    """
    tables = _tables(read_json(file, limits))
    if tables is None:
        raise UserError(f"{file.name}: this Ghost export has no posts in it.")
    posts = mappings(tables["posts"])
    source = Source("ghost", file.name, iter(()), total=len(posts))
    records = _records(posts, _tags_by_post(tables), file.name, source.notes)
    source.records = bounded(records, file.name, limits)
    return source


def _tables(document: Any) -> Mapping[str, Any] | None:
    """Finds the tables: in ``db[0].data``, in ``data``, or at the top."""
    for _ in range(4):
        if isinstance(document, list):
            document = document[0] if document else None
        if not isinstance(document, dict):
            return None
        if isinstance(document.get("posts"), list):
            return document
        document = document.get("db") or document.get("data")
    return None


def _tags_by_post(tables: Mapping[str, Any]) -> dict[Any, list[str]]:
    names = {tag.get("id"): _tag_name(tag) for tag in mappings(tables.get("tags"))}
    by_post: dict[Any, list[str]] = defaultdict(list)
    for link in sorted(mappings(tables.get("posts_tags")), key=_order):
        by_post[link.get("post_id")].append(names.get(link.get("tag_id"), ""))
    return by_post


def _order(link: Mapping[str, Any]) -> int:
    order = link.get("sort_order")
    return order if isinstance(order, int) else 0


def _tag_name(tag: Mapping[str, Any]) -> str:
    name = tag.get("name")
    internal = tag.get("visibility") == "internal" or str(name).startswith("#")
    return "" if internal or not isinstance(name, str) else name


def _records(
    posts: list[dict[str, Any]], tags: Mapping[Any, list[str]], name: str, notes: list[str]
) -> Iterator[Record]:
    left_out = Counter[str]()
    for number, post in enumerate(posts, 1):
        if post.get("type") == "page" or post.get("page") in (1, True):
            left_out["page"] += 1
            continue
        own = [_tag_name(tag) for tag in mappings(post.get("tags"))]
        status = str(post.get("status") or "published")
        body, markup = _body(post)
        values = {
            "title": post.get("title") or "",
            "tags": terms(own or tags.get(post.get("id"), [])),
            "url": post.get("canonical_url") or post.get("url") or "",
            "published": post.get("published_at") or "",
            "status": status,
            "language": post.get("locale") or "",
        }
        yield Record(
            f"{name}: post {number}",
            values,
            body=body,
            markup=markup,
            draft="" if status in _PUBLISHED else f"status: {status}",
        )
    if note := left_out_note(left_out):
        notes.append(note)


def _body(post: Mapping[str, Any]) -> tuple[str, str]:
    """Returns a post's text and its markup; HTML where there is any, as nearly always."""
    for key, markup in (("html", "html"), ("markdown", "markdown")):
        if isinstance(value := post.get(key), str) and value.strip():
            return value, markup
    for key, read in (("lexical", _of_lexical), ("mobiledoc", _of_mobiledoc)):
        if isinstance(value := post.get(key), str):
            try:
                document = json.loads(value)
            except (ValueError, RecursionError):
                continue
            if isinstance(document, dict) and (found := read(document))[0]:
                return found
    plain = post.get("plaintext")
    return (plain, "text") if isinstance(plain, str) else ("", "html")


def _of_mobiledoc(document: Mapping[str, Any]) -> tuple[str, str]:
    """Reads the Markdown card that Ghost 1 and 2 wrote, else the paragraphs."""
    for card in _listed(document.get("cards")):
        content = card[1] if isinstance(card, list) and len(card) > 1 else None
        if isinstance(content, dict) and isinstance(content.get("markdown"), str):
            return content["markdown"], "markdown"
    parts = []
    for section in _listed(document.get("sections")):
        if isinstance(section, list) and len(section) > 2 and section[0] == 1:
            markers = [it for it in _listed(section[2]) if isinstance(it, list) and len(it) > 3]
            texts = [marker[3] for marker in markers]
            parts.append(f"<p>{html.escape(''.join(map(str, texts)))}</p>")
    return "\n".join(parts), "html"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _of_lexical(document: Mapping[str, Any]) -> tuple[str, str]:
    """Reads the texts of Ghost 5's editor, each block by itself."""
    root = document.get("root")
    parts = []
    for block in mappings(root.get("children") if isinstance(root, dict) else None):
        texts, nodes = [], [block]
        while nodes:
            node = nodes.pop()
            if isinstance(text := node.get("text") or node.get("code"), str):
                texts.append(text)
            nodes += reversed(mappings(node.get("children")))
        parts.append(f"<p>{html.escape(''.join(texts))}</p>")
    return "\n".join(parts), "html"

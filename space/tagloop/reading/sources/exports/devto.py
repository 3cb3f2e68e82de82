"""Articles of dev.to (Forem): ``articles.json`` of an export, or what its interface gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.front_matter import split_front_matter
from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.exports.json_document import mappings, read_json
from tagloop.reading.sources.exports.posts import bounded, left_out_note
from tagloop.reading.sources.files import InputFile

HEAD = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*+[\[{](?=[\s\S]*?"body_markdown"\s*+:)')
_OWN = ("title", "published", "tags", "canonical_url", "language", "date")
"""What the front matter says, which an article of the older editor begins with."""


def read_devto(file: InputFile, limits: Limits) -> Source:
    """Opens articles of dev.to; comments, which have no title, are left out.

    Raises:
        UserError: It cannot be read.
    """
    document = read_json(file, limits)
    articles = _articles(document)
    source = Source("dev.to", file.name, iter(()), total=len(articles))
    source.records = bounded(_records(articles, file.name, source.notes), file.name, limits)
    return source


def _articles(document: Any) -> list[dict[str, Any]]:
    """Finds the list of articles: the document, a value of it, or the one article that it is."""
    if not isinstance(document, dict):
        return mappings(document)
    lists = [found for value in document.values() if (found := mappings(value))]
    return [document] if "body_markdown" in document or not lists else lists[0]


def _records(articles: list[dict[str, Any]], name: str, notes: list[str]) -> Iterator[Record]:
    left_out = Counter[str]()
    for number, article in enumerate(articles, 1):
        if "title" not in article:
            left_out["comment"] += 1
        else:
            yield _record(f"{name}: article {number}", article)
    if note := left_out_note(left_out):
        notes.append(note)


def _record(where: str, article: dict[str, Any]) -> Record:
    text = article.get("body_markdown")
    try:
        front = split_front_matter(text if isinstance(text, str) else "", where)
    except UserError as error:
        return Record(where, article, problem=str(error))
    own = {name: front.values[name] for name in _OWN if front.values.get(name)}
    tags = own.pop("tags", None) or article.get("tag_list") or article.get("cached_tag_list") or []
    published = article.get("published_at") or article.get("published_timestamp")
    flag = own.pop("published", article.get("published"))
    values = {
        "title": own.get("title") or article.get("title") or "",
        "tags": tags,
        "url": article.get("canonical_url") or own.get("canonical_url") or article.get("url") or "",
        "published": published or article.get("created_at") or own.get("date") or "",
        "language": own.get("language") or article.get("language") or "",
    }
    is_draft = flag is False or str(flag).lower() == "false"
    return Record(
        where,
        values,
        body=front.body,
        markup="markdown",
        draft="published: false" if is_draft else "",
        oddities=front.oddities,
    )

"""One article: read from a file or from standard input, its tags printed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from tagloop.generation.evidence import PRESENT, Evidence
from tagloop.reading.documents import read_document
from tagloop.reading.entries import entry_of
from tagloop.reading.record import Record
from tagloop.reading.sources import open_path
from tagloop.tagger.tagger import Tag, Tagger
from training.tag.models import Model, find_model
from training.tag.request import Request

_PAGE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*+<(?:!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
"""How a page begins; all else is read as Markdown, which plain text is, too."""
MOST_QUOTES = 3
"""Places of a tag's words that are quoted; they mostly are the same word."""


def is_article(source: str) -> bool:
    """Tells whether a place is the file of one article.

    Raises:
        UserError: It is a file that cannot be read.
    """
    try:
        path = Path(source).expanduser()
        if not path.is_file():
            return False
    except (OSError, ValueError, RuntimeError):  # too long, NUL, no home folder
        return False
    opened = open_path(path)
    return opened.kind == "markdown" and opened.unit == "row"


def tag_stdin(request: Request) -> None:
    """Tags the article on standard input.

    Raises:
        UserError: It has no text, or the model cannot be had.
    """
    data = sys.stdin.buffer.read()
    record = read_document(data, "article.html" if _PAGE.match(data) else "article.md")
    _print_tags(record, "standard input", request)


def tag_file(request: Request) -> None:
    """Tags the article in a file.

    Raises:
        UserError: It has no text or cannot be read, or the model cannot be had.
    """
    (record,) = open_path(Path(request.source).expanduser()).records
    _print_tags(record, record.where, request)


def _print_tags(record: Record, where: str, request: Request) -> None:
    entry = entry_of(record)
    if entry.problem:
        raise UserError(f"{where}: {entry.problem.rstrip('.')}.")
    title, text = request.title or entry.title, entry.text.strip()
    if not any(map(str.isalnum, f"{title}{text}")):
        raise UserError(f"{where} has no text to tag.")
    model = find_model(request.model, allowlist=bool(request.allowed_tags))
    print(f"model: {model}", file=sys.stderr)
    tags = _load(model).tag(text, title, evidence=request.evidence, **request.options)
    if not tags:
        print("no tag is sure enough", file=sys.stderr)
    if request.json:
        print(json.dumps(_json(tags, title, text, model), ensure_ascii=False, indent=2))
        return
    for tag in tags:
        print(_line(tag, title, text))


def _load(model: Model) -> Tagger:
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call, unused-ignore]
    return Tagger.from_pretrained(model.folder)


def _line(tag: Tag, title: str, text: str) -> str:
    """Returns a tag as a line; with its evidence there are tabs before the confidence and that."""
    if tag.evidence is None:
        return tag.tag
    quotes = ", ".join(f"“{quote}”" for quote in quoted(tag.evidence, title, text))
    if tag.evidence.kind == PRESENT:
        why = f"named: {quotes}"
    else:
        why = f"inferred from: {quotes}" if quotes else "inferred"
    return f"{tag.tag}\t{tag.confidence:.2f}\t{why}"


def _json(tags: Sequence[Tag], title: str, text: str, model: Model) -> dict[str, Any]:
    rows = []
    for tag in tags:
        row = tag.to_json()
        if tag.evidence:
            row["evidence"]["quotes"] = quoted(tag.evidence, title, text)
        rows.append(row)
    return {"tags": rows, "model": {"name": model.shown, "revision": model.revision}}


def quoted(evidence: Evidence, title: str, text: str) -> list[str]:
    """Returns the words that speak for a tag, in one line each, none twice."""
    spans = [title[begin:end] for begin, end in evidence.title]
    spans += [text[begin:end] for begin, end in evidence.text]
    return list(dict.fromkeys(" ".join(span.split()) for span in spans))[:MOST_QUOTES]

"""Columns of any table to the columns of the dataset: by name, or as the person says."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftfy.fixes import fix_surrogates

from tagloop.errors import UserError
from tagloop.text.markup import plain_text

NAMES: dict[str, tuple[str, ...]] = {
    "title": ("title", "headline", "article_title", "post_title", "heading", "subject"),
    "text": (
        "text", "body", "content", "article", "article_text", "full_text", "body_text",
        "post_content", "maintext", "article_body", "html",
    ),
    "tags": ("tags", "labels", "keywords", "topics", "tag", "categories", "tag_list", "label"),
    "url": ("url", "link", "permalink", "canonical_url", "article_url", "href"),
    "published": (
        "published", "date", "timestamp", "published_at", "published_date", "publish_date",
        "publication_date", "date_published", "pubdate", "created_at",
    ),
    "license": ("license", "licence"),
    "source": ("source", "publication", "site", "publisher"),
    "split": ("split", "subset"),
    "origin": ("origin",),
}  # fmt: skip
"""What columns are commonly called, the likeliest first; case, blanks and hyphens do not matter."""

MAX_TAGS = 200
"""An article with more was not tagged by a person: a text was taken for the tags, most likely."""
_SEPARATORS = "|;,"
_MAX_TAG_TEXT = MAX_TAGS * 400
"""Of all tags in one text: ten times what the most and longest tags need."""


@dataclass(frozen=True)
class Columns:
    """Which column of a source holds what.

    Attributes:
        names: Column of the dataset (and ``split``) to column of the source.
    """

    names: Mapping[str, str]

    @classmethod
    def choose(
        cls,
        seen: Sequence[str],
        given: Mapping[str, str],
        where: str,
        needed: Sequence[str] = ("title", "text", "tags"),
    ) -> Columns:
        """Finds the columns, as given or else by their usual names.

        Args:
            seen: The source's columns.
            given: Column of the dataset to column of the source; an empty one means "has none".
            where: The source, for the message.
            needed: Columns of the dataset that must be found, or given as empty.

        Raises:
            UserError: A given column, or one that is needed, is not there.
        """
        folded = {re.sub(r"[\s-]+", "_", name.strip().casefold()): name for name in seen}
        names: dict[str, str] = {}
        for field, usual in NAMES.items():
            found = given[field] if field in given else _first(usual, folded)
            if found and found not in seen:
                raise UserError(
                    f"{where}: there is no column '{found}' for the {field}; "
                    f"the columns are {_listed(seen)}."
                )
            if found:
                names[field] = found
            elif field in needed and field not in given:
                raise UserError(
                    f"{where}: no column for the {field} found; the columns are {_listed(seen)}. "
                    f"Say which one it is with --columns {field}=NAME"
                    + ("." if field == "tags" else f" ({field}= if there is none).")
                )
        return cls(names)

    def fields(self, record: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Returns a record's raw values by column of the dataset.

        Halves of surrogate pairs, which no file can hold, are mended as far as they can be. A list
        or a mapping counts as none where one value is expected. Of tags beyond any measure none is
        read; ``problem`` says so.

        Raises:
            UserError: A value has a type that its column cannot have.
        """
        fields = {field: _single(record.get(name)) for field, name in self.names.items()}
        for field in ("title", "text"):
            value = record.get(self.names[field]) if field in self.names else None
            fields[field] = plain_text(self._text(value, field, where))
        tags = self._tags(record.get(self.names["tags"]) if "tags" in self.names else None, where)
        if tags is None:
            return fields | {"tags": [], "problem": "too many tags"}
        return fields | {"tags": tags}

    def _text(self, value: Any, field: str, where: str) -> str:
        if value is None:
            return ""
        if isinstance(value, (list, dict)):
            raise UserError(
                f"{where}, column '{self.names[field]}': expected a text, "
                f"found a {type(value).__name__}."
            )
        return fix_surrogates(str(value))

    def _tags(self, value: Any, where: str) -> list[str] | None:
        """Returns the tags; None if there are too many, before anything is done with each."""
        if isinstance(value, str):
            if len(value) > _MAX_TAG_TEXT:
                return None
            value = parse_tag_text(value)
        tags = value if isinstance(value, list) else [value]
        if len(tags) > MAX_TAGS:
            return None
        if any(isinstance(tag, (list, dict)) for tag in tags):
            raise UserError(
                f"{where}, column '{self.names['tags']}': expected a text or a list of texts, "
                "found a list of other things."
            )
        return [fix_surrogates(str(tag)) for tag in tags if tag is not None]


def parse_mapping(settings: Sequence[str]) -> dict[str, str]:
    """Reads ``title=headline,text=body`` (one or several such texts).

    Raises:
        UserError: An entry has no ``=`` or names no column of the dataset.
    """
    mapping = {}
    for entry in ",".join(settings).split(",") if settings else []:
        field, equals, name = entry.partition("=")
        if not equals or field.strip() not in NAMES:
            raise UserError(
                f"--columns {entry.strip()}: expected FIELD=COLUMN with FIELD one of "
                f"{', '.join(NAMES)}."
            )
        mapping[field.strip()] = name.strip()
    return mapping


def parse_tag_text(text: str) -> list[Any]:
    """Splits tags in one text: a JSON or Python list, or separated by ``|``, ``;`` or ``,``."""
    text = text.strip()
    if text.startswith(("[", "(")) and text.endswith(("]", ")")):
        for parse in (json.loads, ast.literal_eval):
            try:
                return list(parse(text))
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                continue
        text = text[1:-1]
    separator = next((mark for mark in _SEPARATORS if mark in text), ",")
    return [part.strip().strip("'\"") for part in text.split(separator)]


def _single(value: Any) -> Any:
    """Returns a value of its own; a list could hold itself, or more than fits into the memory."""
    if isinstance(value, list | dict):
        return None
    return fix_surrogates(value) if isinstance(value, str) else value


def _first(usual: Sequence[str], folded: Mapping[str, str]) -> str:
    return next((folded[name] for name in usual if name in folded), "")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) if names else "none"

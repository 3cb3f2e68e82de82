"""JSON as people's files have it, and the article in what programs wrap around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tagloop.reading.column_names import NAMES, fold

_ENVELOPES = ("_source", "node", "attributes", "fields", "post", "article", "data", "row")
"""Keys under which Elasticsearch, GraphQL, JSON:API, Django and Airtable have the article's own,
and the Hub's viewer of datasets."""
_PLAIN = {"$date", "$oid", "$numberLong", "$numberInt", "$numberDouble"}
"""Keys that MongoDB writes around single values."""
_TEXT_NAMES = frozenset(NAMES["text"])

DECODER = json.JSONDecoder(parse_constant=lambda name: None)
"""``NaN`` and ``Infinity``, which are no JSON and which pandas writes, are no value."""


def json_problem(error: Exception) -> str:
    """Returns what is wrong with a JSON text, without its place."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON: {error.msg}"
    return "it has a number of too many digits"


def kind_of(value: Any) -> str:
    """Returns what a value is, for people."""
    names: dict[type, str] = {dict: "an object", list: "a list", str: "a text", type(None): "null"}
    return names.get(type(value), "a number")


def has_text(item: Mapping[str, Any]) -> bool:
    """Tells whether an object has what is commonly called an article's text."""
    return any(map(is_text_name, item))


def is_text_name(name: str) -> bool:
    """Tells whether a text is commonly called so."""
    return fold(name) in _TEXT_NAMES


def unwrapped(item: dict[str, Any]) -> dict[str, Any]:
    """Returns an article's object without what programs wrap around it and its values."""
    if not has_text(item):
        for name in _ENVELOPES:
            inner = item.get(name)
            if isinstance(inner, dict) and inner:
                item = {**{key: value for key, value in item.items() if key != name}, **inner}
                break
    for key, value in item.items():
        if type(value) is dict and len(value) == 1 and (name := next(iter(value))) in _PLAIN:
            item[key] = value[name]
    return item

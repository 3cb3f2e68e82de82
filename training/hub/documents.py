"""JSON and YAML that somebody sent, read within bounds; what comes out can be sent on as JSON.

Both formats can say things that break whoever reads them trustingly: nests deeper than the stack,
aliases that multiply, numbers of any length, halves of surrogate pairs, NaN. Here they end in one
exception with a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

MAX_DEPTH = 64
"""Deepest nest; no card, configuration or request of the clients comes near it."""
MAX_VALUES = 50_000
"""Most values in a YAML document, aliases counted as often as they are used."""
MAX_CHARACTERS = 2_000_000
"""Most characters of a YAML document's values, counted in the same way."""
MAX_YAML = 1 << 19
"""Longest YAML document, in characters; longer than any card whose metadata are for people."""
MAX_DIGITS = 18
"""Longest integer that is read as one: 64 bits hold it. A longer one is kept as text."""
SURROGATE = re.compile("[\ud800-\udfff]")

# The scalars of YAML 1.2's core schema, as JavaScript's readers know them: `no` is a language,
# 1:00:00 and 2026-01-02 are text.
NULLS = ("", "~", "null", "Null", "NULL")
BOOLEANS = {
    text: value
    for value in (True, False)
    for text in (f"{value}", f"{value}".lower(), f"{value}".upper())
}
INTEGER = re.compile(r"[-+]?[0-9][0-9_]*")
BASED_INTEGER = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]++(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
STANDARD = "tag:yaml.org,2002:"
COLLECTIONS = (None, "!", *(STANDARD + kind for kind in ("map", "seq", "set", "omap", "pairs")))
# libyaml, where the package has it, is ten times as fast. Only its flat stream of events is used:
# its own way to values recurses in C and would end the process.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class MalformedError(ValueError):
    """What was sent cannot be read; the message is a clause such as "it nests too deeply"."""


def parse_json(content: bytes) -> Any:
    """Reads JSON in UTF-8; NaN and infinities become text.

    Raises:
        MalformedError: It is no JSON, nests deeper than `MAX_DEPTH`, or has half a surrogate pair.
    """
    try:
        value = json.loads(
            content.decode("utf-8-sig"), parse_float=_float, parse_int=_integer, parse_constant=str
        )
    except RecursionError:
        raise MalformedError("it nests too deeply") from None
    except ValueError:
        raise MalformedError("it is no JSON in UTF-8") from None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [part for item in level for part in _parts(item)]
        if not level:
            return value
    raise MalformedError("it nests too deeply")


def _parts(value: Any) -> Iterator[Any]:
    """Yields what is directly inside a value, and refuses a text that UTF-8 cannot carry."""
    if isinstance(value, str) and SURROGATE.search(value):
        raise MalformedError("it has half of a surrogate pair")
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _integer(text: str) -> int | str:
    digits = text.replace("_", "")
    return int(digits) if len(digits.lstrip("+-")) <= MAX_DIGITS else text


def _float(text: str) -> float | str:
    value = float(text)
    return text if abs(value) == float("inf") else value


def parse_yaml(text: str) -> Any:
    """Reads one YAML document: mappings, sequences, text, numbers, booleans and null.

    Raises:
        MalformedError: It is no YAML, is over one of the bounds above, has an alias to what is
            not complete, or a tag of somebody's own.
    """
    if len(text) > MAX_YAML:
        raise MalformedError(f"it has more than {MAX_YAML} characters")
    try:
        return _Document(text).read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        # libyaml puts the end of the document on a line of its own.
        line = min(mark.line, text.count("\n")) + 1 if mark else 0
        where = f"line {line}, column {mark.column + 1}: " if mark else ""
        raise MalformedError(where + str(error.problem or error.context)) from None
    except MalformedError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise MalformedError(" ".join(str(error).split())) from None


class _Size(NamedTuple):
    """What a value takes where it stands, everything inside it included."""

    values: int
    characters: int
    height: int


class _Document:
    """Builds values from a flat stream of events and counts them on the way."""

    def __init__(self, text: str) -> None:
        self._events = yaml.parse(text, Loader=LOADER)
        self._anchors: dict[str, tuple[Any, _Size]] = {}
        self._values = self._characters = 0

    def read(self) -> Any:
        value = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                value = self._value(next(self._events), MAX_DEPTH)[0]
            elif isinstance(event, yaml.DocumentEndEvent):
                break
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise MalformedError("it has more than one document")
        return value

    def _value(self, event: yaml.Event, depth: int) -> tuple[Any, _Size]:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise MalformedError(f"the alias {event.anchor!r} names nothing before it")
            value, size = self._anchors[event.anchor]
            self._count(size, depth)
            return value, size
        before = self._values, self._characters
        height = 1
        if isinstance(event, yaml.ScalarEvent):
            self._count(_Size(1, len(event.value), 1), depth)
            value = _scalar(event)
        else:
            self._count(_Size(1, 0, 1), depth)
            if event.tag not in COLLECTIONS:
                raise MalformedError(f"the tag {event.tag!r} is not known")
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            value, inner = (self._mapping if is_mapping else self._sequence)(depth - 1)
            height += inner
        size = _Size(self._values - before[0], self._characters - before[1], height)
        if event.anchor:
            self._anchors[event.anchor] = value, size
        return value, size

    def _sequence(self, depth: int) -> tuple[list[Any], int]:
        found, height = [], 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            value, size = self._value(event, depth)
            found.append(value)
            height = max(height, size.height)
        return found, height

    def _mapping(self, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        height = 0
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            is_merge = (
                isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]
            )
            key, _ = self._value(event, depth)
            if isinstance(key, dict | list):
                raise MalformedError("a key must be a text, a number or a date")
            value, size = self._value(next(self._events), depth)
            height = max(height, size.height)
            if is_merge:
                for part in value if isinstance(value, list) else [value]:
                    if not isinstance(part, dict):
                        raise MalformedError("'<<' must name mappings")
                    for name, item in part.items():
                        merged.setdefault(name, item)
            else:
                found[_key(key)] = value
        return {**merged, **found}, height

    def _count(self, size: _Size, depth: int) -> None:
        self._values += size.values
        self._characters += size.characters
        if self._values > MAX_VALUES or self._characters > MAX_CHARACTERS:
            raise MalformedError(
                f"it has more than {MAX_VALUES} values or {MAX_CHARACTERS} characters, "
                "aliases counted as often as they are used"
            )
        if size.height > depth:
            raise MalformedError("it nests too deeply")


def _key(key: Any) -> str:
    if isinstance(key, bool) or key is None:
        return json.dumps(key)
    return str(key)


def _scalar(event: yaml.ScalarEvent) -> Any:
    """Returns what a scalar means, by its tag if it has one, else by how it looks."""
    text: str = event.value
    tag = event.tag
    if tag is None:
        return _plain(text) if event.implicit[0] else text
    kind = tag.removeprefix(STANDARD)
    if tag == "!" or kind in ("str", "binary", "timestamp"):
        return text
    value = _plain(text)
    expected = {"null": type(None), "bool": bool, "int": int | str, "float": int | float | str}
    if not tag.startswith(STANDARD) or kind not in expected:
        raise MalformedError(f"the tag {tag!r} is not known")
    if not isinstance(value, expected[kind]):
        raise MalformedError(f"{text[:40]!r} is no {kind}")
    return value


def _plain(text: str) -> Any:
    """Reads a scalar without quotes or tag."""
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if INTEGER.fullmatch(text):
        return _integer(text)
    if BASED_INTEGER.fullmatch(text):
        return int(text, 0) if len(text) <= MAX_DIGITS - 2 else text
    if FLOAT.fullmatch(text):
        return _float(text)
    if NOT_FINITE.fullmatch(text):
        return text.lower().lstrip("+").replace(".", "")
    return text

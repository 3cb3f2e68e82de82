"""Strings that make a regular expression work hardest, derived from the expression itself.

A backtracking matcher is slow where a string begins to match again and again and then fails: runs
of what a class takes, beginnings of the pattern that never go on, two classes in turn. The parse
tree of a pattern says which characters these are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

# The only door to a pattern's parse tree; mypy has no types for it.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

POOL = "a1 !A.\n\t-_'\"+#&/,:;<>()[]{}*`~|\\@$%?=^é\u00ad\u200b\u3042\u3002…’\0"
"""Characters of which each class has at least one that it takes, or that ends it."""
NESTED = (
    "([{",
    ")]}",
    "<a ",
    "<!--",
    "&#",
    "--",
    "\n\n",
    "\r\n",
    "a.",
    "e.g. ",
    "\"'",
    "[](",
    "**_",
)
MOST_CHARACTERS = 7
"""Of one pattern: more of the same kind find nothing new."""

Node = tuple[Any, Any]


def hostile_units(pattern: re.Pattern[Any]) -> list[str]:
    """Returns the short strings of which long ones are made; no string twice."""
    # The parser takes the text with the flags that the pattern was compiled with.
    source = pattern.pattern
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    flags = pattern.flags & ~re.UNICODE if isinstance(source, bytes) else pattern.flags
    tree = list(parser.parse(text, flags & ~re.DEBUG))
    characters = list(dict.fromkeys(_characters(tree)))[:MOST_CHARACTERS]
    pairs = [one + other for one in characters for other in characters if one != other]
    beginnings = [part for times in (1, 3) for part in _beginnings(tree, times)]
    units = dict.fromkeys([*characters, *pairs, *beginnings, *NESTED])
    return [unit for unit in units if unit]


def run_of(unit: str, size: int) -> str:
    """Returns the unit again and again, with an end that fails."""
    return (unit * (size // len(unit) + 1))[:size] + "\0"


def halves_of(unit: str, size: int) -> str:
    """Returns its first character again and again, then its last."""
    return unit[0] * (size // 2) + unit[-1] * (size // 2)


def hostile_strings(pattern: re.Pattern[Any]) -> Iterator[Callable[[int], str]]:
    """Yields what makes a string of about so many characters."""
    for unit in hostile_units(pattern):
        yield partial(run_of, unit)
        if len(unit) == 2:
            yield partial(halves_of, unit)


def _characters(nodes: Iterable[Node]) -> Iterator[str]:
    """Yields what each class and literal of a pattern takes, in the order of the pattern."""
    for op, value in nodes:
        if op is sre.IN:
            yield from _members(value)
        elif op is sre.LITERAL:
            yield chr(value)
        elif op is sre.NOT_LITERAL:
            yield next(char for char in POOL if ord(char) != value)
        elif op is sre.ANY:
            yield "a"
        for inner in _inner(op, value):
            yield from _characters(inner)


def _members(value: Sequence[Node], most: int = 2) -> list[str]:
    known = [chr(item[1]) for item in value if item[0] is sre.LITERAL]
    known += [chr(item[1][0]) for item in value if item[0] is sre.RANGE]
    candidates = [*POOL, *known] if value[0][0] is sre.NEGATE else [*known, *POOL]
    return [char for char in candidates if _takes(value, char)][:most] or ["a"]


def _takes(value: Sequence[Node], char: str) -> bool:
    negated = value[0][0] is sre.NEGATE
    return any(_is_one(op, item, char) for op, item in value) != negated


def _is_one(op: Any, item: Any, char: str) -> bool:
    if op is sre.LITERAL:
        return bool(ord(char) == item)
    if op is sre.RANGE:
        return bool(item[0] <= ord(char) <= item[1])
    kinds = {"WORD": r"\w", "DIGIT": r"\d", "SPACE": r"\s"}
    if op is sre.CATEGORY:
        name = str(item).removeprefix("CATEGORY_").removeprefix("UNI_")
        inside = re.match(kinds[name.removeprefix("NOT_")], char) is not None
        return inside != name.startswith("NOT_")
    return False


def _inner(op: Any, value: Any) -> list[list[Node]]:
    """Returns the sequences inside a node."""
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        return [list(value[2])]
    if op is sre.SUBPATTERN:
        return [list(value[3])]
    if op is sre.ATOMIC_GROUP:
        return [list(value)]
    if op is sre.BRANCH:
        return [list(branch) for branch in value[1]]
    if op in (sre.ASSERT, sre.ASSERT_NOT):
        return [list(value[1])]
    return []


def _beginnings(nodes: Sequence[Node], times: int) -> Iterator[str]:
    """Yields what the pattern, and each sequence in it, begins with, longer and longer.

    A word is not cut: inside of one nothing repeats, so its first letters say no more than itself.
    """
    begun = ""
    for place, (op, value) in enumerate(nodes):
        begun += _sample(op, value, times)
        if [each for each, _ in nodes[place : place + 2]] != [sre.LITERAL, sre.LITERAL]:
            yield begun
        for inner in _inner(op, value):
            yield from _beginnings(inner, times)


def _sample(op: Any, value: Any, times: int) -> str:
    """Returns a string that a node matches, its repetitions as often as said or as they must."""
    if op is sre.ASSERT_NOT:
        return ""
    if op is sre.ASSERT and value[0] > 0:  # what comes after is the next nodes' to say
        return ""
    inner = _inner(op, value)
    if inner:
        once = "".join(_sample(*node, times) for node in inner[0])
        repeats = op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
        return once * min(max(times, int(value[0])), int(value[1])) if repeats else once
    return next(_characters([(op, value)]), "")

"""Why rows are left out, in so few kinds that a person can look over them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

MOST_KINDS = 12
"""More are no overview; the rarest become `OTHER`."""
UNREADABLE = "not readable"
OTHER = "other reasons"
# A reason's own words come before a place, a quotation or an explanation.
_OWN_WORDS = re.compile(r"[^\d:;,.(\[{<'\"“‘«]*+")
_PLACE = re.compile(r"(?: (?:in|at|on|of|from))?(?: the)? ?(?:line|row|item|column|byte)s?$")
_MOST_WORDS = 8
_SHORT = {
    "it has more than": "too long",
    "it has": "wrong number of cells",
    "rows": UNREADABLE,
    "there is no file": "its file is missing",
    "column": "a value of another kind",
    "the tags in": "tags are numbers",
}
"""Kinds of reasons whose first words say too little."""


def kind_of(reason: str) -> str:
    """Returns what a reason has in common with others: ``not published (draft: true)`` is one."""
    found = _OWN_WORDS.match(reason)
    kind = _PLACE.sub("", " ".join(found[0].split()) if found else "")
    kind = _SHORT.get(kind, kind)
    return kind if 0 < len(kind.split()) <= _MOST_WORDS else UNREADABLE


def kinds(reasons: Iterable[str]) -> dict[str, str]:
    """Returns the kind of each of these reasons, all together not too many."""
    each: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for reason in reasons:
        kind = each.setdefault(reason, kind_of(reason))
        counts[kind] += 1
    shown = {kind for kind, _ in counts.most_common(MOST_KINDS)}
    return {reason: kind if kind in shown else OTHER for reason, kind in each.items()}

"""Which corrections are of one article, which say the same, and how many people stand behind them.

Everything here is exact after folding, so that it gives the same groups on the Space, which shows
them, and in training, which learns from them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from tagloop.corrections.record import Correction
from tagloop.vocabulary.vocabulary import squeezed

SHORT_WORDS = 25
"""A text of fewer words is told from others by its title too: many visitors paste "test"."""
TagKey = frozenset[str]

_form = lru_cache(maxsize=50_000)(squeezed)
_WORD = re.compile(r"\w+")


def article_key(correction: Correction) -> str:
    """Returns a digest that near-identical copies of an article share.

    Those have the same words in the same order, whatever their case, punctuation, blanks and
    (unless the text is short) title.
    """
    words = _words(correction.text)
    if len(words) < SHORT_WORDS:
        words = [*_words(correction.title), "\n", *words]
    return sha256(" ".join(words).encode("utf-8", errors="replace")).hexdigest()


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def tag_key(tags: Iterable[str]) -> TagKey:
    """Returns what equal tag lists share: their normal forms without blanks, in no order."""
    return frozenset(form for form in map(_form, tags) if form)


def by_article(corrections: Iterable[Correction]) -> dict[str, list[Correction]]:
    """Returns corrections by `article_key`, each group's oldest first."""
    groups: dict[str, list[Correction]] = defaultdict(list)
    for correction in sorted(corrections, key=lambda one: (one.created_at, one.id)):
        groups[article_key(correction)].append(correction)
    return dict(groups)


def person_of(correction: Correction) -> str:
    """Returns who sent it, as far as can be told: all without a name or address are one."""
    if correction.user:
        return f"user {correction.user}"
    return f"visitor {correction.visitor or ''}"


def people(corrections: Iterable[Correction]) -> set[str]:
    """Returns the different people behind some corrections; in doubt fewer.

    Who sends once signed in and once not, from the same address, is one.
    """
    known = list(corrections)
    signed_in = {one.visitor for one in known if one.user and one.visitor}
    return {
        person_of(one)
        for one in known
        if one.user or not one.visitor or one.visitor not in signed_in
    }

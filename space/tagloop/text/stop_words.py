"""The stop words of the language that words are in, found by those words themselves.

A tagger knows which words are common in the articles that it learned from. In an article of another
language its "and" and "not" look rare, and would stand out. English needs no list here: nearly all
taggers know it, and their rankings were fitted without one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache

import stopwordsiso

LEAST_SHARE = 0.08
"""Of an article's words that are stop words of its language: 0.2 to 0.6 where blanks divide words,
0.1 in Korean and Hindi, whose endings do the work."""
KIN = 0.5
"""Languages with half as many are kin of the first (Ukrainian of Russian, Malay of Indonesian), and
may be what it is; their stop words count, too."""
_ENGLISH = "en"


def foreign_stop_words(counts: Mapping[str, int]) -> frozenset[str]:
    """Returns the stop words among an article's words, if it is in another language than English.

    On 2,000 English articles of five collections no other language had more stop words.

    Args:
        counts: Of its words, in lower case.
    """
    languages = _languages()
    votes: Counter[str] = Counter()
    for word, count in counts.items():
        for language in languages.get(word, ()):
            votes[language] += count
    if not votes:
        return frozenset()
    most = max(votes.values())
    if votes[_ENGLISH] == most or most < LEAST_SHARE * sum(counts.values()):
        return frozenset()
    chosen = {language for language, count in votes.items() if count >= KIN * most}
    return frozenset(word for word in counts if not chosen.isdisjoint(languages.get(word, ())))


@cache
def _languages() -> dict[str, tuple[str, ...]]:
    """Returns the languages that each word is a stop word of."""
    found: dict[str, list[str]] = {}
    for language in sorted(stopwordsiso.langs()):
        for word in stopwordsiso.stopwords(language):
            found.setdefault(word.casefold(), []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}

"""Which tags an article itself names: phrases that the vocabulary knows, and words that stand out.

That a phrase stands in an article says little ("data"); how often those who wrote such an article
also gave it as a tag says much (the keyphraseness of Mihalcea & Csomai, "Wikify!", CIKM 2007).
Words that no training article had as a tag may still be what an article is about: they are
ranked by their frequency in it and their rarity in the corpus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagloop.generation.loops import loops
from tagloop.limits import MAX_TAG_CHARACTERS
from tagloop.text.stop_words import foreign_stop_words
from tagloop.text.words import divided, has_unspaced
from tagloop.vocabulary.normal_form import folded

MAX_WORDS = 4
"""Longest phrase that is looked for."""
MAX_LETTERS = 12
"""The same where each letter is a word (`tagloop.text.words.divided`)."""
MAX_CHARACTERS = 6000
"""Of the text that is looked at: about 1000 words."""
OTHER_WORDS = 8
"""So many words that are no known tags may become candidates."""
FREQUENT_WORDS = 40
"""Of these many most frequent unknown words the rarity is looked up."""
SHORTEST = 3
RARE = 3.0
"""Least rarity (inverse document frequency) of such a word: in less than an eighth of articles."""


@dataclass(frozen=True)
class Words:
    """An article's words in normal form; single letters of scripts without blanks.

    Attributes:
        title: Of the title.
        text: Of the text's first ``MAX_CHARACTERS``.
    """

    title: list[str]
    text: list[str]

    @classmethod
    def of(cls, title: str, text: str) -> Words:
        """Reads an article; both may be empty."""
        return cls(*(divided(folded(part)).split() for part in (title, text[:MAX_CHARACTERS])))


class KnownPhrases:
    """The tags of a vocabulary, to be found in articles."""

    def __init__(self, known: Mapping[str, int]) -> None:
        """Takes normal forms and their places in the vocabulary."""
        self._known = {divided(form): place for form, place in known.items()}
        # Words of the longest tag by its first word: most words of an article begin none.
        self._longest: dict[str, int] = {}
        for form in self._known:
            words = form.split()
            count = min(len(words), MAX_LETTERS if has_unspaced(form) else MAX_WORDS)
            self._longest[words[0]] = max(self._longest.get(words[0], 0), count)

    def in_article(self, article: Words) -> Counter[int]:
        """Counts the tags that an article names.

        Returns:
            Place of each tag that stands in title or text, and how often it does.
        """
        found: Counter[int] = Counter()
        for words in (article.title, article.text):
            for first, word in enumerate(words):
                for count in range(1, self._longest.get(word, 0) + 1):
                    place = self._known.get(" ".join(words[first : first + count]))
                    if place is not None and first + count <= len(words):
                        found[place] += 1
        return found


def salient_words(
    article: Words, known: Mapping[str, int], tokenizer: Any, idf: np.ndarray
) -> dict[str, float]:
    """Returns words that are no known tags but stand out in the article.

    Args:
        article: Its words; those of the title count three times.
        known: Words not to give.
        tokenizer: Of the model.
        idf: Of every token, as ``tagloop.ranking.neighbours`` has it; 0 stands for a token of
            hardly any article.

    Returns:
        At most ``OTHER_WORDS`` words with log frequency times rarity, the greatest first.
    """
    counts = Counter(article.text)
    stop_words = foreign_stop_words(counts)
    for word in article.title:
        counts[word] += 3
    words = [
        word
        for word, _ in counts.most_common()
        if SHORTEST <= len(word) <= MAX_TAG_CHARACTERS
        and word not in known
        and word not in stop_words
        and not word.isdigit()
        and not loops(word)
    ][:FREQUENT_WORDS]
    if not words:
        return {}
    most = float(idf.max(initial=0.0))
    pieces = tokenizer(words, add_special_tokens=False).input_ids
    scores = {}
    for word, ids in zip(words, pieces, strict=True):
        rarity = max((float(idf[token]) or most for token in ids), default=0.0)
        if rarity >= RARE:
            scores[word] = float(np.log1p(counts[word]) * rarity)
    return dict(sorted(scores.items(), key=lambda item: -item[1])[:OTHER_WORDS])


def linked_shares(articles: Iterable[tuple[Counter[int], set[int]]], tags: int) -> np.ndarray:
    """Returns, a tag, the share of articles naming it whose authors also gave it, (tags,).

    Args:
        articles: Of each training article the tags that it names and those that its author gave.
        tags: Size of the vocabulary.
    """
    named, given = np.zeros(tags), np.zeros(tags)
    for mentioned, theirs in articles:
        places = list(mentioned)
        named[places] += 1
        given[[place for place in places if place in theirs]] += 1
    # Half an article given in ten: a tag seen once is not yet sure.
    return ((given + 0.5) / (named + 10.0)).astype(np.float32)

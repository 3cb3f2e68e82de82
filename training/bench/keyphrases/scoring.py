"""F1@k of keyphrases as the field measures it: stemmed, present and absent phrases apart.

Phrases and texts are compared by the Porter stems of their words. A phrase is present where its
stems stand one after the other in title or text (Meng et al., "Deep Keyphrase Generation", ACL
2017); present phrases are compared with the present ones of a ranking, absent ones likewise, each
among its own first k. F1@k divides by k however few phrases there are (Meng et al., "An Empirical
Study on Neural Keyphrase Generation", NAACL 2021), and means are over documents (macro); a document
without keyphrases of a sort is left out of that sort's mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from nltk.stem.porter import PorterStemmer

from tagloop.vocabulary.vocabulary import normal_form
from training.evaluation.scores import Values

CUTS = (5, 10)
SORTS = ("", "present ", "absent ")
MEASURES = tuple(f"{sort}f1@{cut}" for sort in SORTS for cut in CUTS)


def keyphrase_scores(ranked: Sequence[str], reference: Sequence[str], text: str) -> Values:
    """Scores one document's phrases.

    Args:
        ranked: Phrases, the best first.
        reference: The document's keyphrases.
        text: Its title and text.

    Returns:
        ``MEASURES`` to value (0..1, or NaN).
    """
    ours, theirs = _unique(ranked), _unique(reference)
    body = f" {stemmed(text)} "
    sorts = {
        "": (ours, theirs),
        "present ": tuple(
            [each for each in side if f" {each} " in body] for side in (ours, theirs)
        ),
        "absent ": tuple(
            [each for each in side if f" {each} " not in body] for side in (ours, theirs)
        ),
    }
    return {
        f"{sort}f1@{cut}": _f1(mine[:cut], wanted, cut)
        for sort, (mine, wanted) in sorts.items()
        for cut in CUTS
    }


def stemmed(phrase: str) -> str:
    """Returns the Porter stems of a phrase's words, with blanks between them."""
    return " ".join(map(_stem, normal_form(phrase).split()))


@cache
def _stem(word: str) -> str:
    return str(PorterStemmer().stem(word))


def _unique(phrases: Sequence[str]) -> list[str]:
    return [stems for stems in dict.fromkeys(map(stemmed, phrases)) if stems]


def _f1(ours: Sequence[str], theirs: Sequence[str], cut: int) -> float:
    """Returns the harmonic mean of hits / cut and hits / keyphrases."""
    if not theirs:
        return math.nan
    return 2 * len(set(ours) & set(theirs)) / (cut + len(theirs))

"""How good tags are: scores of each article, their means, and how sure the means are.

Tags are compared by normal form and de-duplicated by it. The literature gives one name to several
measures, so ours are named exactly: ``f1@5`` always divides the hits by 5 for its precision (the
padded F1@5 of Meng et al., "An Empirical Study on Neural Keyphrase Generation", NAACL 2021),
``f1@m`` takes all tags of an answer (Yuan et al., "One Size Does Not Fit All: Generating and
Evaluating Variable Number of Keyphrases", ACL 2020). Means are over articles (macro).

Stems and ROUGE follow the language that an article is in: Porter's stemmer and ROUGE's own words,
of Latin letters alone, are for English and for what is not sure.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import cast

import numpy as np
import snowballstemmer
from nltk.stem.porter import PorterStemmer
from rouge_score.rouge_scorer import RougeScorer

from tagloop.text.languages import detect, language_name
from tagloop.text.words import divided
from tagloop.vocabulary.normal_form import folded
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form, occurs_in

CUT = 5
"""The k of F1@k: the number of tags that most authors give at the most."""
DRAWN_AT_ONCE = 4_000_000
"""Numbers of a bootstrap: 64 MB with what they choose."""
STEMS = 2**16
"""Tags whose stems are remembered."""
ROUGES = ("rouge1", "rouge2", "rougeL")
ENGLISH = "en"
Values = dict[str, float]


class ArticleScores:
    """The scores of articles, as numbers alone: a dictionary each would take a kilobyte.

    All articles have the same measures.
    """

    def __init__(self) -> None:
        """Begins with no article."""
        self._names: tuple[str, ...] = ()
        self._values = array("d")

    def append(self, scores: Values) -> None:
        """Takes in the scores of the next article."""
        self._names = self._names or tuple(scores)
        self._values.extend(scores[name] for name in self._names)

    def __len__(self) -> int:
        return len(self._values) // max(len(self._names), 1)

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures; none where there is no article."""
        return self._names

    def column(self, measure: str) -> np.ndarray:
        """Returns a measure of each article, (articles,)."""
        return np.array(self._values[self._names.index(measure) :: len(self._names)])


Scores = Sequence[Values] | ArticleScores


@dataclass(frozen=True)
class Interval:
    """A mean with its bootstrap interval (all 0..1)."""

    value: float
    low: float
    high: float


def article_scores(
    predicted: Sequence[str],
    reference: Sequence[str],
    text: str | None = None,
    known: Collection[str] | None = None,
) -> Values:
    """Scores one article's tags.

    Args:
        predicted: The tags of an answer, the best first.
        reference: The authors' tags.
        text: Title and text; with it tags that stand there and tags that do not are also scored
            apart, and stems are those of its language. An article without reference tags of a sort
            has NaN for it and is left out of that mean.
        known: Normal forms of the training tags; with it ``unseen_share`` is given.

    Returns:
        Measure to value, 0..1.
    """
    ours, theirs = _forms(predicted), _forms(reference)
    language = detect(text) or ENGLISH if text else ENGLISH
    values = {
        **_rank_scores(ours, theirs),
        "f1@m": _f1(ours, theirs),
        "f1@m_stemmed": _f1(_stems(ours, language), _stems(theirs, language)),
    }
    if text is not None:
        for name, wanted in (("present_f1@m", True), ("absent_f1@m", False)):
            part = [form for form in theirs if occurs_in(form, text) is wanted]
            mine = [form for form in ours if occurs_in(form, text) is wanted]
            values[name] = _f1(mine, part) if part else float("nan")
    if known is not None:
        values["unseen_share"] = (
            sum(form not in known for form in ours) / len(ours) if ours else float("nan")
        )
    joined = ", ".join(reference), ", ".join(predicted)
    scored = _rouge(language).score(*joined)
    return values | {name: float(scored[name].fmeasure) for name in ROUGES}


def answer_scores(
    ranked: Sequence[str],
    shown: Sequence[str],
    reference: Sequence[str],
    text: str | None = None,
    known: Collection[str] | None = None,
) -> Values:
    """Scores a system that ranks tags and shows some of them.

    Args:
        ranked: Tags, the surest first, shown or not: ``f1@5`` and ``precision@1`` are theirs.
        shown: The tags that it would show: everything else is theirs.
        reference: The authors' tags.
        text: See ``article_scores``.
        known: See ``article_scores``.
    """
    values = article_scores(shown, reference, text, known)
    return values | _rank_scores(_forms(ranked), _forms(reference))


def writing_scores(answer: Sequence[str], vocabulary: Vocabulary) -> Values:
    """Scores how an answer is written, whether its tags are right or not.

    Args:
        answer: Its tags as they were written; empty ones are slots in which no tag stands.
        vocabulary: Of the training tags.

    Returns:
        ``repeated_tags`` and ``empty_slots``: 1 for an answer that has any, else 0 (a tag is
        repeated by its normal form). ``spelled``: the share, of the tags that the vocabulary
        knows, of those written as it displays them; NaN of an answer without such tags.
    """
    forms = list(map(normal_form, answer))
    tags = [form for form in forms if form]
    known = [tag for tag, form in zip(answer, forms, strict=True) if form and tag in vocabulary]
    right = sum(vocabulary.display(tag) == tag for tag in known)
    return {
        "repeated_tags": float(len(set(tags)) < len(tags)),
        "empty_slots": float(len(tags) < len(forms)),
        "spelled": right / len(known) if known else float("nan"),
    }


def bootstrap(
    rows: Scores, *, samples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> dict[str, Interval]:
    """Returns each measure's mean with a percentile bootstrap interval over articles.

    Source: Efron & Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.

    Args:
        rows: Of each article, as ``article_scores`` gives it; NaN is left out.
        samples: Number of resamples.
        confidence: Share of the resampled means inside the interval.
        seed: Of the resampling.
    """
    if isinstance(rows, ArticleScores):
        names: Iterable[str] = rows.measures
    else:
        names = rows[0] if rows else ()
    return {name: _interval(_column(rows, name), samples, confidence, seed) for name in names}


def paired_difference(
    before: Scores,
    after: Scores,
    measure: str,
    *,
    samples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Returns the mean of ``after - before`` on the same articles with its bootstrap interval."""
    difference = _column(after, measure) - _column(before, measure)
    return _interval(difference, samples, confidence, seed)


def chance_better(
    before: Scores,
    after: Scores,
    measure: str,
    *,
    samples: int = 1000,
    seed: int = 0,
) -> float:
    """Returns the share of these resamples whose mean of ``after - before`` is above 0."""
    difference = _column(after, measure) - _column(before, measure)
    difference = difference[~np.isnan(difference)]
    means = _resampled_means(difference, samples, seed) if len(difference) else np.zeros(1)
    return float((means > 0).mean())


def _column(rows: Scores, name: str) -> np.ndarray:
    if isinstance(rows, ArticleScores):
        return rows.column(name)
    return np.array([row[name] for row in rows], dtype=np.float64)


def _interval(values: np.ndarray, samples: int, confidence: float, seed: int) -> Interval:
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(0.0, 0.0, 0.0)
    means = _resampled_means(values, samples, seed)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(values.mean()), float(low), float(high))


def _resampled_means(values: np.ndarray, samples: int, seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    means: list[np.ndarray] = []
    # So many at a time that memory does not grow with the articles; the numbers are the same.
    at_once = max(DRAWN_AT_ONCE // len(values), 1)
    for first in range(0, samples, at_once):
        count = min(at_once, samples - first)
        chosen = chance.integers(len(values), size=(count, len(values)))
        means.append(values[chosen].mean(axis=1))
    return np.concatenate(means)


def _rank_scores(ours: Sequence[str], theirs: Sequence[str]) -> Values:
    """Returns the measures that ask for the surest tags alone."""
    return {
        "f1@5": _f1(ours[:CUT], theirs, places=CUT),
        "precision@1": float(bool(ours) and ours[0] in theirs),
    }


def _forms(tags: Sequence[str]) -> list[str]:
    return [form for form in _unique(map(normal_form, tags)) if form]


def _unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def _f1(ours: Sequence[str], theirs: Sequence[str], places: int | None = None) -> float:
    hits = len(set(ours) & set(theirs))
    if not hits:
        return 0.0
    precision, recall = hits / (places or len(ours)), hits / len(theirs)
    return 2 * precision * recall / (precision + recall)


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    """Returns a language's own stemmer, or Porter's, which leaves other alphabets alone."""
    name = language_name(language).lower()
    if language != ENGLISH and name in snowballstemmer.algorithms():
        return cast(Callable[[str], str], snowballstemmer.stemmer(name).stemWord)
    return cast(Callable[[str], str], PorterStemmer().stem)


def _stems(forms: Sequence[str], language: str) -> list[str]:
    return _unique(_stemmed(form, language) for form in forms)


@lru_cache(STEMS)
def _stemmed(form: str, language: str) -> str:
    return " ".join(map(_stemmer(language), form.split()))


@dataclass(frozen=True)
class _Words:
    """What ROUGE compares in another language than English."""

    language: str

    def tokenize(self, text: str) -> list[str]:
        return list(map(_stemmer(self.language), divided(folded(text)).split()))


@cache
def _rouge(language: str) -> RougeScorer:
    if language == ENGLISH:
        return RougeScorer(list(ROUGES), use_stemmer=True)
    return RougeScorer(list(ROUGES), tokenizer=_Words(language))

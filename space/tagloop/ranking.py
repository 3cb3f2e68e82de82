"""How sure a tag is: what the model wrote, what it nearly wrote, and what like articles carry.

A logistic regression over a dozen features gives every candidate a probability that the article's
author would have given it. It was fitted on the validation split, which neither the model nor its
memory has learned from, so its probabilities are calibrated there (Platt, "Probabilistic Outputs
for Support Vector Machines", 1999); ``training.ranking_fit`` fits it, ``ranking.json`` holds it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tagloop.candidates import Candidate, ScoredTag
from tagloop.engines import Written
from tagloop.errors import UserError
from tagloop.mentions import Words, phrases, salient_words
from tagloop.recall import Recall, Recalled, article_ids
from tagloop.vocabulary import Vocabulary

FILE_NAME = "ranking.json"
SCHEMA = 1
POOL = 12
"""So many tags of each sort may join those that the model wrote."""
LEAST = -20.0
"""Log-probabilities below this are all the same: never."""
FEATURES = (
    "written",  # 1 if the model wrote the tag
    "log_prob",  # with which it did; 0 if it did not
    "place",  # at which it did
    "begun",  # greatest log-probability of the tag's first token where a tag starts
    "begun_first",  # the same for the first tag alone
    "near",  # share of the near articles that carry it
    "near_log",
    "wide",  # share of the many
    "wide_log",
    "count_log",  # training articles that carry it
    "linked_log",  # share of the articles naming it whose authors gave it
    "mentions",  # log of how often title and text name it
    "salience",  # of a word that is no known tag: frequency times rarity
    "present",  # its words stand in title or text
    "in_title",
)
"""Every feature also counts times the log of the article's length: of a title other evidence is
right than of a long text."""


@dataclass(frozen=True)
class Pool:
    """The candidates of one article: display forms by normal form, and features in their order.

    Attributes:
        displays: Normal form to display form.
        features: float64, (candidates, 2 * len(FEATURES) + 1).
    """

    displays: dict[str, str]
    features: np.ndarray


@dataclass(frozen=True)
class Weights:
    """The logistic regression: a weight a column of ``Pool.features``, and the bias."""

    columns: np.ndarray
    bias: float

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Gives each candidate's probability, (candidates,)."""
        return np.asarray(1 / (1 + np.exp(-(features @ self.columns + self.bias))))

    def to_json(self) -> dict[str, Any]:
        """Gives the content of ``ranking.json``."""
        names = [*FEATURES, *(f"{name} x length" for name in FEATURES), "length"]
        columns = [round(float(value), 6) for value in self.columns]
        return {
            "schema": SCHEMA,
            "bias": round(self.bias, 6),
            "weights": dict(zip(names, columns, strict=True)),
        }

    @classmethod
    def load(cls, folder: Path) -> Weights | None:
        """Reads a model folder's ``ranking.json``; None where there is none.

        Raises:
            UserError: The file is not one of this version.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            return None
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            columns = np.array(list(data["weights"].values()), dtype=np.float64)
            if data["schema"] != SCHEMA or len(columns) != 2 * len(FEATURES) + 1:
                raise ValueError(f"schema {data['schema']}, {len(columns)} weights")
            return cls(columns, float(data["bias"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path}: not a valid ranking.json ({error}); train anew.") from None


class Ranker:
    """Gives the candidates of an article their probabilities."""

    def __init__(
        self, recall: Recall, vocabulary: Vocabulary, tokenizer: Any, weights: Weights
    ) -> None:
        self._recall = recall
        self._vocabulary = vocabulary
        self._tokenizer = tokenizer
        self.weights = weights
        self._forms = list(vocabulary.counts)
        self._places = {form: place for place, form in enumerate(self._forms)}
        self._counts = np.log1p(np.array(list(vocabulary.counts.values()), dtype=np.float64))
        self._first = _first_tokens(tokenizer, vocabulary)

    @classmethod
    def load(cls, folder: Path, tokenizer: Any, vocabulary: Vocabulary) -> Ranker | None:
        """Reads a model folder's memory and weights; None where one is missing.

        Raises:
            UserError: The files do not fit each other.
        """
        recall, weights = Recall.load(folder), Weights.load(folder)
        if recall is None or weights is None or not vocabulary.counts:
            return None
        if recall.tags != len(vocabulary.counts):
            raise UserError(
                f"{folder.name}: recall.safetensors knows {recall.tags} tags and tags.json "
                f"{len(vocabulary.counts)}; both must come from one training."
            )
        return cls(recall, vocabulary, tokenizer, weights)

    def rank(
        self,
        article: Mapping[str, Any],
        candidates: Sequence[Candidate],
        outputs: Sequence[Written],
        also: Mapping[str, str] | None = None,
    ) -> list[ScoredTag]:
        """Scores the candidates, the tags that memory or model nearly named, and those of also."""
        pool = self.pool(article, candidates, outputs, also)
        chances = self.weights.probabilities(pool.features)
        pairs = zip(pool.displays.items(), chances, strict=True)
        return [ScoredTag(form, display, float(chance)) for (form, display), chance in pairs]

    def pool(
        self,
        article: Mapping[str, Any],
        candidates: Sequence[Candidate],
        outputs: Sequence[Written],
        also: Mapping[str, str] | None = None,
    ) -> Pool:
        """Collects an article's candidates with their features."""
        title, text = article.get("title") or "", article.get("text") or ""
        ids = article_ids(self._tokenizer, title, text)
        recalled = self._recall.of(*ids)
        begun, begun_first = self._begun(outputs)
        written: dict[str, Candidate] = {}
        for candidate in candidates:
            form = self._vocabulary.canonical(candidate.form)
            written.setdefault(form, candidate)
        displays = {form: candidate.display for form, candidate in written.items()}
        words = Words.of(title, text)
        named = phrases(words, self._places)
        told = np.zeros(len(self._forms))
        for place, count in named.items():
            told[place] = self._recall.linked[place] * (1 + np.log(count))
        for values in (recalled.near, recalled.wide, begun, told):
            for place in np.argsort(-values, kind="stable")[:POOL]:
                if values[place] > (LEAST if values is begun else 0.0):
                    form = self._forms[place]
                    displays.setdefault(form, self._vocabulary.display(form))
        salient = salient_words(words, self._places, self._tokenizer, self._recall.idf)
        for word in salient:
            displays.setdefault(word, self._vocabulary.display(word, f"{title}\n{text}"))
        for form, display in (also or {}).items():
            displays.setdefault(form, display)
        folded_title, folded = (f" {' '.join(part)} " for part in (words.title, words.text))
        rows = []
        for form in displays:
            place = self._places.get(form, -1)
            in_title = f" {form} " in folded_title
            present = in_title or f" {form} " in folded
            row = self._row(form, written.get(form), begun, begun_first, recalled)
            mentions = float(np.log1p(named.get(place, 0)))
            linked = _log(float(self._recall.linked[place]) if mentions else 0.0)
            row += [linked, mentions, salient.get(form, 0.0), float(present), float(in_title)]
            rows.append(row)
        plain = np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))
        length = np.log1p(min(sum(map(len, ids)), 300)) - 4  # about -2 for a title, 1.7 for a text
        scaled = np.column_stack([plain, plain * length, np.full(len(rows), length)])
        return Pool(displays, scaled)

    def _row(
        self,
        form: str,
        written: Candidate | None,
        begun: np.ndarray,
        begun_first: np.ndarray,
        recalled: Recalled,
    ) -> list[float]:
        place = self._places.get(form)
        wrote = [1.0, max(written.log_prob, LEAST), written.place] if written else [0.0, 0.0, 0.0]
        if place is None:
            return [*wrote, LEAST, LEAST, 0.0, _log(0.0), 0.0, _log(0.0), 0.0]
        near, wide = float(recalled.near[place]), float(recalled.wide[place])
        return [
            *wrote,
            float(begun[place]),
            float(begun_first[place]),
            near,
            _log(near),
            wide,
            _log(wide),
            float(self._counts[place]),
        ]

    def _begun(self, outputs: Sequence[Written]) -> tuple[np.ndarray, np.ndarray]:
        """Gives, a tag of the vocabulary, how likely the model was to begin with its first token.

        Returns:
            The greatest log-probability over all places, and over first places, both (tags,).
        """
        tables = [written.starts.log_probs for written in outputs if written.starts is not None]
        if not tables:
            never = np.full(len(self._forms), LEAST)
            return never, never
        everywhere = np.maximum(np.concatenate(tables).max(axis=0)[self._first], LEAST)
        at_first = np.maximum(np.stack([t[0] for t in tables]).max(axis=0)[self._first], LEAST)
        return everywhere, at_first


def _log(share: float) -> float:
    return float(np.log(share + 0.003))  # 0.003: less than any neighbour lends


def _first_tokens(tokenizer: Any, vocabulary: Vocabulary) -> np.ndarray:
    """Gives the token that each tag begins with, (tags,); the unknown token where it has none."""
    if not vocabulary.counts:
        return np.zeros(0, dtype=np.int64)
    ids = tokenizer(vocabulary.tags, add_special_tokens=False).input_ids
    return np.array([row[0] if row else tokenizer.unk_token_id for row in ids], dtype=np.int64)

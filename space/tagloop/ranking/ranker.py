"""How sure a tag is: what the model wrote, what it nearly wrote, and what like articles carry.

A logistic regression over what is known of a candidate (``tagloop.ranking.features``) gives it a
probability that the article's author would have given it. It was fitted on the validation split,
which neither the model nor its memory has learned from, so its probabilities are calibrated there
(Platt, "Probabilistic Outputs for Support Vector Machines", 1999); ``training.finetune.fit_ranker``
fits it, ``ranking.json`` holds it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tagloop.errors import UserError
from tagloop.generation.candidates import Candidate, ScoredTag
from tagloop.generation.engine import Output
from tagloop.ranking.features import COLUMNS, CandidateFeatures, FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.selection import text_of
from tagloop.vocabulary.vocabulary import Vocabulary

FILE_NAME = "ranking.json"
SPELLED = 12
"""So many of the surest tags are spelled as the article does: more than are shown."""
SCHEMA = 2


@dataclass(frozen=True)
class Weights:
    """The logistic regression: a weight for each column of ``COLUMNS``, and the bias."""

    columns: np.ndarray
    bias: float

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Returns each candidate's probability, (candidates,)."""
        return np.asarray(1 / (1 + np.exp(-(features @ self.columns + self.bias))))

    def to_json(self) -> dict[str, Any]:
        """Returns the content of ``ranking.json``."""
        columns = [round(float(value), 6) for value in self.columns]
        return {
            "schema": SCHEMA,
            "bias": round(self.bias, 6),
            "weights": dict(zip(COLUMNS, columns, strict=True)),
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
            if data["schema"] != SCHEMA or tuple(data["weights"]) != COLUMNS:
                raise ValueError(f"schema {data['schema']}, {len(data['weights'])} weights")
            columns = np.array(list(data["weights"].values()), dtype=np.float64)
            return cls(columns, float(data["bias"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path}: not a valid ranking.json ({error}); train anew.") from None


class Ranker:
    """Gives the candidates of an article their probabilities."""

    def __init__(
        self, extractor: FeatureExtractor, vocabulary: Vocabulary, weights: Weights
    ) -> None:
        self.extractor = extractor
        self._vocabulary = vocabulary
        self.weights = weights

    @classmethod
    def load(
        cls, folder: Path, tokenizer: Any, vocabulary: Vocabulary, threads: int | None = None
    ) -> Ranker | None:
        """Reads a model folder's memory, sentence encoder and weights; None where one is missing.

        Raises:
            UserError: The files do not fit each other.
        """
        neighbours, weights = Neighbours.load(folder), Weights.load(folder)
        sentence_encoder = SentenceEncoder.load(folder, threads)
        if (
            neighbours is None
            or weights is None
            or sentence_encoder is None
            or not vocabulary.counts
        ):
            return None
        if neighbours.tags != len(vocabulary.counts):
            raise UserError(
                f"{folder.name}: recall.safetensors knows {neighbours.tags} tags and tags.json "
                f"{len(vocabulary.counts)}; both must come from one training."
            )
        return cls(
            FeatureExtractor(neighbours, vocabulary, tokenizer, sentence_encoder),
            vocabulary,
            weights,
        )

    def rank(
        self,
        articles: Sequence[Mapping[str, Any]],
        candidates: Sequence[Sequence[Candidate]],
        outputs: Sequence[Sequence[Output]],
        also: Mapping[str, str] | None = None,
    ) -> list[list[ScoredTag]]:
        """Scores the candidates, the tags that memory or model nearly named, and those of also.

        The surest come first.
        """
        pools = self.extractor.extract(articles, candidates, outputs, also)
        return [
            self._ranked(pool, text_of(article), also or {})
            for pool, article in zip(pools, articles, strict=True)
        ]

    def _ranked(
        self, pool: CandidateFeatures, text: str, also: Mapping[str, str]
    ) -> list[ScoredTag]:
        chances = self.weights.probabilities(pool.features)
        order = np.argsort(-chances, kind="stable").tolist()
        forms, displays = list(pool.displays), list(pool.displays.values())
        ranked = [ScoredTag(forms[at], displays[at], float(chances[at])) for at in order]
        # To find how the article spells a word takes time, and of most nobody will hear.
        for place, tag in enumerate(ranked[:SPELLED]):
            if tag.display == tag.form and tag.form not in also:
                ranked[place] = replace(tag, display=self._vocabulary.display(tag.form, text))
        return ranked

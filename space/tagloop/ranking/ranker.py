"""How sure a tag is: what the model generated or nearly did, and what its neighbours carry.

A logistic regression over what is known of a candidate (``tagloop.ranking.features``) gives it a
probability that the article's author would have given it. It was fitted on articles
that neither the generator nor their neighbours know (the validation split, and training articles
seen as if they had not been trained on), so its probabilities are calibrated (Platt, "Probabilistic
Outputs for Support Vector Machines", 1999); ``training.finetune.fit_ranker`` fits it,
``ranking.json`` holds it. Published models have that file, so the names of its weights
(``COLUMNS``) stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tagloop.article import text_of
from tagloop.errors import UserError
from tagloop.files import NEIGHBOURS, RANKING, SENTENCE_ENCODER, TAGS
from tagloop.generation.candidates import Generated, ScoredTag
from tagloop.ranking.features import COLUMNS, CandidateFeatures, FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.vocabulary.vocabulary import Vocabulary

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
            UserError: The file is of another version, or not a ranking at all.
        """
        path = folder / RANKING
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
        cls,
        folder: Path,
        tokenizer: Any,
        vocabulary: Vocabulary,
        sentence_encoder: SentenceEncoder | None,
    ) -> Ranker | None:
        """Reads what a model folder has for it; None where a part is missing.

        Raises:
            UserError: The files come from different trainings.
        """
        neighbours, weights = Neighbours.load(folder), Weights.load(folder)
        if (
            neighbours is None
            or weights is None
            or sentence_encoder is None
            or not vocabulary.counts
        ):
            return None
        if neighbours.tags != len(vocabulary.counts):
            raise UserError(
                f"{folder.name}: {NEIGHBOURS} knows {neighbours.tags} tags and {TAGS} "
                f"{len(vocabulary.counts)}; both must come from one training."
            )
        if neighbours.dimensions != sentence_encoder.dimensions:
            raise UserError(
                f"{folder.name}: {NEIGHBOURS} has vectors of {neighbours.dimensions} numbers and "
                f"{SENTENCE_ENCODER} gives {sentence_encoder.dimensions}; both must come from one "
                "training."
            )
        return cls(
            FeatureExtractor(neighbours, vocabulary, tokenizer, sentence_encoder),
            vocabulary,
            weights,
        )

    def rank(
        self, generated: Sequence[Generated], required: Mapping[str, str] | None = None
    ) -> list[list[ScoredTag]]:
        """Scores what was generated or nearly so, what neighbours carry, and what is required.

        The surest come first.
        """
        extracted = self.extractor.extract(generated, required)
        return [
            self._ranked(candidates, text_of(one.article), required or {})
            for candidates, one in zip(extracted, generated, strict=True)
        ]

    def _ranked(
        self, candidates: CandidateFeatures, text: str, required: Mapping[str, str]
    ) -> list[ScoredTag]:
        chances = self.weights.probabilities(candidates.features)
        order = np.argsort(-chances, kind="stable").tolist()
        forms, displays = list(candidates.displays), list(candidates.displays.values())
        ranked = [ScoredTag(forms[at], displays[at], float(chances[at])) for at in order]
        # To find how the article spells a word takes time, and of most nobody will hear.
        for place, tag in enumerate(ranked[:SPELLED]):
            if tag.display == tag.form and tag.form not in required:
                ranked[place] = replace(tag, display=self._vocabulary.display(tag.form, text))
        return ranked

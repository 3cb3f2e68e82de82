"""Tagloop itself, with either engine: what the Space runs, and the reference."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tagloop.files import TAGS
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.bench.data import Row
from training.bench.system import RANKED, ScoredTag, Tagged
from training.bench.tuning import Ranking, apply_cuts, choose_cuts
from training.finetune.ctranslate2_conversion import convert
from training.finetune.fit_ranker import fit_ranking
from training.finetune.preprocess import BUNDLED_BASE

BATCH = 16
"""Articles a batch: the fastest of 1, 2, 4, 8 and 16 on 2 cores (``training.bench.speed``)."""


def prepare_model(
    folder: Path, train: Sequence[Row], validation: Sequence[Row], weights: Path = BUNDLED_BASE
) -> dict[str, Any]:
    """Makes a model folder as publishing makes it: weights, the corpus's tags, the conversion.

    Args:
        folder: To make.
        train: Gives the vocabulary.
        validation: May tune, never teach.
        weights: The seq2seq model.

    Returns:
        What of it was chosen on ``validation``, for the record.
    """
    shutil.copytree(weights, folder)
    vocabulary = Vocabulary.from_tag_lists([row.tags for row in train])
    content = json.dumps(vocabulary.to_json(), ensure_ascii=False)
    (folder / TAGS).write_text(content, encoding="utf-8")
    convert(folder)
    ranking = fit_ranking(folder, _articles(train), _articles(validation), untaught=folder)
    return {"ranking": ranking}


class TransformersTagloop:
    """Greedy decoding under transformers, the training rows as neighbours, calibrated ranking."""

    engine = "transformers"

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Makes the model's folder; the weights were trained by ``training.base.recipe``."""
        self._folder = tempfile.TemporaryDirectory()
        model = Path(self._folder.name) / "model"
        chosen = prepare_model(model, train, validation)
        self._tagger = Tagger.from_pretrained(model, engine=self.engine)
        ranking = self._ranking(validation)
        self._cuts = choose_cuts(ranking, validation)
        settings = self._tagger.settings
        return {
            **chosen,
            "engine": self.engine,
            "cuts": {kind: asdict(cut) for kind, cut in self._cuts.items()},
            "max_input_tokens": settings.max_input_tokens,
        }

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Ranks tags by their confidence; how many are kept was chosen as for every peer."""
        return apply_cuts(self._cuts, self._ranking(rows), rows)

    def _ranking(self, rows: Sequence[Row]) -> Ranking:
        tags = self._tagger.tag_batch(
            _articles(rows), batch_size=BATCH, max_tags=RANKED, threshold=0.0, min_tags=0
        )
        return [[ScoredTag(tag.tag, tag.confidence) for tag in found] for found in tags]


class CTranslate2Tagloop(TransformersTagloop):
    """The same on the int8 conversion."""

    engine = "ctranslate2"


def _articles(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [{"title": row.title, "text": row.text, "tags": list(row.tags)} for row in rows]

"""Tagloop itself, with either engine: what the Space runs, and the reference."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tagloop.tagger import Tag, Tagger
from tagloop.vocabulary import Vocabulary
from training.bench.data import Row
from training.bench.peers import RANKED, ScoredTag, Tagged
from training.conversion import convert
from training.preprocess import BUNDLED_BASE


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
    (folder / "tags.json").write_text(content, encoding="utf-8")
    convert(folder)
    return {}


class TransformersTagloop:
    """Greedy decoding under transformers; ranks all tags that the model writes."""

    engine = "transformers"

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Makes the model's folder; the weights were trained by ``training.base.recipe``."""
        self._folder = tempfile.TemporaryDirectory()
        model = Path(self._folder.name) / "model"
        chosen = prepare_model(model, train, validation)
        self._tagger = Tagger.from_pretrained(model, engine=self.engine)
        settings = self._tagger.settings
        return {
            **chosen,
            "engine": self.engine,
            "max_tags": settings.max_tags,
            "threshold": settings.threshold,
            "max_input_tokens": settings.max_input_tokens,
        }

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Tags with the default settings, and again without bounds for the ranked list."""
        articles = [{"title": row.title, "text": row.text} for row in rows]
        kept = self._tagger.tag_batch(articles)
        ranked = self._tagger.tag_batch(articles, max_tags=RANKED, threshold=0.0)
        return [
            Tagged(_scored(all_tags), [tag.tag for tag in few])
            for all_tags, few in zip(ranked, kept, strict=True)
        ]


class CTranslate2Tagloop(TransformersTagloop):
    """The same on the int8 conversion."""

    engine = "ctranslate2"


def _scored(tags: Sequence[Tag]) -> list[ScoredTag]:
    return [ScoredTag(tag.tag, tag.confidence) for tag in tags]

"""The systems on a small corpus: Tagloop fine-tuned as by default, its parts, and every peer."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tagger
from training.bench.data import Row
from training.bench.peers import MODULES, OF_BASE, load_system
from training.bench.peers.checkpoint_system import CheckpointAlone
from training.bench.peers.tagloop_system import prepare_model
from training.bench.small.corpora import SmallCorpus
from training.bench.system import RANKED, ScoredTag, Tagged
from training.config import TrainConfig
from training.finetune.train import train

TAGLOOP, CHECKPOINT, UNTRAINED = "tagloop", "checkpoint", "tagloop-untrained"
FINE_TUNED = (TAGLOOP, CHECKPOINT)
"""Two systems of one fine-tuning."""
PEERS = tuple(name for name in MODULES if name not in OF_BASE)
SYSTEMS = (*FINE_TUNED, UNTRAINED, *PEERS)

Answers = dict[str, tuple[dict[str, Any], list[Tagged]]]
"""System to its settings and what it tags the measured rows with."""


def answers(name: str, corpus: SmallCorpus) -> Answers:
    """Fits a system and tags the measured rows.

    Returns:
        Of one that is fine-tuned, both systems of its folder.

    Raises:
        UserError: A package that it needs is missing.
    """
    if name in FINE_TUNED:
        return _fine_tuned(corpus)
    if name == UNTRAINED:
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model"
            chosen = prepare_model(model, corpus.train, corpus.validation)
            return {name: (chosen | _settings(model), by_default(model, corpus.measured))}
    system = load_system(name)
    settings = system.fit(corpus.train, corpus.validation)
    return {name: (settings, system.tag(corpus.measured))}


def _fine_tuned(corpus: SmallCorpus) -> Answers:
    """Trains as ``make train`` does, with every setting at its default."""
    with tempfile.TemporaryDirectory() as folder:
        model = train(TrainConfig(output_dir=str(Path(folder) / "model")), corpus.corpus)
        alone = CheckpointAlone(model)
        return {
            TAGLOOP: (_settings(model), by_default(model, corpus.measured)),
            CHECKPOINT: (
                alone.fit(corpus.train, corpus.validation),
                alone.tag(corpus.measured),
            ),
        }


def _settings(model: Path) -> dict[str, Any]:
    settings = TaggingSettings.load(model)
    return {name: getattr(settings, name) for name in ("threshold", "min_tags", "max_tags")}


def by_default(model: Path, rows: Sequence[Row]) -> list[Tagged]:
    """Returns what a tagger answers when nobody asks for more or fewer tags, and its ranking."""
    tagger = Tagger.from_pretrained(model)
    articles = [{"title": row.title, "text": row.text} for row in rows]
    ranked = tagger.tag_batch(articles, max_tags=RANKED, min_tags=0, threshold=0.0)
    kept = tagger.tag_batch(articles)
    return [
        Tagged([ScoredTag(tag.tag, tag.confidence) for tag in all_tags], [t.tag for t in shown])
        for all_tags, shown in zip(ranked, kept, strict=True)
    ]

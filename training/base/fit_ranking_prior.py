"""Fits the ranker's weights that are shipped with the base, on many small corpora.

    python -m training.base.fit_ranking_prior --data DATA MORE    # 10 minutes on 2 cores

Each source of the recipe's data is cut into corpora of 100 to 400 training articles, whose
neighbours and tags rank articles of the source's validation split: of these neither the base nor
the neighbours know anything. A training holds its own weights near the ones found here
(``training.finetune.ranker_weights``), the nearer the fewer articles it has. They are written to
``ranking.json`` if they rank sources that they were not fitted on better than those that stand
there. Nothing of a text is in them: a number a feature.
"""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from tagloop.errors import UserError
from tagloop.files import RANKING, TAGS
from tagloop.ranking.features import FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.ranking.ranker import Weights
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.base.examples import MEASURED_KINDS, Row, read_rows
from training.command import command
from training.config import option, parse_config
from training.finetune.fit_neighbours import fit_neighbours
from training.finetune.out_of_fold import RememberingEncoder
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.ranker_examples import Candidates, candidates_of, collect_features, joined
from training.finetune.ranker_weights import fit_weights, log_loss
from training.finetune.untrained import make_untrained
from training.json_files import write_json

SIZES = (100, 200, 400)
"""Training articles of a corpus; most people have so many."""
LEAST_RANKED = 10
"""A source needs so many validation articles to say anything."""
STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


@dataclass
class PriorSettings:
    """Flags of the fit."""

    data: list[str] = option([], "folders with the data of the recipe")
    weights: str = option(str(BUNDLED_BASE), "the base's folder; its ranking.json is written")
    most_ranked: int = option(60, "validation articles of a corpus at the most")
    seed: int = option(20, "which articles make a corpus")


def collect_sources(settings: PriorSettings, rows: Sequence[Row]) -> dict[str, Candidates]:
    """Ranks articles of every source in its corpora; returns their candidates by source.

    Raises:
        UserError: No source has enough rows.
    """
    by_source: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.tags:
            by_source[row.source][row.split].append(row)
    large = {
        source: splits
        for source, splits in by_source.items()
        if len(splits["train"]) >= SIZES[0] and len(splits["validation"]) >= LEAST_RANKED
    }
    if not large:
        needs = f"{SIZES[0]} train and {LEAST_RANKED} validation rows"
        raise UserError(f"No source of --data has {needs}: there is no corpus to fit on.")
    rng = random.Random(settings.seed)
    found = {}
    with tempfile.TemporaryDirectory() as place:
        folder = make_untrained(Path(place) / "base", Path(settings.weights))
        encoder = SentenceEncoder.load(folder)
        assert encoder is not None  # just written
        for source, splits in tqdm(sorted(large.items()), desc="sources"):
            ranked = rng.sample(
                splits["validation"], min(settings.most_ranked, len(splits["validation"]))
            )
            remembering = RememberingEncoder(encoder)
            parts = []
            for size in SIZES:
                if size <= len(splits["train"]):
                    learned = rng.sample(splits["train"], size)
                    parts.append(_corpus(folder, remembering, learned, ranked))
            found[source] = joined(*parts)
    return found


def _corpus(
    folder: Path, encoder: RememberingEncoder, learned: Sequence[Row], ranked: Sequence[Row]
) -> Candidates:
    vocabulary = Vocabulary.from_tag_lists([row.tags for row in learned])
    write_json(folder / TAGS, vocabulary.to_json())
    tagger = Tagger.from_pretrained(folder)
    arrays = fit_neighbours(
        list(map(_article, learned)), tagger.tokenizer, tagger.vocabulary, encoder
    )
    extractor = FeatureExtractor(Neighbours(arrays), tagger.vocabulary, tagger.tokenizer, encoder)
    articles = list(map(_article, ranked))
    features = collect_features(tagger, extractor, dict(enumerate(articles)))
    return candidates_of(features, articles, tagger.vocabulary)


def _article(row: Row) -> dict[str, Any]:
    return {"title": row.title, "text": row.text, "tags": list(row.tags)}


def fit_prior(sources: dict[str, Candidates]) -> tuple[Weights, float, dict[str, float]]:
    """Fits weights in which every source has the same say.

    Returns:
        The weights, the strength with which they were drawn to 0, and the log loss of each source
        by weights of the other sources with that strength; the strength with the least mean.
    """
    tried = []
    for strength in tqdm(STRENGTHS, desc="strengths of the prior"):
        losses = {}
        for source, left_out in sources.items():
            others = [of for name, of in sources.items() if name != source]
            chances = _fit(others or [left_out], strength).probabilities(left_out.features)
            losses[source] = log_loss(chances, left_out.right)
        tried.append((float(np.mean(list(losses.values()))), strength, losses))
    _, strength, losses = min(tried, key=lambda entry: entry[0])
    return _fit(list(sources.values()), strength), strength, losses


def _fit(parts: Sequence[Candidates], strength: float) -> Weights:
    together = joined(*parts)
    share = len(together.right) / len(parts)
    counted = np.concatenate([np.full(len(of.right), share / len(of.right)) for of in parts])
    return fit_weights(together.features, together.right, strength, counted=counted)


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(PriorSettings, words, "python -m training.base.fit_ranking_prior")
    folder = Path(settings.weights)
    rows = [row for kind in MEASURED_KINDS for row in read_rows(settings.data, kind)]
    sources = collect_sources(settings, rows)
    weights, strength, losses = fit_prior(sources)
    present = Weights.load(folder)
    print(f"{'source':32} articles  log loss: here, by the others")
    before = {}
    for source, of in sources.items():
        here = present.probabilities(of.features) if present else np.full(len(of.right), 0.5)
        before[source] = log_loss(here, of.right)
        print(f"{source:32} {len(of.wanted):8} {before[source]:10.4f} {losses[source]:10.4f}")
    means = [float(np.mean(list(each.values()))) for each in (before, losses)]
    print(f"mean {means[0]:.4f} and {means[1]:.4f}, strength {strength:g}")
    if means[1] < means[0]:
        write_json(folder / RANKING, weights.to_json())
        print(f"{folder / RANKING} is written")
    else:
        print(f"{folder / RANKING} stays: it is better")


if __name__ == "__main__":
    raise SystemExit(main())

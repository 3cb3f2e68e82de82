"""Fits how sure a tagger is of its tags, and how many it shows: ``ranking.json``, ``tagging.json``.

The index of the training articles comes first (``training.finetune.fit_neighbours``), then articles
whose authors' tags are known are tagged, and a logistic regression learns which candidates are
right. Those of the validation split nobody has learned from. They are few in a small corpus, so the
training articles join them, each by the neighbours of the others
(``training.finetune.out_of_fold``) and by a generator that has not been taught them: the bundled
base, whichever base was fine-tuned. The fine-tuned one is too sure of what it has learned: with its
own view of the training articles the weights did worse on validation articles than with the base's.

On folds of articles that they were not fitted on, the weights must have less log loss than those
shipped with the base, and neither the generator alone nor the neighbours alone may answer surely
better.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagloop.files import NEIGHBOURS, RANKING, TAGS
from tagloop.generation.settings import TaggingSettings
from tagloop.ranking.features import COLUMNS, Embedder, FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.ranking.ranker import Weights
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.tagger import Tagger
from training.finetune.calibration import reliability
from training.finetune.ctranslate2_conversion import convert, convert_sentence_encoder
from training.finetune.fit_neighbours import fit_neighbours, read_articles, save_neighbours
from training.finetune.habits import f1_by_article, learn_habit, surest
from training.finetune.out_of_fold import RememberingEncoder, evenly, out_of_fold_features
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.ranker_examples import Articles, Candidates, candidates_of, collect, joined
from training.finetune.ranker_weights import (
    STRENGTHS,
    article_folds,
    fit_weights,
    log_loss,
    nothing,
)
from training.finetune.training_log import RankingFit
from training.json_files import write_json

LEAST_ARTICLES = 20
"""With fewer articles in all no weights are fitted: folds of three or four tell nothing."""
TELLING = 50
"""From so many validation articles on, they alone say which weights are taken, and weights fitted
on them alone are tried."""
ENOUGH = 200
"""From so many validation articles on, those of training are not looked at."""
GENERATOR = ("written", "log_prob", "place")
NEAR = ("near", "near_log", "wide", "wide_log", "kin", "kin_log", "kin_wide", "kin_wide_log")
PART_STRENGTH = 1.0
"""Of the weights of a part: a few columns of a sort need hardly any prior."""


@dataclass(frozen=True)
class Fitted:
    """Weights that may be taken.

    Attributes:
        name: ``bundled``, ``fitted``, ``generator`` or ``neighbours``, as the training log says.
        strength: Of the prior, 0 where none was weighed.
        weights: Fitted on all articles.
        chances: Of each candidate, by weights that have not seen its article.
    """

    name: str
    strength: float
    weights: Weights
    chances: np.ndarray


def fit_ranking(
    folder: Path, train: Articles, validation: Articles, untaught: Path = BUNDLED_BASE
) -> RankingFit:
    """Gives a model folder (with tags.json and its conversion) neighbours, weights and habits.

    Args:
        folder: The model's; ``recall.safetensors``, ``ranking.json`` and ``tagging.json`` are
            written, and ``embedding`` where it has no sentence encoder yet.
        train: ``title``, ``text`` and ``tags`` of the training articles.
        validation: The same of the validation articles; of more than ``MOST_ARTICLES`` so many are
            looked at, taken evenly: what is known of a candidate takes memory.
        untaught: A model folder that has not learned the training articles; ``folder`` itself if
            it was not fine-tuned.

    Returns:
        What was chosen and how well it is calibrated, for the training log.
    """
    looked_at = [validation[place] for place in evenly(len(validation)).tolist()]
    known, taught = _collect(folder, train, looked_at, untaught)
    both = joined(taught, known)
    is_known = both.article >= len(taught.wanted)
    chosen = choose_weights(both, is_known)
    write_json(folder / RANKING, chosen.weights.to_json())
    habit, f1 = learn_habit(both, chosen.chances)
    habit.of(TaggingSettings.load(folder)).save(folder)
    shown, _ = surest(both, chosen.chances, habit.max_tags)
    shown = shown[is_known[shown]] if is_known.any() else shown
    fit: RankingFit = {
        "weights": chosen.name,
        "log_loss": round(_loss(chosen, both, is_known), 5),
        "articles": len(looked_at),
        "training_articles": len(taught.wanted),
        "candidates": len(both.right),
        "threshold": habit.threshold,
        "min_tags": habit.min_tags,
        "max_tags": habit.max_tags,
        "f1@m": round(f1, 4),
        "calibration": reliability(chosen.chances[shown].tolist(), both.right[shown].tolist()),
    }
    return fit | {"strength": chosen.strength} if chosen.strength else fit


def choose_weights(both: Candidates, is_known: np.ndarray) -> Fitted:
    """Chooses weights by the log loss on folds of articles that they were not fitted on.

    Args:
        both: Candidates of training articles, then of validation articles.
        is_known: Whether each is of a validation article, (candidates,).
    """
    prior = Weights.load(BUNDLED_BASE) or nothing()
    bundled = Fitted("bundled", 0.0, prior, prior.probabilities(both.features))
    if len(np.unique(both.article)) < LEAST_ARTICLES or not both.right.any():
        return bundled
    everything = np.ones(len(both.right), dtype=bool)
    tried = [bundled]
    for strength in STRENGTHS:
        tried.append(_fitted("fitted", both, everything, prior, strength))
        if _telling(both, is_known) and not is_known.all():
            tried.append(_fitted("fitted", both, is_known, prior, strength))
    best = min(tried, key=lambda fitted: _loss(fitted, both, is_known))
    return _not_worse_than_its_parts(best, both, is_known)


def _fitted(
    name: str,
    both: Candidates,
    learned: np.ndarray,
    prior: Weights,
    strength: float,
    columns: np.ndarray | slice = slice(None),
) -> Fitted:
    """Fits weights on what is to be learned, and on each fold's complement for the chances."""

    def fit(rows: np.ndarray) -> Weights:
        kept = np.zeros_like(both.features)
        kept[:, columns] = both.features[:, columns]
        found = fit_weights(kept[rows], both.right[rows], strength, prior)
        only = np.zeros(len(COLUMNS))
        only[columns] = found.columns[columns]
        return Weights(only, found.bias)

    chances = np.zeros(len(both.right))
    for fold in article_folds(both.article):
        chances[fold] = fit(learned & ~fold).probabilities(both.features[fold])
    return Fitted(name, strength, fit(learned), chances)


def _loss(fitted: Fitted, both: Candidates, is_known: np.ndarray) -> float:
    known = is_known if _telling(both, is_known) else np.ones(len(is_known), dtype=bool)
    return log_loss(fitted.chances[known], both.right[known])


def _telling(both: Candidates, is_known: np.ndarray) -> bool:
    return len(np.unique(both.article[is_known])) >= TELLING


def _not_worse_than_its_parts(best: Fitted, both: Candidates, is_known: np.ndarray) -> Fitted:
    """Returns a part alone if it answers surely better: by two standard errors of F1@M."""
    judged = np.unique(both.article[is_known] if _telling(both, is_known) else both.article)
    ours = _f1(best, both)[judged]
    for name, names in (("generator", GENERATOR), ("neighbours", NEAR)):
        columns = np.array([COLUMNS.index(column) for column in names])
        untouched = name == "generator" and _telling(both, is_known)
        learned = is_known if untouched else np.ones(len(is_known), dtype=bool)
        part = _fitted(name, both, learned, nothing(), PART_STRENGTH, columns)
        gain = _f1(part, both)[judged] - ours
        if gain.mean() > 2 * gain.std() / np.sqrt(len(judged)) and gain.mean() > 0:
            best, ours = part, _f1(part, both)[judged]
    return best


def _f1(fitted: Fitted, both: Candidates) -> np.ndarray:
    habit, _ = learn_habit(both, fitted.chances)
    return f1_by_article(both, fitted.chances, habit)


def _collect(
    folder: Path, train: Articles, validation: Articles, untaught: Path
) -> tuple[Candidates, Candidates]:
    """Fits neighbours, tags articles and collects their candidates.

    Returns:
        Those of the validation articles, and those of training articles where they are wanted.
    """
    for name in (RANKING, NEIGHBOURS):
        (folder / name).unlink(missing_ok=True)  # of an earlier training
    if SentenceEncoder.load(folder) is None:
        convert_sentence_encoder(folder)
    loaded = SentenceEncoder.load(folder)
    assert loaded is not None  # just written
    sentence_encoder = RememberingEncoder(loaded)
    tagger = Tagger.from_pretrained(folder)
    arrays = fit_neighbours(
        train, tagger.tokenizer, tagger.vocabulary, sentence_encoder, scratch=folder
    )
    save_neighbours(arrays, folder)
    extractor = FeatureExtractor(
        Neighbours(arrays), tagger.vocabulary, tagger.tokenizer, sentence_encoder
    )
    known = collect(tagger, extractor, validation)
    if len(validation) >= ENOUGH:
        return known, candidates_of({}, [], tagger.vocabulary)
    if untaught.samefile(folder):
        return known, _of_training(tagger, train, sentence_encoder, arrays, folder)
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(untaught, Path(place) / "untaught")
        shutil.copyfile(folder / TAGS, copy / TAGS)
        convert(copy)
        tagger = Tagger.from_pretrained(copy)
        return known, _of_training(tagger, train, sentence_encoder, arrays, folder)


def _of_training(
    tagger: Tagger,
    train: Articles,
    sentence_encoder: Embedder,
    index: Mapping[str, np.ndarray],
    scratch: Path,
) -> Candidates:
    """Collects the candidates of training articles, each by the others; the index has vectors."""
    read = read_articles(train, tagger.tokenizer, sentence_encoder, index, scratch)
    found = out_of_fold_features(tagger, train, read, sentence_encoder)
    places = sorted(found)
    rows = [train[place] for place in places]
    return candidates_of(
        {number: found[place] for number, place in enumerate(places)}, rows, tagger.vocabulary
    )

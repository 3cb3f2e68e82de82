"""Fits how sure a tagger is of its tags, on the validation split: ``ranking.json``, the threshold.

The index of the training articles comes first (``training.finetune.fit_neighbours``), then every
validation article is tagged, and a logistic regression learns from the authors' tags which
candidates are right. Where validation has too few articles for that, the bundled base's weights are
taken.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from tagloop.files import NEIGHBOURS, RANKING
from tagloop.generation.settings import TaggingSettings
from tagloop.ranking.features import COLUMNS, FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.ranking.ranker import Weights
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.tagger import Tagger
from training.finetune.calibration import reliability
from training.finetune.ctranslate2_conversion import convert_sentence_encoder
from training.finetune.fit_neighbours import fit_neighbours, save_neighbours
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.ranker_examples import Articles, Candidates, collect
from training.finetune.training_log import RankingFit
from training.json_files import write_json

FOLDS = 5
STRENGTHS = (0.01, 0.1, 1.0)
"""Inverse strengths of the regularisation (scikit-learn's C) that are tried."""
LEAST_ARTICLES = 20
"""With fewer validation articles no weights are fitted: folds of three or four tell nothing."""
THRESHOLDS = np.round(np.arange(0.02, 0.62, 0.02), 2)
USUAL_THRESHOLD = 0.2
"""Without validation articles; what the bundled base's had."""
MOST_TAGS = 5
"""The threshold is chosen for answers of at most so many tags."""


def fit_ranking(folder: Path, train: Articles, validation: Articles) -> RankingFit:
    """Gives a model folder (with tags.json and its conversion) neighbours, weights, a threshold.

    Args:
        folder: The model's; ``recall.safetensors``, ``ranking.json`` and ``tagging.json`` are
            written, and ``embedding`` where it has no sentence encoder yet.
        train: ``title``, ``text`` and ``tags`` of the training articles.
        validation: The same of the validation articles.

    Returns:
        What was chosen and how well it is calibrated, for the training log.
    """
    collected = _collect(folder, train, validation)
    weights, chances, chosen = _weights(collected)
    write_json(folder / RANKING, weights.to_json())
    threshold, f1 = best_threshold(collected, chances)
    settings = TaggingSettings.load(folder)
    replace(settings, threshold=threshold).save(folder)
    shown, _ = _surest(collected, chances, settings.max_tags)
    return {
        **chosen,
        "articles": len(validation),
        "candidates": len(collected.right),
        "threshold": threshold,
        "f1@m": round(f1, 4),
        "calibration": reliability(chances[shown].tolist(), collected.right[shown].tolist()),
    }


def _collect(folder: Path, train: Articles, validation: Articles) -> Candidates:
    """Fits neighbours, tags the validation articles and collects their candidates."""
    for name in (RANKING, NEIGHBOURS):
        (folder / name).unlink(missing_ok=True)  # of an earlier training
    if SentenceEncoder.load(folder) is None:
        convert_sentence_encoder(folder)
    sentence_encoder = SentenceEncoder.load(folder)
    assert sentence_encoder is not None  # just written
    tagger = Tagger.from_pretrained(folder)
    arrays = fit_neighbours(train, tagger.tokenizer, tagger.vocabulary, sentence_encoder)
    save_neighbours(arrays, folder)
    extractor = FeatureExtractor(
        Neighbours(arrays), tagger.vocabulary, tagger.tokenizer, sentence_encoder
    )
    return collect(tagger, extractor, validation)


def _weights(collected: Candidates) -> tuple[Weights, np.ndarray, RankingFit]:
    """Chooses weights by the log loss on folds of articles that they were not fitted on.

    Returns:
        The weights, each candidate's probability by weights that have not seen its article, and
        what was chosen.
    """
    prior = Weights.load(BUNDLED_BASE) or _nothing()
    chances = prior.probabilities(collected.features)
    least = _log_loss(chances, collected.right)
    best: tuple[Weights, np.ndarray, RankingFit]
    best = prior, chances, RankingFit(weights="bundled", log_loss=least)
    if len(np.unique(collected.article)) < LEAST_ARTICLES or not collected.right.any():
        return best
    for strength in STRENGTHS:
        chances = np.zeros(len(collected.right))
        folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
        for seen, unseen in folds.split(collected.features, collected.right, collected.article):
            model = fit_weights(collected.features[seen], collected.right[seen], strength)
            chances[unseen] = model.probabilities(collected.features[unseen])
        loss = _log_loss(chances, collected.right)
        if loss < least:
            least = loss
            model = fit_weights(collected.features, collected.right, strength)
            chosen = RankingFit(weights="fitted", regularisation=strength, log_loss=loss)
            best = model, chances, chosen
    return best


def fit_weights(features: np.ndarray, right: np.ndarray, strength: float) -> Weights:
    """Fits the logistic regression and takes the scaling of its features into its weights.

    Args:
        features: (candidates, columns).
        right: Whether each is right, (candidates,).
        strength: Inverse strength of the regularisation.
    """
    scaler, regression = StandardScaler(), LogisticRegression(C=strength, max_iter=500)
    regression.fit(scaler.fit_transform(features), right)
    columns = regression.coef_[0] / scaler.scale_
    return Weights(columns, float(regression.intercept_[0] - columns @ scaler.mean_))


def _nothing() -> Weights:
    return Weights(np.zeros(len(COLUMNS)), 0.0)


def _log_loss(chances: np.ndarray, right: np.ndarray) -> float:
    if not len(right):
        return 0.0
    chances = np.clip(chances, 1e-6, 1 - 1e-6)
    return round(float(-np.where(right, np.log(chances), np.log(1 - chances)).mean()), 5)


def best_threshold(collected: Candidates, chances: np.ndarray) -> tuple[float, float]:
    """Chooses the confidence from which on tags are shown: the best mean F1@M, one tag at least.

    Returns:
        The threshold (0..1) and its mean F1@M.
    """
    if not len(collected.wanted):
        return USUAL_THRESHOLD, 0.0
    order, place = _surest(collected, chances, MOST_TAGS)
    article, right = collected.article[order], collected.right[order]
    scores = []
    for threshold in THRESHOLDS:
        shown = (place == 0) | (chances[order] >= threshold)
        hits = np.bincount(article[shown & right], minlength=len(collected.wanted))
        counts = np.bincount(article[shown], minlength=len(collected.wanted))
        scores.append(float((2 * hits / np.maximum(counts + collected.wanted, 1)).mean()))
    best = int(np.argmax(scores))
    return float(THRESHOLDS[best]), scores[best]


def _surest(collected: Candidates, chances: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the surest candidates of every article, and each one's place among them."""
    order = np.lexsort((-chances, collected.article))
    firsts = np.searchsorted(collected.article[order], np.arange(len(collected.wanted)))
    place = np.arange(len(order)) - firsts[collected.article[order]]
    return order[place < most], place[place < most]

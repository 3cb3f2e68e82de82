"""Weights of the ranker: fitted on a corpus, held near those that many corpora agreed on.

A small corpus has a few hundred right candidates and 62 weights. So they are not fitted from
nothing: the weights that are shipped with the base are the mean of a Gaussian prior, and what the
corpus itself shows moves them as far as it has evidence (maximum a posteriori estimation; Chelba &
Acero, "Adaptation of maximum entropy capitalizer", EMNLP 2004).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import minimize

from tagloop.ranking.features import COLUMNS
from tagloop.ranking.ranker import Weights

FOLDS = 5
STRENGTHS = (10.0, 30.0, 100.0, 300.0, 1000.0)
"""Strengths of the prior that are tried: its precision, of columns that have a deviation of 1. One
of 30 is worth as much as what a few hundred candidates say."""
BIAS_STRENGTH = 1.0
"""How many of an article's candidates are right is a habit of the corpus: the bias is all but free,
and only a corpus where nothing is right cannot drive it away."""
LEAST_DEVIATION = 1e-9


def nothing() -> Weights:
    """Returns weights that know nothing: every candidate is as likely as not."""
    return Weights(np.zeros(len(COLUMNS)), 0.0)


def fit_weights(
    features: np.ndarray,
    right: np.ndarray,
    strength: float,
    prior: Weights | None = None,
    counted: np.ndarray | None = None,
) -> Weights:
    """Fits the logistic regression with a Gaussian prior on its weights.

    Args:
        features: (candidates, columns).
        right: Whether each is right, (candidates,).
        strength: The prior's, see ``STRENGTHS``.
        prior: Its mean; without, all weights are drawn to 0.
        counted: How often each candidate counts, (candidates,); once if not said.
    """
    prior = prior or Weights(np.zeros(features.shape[1]), 0.0)
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    deviation[deviation < LEAST_DEVIATION] = 1.0
    scaled = np.hstack([(features - mean) / deviation, np.ones((len(features), 1))])
    centre = np.append(prior.columns * deviation, prior.bias + prior.columns @ mean)
    precision = np.append(np.full(features.shape[1], strength), min(strength, BIAS_STRENGTH))
    times = np.ones(len(right)) if counted is None else counted

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        logits, moved = scaled @ weights, weights - centre
        each = np.logaddexp(0, logits) - right * logits
        slope = scaled.T @ (times * (1 / (1 + np.exp(-logits)) - right)) + precision * moved
        return float(times @ each + 0.5 * precision @ moved**2), slope

    found = minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    columns = found[:-1] / deviation
    return Weights(columns, float(found[-1] - columns @ mean))


def article_folds(article: np.ndarray) -> Iterator[np.ndarray]:
    """Yields which candidates are left out, fold by fold: those of an article together.

    Args:
        article: Number of each candidate's article, (candidates,).

    Yields:
        (candidates,), true for those of the fold.
    """
    numbers, where = np.unique(article, return_inverse=True)
    fold = np.random.default_rng(0).permutation(np.arange(len(numbers)) % FOLDS)[where]
    for number in range(min(FOLDS, len(numbers))):
        yield fold == number


def log_loss(chances: np.ndarray, right: np.ndarray) -> float:
    """Returns the mean log loss of probabilities; 0 where there are none."""
    if not len(right):
        return 0.0
    chances = np.clip(chances, 1e-6, 1 - 1e-6)
    return float(-np.where(right, np.log(chances), np.log(1 - chances)).mean())

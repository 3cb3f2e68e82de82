"""TF-IDF and one linear classifier a tag: the classical way, and the strongest rival in-domain.

LIBLINEAR's dual solvers (Fan et al., JMLR 2008) through scikit-learn. Weights under ``PRUNED`` are
dropped as in DiSMEC (Babbar & Schölkopf, WSDM 2017), which keeps thousands of classifiers small.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from tqdm.auto import tqdm

from training.bench.data import Row
from training.bench.peers.tfidf import TitleAndText, label_matrix
from training.bench.system import RANKED, ScoredTag, Tagged
from training.bench.tuning import (
    Ranking,
    apply_cuts,
    best_settings,
    choose_cuts,
    rank_by_kind,
    record,
)

LEAST_COUNT = 3
"""Of many rows rarer tags get no classifier."""
TUNED_WITH = 25
"""Of many rows losses are tuned on the tags of at least so many, which are most of the given."""
TUNED_ON = 12_000
"""Of more training rows losses are tuned on a sample of so many (seed 0), at less than half the
cost; the chosen ones learn from all."""
FEW_ROWS = 2_000
"""Up to so many training rows all that is tuned is fitted with all its tags: there are few."""
LEAST_COUNTS = (1, 2, LEAST_COUNT)
"""Of few rows this is tuned, too: most tags of a hundred articles stand at one or two."""
PRUNED = 0.01
BATCH = 512


class Setting(NamedTuple):
    """Weight of a title against its text; loss and inverse regularisation; rows of a rare tag."""

    title_weight: float
    loss: str
    c: float
    least_count: int = LEAST_COUNT


SETTINGS = (
    *(Setting(1.0, "squared hinge", c) for c in (0.1, 0.25, 1.0)),
    *(Setting(0.5, "squared hinge", c) for c in (0.25, 1.0, 4.0)),
    *(Setting(0.25, "squared hinge", c) for c in (1.0, 4.0)),
    Setting(2.0, "squared hinge", 1.0),
    *(Setting(0.5, "logistic", c) for c in (16.0, 64.0)),
)


class Classifiers:
    """One trained classifier a tag, for one setting."""

    def __init__(self, rows: Sequence[Row], setting: Setting, least: int) -> None:
        self._words = TitleAndText(setting.title_weight)
        vectors = self._words.fit(rows)
        self._labels, wanted = label_matrix(rows, least)
        columns = (wanted[:, [place]].toarray().ravel() for place in range(len(self._labels)))
        few = len(self._labels) < BATCH
        bar = tqdm(columns, f"one-vs-rest {tuple(setting)}", len(self._labels), disable=few)
        # LIBLINEAR runs outside the interpreter's lock, so threads serve all cores.
        fitted = Parallel(n_jobs=-1, prefer="threads")(
            delayed(_classifier)(vectors, column, setting) for column in bar
        )
        weights = [weights for weights, _ in fitted] or [sparse.csr_matrix((0, vectors.shape[1]))]
        self._weights = sparse.vstack(weights).T.tocsr()
        self._bias = np.array([bias for _, bias in fitted], dtype=np.float32)

    def rank(self, rows: Sequence[Row]) -> Ranking:
        """Ranks tags by their classifiers' margins."""
        ranking: Ranking = []
        for first in range(0, len(rows), BATCH):
            vectors = self._words.transform(rows[first : first + BATCH]).astype(np.float32)
            margins = (vectors @ self._weights).toarray() + self._bias
            for row in margins:
                best = np.argsort(-row, kind="stable")[:RANKED]
                ranking.append([ScoredTag(self._labels[i], float(row[i])) for i in best])
        return ranking


class OneVsRest:
    """Classifiers with the best setting for articles, and with the best for titles."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Trains with every setting, of many rows on frequent tags, then on all with the best."""
        few = len(train) <= FEW_ROWS
        tuned_on = random.Random(0).sample(train, TUNED_ON) if len(train) > TUNED_ON else train
        leasts = LEAST_COUNTS if few else (LEAST_COUNT,)
        grid = [setting._replace(least_count=least) for least in leasts for setting in SETTINGS]
        self._settings, tried = best_settings(
            grid,
            lambda setting: Classifiers(
                tuned_on, setting, setting.least_count if few else TUNED_WITH
            ).rank(validation),
            validation,
        )
        chosen = dict.fromkeys(self._settings.values())
        self._trained = {
            setting: Classifiers(train, setting, setting.least_count) for setting in chosen
        }
        self._cuts = choose_cuts(self._rank(validation), validation)
        return record(self._settings, self._cuts, tried)

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Tags by the sums of the words' weights."""
        return apply_cuts(self._cuts, self._rank(rows), rows)

    def _rank(self, rows: Sequence[Row]) -> Ranking:
        return rank_by_kind(
            rows, self._settings, lambda part, setting: self._trained[setting].rank(part)
        )


def _classifier(vectors: Any, wanted: Any, setting: Setting) -> tuple[Any, float]:
    if wanted.all():  # a tag of every article, which LIBLINEAR takes for no task
        return sparse.csr_matrix((1, vectors.shape[1]), dtype=np.float32), 1.0
    if setting.loss == "logistic":
        model = LogisticRegression(
            solver="liblinear", dual=True, C=setting.c, tol=0.1, max_iter=200, random_state=0
        )
    else:
        model = LinearSVC(dual=True, C=setting.c, tol=0.1, random_state=0)
    model.fit(vectors, wanted)
    weights = model.coef_[0].astype(np.float32)
    weights[np.abs(weights) < PRUNED] = 0
    return sparse.csr_matrix(weights), float(model.intercept_[0])

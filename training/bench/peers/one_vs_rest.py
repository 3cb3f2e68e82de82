"""TF-IDF and one linear classifier a tag: the classical way, and the strongest rival in-domain.

LIBLINEAR's dual solvers (Fan et al., JMLR 2008) through scikit-learn. Weights under ``PRUNED`` are
dropped as in DiSMEC (Babbar & Schölkopf, WSDM 2017), which keeps thousands of classifiers small.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from tqdm.auto import tqdm

from training.bench.data import Row
from training.bench.peers import RANKED, ScoredTag, Tagged
from training.bench.peers.tfidf import TitleAndText, label_matrix
from training.bench.tuning import Ranking, apply_cuts, best_setting, choose_cuts, record

LEAST_COUNTS = (2, 3, 5, 10)
"""Rarer tags get no classifier: tuned last, since fewer tags are a part of more."""
TUNED_WITH = 10
"""Everything else is tuned on tags of at least so many rows, which are 3 of 4 given tags."""
TITLE_WEIGHTS = (1.0, 2.0, 4.0)
PRUNED = 0.01
BATCH = 512


class Loss(NamedTuple):
    """A classifier's loss and its inverse regularisation."""

    name: str
    c: float


LOSSES = (
    Loss("logistic", 4.0), Loss("logistic", 16.0), Loss("logistic", 64.0),
    Loss("squared hinge", 0.25), Loss("squared hinge", 1.0), Loss("squared hinge", 4.0),
)  # fmt: skip


class OneVsRest:
    """Ranks tags by their classifiers' margins."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Trains with every title weight, then with every loss, then with rarer tags, too."""

        def rank_with(weight: float, loss: Loss) -> Ranking:
            self._train(train, weight, loss, TUNED_WITH)
            return self._rank(validation)

        loss = LOSSES[1]
        weight, tried = best_setting(
            TITLE_WEIGHTS, lambda weight: rank_with(weight, loss), validation
        )
        loss, more = best_setting(LOSSES, lambda loss: rank_with(weight, loss), validation)
        self._train(train, weight, loss, min(LEAST_COUNTS))
        labels, weights, bias = self._labels, self._weights, self._bias

        def rank_at_least(least: int) -> Ranking:
            # Labels stand by falling count, so the frequent ones are the first.
            kept = len(label_matrix(train, least)[0])
            self._labels, self._weights = labels[:kept], weights[:, :kept]
            self._bias = bias[:kept]
            return self._rank(validation)

        least, last = best_setting(LEAST_COUNTS, rank_at_least, validation)
        self._cuts, _ = choose_cuts(rank_at_least(least), validation)
        tried = {f"title weight {key}": value for key, value in tried.items()} | more
        tried |= {f"tags of {key} rows": value for key, value in last.items()}
        chosen = {"title_weight": weight, "loss": loss.name, "C": loss.c, "least_count": least}
        return record(self._cuts, tried, **chosen)

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Tags by the sums of the words' weights."""
        return apply_cuts(self._cuts, self._rank(rows), rows)

    def _train(self, train: Sequence[Row], weight: float, loss: Loss, least: int) -> None:
        self._words = TitleAndText(weight)
        vectors = self._words.fit(train)
        self._labels, wanted = label_matrix(train, least)
        columns = (wanted[:, [place]].toarray().ravel() for place in range(len(self._labels)))
        bar = tqdm(columns, f"one-vs-rest, {loss.name} {loss.c:g}", len(self._labels))
        # LIBLINEAR runs outside the interpreter's lock, so threads serve all cores.
        fitted = Parallel(n_jobs=-1, prefer="threads")(
            delayed(_classifier)(vectors, column, loss) for column in bar
        )
        self._weights = sparse.vstack([weights for weights, _ in fitted]).T.tocsr()
        self._bias = np.array([bias for _, bias in fitted], dtype=np.float32)

    def _rank(self, rows: Sequence[Row]) -> Ranking:
        ranking: Ranking = []
        for first in range(0, len(rows), BATCH):
            vectors = self._words.transform(rows[first : first + BATCH]).astype(np.float32)
            margins = (vectors @ self._weights).toarray() + self._bias
            for row in margins:
                best = np.argsort(-row, kind="stable")[:RANKED]
                ranking.append([ScoredTag(self._labels[i], float(row[i])) for i in best])
        return ranking


def _classifier(vectors: Any, wanted: Any, loss: Loss) -> tuple[Any, float]:
    if loss.name == "logistic":
        model = LogisticRegression(
            solver="liblinear", dual=True, C=loss.c, tol=0.1, max_iter=200, random_state=0
        )
    else:
        model = LinearSVC(dual=True, C=loss.c, tol=0.1, random_state=0)
    model.fit(vectors, wanted)
    weights = model.coef_[0].astype(np.float32)
    weights[np.abs(weights) < PRUNED] = 0
    return sparse.csr_matrix(weights), float(model.intercept_[0])

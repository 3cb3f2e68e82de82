"""Omikuji: trees of linear classifiers over TF-IDF, the engine behind Annif's best backend.

Prabhu et al., "Parabel" (WWW 2018), and Khandagale et al., "Bonsai" (Machine Learning, 2020), in
Dong's package. It runs alone because Annif cannot be installed beside Tagloop: ``pip install
annif==1.4.3`` with Tagloop's pinned packages ends in ResolutionImpossible. It wants
click < 8.3, huggingface-hub < 0.35, numpy < 2.3, scikit-learn < 1.8, scipy < 1.16 and
starlette < 1.7, where Tagloop and its Hub clients need newer ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import omikuji

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

BEAM = 50
"""Nodes kept at each level while tagging; more than the default 10, which may lose tags."""


class Forest(NamedTuple):
    """The kind of trees; the loss and inverse regularisation of their classifiers; rarest tags.

    ``title_weight`` is that of ``TitleAndText``.
    """

    trees: str
    loss: str = "Hinge"
    c: float = 1.0
    least_count: int = 3
    title_weight: float = 0.5


FORESTS = (
    Forest("Parabel"),
    Forest("Bonsai"),
    Forest("Parabel", c=0.25),
    Forest("Bonsai", c=0.25),
    Forest("Parabel", c=4.0),
    Forest("Parabel", title_weight=1.0),
    Forest("Bonsai", title_weight=1.0),
    Forest("Parabel", least_count=1),
    Forest("Parabel", least_count=5),
    Forest("Parabel", loss="Log", c=4.0),
)
BONSAI = {"cluster_balanced": False, "cluster_k": 100, "max_depth": 3}
"""Bonsai in Omikuji's words, as its README gives it; the defaults are Parabel."""


class Omikuji:
    """Ranks tags by the forest's probability-like scores."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        """Grows every forest of the grid and keeps the best for articles and for titles."""
        weights = {forest.title_weight for forest in FORESTS}
        self._words = {weight: TitleAndText(weight) for weight in weights}
        vectors = {weight: words.fit(train) for weight, words in self._words.items()}
        self._grown: dict[Forest, tuple[list[str], Any]] = {}

        def rank_with(forest: Forest) -> Ranking:
            labels, wanted = label_matrix(train, forest.least_count)
            grown = _grow(vectors[forest.title_weight], wanted.tocsr(), forest)
            self._grown[forest] = labels, grown
            return self._rank(validation, forest)

        self._forests, tried = best_settings(FORESTS, rank_with, validation)
        self._grown = {forest: self._grown[forest] for forest in self._forests.values()}
        ranking = rank_by_kind(validation, self._forests, self._rank)
        self._cuts = choose_cuts(ranking, validation)
        return record(self._forests, self._cuts, tried)

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        """Searches the trees for each article's best tags."""
        return apply_cuts(self._cuts, rank_by_kind(rows, self._forests, self._rank), rows)

    def _rank(self, rows: Sequence[Row], forest: Forest) -> Ranking:
        labels, model = self._grown[forest]
        if model is None:
            return [[] for _ in rows]
        ranking: Ranking = []
        for vector in self._words[forest.title_weight].transform(rows):
            pairs = list(zip(vector.indices.tolist(), vector.data.tolist(), strict=True))
            found = model.predict(pairs, beam_size=BEAM, top_k=RANKED)
            ranking.append([ScoredTag(labels[label], float(score)) for label, score in found])
        return ranking


def _grow(vectors: Any, wanted: Any, forest: Forest) -> Any:
    """Grows a forest; None where no row has a tag for it: Omikuji ends the process then."""
    settings = omikuji.Model.default_hyper_param()
    settings.linear_c = forest.c
    settings.linear_loss_type = getattr(omikuji.lib, forest.loss)
    if forest.trees == "Bonsai":
        for name, value in BONSAI.items():
            setattr(settings, name, value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        if not _write(vectors, wanted, path):
            return None
        return omikuji.Model.train_on_data(str(path), settings)


def _write(vectors: Any, wanted: Any, path: Path) -> int:
    """Writes the format of the Extreme Classification Repository, which Omikuji reads.

    Its first line is ``rows features labels``, the others ``label,label feature:value …``; rows
    without tags or without known words cannot be written in it and teach nothing.

    Returns:
        The number of rows.
    """
    lines = []
    for row, vector in enumerate(vectors):
        labels = ",".join(map(str, wanted[[row]].indices))
        pairs = sorted(zip(vector.indices.tolist(), vector.data.tolist(), strict=True))
        if labels and pairs:
            features = " ".join(f"{index}:{value:.5g}" for index, value in pairs)
            lines.append(f"{labels} {features}\n")
    head = f"{len(lines)} {vectors.shape[1]} {wanted.shape[1]}\n"
    path.write_text(head + "".join(lines), encoding="utf-8")
    return len(lines)

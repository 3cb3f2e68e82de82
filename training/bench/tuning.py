"""Tuning on validation, the same for every peer: which settings, and how many tags are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from tagloop.vocabulary import normal_form
from training.bench.data import KINDS, Row
from training.bench.peers import ScoredTag, Tagged

MOST_KEPT = 6
"""Bound of the kept tags: more than nearly all authors give."""
THRESHOLDS = 60
"""Thresholds that are tried: so many quantiles of the validation scores."""
Ranking = list[list[ScoredTag]]
Setting = TypeVar("Setting")


@dataclass(frozen=True)
class Cut:
    """How many of the ranked tags are kept: those from the threshold on, 1 to ``most``."""

    threshold: float
    most: int

    def kept(self, ranked: Sequence[ScoredTag]) -> list[str]:
        """Gives the kept tags, the best first; the first tag always."""
        return [
            entry.tag
            for place, entry in enumerate(ranked[: self.most])
            if place == 0 or entry.score >= self.threshold
        ]


Cuts = dict[str, Cut]
"""One cut a kind: whether an article has a text is seen before it is tagged."""


def choose_cut(ranking: Ranking, references: Sequence[Sequence[str]]) -> tuple[Cut, float]:
    """Chooses the cut with the best mean F1@M.

    Args:
        ranking: Each article's tags by falling score.
        references: Normal forms of each article's own tags.

    Returns:
        The cut and its mean F1@M (0..1); of equals the one with fewer tags.
    """
    scores = np.full((len(ranking), MOST_KEPT), -np.inf)
    hits = np.zeros((len(ranking), MOST_KEPT))
    for index, (ranked, reference) in enumerate(zip(ranking, references, strict=True)):
        for place, entry in enumerate(ranked[:MOST_KEPT]):
            scores[index, place] = entry.score
            hits[index, place] = normal_form(entry.tag) in reference
    wanted = np.array([len(reference) for reference in references])
    finite = scores[np.isfinite(scores)]
    quantiles = np.quantile(finite, np.linspace(1, 0, THRESHOLDS)) if len(finite) else [0.0]
    best = Cut(0.0, 1), -1.0
    for most in range(1, MOST_KEPT + 1):
        for threshold in dict.fromkeys(float(value) for value in quantiles):
            kept = scores[:, :most] >= threshold
            kept[:, 0] = np.isfinite(scores[:, 0])
            found = (hits[:, :most] * kept).sum(axis=1)
            f1 = float((2 * found / (kept.sum(axis=1) + wanted)).mean())
            if f1 > best[1] + 1e-12:
                best = Cut(threshold, most), f1
    return best


def choose_cuts(ranking: Ranking, rows: Sequence[Row]) -> tuple[Cuts, float]:
    """Chooses a cut for each kind; the score is the mean of the kinds' F1@M."""
    cuts, values = {}, []
    for kind in KINDS:
        chosen = [index for index, row in enumerate(rows) if row.kind == kind]
        if chosen:
            references = [rows[index].forms for index in chosen]
            cuts[kind], f1 = choose_cut([ranking[index] for index in chosen], references)
            values.append(f1)
    return cuts, float(np.mean(values))


def apply_cuts(cuts: Cuts, ranking: Ranking, rows: Sequence[Row]) -> list[Tagged]:
    """Cuts each article's ranking by its kind (by any kind's if validation had none of it)."""
    spare = next(iter(cuts.values()))
    return [
        Tagged(ranked, cuts.get(row.kind, spare).kept(ranked))
        for ranked, row in zip(ranking, rows, strict=True)
    ]


def best_setting(
    settings: Iterable[Setting], rank: Callable[[Setting], Ranking], rows: Sequence[Row]
) -> tuple[Setting, dict[str, float]]:
    """Ranks the rows with every setting and gives the best by ``choose_cuts``.

    Returns:
        The setting, and each setting's score as text to value, for the record.
    """
    tried = [(setting, choose_cuts(rank(setting), rows)[1]) for setting in settings]
    best = max(tried, key=lambda entry: entry[1])[0]
    return best, {str(setting): round(value, 4) for setting, value in tried}


def sample(rows: Sequence[Row], most: int) -> list[Row]:
    """Takes up to ``most`` rows of each kind, evenly: the files are sorted by source."""
    taken: list[Row] = []
    for kind in KINDS:
        part = [row for row in rows if row.kind == kind]
        taken += part[:: max(-(-len(part) // most), 1)]
    return taken


def record(cuts: Cuts, tried: dict[str, float], **settings: Any) -> dict[str, Any]:
    """Gives what a result says of the chosen settings."""
    return {
        **settings,
        "kept": {kind: asdict(cut) for kind, cut in cuts.items()},
        "tried_on_validation": tried,
    }

"""Tuning on validation, the same for every peer: which settings, and how many tags are kept.

Settings and the number of kept tags are chosen apart for articles and for titles: whether an
article has a text is seen before it is tagged.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from tagloop.vocabulary.vocabulary import normal_form
from training.bench.data import KINDS, Row
from training.bench.system import ScoredTag, Tagged

MOST_KEPT = 6
"""Bound of the kept tags: more than nearly all authors give."""
THRESHOLDS = 60
"""Thresholds that are tried: so many quantiles of the validation scores."""
Ranking = list[list[ScoredTag]]
Choice = TypeVar("Choice", bound=Hashable)


@dataclass(frozen=True)
class Cut:
    """How many of the ranked tags are kept: those from the threshold on, 1 to ``most``."""

    threshold: float
    most: int

    def kept(self, ranked: Sequence[ScoredTag]) -> list[str]:
        """Returns the kept tags, the best first; the first tag always."""
        return [
            entry.tag
            for place, entry in enumerate(ranked[: self.most])
            if place == 0 or entry.score >= self.threshold
        ]


Cuts = dict[str, Cut]
"""Kind to cut."""


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


def choose_cuts(ranking: Ranking, rows: Sequence[Row]) -> Cuts:
    """Chooses a cut for each kind."""
    return {kind: cut for kind, (cut, _) in _by_kind(ranking, rows).items()}


def _by_kind(ranking: Ranking, rows: Sequence[Row]) -> dict[str, tuple[Cut, float]]:
    found = {}
    for kind in KINDS:
        chosen = [index for index, row in enumerate(rows) if row.kind == kind]
        if chosen:
            references = [rows[index].forms for index in chosen]
            found[kind] = choose_cut([ranking[index] for index in chosen], references)
    return found


def apply_cuts(cuts: Cuts, ranking: Ranking, rows: Sequence[Row]) -> list[Tagged]:
    """Cuts each article's ranking by its kind."""
    return [
        Tagged(ranked, of_kind(cuts, row.kind).kept(ranked))
        for ranked, row in zip(ranking, rows, strict=True)
    ]


def of_kind(chosen: Mapping[str, Choice], kind: str) -> Choice:
    """Returns what was chosen for a kind; the other kind's if validation had none of it."""
    return chosen[kind] if kind in chosen else next(iter(chosen.values()))


def best_settings(
    grid: Iterable[Choice], rank: Callable[[Choice], Ranking], rows: Sequence[Row]
) -> tuple[dict[str, Choice], dict[str, dict[str, float]]]:
    """Ranks the rows with every setting of a grid and gives each kind its best.

    Returns:
        Kind to setting; and each setting's mean F1@M by kind at its best cut, for the record.
    """
    tried = [(setting, _by_kind(rank(setting), rows)) for setting in grid]
    kinds = tried[0][1]
    best = {kind: max(tried, key=lambda entry: entry[1][kind][1])[0] for kind in kinds}
    values = {
        shown(setting): {kind: round(f1, 4) for kind, (_, f1) in found.items()}
        for setting, found in tried
    }
    return best, values


def rank_by_kind(
    rows: Sequence[Row],
    settings: Mapping[str, Choice],
    rank: Callable[[Sequence[Row], Choice], Ranking],
) -> Ranking:
    """Ranks each row with its kind's setting; ``rank`` gets all rows of a setting at once."""
    ranking: Ranking = [[] for _ in rows]
    groups: dict[Choice, list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(of_kind(settings, row.kind), []).append(index)
    for setting, chosen in groups.items():
        found = rank([rows[index] for index in chosen], setting)
        for index, ranked in zip(chosen, found, strict=True):
            ranking[index] = ranked
    return ranking


def shown(setting: object) -> str:
    """Returns a setting as ``neighbours 10, power 4.0``."""
    if not hasattr(setting, "_asdict"):
        return str(setting)
    return ", ".join(f"{name} {value}" for name, value in setting._asdict().items())


def sample(rows: Sequence[Row], most: int) -> list[Row]:
    """Takes up to ``most`` rows of each kind, evenly: the files are sorted by source."""
    taken: list[Row] = []
    for kind in KINDS:
        part = [row for row in rows if row.kind == kind]
        taken += part[:: max(-(-len(part) // most), 1)]
    return taken


def record(
    settings: Mapping[str, object], cuts: Cuts, tried: Mapping[str, object]
) -> dict[str, Any]:
    """Returns what a result says of the chosen settings."""
    return {
        "chosen": {kind: shown(setting) for kind, setting in settings.items()},
        "kept": {kind: asdict(cut) for kind, cut in cuts.items()},
        "tried_on_validation": dict(tried),
    }

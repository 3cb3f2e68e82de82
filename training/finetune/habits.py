"""How many tags the authors of a corpus give, as far as a tagger can do the same.

Some give one tag and some give six. How many tags an answer has at least and at most, and from
which confidence on tags belong to it, is chosen together, for the best F1@M on articles that the
confidences were not fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tagloop.generation.settings import TaggingSettings
from training.finetune.ranker_examples import Candidates

THRESHOLDS = np.round(np.arange(0.02, 0.62, 0.02), 2)
MOST_TAGS = 10
"""An answer has no more tags: what the Space's slider goes to."""
MOST_FORCED = 3
"""Nor are more than these shown below the threshold."""
SMOOTHING = np.array([1, 2, 3, 2, 1]) / 9
"""F1@M by threshold is averaged over its neighbours: what is best by one article is chance."""


@dataclass(frozen=True)
class Habit:
    """How an answer is cut.

    Attributes:
        min_tags: So many tags even below the threshold.
        max_tags: Upper bound.
        threshold: Least confidence, 0..1.
    """

    min_tags: int = 3
    max_tags: int = 5
    threshold: float = 0.2

    def of(self, settings: TaggingSettings) -> TaggingSettings:
        """Returns the settings with this habit."""
        return replace(
            settings,
            min_tags=self.min_tags,
            max_tags=self.max_tags,
            threshold=self.threshold,
        )


USUAL = Habit()
"""Where there is no article to learn one from; the threshold is that of the first bundled base."""


def learn_habit(collected: Candidates, chances: np.ndarray) -> tuple[Habit, float]:
    """Chooses the habit with the best mean F1@M; of equals the one with fewer tags.

    Args:
        collected: Candidates of articles.
        chances: The probability of each, by weights that were not fitted on its article.

    Returns:
        The habit, and its mean F1@M (0..1).
    """
    if not len(collected.wanted):
        return USUAL, 0.0
    best, habit, f1 = -1.0, USUAL, 0.0
    for most in range(1, MOST_TAGS + 1):
        order, place = surest(collected, chances, most)
        for least in range(1, min(most, MOST_FORCED) + 1):
            scores = [
                float(_f1(collected, order, (place < least) | (chances[order] >= threshold)).mean())
                for threshold in THRESHOLDS
            ]
            smooth = np.convolve(np.pad(scores, 2, mode="edge"), SMOOTHING, "valid")
            # From the highest: of equal thresholds the one with fewer tags.
            at = len(smooth) - 1 - int(np.argmax(np.round(smooth[::-1], 9)))
            if smooth[at] > best + 1e-9:
                best, f1 = float(smooth[at]), scores[at]
                habit = Habit(least, most, float(THRESHOLDS[at]))
    return habit, f1


def f1_by_article(collected: Candidates, chances: np.ndarray, habit: Habit) -> np.ndarray:
    """Returns each article's F1@M with a habit, (articles,)."""
    order, place = surest(collected, chances, habit.max_tags)
    shown = (place < habit.min_tags) | (chances[order] >= habit.threshold)
    return _f1(collected, order, shown)


def _f1(collected: Candidates, order: np.ndarray, shown: np.ndarray) -> np.ndarray:
    article, right = collected.article[order], collected.right[order]
    hits = np.bincount(article[shown & right], minlength=len(collected.wanted))
    counts = np.bincount(article[shown], minlength=len(collected.wanted))
    return np.asarray(2 * hits / np.maximum(counts + collected.wanted, 1))


def surest(collected: Candidates, chances: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the surest candidates of every article, and each one's place among them."""
    order = np.lexsort((-chances, collected.article))
    firsts = np.searchsorted(collected.article[order], np.arange(len(collected.wanted)))
    place = np.arange(len(order)) - firsts[collected.article[order]]
    return order[place < most], place[place < most]

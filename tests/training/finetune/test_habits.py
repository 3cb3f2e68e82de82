"""How many tags the authors of a corpus give: learned, and never forced."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from tagloop.generation.settings import TaggingSettings
from tagloop.ranking.features import COLUMNS
from training.finetune.habits import USUAL, Habit, f1_by_article, learn_habit
from training.finetune.ranker_examples import Candidates


def corpus(wanted: int, articles: int = 40, sure: float = 0.5) -> tuple[Candidates, np.ndarray]:
    """Articles with eight candidates; the ``wanted`` surest are right nearly always."""
    chances = np.tile(np.linspace(sure, 0.05, 8), articles)
    chances += np.random.default_rng(0).normal(size=len(chances)) * 0.01
    right = np.tile(np.arange(8) < wanted, articles)
    right[::73] = ~right[::73]
    article = np.repeat(np.arange(articles), 8)
    counts = np.bincount(article[right], minlength=articles)
    return Candidates(np.zeros((len(right), len(COLUMNS))), right, article, counts), chances


@pytest.mark.parametrize("wanted", [1, 2, 4, 6])
def test_authors_of_so_many_tags_get_so_many(wanted: int) -> None:
    candidates, chances = corpus(wanted)
    habit, f1 = learn_habit(candidates, chances)
    assert habit.min_tags <= wanted <= habit.max_tags
    sure = (chances.reshape(40, 8) >= habit.threshold).sum(axis=1)
    shown = np.clip(sure, habit.min_tags, habit.max_tags)
    assert abs(shown.mean() - wanted) < 0.5
    assert f1 > 0.9
    assert f1 == pytest.approx(f1_by_article(candidates, chances, habit).mean())


def test_it_is_better_than_three_tags_for_everybody() -> None:
    candidates, chances = corpus(1)
    _, f1 = learn_habit(candidates, chances)
    assert f1 > f1_by_article(candidates, chances, USUAL).mean() + 0.3


def test_of_equal_habits_the_one_with_fewer_tags() -> None:
    """All are sure, so no threshold tells them apart; one tag is right."""
    candidates, _ = corpus(1)
    chances = np.tile(np.linspace(0.99, 0.9, 8), 40)
    habit, _ = learn_habit(candidates, chances)
    assert (habit.min_tags, habit.max_tags) == (1, 1)


def test_one_lucky_threshold_does_not_decide() -> None:
    """At 0.5 alone one article more is right; from 0.2 to 0.4 all are nearly as good."""
    chances = np.tile([0.9, 0.41, 0.19], 20)
    right = np.tile([True, True, False], 20)
    chances[1] = 0.495
    right[4] = False
    candidates = Candidates(
        np.zeros((60, len(COLUMNS))), right, np.repeat(np.arange(20), 3), np.full(20, 2)
    )
    habit, _ = learn_habit(candidates, chances)
    assert habit.threshold <= 0.4


def test_without_articles_it_is_the_usual() -> None:
    nobody = Candidates(
        np.zeros((0, len(COLUMNS))), np.zeros(0, bool), np.zeros(0, int), np.zeros(0, int)
    )
    assert learn_habit(nobody, np.zeros(0)) == (USUAL, 0.0)


def test_settings_take_the_habit_and_keep_the_rest() -> None:
    settings = TaggingSettings(separator=" | ", max_windows=4)
    with_habit = Habit(1, 2, 0.3).of(settings)
    changed = {
        name for name, value in asdict(with_habit).items() if value != asdict(settings)[name]
    }
    assert changed == {"min_tags", "max_tags", "threshold"}

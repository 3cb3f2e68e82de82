"""How many passes a corpus gets, of which weights, and when they are validated and averaged."""

from __future__ import annotations

from typing import Any

import pytest

from training.config import TrainConfig
from training.finetune.schedule import SMALL, Schedule, schedule_of


@pytest.mark.parametrize(
    ("settings", "articles", "expected"),
    [
        ({}, SMALL - 1, (16, 4)),
        ({}, SMALL, (6, 0)),
        ({"epochs": 4.0}, 20, (4, 0)),
        ({"frozen_layers": 0}, 20, (6, 0)),
        ({"frozen_layers": 2}, SMALL, (6, 2)),
        ({"epochs": 2.0, "frozen_layers": 5}, 20, (2, 5)),
        ({"freeze_encoder": True}, 20, (6, 0)),
    ],
)
def test_a_small_corpus_gets_more_passes_of_fewer_weights_unless_told_otherwise(
    settings: dict[str, Any], articles: int, expected: tuple[float, int]
) -> None:
    schedule = schedule_of(TrainConfig(**settings), articles)
    assert (schedule.epochs, schedule.frozen_layers) == expected
    assert schedule.averaged is (expected[1] > 0)


def test_averaged_epochs_are_seldom_validated() -> None:
    schedule, epochs = Schedule(22, 4, averaged=True), range(1, 23)
    assert [epoch for epoch in epochs if schedule.validated(epoch)] == [4, 10, 16, 22]
    assert [epoch for epoch in epochs if schedule.in_average(epoch)] == list(range(14, 23))
    assert Schedule(1, 4, averaged=True).in_average(1)


def test_of_all_weights_every_epoch_is_validated_and_none_averaged() -> None:
    schedule = Schedule(3)
    assert all(schedule.validated(epoch) for epoch in (1, 2, 3))
    assert not any(schedule.in_average(epoch) for epoch in (1, 2, 3))

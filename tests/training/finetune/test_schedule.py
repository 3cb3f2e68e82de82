"""How many passes a corpus gets, and how the learning rate and the checks follow them."""

from __future__ import annotations

import pytest

from training.config import TrainConfig
from training.finetune.schedule import SMALL, Schedule, schedule_of


@pytest.mark.parametrize(
    ("settings", "articles", "epochs"),
    [
        ({}, SMALL - 1, (5, 16)),
        ({}, SMALL, (6, 0)),
        ({"epochs": 4.0}, 20, (4, 0)),
        ({"decoder_epochs": 0.0}, 20, (5, 0)),
        ({"decoder_epochs": 7.0}, SMALL, (6, 7)),
        ({"epochs": 2.0, "decoder_epochs": 5.0}, 20, (2, 5)),
        ({"freeze_encoder": True}, 20, (0, 21)),
        ({"freeze_encoder": True, "epochs": 2.0}, 20, (2, 0)),
    ],
)
def test_a_small_corpus_gets_more_passes_unless_told_otherwise(
    settings: dict[str, float], articles: int, epochs: tuple[float, float]
) -> None:
    schedule = schedule_of(TrainConfig(**settings), articles)  # type: ignore[arg-type]
    assert (schedule.whole, schedule.decoder) == epochs


def test_the_rate_rises_and_falls_once_in_each_part() -> None:
    factor = Schedule(whole=2, decoder=8, rate=3, warmup=0.1).rate_factors(100)
    rates = [factor(step) for step in range(101)]
    assert max(rates[:20]) == pytest.approx(1)
    assert max(rates[20:]) == pytest.approx(3)
    assert 0 < rates[0] < rates[1] and 0 < rates[19] < 0.1
    assert 0 < rates[20] < 1 and rates[20:28] == sorted(rates[20:28])
    assert rates[28:] == sorted(rates[28:], reverse=True)
    assert rates[100] == 0


def test_the_quick_epochs_are_seldom_checked_and_the_last_ones_averaged() -> None:
    schedule = Schedule(whole=2, decoder=20)
    epochs = range(1, 23)
    assert [epoch for epoch in epochs if schedule.validated(epoch)] == [2, 7, 12, 17, 22]
    assert [epoch for epoch in epochs if schedule.saved(epoch)] == [1, 2, 7, 12, 17, 22]
    assert [epoch for epoch in epochs if schedule.averaged(epoch)] == list(range(15, 23))
    assert Schedule(whole=2, decoder=1).averaged(3)

"""The queue: articles, opinions, differences, and what is worth a reviewer's time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tagloop.corrections.decision import Review
from tagloop.corrections.record import Correction, PredictedTag
from tagloop.corrections.review.grouping import tag_key
from tagloop.corrections.review.priority import expected_value
from tagloop.corrections.review.queue import QueueItem, difference, queue_item
from tagloop.corrections.review.suspicion import Suspicion

from .review_rows import correction, review


def item(group: Sequence[Correction], reviews: Sequence[Review] = ()) -> QueueItem | None:
    force = {one.correction_id: one for one in reviews}
    return queue_item("key", group, force, Suspicion(group), {})


def test_opinions_are_grouped_and_counted_by_people() -> None:
    group = [correction(n, visitor=f"v{min(n, 3)}") for n in range(4)]
    group.append(correction(9, corrected=["Banking", "Casino"], visitor="v9"))
    found = item(group)
    assert found is not None
    assert [(one.voters, one.tags) for one in found.opinions] == [
        (4, ("Banking", "Chatbots")),
        (1, ("Banking", "Casino")),
    ]
    assert found.voters == 5
    assert found.correction == group[0]
    assert [mark.kind for mark in found.marks] == ["unknown"]


def test_what_is_decided_is_not_open_but_told() -> None:
    one, two = correction(1), correction(2, corrected=["Money"])
    taken = review(one, "accept")
    found = item([one, two], [taken])
    assert found is not None
    assert found.corrections == (two,) and found.earlier == (taken,)
    assert item([one], [taken]) is None
    assert item([one], [review(one, "undo")]) is not None


def test_a_difference_names_what_is_kept_added_and_removed() -> None:
    found = difference(["Banking", "Java", "chat bots"], ["Banking", "Chat Bots", "AI"])
    assert found.kept == ("Banking",)
    assert found.added == ("Chat Bots", "AI")
    assert found.removed == ("Java", "chat bots")


def value(
    corrected: Sequence[Sequence[str]] = (("A", "B"),), sure: float = 1.0, common: int = 10
) -> float:
    predicted = [PredictedTag("A", sure), PredictedTag("B", sure)]
    opinions = [(tag_key(tags), 1) for tags in corrected]
    counts = {"a": common, "b": common, "z": 10}
    return expected_value(predicted, opinions, tag_key(["A", "B"]), counts)


def test_the_value_rises_with_change_dissent_uncertainty_and_rarity() -> None:
    assert value() == 0  # confirmed, of one mind, sure, and the commonest tags
    assert value([["Z"]]) == pytest.approx(0.25)  # all changed
    assert value([["A", "B"], ["B"]]) == pytest.approx(0.25)  # two people, two minds
    assert value(sure=0.5) == pytest.approx(0.25)
    assert value(common=0) == pytest.approx(0.25)
    assert value([["A", "Y"]], sure=0.7, common=3) < 1

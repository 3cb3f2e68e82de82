"""What may be learned: decisions, agreement, withdrawals, and each correction counted once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tagloop.corrections.review.accepted import Decided, accepted

from .review_rows import correction, records, review


def counts(decided: Decided) -> list[int]:
    """Accepted, duplicates, rejected, withdrawn, pending."""
    states = [decided.count(state) for state in ("duplicate", "rejected", "withdrawn", "pending")]
    return [len(decided.accepted), *states]


def learned(decided: Decided) -> Sequence[Sequence[str]]:
    return [one.tags for one in decided.accepted]


def test_nothing_is_learned_without_a_decision() -> None:
    assert counts(accepted(records([correction()]))) == [0, 0, 0, 0, 1]


def test_accept_edit_and_reject() -> None:
    one, two, three = (correction(n, text=f"Article {n}.") for n in range(3))
    decided = accepted(
        records(
            [one, two, three],
            [review(one, "accept"), review(two, "edit", 101, ["Chat"]), review(three, "reject")],
        )
    )
    assert counts(decided) == [2, 0, 1, 0, 0]
    assert learned(decided) == [["Banking", "Chatbots"], ["Chat"]]
    assert {(found.by, found.reviewers, found.voters) for found in decided.accepted} == {
        ("reviewer", 1, 1),
        ("reviewer", 1, 0),
    }


def test_the_latest_decision_counts_and_an_undo_opens_again() -> None:
    one = correction()
    reviews = [review(one, "accept", at=1), review(one, "reject", at=2, by="sam")]
    assert counts(accepted(records([one], reviews))) == [0, 0, 1, 0, 0]
    reviews.append(review(one, "undo", at=3))
    assert counts(accepted(records([one], reviews))) == [0, 0, 0, 0, 1]


def test_what_is_withdrawn_is_out_even_if_it_was_accepted() -> None:
    one = correction()
    read = records([one], [review(one, "accept")])
    read.withdrawn[one.id] = one.created_at
    assert counts(accepted(read, agreement=1)) == [0, 0, 0, 1, 0]


def test_near_identical_corrections_of_an_article_are_folded_into_the_oldest() -> None:
    first = correction(1, user="ann")
    second = correction(
        2, title="", text=first.text.upper() + " ", corrected=["chat-bots", "BANKING"]
    )
    other = correction(3, text=first.text, corrected=["Money"])
    third = correction(4, corrected=["Chatbots", "Banking"], user="bob")
    decided = accepted(
        records([third, other, second, first], [review(second, "accept"), review(first, "accept")])
    )
    assert counts(decided) == [1, 2, 0, 0, 1]
    (found,) = decided.accepted
    assert (found.correction.id, found.voters, found.reviewers) == (first.id, 3, 1)
    assert decided.states[other.id] == "pending"  # says something else: not decided


def test_of_two_decisions_on_an_article_the_later_one_is_learned() -> None:
    one, two = correction(1), correction(2, corrected=["Money"])
    reviews = [review(one, "accept", at=9), review(two, "accept", at=8)]
    decided = accepted(records([one, two], reviews))
    assert learned(decided) == [["Banking", "Chatbots"]]
    assert counts(decided) == [1, 1, 0, 0, 0]


def test_enough_different_people_agree() -> None:
    group = [correction(n, visitor=name) for n, name in enumerate(["v1", "v1", "v2", "v3"])]
    assert counts(accepted(records(group))) == [0, 0, 0, 0, 4]
    decided = accepted(records(group), agreement=2)
    assert counts(decided) == [1, 3, 0, 0, 0]
    (found,) = decided.accepted
    assert (found.by, found.voters, found.reviewers) == ("agreement", 3, 0)
    assert found.decided_at == group[2].created_at  # when the second person came
    assert not accepted(records(group), agreement=4).accepted


def test_who_cannot_be_told_apart_is_one_person() -> None:
    nameless = [correction(n) for n in range(3)]
    assert not accepted(records(nameless), agreement=2).accepted
    same = [correction(1, user="ann", visitor="v1"), correction(2, visitor="v1")]
    assert not accepted(records(same), agreement=2).accepted
    office = [correction(1, user="ann", visitor="v1"), correction(2, user="bob", visitor="v1")]
    assert accepted(records(office), agreement=2).accepted


def test_agreement_never_passes_what_is_suspicious() -> None:
    group = [correction(n, visitor=f"v{n}", corrected=["Banking", "Casino"]) for n in range(3)]
    assert not accepted(records(group), agreement=2).accepted
    assert accepted(records(group), agreement=2, vocabulary={"Casino"}).accepted


def test_a_reviewer_goes_before_any_number_of_visitors() -> None:
    group = [correction(n, visitor=f"v{n}") for n in range(3)]
    other = correction(9, corrected=["Money"])
    rejected = accepted(records(group, [review(group[1], "reject")]), agreement=2)
    assert counts(rejected) == [0, 0, 1, 0, 2]
    decided = accepted(records([*group, other], [review(other, "accept")]), agreement=2)
    assert learned(decided) == [["Money"]]
    assert counts(decided) == [1, 0, 0, 0, 3]


def test_empty_tags_are_never_agreed_on() -> None:
    group = [correction(n, visitor=f"v{n}", verdict="bad", corrected=[]) for n in range(3)]
    assert not accepted(records(group), agreement=2).accepted


def test_agreement_of_nobody_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        accepted(records([]), agreement=0)

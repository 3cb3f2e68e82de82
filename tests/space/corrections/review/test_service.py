"""The review: reads what is new on the Hub, records decisions in the dataset, and stays quick."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from huggingface_hub import HfApi

from tagloop.corrections.card import corrections_card
from tagloop.corrections.dataset import read_records
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.record import Correction
from tagloop.corrections.review.accepted import accepted
from tagloop.corrections.review.service import ReviewService
from tagloop.corrections.withdrawals import withdrawal
from tagloop.errors import UserError
from tagloop.files import REVIEWS
from tagloop.vocabulary.vocabulary import Vocabulary
from training.hub import EmbeddedHub

from .review_rows import correction, write_rows

VOCABULARY = Vocabulary.from_tag_lists([["Banking"], ["Banking", "Java"]])
Make = Callable[[], ReviewService]


@pytest.fixture
def repo_id(hub: EmbeddedHub, request: pytest.FixtureRequest) -> str:
    name = f"review-{request.node.name[:60].strip('_')}"
    return (
        HfApi(hub.endpoint, hub.token).create_repo(name, repo_type="dataset", private=True).repo_id
    )


@pytest.fixture
def make_service(hub: EmbeddedHub, repo_id: str, tmp_path: Path) -> Iterator[Make]:
    """Makes services, each with an outbox and a cache of its own: replicas of one Space."""
    outboxes: list[Outbox] = []

    def make() -> ReviewService:
        place = tmp_path / f"replica{len(outboxes)}"
        card = corrections_card(repo_id, "me/tagger")
        outbox = Outbox(place / "outbox", repo_id, card=card, folder=REVIEWS, gather_seconds=0.05)
        outboxes.append(outbox.start())
        return ReviewService(repo_id, outbox, lambda: VOCABULARY, cache=place / "cache")

    yield make
    for outbox in outboxes:
        outbox.close()


@pytest.fixture
def put(hub: EmbeddedHub, repo_id: str, tmp_path: Path) -> Callable[..., None]:
    api = HfApi(hub.endpoint, hub.token)

    def put(kind: str, *rows: dict[str, object]) -> None:
        folder = tmp_path / f"rows{time.monotonic_ns()}"
        write_rows(folder, kind, list(rows))
        api.upload_folder(repo_id=repo_id, folder_path=folder, repo_type="dataset")

    return put


def delivered(service: ReviewService) -> None:
    deadline = time.monotonic() + 20
    while service.outbox.state.waiting and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not service.outbox.state.waiting


def test_a_dataset_that_is_not_there_yet_is_empty(hub: EmbeddedHub, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", "nobody/nothing", card="")
    service = ReviewService("nobody/nothing", outbox, lambda: VOCABULARY, cache=tmp_path)
    assert service.refresh() == 0 and service.waiting() == []


def test_decisions_reach_the_dataset_and_what_is_new_comes_with_a_refresh(
    make_service: Make, put: Callable[..., None], repo_id: str, tmp_path: Path
) -> None:
    one, two = correction(1), correction(2, text="About Java.", corrected=["Java"])
    put("data", one.to_json(), two.to_json())
    service = make_service()
    assert service.refresh() == 2
    assert service.refresh() == 0
    first, second = service.waiting("oldest")
    assert (first.correction, second.correction) == (one, two)
    service.decide("rita", first, "accept")
    service.decide("rita", second, "edit", tags=["Java", "Coffee"], note="both")
    assert service.waiting() == []
    assert [one.review.decision for one in service.decided()] == ["edit", "accept"]
    delivered(service)
    three = correction(3, text="Another.", corrected=["Money"])
    put("data", three.to_json())
    put("withdrawals", withdrawal(one.id))
    assert service.refresh() == 1
    assert [item.correction for item in service.waiting()] == [three]
    stored = accepted(read_records(repo_id, None, None, tmp_path / "other"))
    assert [(found.tags, found.by) for found in stored.accepted] == [
        (["Java", "Coffee"], "reviewer")
    ]
    assert (stored.count("withdrawn"), stored.count("pending")) == (1, 1)
    # A second service, as after a restart, sees the same.
    again = make_service()
    again.refresh()
    assert [item.correction for item in again.waiting()] == [three]
    assert [one.review.reviewer for one in again.decided()] == ["rita"]


def test_accepting_one_answer_rejects_the_others(
    make_service: Make, put: Callable[..., None]
) -> None:
    same = [correction(n, visitor=f"v{n}") for n in range(3)]
    other = correction(9, corrected=["Banking"], visitor="v9")
    put("data", *(one.to_json() for one in [*same, other]))
    service = make_service()
    service.refresh()
    (item,) = service.waiting()
    reviews = service.decide("rita", item, "accept", opinion=item.opinions[1])
    by_id = {review.correction_id: review.decision for review in reviews}
    assert by_id == {one.id: "reject" for one in same} | {other.id: "accept"}
    service.undo("rita", by_id)
    assert [found.key for found in service.waiting()] == [item.key]
    with pytest.raises(UserError, match="no decision to undo"):
        service.undo("rita", by_id)
    with pytest.raises(UserError, match="no tags to keep"):
        service.decide("rita", item, "edit", tags=[])
    assert len(service.waiting()) == 1


def test_two_reviewers_at_once_are_both_recorded_and_the_later_one_counts(
    make_service: Make, put: Callable[..., None], repo_id: str, tmp_path: Path
) -> None:
    one = correction()
    put("data", one.to_json())
    replicas = [make_service(), make_service()]
    for service in replicas:
        service.refresh()
    seen = [service.waiting()[0] for service in replicas]
    replicas[0].decide("rita", seen[0], "accept")
    replicas[1].decide("sam", seen[1], "reject")
    for service in replicas:
        delivered(service)
    records = read_records(repo_id, None, None, tmp_path / "other")
    assert {review.reviewer for review in records.reviews} == {"rita", "sam"}
    assert accepted(records).count("rejected") == 1
    for service in replicas:
        service.refresh()
        assert [one.review.reviewer for one in service.decided()] == ["sam"]


def test_a_clock_that_is_set_back_does_not_hide_a_decision(
    make_service: Make, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("data", correction().to_json())
    service = make_service()
    service.refresh()
    (item,) = service.waiting()
    service.decide("rita", item, "reject")
    monkeypatch.setattr(
        "tagloop.corrections.decision.utc_now", lambda: "2020-01-01T00:00:00.000000+00:00"
    )
    service.undo("rita", [item.correction.id])
    assert len(service.waiting()) == 1
    assert service.records.in_force()[item.correction.id].decision == "undo"


def test_agreement_leaves_out_what_is_suspicious_or_empty(
    make_service: Make, put: Callable[..., None]
) -> None:
    def votes(text: str, count: int, **changes: object) -> list[Correction]:
        return [correction(n, text=text, visitor=f"v{n}", **changes) for n in range(count)]

    rows = [
        *votes("Chatbots, one.", 3),
        *votes("Chatbots, two.", 2),
        *votes("Chatbots, three.", 3, corrected=["Casino"]),
        *votes("Chatbots, four.", 3, verdict="bad", corrected=[]),
        *votes("Chatbots, five.", 2, corrected=["Chatbots", "Java"]),
        correction(text="Chatbots, five.", visitor="v7", corrected=["Banking"]),
    ]
    put("data", *(row.to_json() for row in rows))
    service = make_service()
    service.refresh()
    assert [len(service.agreed(people, 0.0)) for people in (1, 2, 3, 4)] == [3, 3, 1, 0]
    assert len(service.agreed(2, 0.8)) == 2


@pytest.mark.slow
def test_the_review_stays_quick_with_ten_thousand_corrections(
    make_service: Make, put: Callable[..., None]
) -> None:
    words = " ".join(f"word{n}" for n in range(100))
    one = correction().to_json()
    rows = [
        one | {"id": str(UUID(int=n)), "text": f"Chatbots {n // 2} {words}", "visitor": f"v{n}"}
        for n in range(10_000)
    ]
    put("data", *rows)
    service = make_service()
    began = time.monotonic()
    assert service.refresh() == 10_000
    read = time.monotonic() - began
    began = time.monotonic()
    for _ in range(5):
        service.decide("rita", service.waiting()[0], "accept")
    each = (time.monotonic() - began) / 5
    assert len(service.waiting("oldest")) == 4_995
    print(f"read {read:.2f} s, a decision and the next item {each * 1000:.0f} ms")
    assert read < 30 and each < 0.5  # generous: the machine may be busy

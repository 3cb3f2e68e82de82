"""Work that takes too long ends at its next step, with a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

import pytest

from tagloop.deadline import Deadline, TooSlow
from tagloop.inside.view import look_inside
from tagloop.service.service import TOGETHER, Tagging, TaggingService
from tagloop.tagger.options import Options
from tagloop.tagger.selection import Tag
from tagloop.tagger.tagger import Tagger

TEXT = "Trains, tickets and timetables. " * 400


def test_it_ends_after_its_time_and_says_what_to_do() -> None:
    now = [0.0]
    deadline = Deadline("This article", 30, lambda: now[0])
    now[0] = 30.0
    deadline.check()
    now[0] = 30.1
    with pytest.raises(TooSlow, match=r"took more than 30 seconds and was stopped: shorten"):
        deadline.check()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lets each look at the clock take ten seconds; holds how often a deadline was looked at."""
    seen: list[int] = []

    def clock(ticks: Any) -> float:
        seen.append(1)
        return float(next(ticks) * 10)

    def made(what: str = "This article", seconds: float = 30) -> Deadline:
        return Deadline(what, seconds, partial(clock, count()))

    for module in ("service.service", "inside.view"):
        monkeypatch.setattr(f"tagloop.{module}.Deadline", made)
    return seen


def test_tagging_evidence_and_the_inside_ask_between_their_steps(
    ctranslate2_tagger: Tagger, looks: list[int]
) -> None:
    service = TaggingService(ctranslate2_tagger)
    tags = tuple(Tag(name, 0.5, False) for name in ("Zeppelins", "Quokkas", "Bread", "Opera"))
    tagging = Tagging("On and on", TEXT, tags, "me/model", None)
    with pytest.raises(TooSlow, match="This article took more than 30 seconds"):
        service.tag("On and on", TEXT, Options(max_windows=16))
    assert len(looks) >= 5
    with pytest.raises(TooSlow, match="What speaks for these tags took more"):
        service.explain(tagging)
    with pytest.raises(TooSlow):
        ctranslate2_tagger.tag(
            TEXT, allowed_tags=["AI", "Trains"], check=Deadline(seconds=-1).check
        )
    with pytest.raises(TooSlow):
        look_inside(ctranslate2_tagger, "On and on", TEXT)


class SlowAfter:
    """Stands in for a tagger that has no time left after so many articles."""

    model_repo, model_revision = "me/model", None

    def __init__(self, most: int) -> None:
        self.left = most

    def tag_batch(self, articles: Sequence[Mapping[str, str]], **options: Any) -> list[list[Tag]]:
        self.left -= len(articles)
        if self.left < 0:
            Deadline("Tagging these articles", -1).check()
        return [[Tag(article["text"][:3], 0.5, True)] for article in articles]


def test_of_a_call_that_takes_too_long_what_is_done_keeps_its_tags() -> None:
    service = TaggingService(SlowAfter(TOGETHER))  # type: ignore[arg-type]
    articles = [{"text": "x" * (64 - place)} for place in range(64)]
    results, _ = service.tag_batch(articles)
    # The shortest come first.
    assert [bool(result["tags"]) for result in results] == [False] * 32 + [True] * 32
    assert all("was stopped" in result["error"] for result in results[:32])
    assert not any("error" in result for result in results[32:])

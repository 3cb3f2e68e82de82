"""Measuring in parts: the same scores as at once, and of the answers only the examples stay."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from datasets import Dataset

from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tag
from tagloop.vocabulary.vocabulary import Vocabulary
from training.evaluation import measuring
from training.evaluation.measuring import Measured, Measuring
from training.evaluation.scores import bootstrap

WORDS = "boats bread chess data engines frost gardens harbours".split()


def articles(count: int) -> Dataset:
    def rows() -> Any:
        for number in range(count):
            tags = [WORDS[number % 8], WORDS[number % 7]]
            yield {"title": f"On {tags[0]}", "text": f"{tags[1]} {number % 9}.", "tags": tags}

    return Dataset.from_list(list(rows()))


class Answering:
    """Stands for a checkpoint and for a tagger: each article's answer follows from its text."""

    settings = TaggingSettings()

    def __init__(self) -> None:
        self.parts: list[int] = []

    def answer_each(self, part: Dataset, progress: Callable[[int], object]) -> list[list[str]]:
        self.parts.append(len(part))
        progress(len(part))
        return [[*row["text"].split(), "", WORDS[len(row["text"]) % 8]] for row in part]

    def tag_batch(self, rows: list[dict[str, str]], **options: Any) -> list[list[Tag]]:
        self.parts.append(len(rows))
        return [
            [Tag(word, 0.9 / place, False) for place, word in enumerate(row["text"].split(), 1)]
            for row in rows
        ]


def measure(data: Dataset, examples: tuple[int, ...]) -> tuple[Answering, list[Measured]]:
    system: Any = Answering()
    on = Measuring(data, Vocabulary.from_tag_lists([WORDS]), examples)
    found = [on.alone(system, "alone"), on.tagloop(system, "Tagloop"), on.same_answer(["Boats"])]
    return system, found


def test_parts_make_the_same_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    data, examples = articles(25), (0, 9, 24)
    _, whole = measure(data, examples)
    monkeypatch.setattr(measuring, "AT_ONCE", 10)
    system, parts = measure(data, examples)
    assert system.parts == [10, 10, 5] * 2
    for one, other in zip(whole, parts, strict=True):
        assert bootstrap(one.scores) == bootstrap(other.scores)
        assert vars(one).keys() == vars(other).keys()
        kept = [{k: v for k, v in vars(of).items() if k != "scores"} for of in (one, other)]
        assert kept[0] == kept[1]
        assert tuple(one.answers) == examples
    assert whole[0].answers[9] == [*data[9]["text"].split(), "", WORDS[len(data[9]["text"]) % 8]]


@pytest.mark.slow
def test_memory_grows_by_the_scores_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "AT_ONCE", 20)

    def peak(count: int) -> int:
        data = articles(count)
        tracemalloc.start()
        measure(data, (0,))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(80)  # what is cached of the words
    # 13 measures of 8 bytes in three systems, and confidences; as objects they would be 4 KB.
    assert (peak(240) - peak(80)) / 160 < 1000

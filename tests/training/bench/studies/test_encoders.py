"""The study of encoders in other languages: its sentences, and what it counts."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from tagloop.text.languages import detect
from training.bench.studies import encoders


class Told:
    """An encoder that puts every third sentence where it is told."""

    def __init__(self, places: Sequence[int]) -> None:
        self.places = places

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.eye(max(self.places) + 1)[self.places[: len(texts)]]


def test_the_share_is_of_the_nearest_but_itself() -> None:
    subjects = {"a": ["1", "2", "3"], "b": ["4", "5", "6"]}
    assert encoders.found_share(Told([0, 0, 0, 1, 1, 1]), subjects) == 1.0  # type: ignore[arg-type]
    mixed = encoders.found_share(Told([0, 0, 1, 1, 1, 0]), subjects)  # type: ignore[arg-type]
    assert mixed == pytest.approx(4 / 12)


def test_all_languages_have_as_many_sentences() -> None:
    texts = json.loads(encoders.TEXTS.read_text(encoding="utf-8"))
    shapes = {
        tuple((name, len(part)) for name, part in subjects.items()) for subjects in texts.values()
    }
    assert len(shapes) == 1 and {count for _, count in shapes.pop()} == {encoders.NEAREST + 1}
    for language, subjects in texts.items():
        assert detect(" ".join(text for part in subjects.values() for text in part)) == language

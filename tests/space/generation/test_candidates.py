"""What counts as a tag among the things that a model generates, and which tags an answer holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tagloop.generation.candidates import (
    Candidate,
    ScoredTag,
    read_candidates,
    score_candidates,
    select,
)
from tagloop.generation.outputs import Output, OutputBuilder, separator_ids
from tagloop.generation.settings import TaggingSettings
from tagloop.vocabulary.vocabulary import Vocabulary
from training.finetune.preprocess import BUNDLED_BASE


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(BUNDLED_BASE)


def read(
    tokenizer: Any, pieces: str, finished: bool = True, text: str = "", known: str = "C++"
) -> list[str]:
    ids = tokenizer.convert_tokens_to_ids(pieces.split())
    written = Output(ids, [-0.5] * len(ids), finished)
    vocabulary = Vocabulary.from_tag_lists([["Machine Learning", known]])
    marks = separator_ids(tokenizer, ", ")
    return [found.display for found in read_candidates(written, tokenizer, marks, vocabulary, text)]


@pytest.mark.parametrize(
    ("pieces", "tags"),
    [
        ("python , machine learning", ["Python", "Machine Learning"]),
        (", , python , ! , - ,", ["Python"]),
        ("##s , python , ##ing code", ["Python"]),
        ("[UNK] , university of [UNK] , python", ["Python"]),
        ("c + + , machine ##s", ["C++", "Machines"]),
        ("", []),
    ],
)
def test_only_whole_tags_are_read(tokenizer: Any, pieces: str, tags: list[str]) -> None:
    assert read(tokenizer, pieces) == tags


def test_the_tag_that_the_length_limit_cuts_must_be_known(tokenizer: Any) -> None:
    assert read(tokenizer, "python , university of", finished=False) == ["Python"]
    assert read(tokenizer, "python , machine learning", finished=False) == [
        "Python",
        "Machine Learning",
    ]
    assert read(tokenizer, "python ,", finished=False) == ["Python"]


LOOPING = "python , po ##ym ##ym ##ym ##ym , data data data data"


def test_what_goes_round_in_circles_is_no_tag(tokenizer: Any) -> None:
    assert read(tokenizer, LOOPING) == ["Python"]
    assert read(tokenizer, LOOPING, text="poymymymym") == ["Python"]
    assert read(tokenizer, LOOPING, known="Poymymymym") == ["Python", "Poymymymym"]


def test_a_name_that_repeats_itself_must_be_known_or_stand_in_the_article(tokenizer: Any) -> None:
    assert read(tokenizer, "python , bang bang") == ["Python"]
    assert read(tokenizer, "python , bang bang", text="A Bang-Bang controller.") == [
        "Python",
        "Bang-Bang",
    ]
    assert read(tokenizer, "python , bang bang", known="Bang Bang") == ["Python", "Bang Bang"]


def test_a_tag_twice_keeps_its_first_confidence() -> None:
    written = [
        Candidate("python", "Python", np.log(0.5), 0),
        Candidate("data", "Data", np.log(0.25), 1),
        Candidate("python", "PYTHON", np.log(0.75), 2),
    ]
    scored = score_candidates(written)
    assert [(tag.form, tag.display) for tag in scored] == [("python", "Python"), ("data", "Data")]
    assert [tag.confidence for tag in scored] == pytest.approx([0.5, 0.25])


def test_a_tag_of_several_windows_is_surer_than_of_any() -> None:
    written = [
        Candidate("python", "Python", np.log(0.5), 0, window=0),
        Candidate("python", "PYTHON", np.log(0.75), 1, window=0),
        Candidate("data", "Data", np.log(0.25), 0, window=1),
        Candidate("python", "python", np.log(0.5), 1, window=1),
        Candidate("python", "Python", np.log(0.2), 0, window=2),
    ]
    scored = score_candidates(written)
    assert [(tag.form, tag.display) for tag in scored] == [("python", "Python"), ("data", "Data")]
    assert [tag.confidence for tag in scored] == pytest.approx([1 - 0.5 * 0.5 * 0.8, 0.25])


VALUES = (0.1, 0.9, 0.5, 0.5, 0.2)
SCORED = [ScoredTag(name, name, value) for name, value in zip("abcde", VALUES, strict=True)]


@pytest.mark.parametrize(
    ("min_tags", "max_tags", "threshold", "chosen"),
    [
        (0, 10, 0.0, "bcdea"),
        (0, 10, 0.3, "bcd"),
        (4, 10, 0.3, "bcde"),
        (9, 10, 0.3, "bcdea"),
        (4, 2, 0.3, "bc"),
        (0, 10, 0.95, ""),
        (3, 0, 0.0, ""),
        (0, 10, 0.5, "bcd"),
    ],
)
def test_selection(min_tags: int, max_tags: int, threshold: float, chosen: str) -> None:
    assert "".join(tag.form for tag in select(SCORED, min_tags, max_tags, threshold)) == chosen


def test_starts_are_the_rows_where_tags_begin(tokenizer: Any) -> None:
    ids = tokenizer.convert_tokens_to_ids(["python", ",", "data", "science", ","])
    logits = np.random.default_rng(0).normal(size=(6, len(tokenizer))).astype(np.float32)
    builder = OutputBuilder(tokenizer, TaggingSettings())
    written = builder.greedy(ids, logits, True, starts=True)
    assert written.starts is not None
    assert written.starts.places == [0, 2, 5]
    rows = written.starts.log_probs
    assert rows.shape == (3, len(tokenizer)) and rows.dtype == np.float32
    assert np.exp(rows).sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-4)
    assert rows[1, ids[2]] == pytest.approx(written.log_probs[2], abs=1e-6)
    # Cut off right after a separator: nothing is known of what would have come.
    cut_off = builder.greedy(ids, logits[:5], False, starts=True).starts
    assert cut_off is not None and cut_off.places == [0, 2]
    assert builder.greedy(ids, logits, True, starts=False).starts is None

"""Keyphrase sets: the scores by cases computed by hand, and the command on documents of our own."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from training.bench.data import Row
from training.bench.keyphrases import __main__ as keyphrases
from training.bench.keyphrases import systems
from training.bench.keyphrases.published import PUBLISHED, SOURCES
from training.bench.keyphrases.scoring import MEASURES, keyphrase_scores

from ..conftest import write_rows

TEXT = "Ferries of the harbour\nSmall ferries cross the harbour twice a day."


def test_phrases_are_compared_by_stems_and_k_divides() -> None:
    scores = keyphrase_scores(
        ["small ferry", "tides", "Harbours"], ["Small Ferries", "harbour"], TEXT
    )
    assert scores["f1@5"] == pytest.approx(2 * 2 / (5 + 2))
    assert scores["f1@10"] == pytest.approx(2 * 2 / (10 + 2))
    assert set(scores) == set(MEASURES)


def test_present_and_absent_phrases_are_scored_apart() -> None:
    ranked = ["shipping", "transport", "crossing the harbour"]
    scores = keyphrase_scores(ranked, ["harbour", "transport"], TEXT)
    assert scores["present f1@5"] == 0.0  # "cross the harbour" stands there and is none
    assert scores["absent f1@5"] == pytest.approx(2 * 1 / (5 + 1))
    # "twice harbour" has its words in the text, but not one after the other.
    assert keyphrase_scores([], ["twice harbour"], TEXT)["absent f1@5"] == 0.0
    assert math.isnan(keyphrase_scores([], ["harbour"], TEXT)["absent f1@5"])


def test_only_the_first_k_of_a_sort_count() -> None:
    ranked = [*(f"word {n}" for n in range(5)), "harbour"]
    scores = keyphrase_scores(ranked, ["harbour"], TEXT)
    assert scores["f1@5"] == 0.0 and scores["f1@10"] == pytest.approx(2 / 11)
    assert scores["present f1@5"] == pytest.approx(2 / 6)


def first_words(rows: Sequence[Row], validation: Sequence[Row]) -> list[list[str]]:
    assert {row.split for row in validation} == {"validation"}
    return [row.text.split()[:10] for row in rows]


def test_the_command_shows_each_set_and_keeps_its_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"id": "1", "title": "Harbour", "text": TEXT, "tags": ["ferries", "Ferries", "tide"]}
    write_rows(
        tmp_path / "keyphrases.jsonl.xz",
        [
            {**row, "source": source, "split": split}
            for source in ("inspec", "kdd")
            for split in ("validation", "test", "test")
        ],
    )
    monkeypatch.setattr(keyphrases, "TRIES", tmp_path)
    ranked = {"tagloop-base": first_words, "yake": first_words}
    monkeypatch.setattr(keyphrases, "SYSTEMS", ranked)
    output = tmp_path / "report.json"
    flags = ["--data", str(tmp_path), "--output", str(output), "--split", "test"]
    assert keyphrases.main([*flags, "--only", "yake"]) == 0
    report = json.loads(output.read_text(encoding="utf-8"))
    assert set(report["sets"]) == {"inspec", "kdd"}
    inspec = report["sets"]["inspec"]
    assert inspec["documents"] == 2 and inspec["keyphrases"] == 2
    assert set(inspec["systems"]) == {"yake"}
    assert inspec["systems"]["yake"]["f1@5"]["value"] == pytest.approx(2 / 7)
    shown = capsys.readouterr().out
    assert "**inspec, test: 2 documents, 2.0 keyphrases each**" in shown
    assert "| YAKE, as published                   |                        | 0.316" in shown

    monkeypatch.setitem(ranked, "yake", lambda *_: pytest.fail("has its result"))
    assert keyphrases.main(flags) == 0
    report = json.loads(output.read_text(encoding="utf-8"))
    assert set(report["sets"]["kdd"]["systems"]) == {"tagloop-base", "yake"}
    assert keyphrases.main([*flags, "--only", "crystal-ball"]) == 2
    assert "No system is called 'crystal-ball'" in capsys.readouterr().err


def test_the_base_ranks_in_three_ways(tiny_bart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systems, "BUNDLED_BASE", tiny_bart)
    monkeypatch.setattr(systems, "BEAMS", 3)
    rows = [Row("articles", "s", "Harbour", TEXT, ("tide",), "test")] * 3
    for rank in (systems.greedy, systems.beams, systems.tagloop_base):
        lists = rank(rows, [])
        assert len(lists) == 3
        assert lists[0] == lists[1] == lists[2]
        assert all(len(found) <= 10 and len(set(found)) == len(found) for found in lists[1:])


def test_every_published_figure_says_where_it_stands() -> None:
    assert {one.system for one in PUBLISHED} == set(SOURCES)
    assert all(0 < one.f1_at_10 < 1 for one in PUBLISHED)

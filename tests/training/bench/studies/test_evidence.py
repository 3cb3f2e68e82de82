"""The evidence's measurement: what is deleted, what instead, and what the table says of it."""

from __future__ import annotations

import json
import lzma
import random
from pathlib import Path

import pytest

from training.bench.studies import evidence
from training.bench.studies.evidence import elsewhere, without

from ...tiny_models import starter_articles

ARTICLE = {"title": "Bread and salt", "text": "Flour makes bread when water and time help it."}


def test_what_is_deleted_is_gone_and_nothing_else() -> None:
    bare = without(ARTICLE, {"title": [(0, 5)], "text": [(0, 5), (12, 17)]})
    assert bare["title"].split() == ["and", "salt"]
    assert bare["text"].split() == "makes when water and time help it.".split()


def test_random_words_are_as_many_in_one_run_and_touch_no_evidence() -> None:
    for seed in range(30):
        drawn = elsewhere(ARTICLE, {"title": [(0, 5)], "text": [(6, 17)]}, random.Random(seed))
        assert drawn is not None
        [(begin, end)] = drawn["title"]
        assert ARTICLE["title"][begin:end] in ("and", "salt")
        [(begin, end)] = drawn["text"]
        assert len(ARTICLE["text"][begin:end].split()) == 2 and begin >= 17


def test_an_article_that_is_all_evidence_has_no_room() -> None:
    spans = {"title": [(0, 14)], "text": [(0, len(ARTICLE["text"]))]}
    assert elsewhere(ARTICLE, spans, random.Random(0)) is None


@pytest.mark.slow
def test_the_report_has_a_mean_a_kind_and_the_table_shows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lzma.open(tmp_path / "articles_open.jsonl.xz", "wt", encoding="utf-8") as file:
        for article in starter_articles()[:3]:
            row = {**article, "source": "starter", "split": "validation"}
            file.write(json.dumps(row) + "\n")
    output = tmp_path / "evidence.json"
    flags = ["--data", str(tmp_path), "--limit", "3", "--draws", "1", "--output", str(output)]
    assert evidence.main(flags) == 0
    report = json.loads(output.read_text())
    assert report["articles"] == 3 and report["kinds"]
    told = capsys.readouterr().out
    for kind, row in report["kinds"].items():
        gap = row["evidence"]["value"] - row["random"]["value"]
        assert row["difference"]["value"] == pytest.approx(gap, abs=2e-4)
        # One draw is the costliest one.
        assert row["costliest"]["value"] == pytest.approx(gap, abs=2e-4)
        assert f"| {kind} " in told
    assert str(tmp_path) not in report["command"]


def test_a_split_without_articles_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lzma.open(tmp_path / "articles_open.jsonl.xz", "wt") as file:
        file.write("")
    assert evidence.main(["--data", str(tmp_path)]) == 2
    assert "no articles in the split" in capsys.readouterr().err

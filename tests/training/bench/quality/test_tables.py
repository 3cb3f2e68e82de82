"""Summaries and tables of made-up results."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from training.bench.data import Row, Suite
from training.bench.means import intervals
from training.bench.peak import peak_megabytes
from training.bench.quality import results
from training.bench.quality.measuring import MEASURES, measure_system
from training.bench.quality.results import KindResult, Result, fingerprint
from training.bench.quality.tables import MEAN, differences, render, summarise
from training.bench.system import ScoredTag, Tagged
from training.bench.tables import markdown_table


def result(
    name: str, f1s: list[float], kind: str = "articles", parts: Sequence[str] = ("known blogs",)
) -> Result:
    scores = [dict.fromkeys(MEASURES, value) for value in f1s]
    part: KindResult = {
        "articles": len(f1s),
        "articles_per_second": 1234.5,
        "parts": [parts[place % len(parts)] for place in range(len(f1s))],
        "scores": scores,
    }
    return {
        "system": name,
        "suite": "in-domain",
        "fingerprint": "abc",
        "settings": {"k": 3},
        "fit_seconds": 1.0,
        "fit_peak_mb": 700,
        "tagging_peak_mb": 300,
        "kinds": {kind: part},
    }


OURS = result("tagloop-ctranslate2", [0.9, 0.8, 0.9, 0.8])
NEAR = result("knn", [0.9, 0.8, 0.8, 0.8])
FAR = result("yake", [0.1, 0.2, 0.1, 0.2])


def test_differences_are_paired_and_say_whether_intervals_overlap() -> None:
    found = {(entry["peer"], entry["measure"]): entry for entry in differences([OURS, NEAR, FAR])}
    assert set(found) == {(peer, name) for peer in ("knn", "yake") for name in ("f1@5", "f1@m")}
    assert found["knn", "f1@m"]["difference"]["value"] == pytest.approx(0.025)
    assert found["knn", "f1@m"]["intervals_overlap"] is True
    assert found["yake", "f1@m"]["difference"]["value"] == pytest.approx(0.7)
    assert found["yake", "f1@m"]["difference"]["low"] > 0
    assert found["yake", "f1@m"]["intervals_overlap"] is False


def test_parts_are_compared_only_where_both_have_them() -> None:
    assert differences([OURS, result("knn", [0.5], kind="titles", parts=["titles"])]) == []


def test_unseen_sources_count_alike_whatever_their_articles() -> None:
    sources = ["small", "large", "large", "large"]
    ours = result("tagloop-ctranslate2", [0.9, 0.3, 0.3, 0.3], parts=sources)
    peer = result("knn", [0.1, 0.3, 0.3, 0.3], parts=sources)
    summary = summarise([ours, peer], "test")
    parts = summary["systems"]["tagloop-ctranslate2"]["parts"]
    assert parts["small"]["articles"] == 1 and parts["large"]["articles"] == 3
    assert parts[MEAN]["scores"]["f1@m"]["value"] == pytest.approx(0.6)  # not 0.45
    leads = {
        entry["part"]: entry["difference"]
        for entry in summary["differences"]
        if entry["measure"] == "f1@m"
    }
    assert leads[MEAN]["value"] == pytest.approx(0.4)
    assert (leads[MEAN]["low"], leads[MEAN]["high"]) == pytest.approx((0.0, 0.8))
    text = render(summary)
    assert "**in-domain, mean of the sources, test: 2 sources**" in text
    assert "| large               | 3        | 0.300               | 0.300 |" in text
    assert "| small               | +0.800 (+0.800 to +0.800) |" in text


def test_summary_holds_means_and_settings_but_no_article() -> None:
    summary = summarise([OURS, FAR], "validation")
    text = json.dumps(summary, allow_nan=False)
    assert summary["systems"]["yake"]["parts"]["known blogs"]["scores"]["f1@m"]["value"] == (
        pytest.approx(0.15)
    )
    assert summary["systems"]["yake"]["settings"] == {"k": 3}
    assert "0.9, 0.8" not in text
    assert (summary["suite"], summary["split"]) == ("in-domain", "validation")


def test_table_shows_every_measure_with_its_interval() -> None:
    text = render(summarise([OURS, FAR], "validation"))
    lines = text.splitlines()
    assert lines[0] == "**in-domain, known blogs, validation: 4 articles**"
    for head in ("F1@5", "F1@M", "precision@1", "present", "absent", "unseen", "articles/s"):
        assert f" {head} " in lines[2]
    row = next(line for line in lines if line.startswith("| yake"))
    assert row.count("0.150 (0.100 to 0.200)") == len(MEASURES)
    assert "1,234.5" in row
    assert "700, 300" in row
    assert "| tagloop-ctranslate2 | yake | F1@M    | +0.700 (" in text
    assert " apart " in text
    assert "titles" not in text


def test_columns_line_up() -> None:
    lines = markdown_table(["a", "long head"], [["longer cell", "b"], ["c", "d"]]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert {line.index("|", 1) for line in lines} == {14}


class Fixed:
    """Ranks ``a, b, c``, keeps the first."""

    def fit(self, train: Sequence[Row], validation: Sequence[Row]) -> dict[str, Any]:
        return {"learned": len(train)}

    def tag(self, rows: Sequence[Row]) -> list[Tagged]:
        ranked = [ScoredTag(tag, 1.0) for tag in "abcdefg"]
        return [Tagged(ranked, ["a"]) for _ in rows]


def test_measuring_scores_ranked_and_kept_tags() -> None:
    train = [Row("articles", "s", "t", "", ("a", "b"), "train")]
    measured = [
        Row("articles", "s", "a", "", ("a", "b"), "test", "known blogs"),
        Row("titles", "s", "t", "", ("x",), "test", "titles"),
    ]
    suites = [Suite(name, train, train, measured) for name in ("in-domain", "out-of-domain")]
    first, second = measure_system("fixed", Fixed(), suites)
    assert (first["suite"], second["suite"]) == ("in-domain", "out-of-domain")
    assert first["settings"] == {"learned": 1}
    assert first["kinds"]["articles"]["parts"] == ["known blogs"]
    (article,) = first["kinds"]["articles"]["scores"]
    # 2 hits in 5 places, 2 wanted: precision 2/5, recall 1. Kept: 1 hit of 1, of 2 wanted.
    assert article["f1@5"] == pytest.approx(2 * 0.4 / 1.4)
    assert article["f1@m"] == pytest.approx(2 / 3)
    assert article["precision@1"] == 1.0
    assert article["unseen_share"] == 0.0
    assert article["present_f1@m"] == 1.0
    assert article["absent_f1@m"] == 0.0
    (title,) = first["kinds"]["titles"]["scores"]
    assert title["f1@m"] == 0.0
    assert math.isnan(title["present_f1@m"])
    assert intervals([article, title])["present_f1@m"]["value"] == 1.0
    assert first["kinds"]["articles"]["articles_per_second"] > 0
    assert first["fit_peak_mb"] == pytest.approx(peak_megabytes(), rel=0.5)


def test_tagloop_results_are_of_one_base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    row = Row("articles", "s", "a", "", ("a",), "test")
    suite = Suite("in-domain", [row], [row], [row])
    monkeypatch.setattr(results, "WEIGHTS", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"one")
    ours, theirs = fingerprint("tagloop-ctranslate2", suite), fingerprint("knn", suite)
    (tmp_path / "README.md").write_text("A card is no weight.", encoding="utf-8")
    assert fingerprint("tagloop-ctranslate2", suite) == ours
    (tmp_path / "model.safetensors").write_bytes(b"other")
    assert fingerprint("tagloop-ctranslate2", suite) != ours
    assert fingerprint("checkpoint", suite) == fingerprint("tagloop-ctranslate2", suite)
    assert fingerprint("knn", suite) == theirs == suite.fingerprint

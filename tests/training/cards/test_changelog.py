"""The changelog: newest first, nothing lost, nothing in it that is more than text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from markdown_it import MarkdownIt

from tagloop.errors import UserError
from tagloop.files import CHANGELOG, CHANGELOG_TEXT
from training.cards.changelog import latest_changes, read_changelog, tags_sentence, write_changelog
from training.evaluation.scores import article_scores, chance_better
from training.retrain.compare import paired
from training.retrain.report import RetrainReport, entry_of


def report(**changes: Any) -> RetrainReport:
    scores = [
        [article_scores(tags, ["a", "b"]) for tags in (["a"], ["b"], given)]
        for given in ([], ["a", "b"])
    ]
    alone = paired(scores[1], scores[0])
    compared = {
        "frozen_test": {"articles": 3, "measures": paired(*scores), "checkpoint": alone},
        "held_out": {"articles": 0, "measures": {}, "checkpoint": {}},
    }
    content = {
        "date": "2026-01-02",
        "dataset": {"repo_id": "me/x-articles", "revision": "d" * 40, "version": "v1.1.0"},
        "corrections": {"repo_id": "me/x-corrections", "revision": "c" * 40},
        "merged": {"removed": 1},
        "learned": 3,
        "new_tags": ["Rye", "<b>x</b>|y"],
        "compared": compared,
        "decision": {"passed": True, "reasons": ["It is [better]."]},
        **changes,
    }
    return cast("RetrainReport", content)


def test_the_newest_is_first_and_the_older_ones_stay(tmp_path: Path) -> None:
    assert read_changelog(tmp_path) == [] and latest_changes(tmp_path) == ""
    write_changelog(tmp_path, [], entry_of(report(), "v1.1.0"))
    first = read_changelog(tmp_path)
    write_changelog(tmp_path, first, entry_of(report(new_tags=[]), "v1.2.0"))
    versions = read_changelog(tmp_path)
    assert [entry["version"] for entry in versions] == ["v1.2.0", "v1.1.0"]
    assert versions[1] == first[0]
    text = (tmp_path / CHANGELOG_TEXT).read_text()
    assert text.index("## v1.2.0") < text.index("## v1.1.0")
    assert "No new tags" in latest_changes(tmp_path)


def test_it_says_what_was_learned_and_what_it_changed(tmp_path: Path) -> None:
    write_changelog(tmp_path, [], entry_of(report(), "v1.1.0"))
    (entry,) = json.loads((tmp_path / CHANGELOG).read_text())["versions"]
    assert entry["corrections"]["learned"] == 3 and entry["corrections"]["withdrawn"] == 1
    figures = entry["compared"]["frozen_test"]["measures"]["f1@m"]
    assert figures["difference"]["value"] == pytest.approx(1 / 3, abs=1e-3)
    assert figures["difference"]["chance_better"] > 0.6
    html = MarkdownIt("commonmark").enable("table").render((tmp_path / CHANGELOG_TEXT).read_text())
    for part in ("3 corrected articles", "cccccccccc", "passed", "held-out", "<table>"):
        assert part in html
    assert "<b>x" not in html and "&lt;b&gt;x" in html
    # A head, two measures of both systems, and what could not be measured.
    assert html.count("<tr>") == 6
    rows = html.split("<tr>")
    assert [("with Tagloop" in row, "checkpoint alone" in row) for row in rows[2:6]] == [
        *[(True, False)] * 2,
        *[(False, True)] * 2,
    ]
    assert "+0.3333" in rows[2] and "-0.3333" in rows[4]


def test_an_entry_of_an_earlier_version_is_of_tagloop(tmp_path: Path) -> None:
    entry = entry_of(report(), "v1.1.0")
    for part in (entry["compared"]["frozen_test"], entry["compared"]["held_out"]):
        del part["checkpoint"]
    write_changelog(tmp_path, [], entry)
    text = latest_changes(tmp_path)
    assert text.count("with Tagloop") == 2 and "checkpoint alone" not in text


def test_a_broken_one_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / CHANGELOG).write_text("{")
    with pytest.raises(UserError, match=r"changelog\.json of the current model cannot be read"):
        read_changelog(tmp_path)


def test_of_many_tags_the_first_are_named() -> None:
    sentence = tags_sentence([f"Tag {number}" for number in range(45)])
    assert sentence.startswith("45 new tags: Tag 0, ") and sentence.endswith("and 15 more.")


def test_the_chance_is_that_of_the_interval() -> None:
    before = [{"f1@m": value} for value in (0.1, 0.4, 0.5, 0.2)]
    better = [{"f1@m": row["f1@m"] + 0.1} for row in before]
    assert chance_better(before, better, "f1@m") == 1.0
    assert chance_better(better, before, "f1@m") == 0.0
    assert chance_better(before, before, "f1@m") == 0.0
    mixed = [{"f1@m": value} for value in (0.2, 0.3, 0.6, 0.1)]
    assert 0.2 < chance_better(before, mixed, "f1@m") < 0.8

"""The About tab's list of versions, from a changelog that retraining writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from tagloop.files import CHANGELOG
from tagloop.web.tabs.about.tab import read_json
from tagloop.web.tabs.about.versions import versions_list
from training.cards.changelog import read_changelog, write_changelog
from training.retrain.report import RetrainReport, entry_of


def report(**changes: Any) -> RetrainReport:
    """A retrain's report, as training.retrain makes it."""
    interval = {"value": 0.31, "low": 0.2, "high": 0.4}
    change = {"value": 0.15, "low": 0.02, "high": 0.27, "chance_better": 0.99}
    values = {"before": interval, "after": interval | {"value": 0.46}, "difference": change}
    compared = {"frozen_test": {"articles": 31, "measures": {"f1@m": values, "f1@5": values}}}
    compared["held_out"] = {"articles": 0, "measures": {}}
    content = {
        "date": "2026-01-02",
        "dataset": {"repo_id": "me/x-articles", "revision": "d" * 40, "version": "v1.1.0"},
        "corrections": {"repo_id": "me/x-corrections", "revision": "c" * 40},
        "merged": {"removed": 0},
        "learned": 3,
        "new_tags": ["Rye", "<img src=x>${alert}"],
        "compared": compared,
        "decision": {"passed": True, "reasons": ["Good."]},
        **changes,
    }
    return cast("RetrainReport", content)


def test_what_retraining_wrote_is_shown_newest_first(tmp_path: Path) -> None:
    write_changelog(tmp_path, [], entry_of(report(), "v1.1.0"))
    second = report(learned=1, new_tags=[], decision={"passed": False, "reasons": []})
    write_changelog(tmp_path, read_changelog(tmp_path), entry_of(second, "v1.2.0"))
    shown = versions_list(read_json(str(tmp_path), None, CHANGELOG))
    assert shown.index("v1.2.0") < shown.index("v1.1.0")
    assert "0.310 → 0.460" in shown and "(+0.020 to +0.270) on 31 test articles" in shown
    assert "3 corrected articles" in shown and "1 corrected article." in shown
    assert "passed the gate" in shown and "A person decided" in shown
    assert "no version has learned" not in shown  # nothing was held out


def test_a_tag_from_outside_is_text() -> None:
    shown = versions_list({"versions": [entry_of(report(), "v1.1.0")]})
    assert "<img" not in shown and "&lt;img" in shown and "$" not in shown


def test_nothing_is_shown_of_no_changelog_or_a_broken_one(tmp_path: Path) -> None:
    assert versions_list(read_json(str(tmp_path), None, CHANGELOG)) == ""
    (tmp_path / CHANGELOG).write_text("{")
    assert versions_list(read_json(str(tmp_path / "."), None, CHANGELOG)) == ""
    good = entry_of(report(), "v1.1.0")
    broken: list[Any] = [{}, None, 3, {"version": "v9.0.0"}, good | {"compared": []}]
    for entries in (None, 7, [], broken):
        assert versions_list({"versions": entries}) == ""
    assert "v1.1.0" in versions_list({"versions": [*broken, good]})
    assert json.dumps(good)

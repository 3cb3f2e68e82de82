"""The About tab's table of how good the model is, and which of its two systems a figure is of."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tagloop.web.tabs.about.tab import _quality


def figure(value: float) -> dict[str, Any]:
    return {"f1@m": {"value": value, "low": value - 0.1, "high": value + 0.1}}


@pytest.mark.parametrize("both", [True, False])
def test_both_systems_stand_in_the_table(tmp_path: Path, both: bool) -> None:
    systems = {"before": figure(0.2), "after": figure(0.6), "most_frequent": figure(0.1)}
    systems |= {"checkpoint": figure(0.4)} if both else {}
    report = {"articles": 31, "split": "test", "systems": systems}
    (tmp_path / "report.json").write_text(json.dumps(report))
    tagger = SimpleNamespace(model_repo=str(tmp_path), model_revision=None)
    html = _quality(cast("Any", tagger))
    assert html.index("Tagloop, as it runs here") < html.index("before fine-tuning")
    assert html.index("0.600<small>0.500 to 0.700") < html.index("0.200<small>0.100 to 0.300")
    # A report of an earlier version has no figures of the checkpoint alone.
    for text in ("its checkpoint alone", "stock <code>generate</code>", "0.400<small>"):
        assert (text in html) is both

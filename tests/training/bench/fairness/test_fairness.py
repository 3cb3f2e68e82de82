"""What the benchmark of fairness counts and shows; `tests/browser` drives a real Space."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tagloop.web.admission.bodies import MAX_BODY_BYTES
from training.bench.fairness.__main__ import Answers, table
from training.bench.fairness.page import BOUNDARY, Events, form

REPORT: dict[str, Any] = {
    "machine": {"processor": "Some processor", "cores": 2},
    "seconds": 60.0,
    "alone": {"tag": {"median_seconds": 0.1, "slowest_seconds": 0.3}},
    "attacked": {
        "tag": {
            "median_seconds": 0.2,
            "slowest_seconds": 0.75,
            "requests": 60,
            "without_answer": 1,
        }
    },
    "attack": {"tag": {"answered": 9, "refused": 1400}, "slow body": {"refused": 3}},
    "peak_mb": 700.0,
    "uploads_mb": 89.0,
}


def test_the_table_says_what_the_attack_costs_another_visitor() -> None:
    cells = [re.split(r" *\| *", line.strip("| ")) for line in table(REPORT).splitlines()]
    assert ["tag", "0.10", "0.30", "0.20", "0.75", "+0.45", "1 of 60"] in cells
    assert ["tag", "9", "1,400", "0"] in cells


def test_what_got_no_answer_counts_with_its_wait_and_its_reason() -> None:
    answers = Answers({"page": [0.1, 0.3, 60.0]}, {"page": ["ReadTimeout: late"]})
    assert answers.summary()["page"] == {
        "requests": 3,
        "without_answer": 1,
        "reasons": ["ReadTimeout: late"],
        "median_seconds": 0.3,
        "slowest_seconds": 60.0,
    }


def test_events_are_found_by_what_they_read() -> None:
    ids = {"file": 3, "batch-file": 5}
    config = {
        "components": [{"id": id, "props": {"elem_id": name}} for name, id in ids.items()],
        "dependencies": [
            {"id": 0, "inputs": [5], "queue": False},
            {"id": 1, "inputs": [3], "queue": True},
            {"id": 2, "inputs": [5, 8, 9], "queue": None},
        ],
    }
    events = Events(config)
    assert (events.file, events.batch) == (1, 2)
    with pytest.raises(LookupError):
        _ = Events({**config, "dependencies": []}).file


def test_the_attack_is_worse_than_what_is_allowed() -> None:
    from training.bench.fairness.attack import DENSE, GIANT_BYTES, OPEN_STREAMS, UPLOAD

    assert GIANT_BYTES > MAX_BODY_BYTES and DENSE.count(b",") > 250_000 and OPEN_STREAMS > 100
    assert len(UPLOAD) > 49_000_000 and form("a.md", b"x").count(BOUNDARY.encode()) == 2

"""Corrections and reviews as the tests of the review need them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from tagloop.corrections.dataset import Records
from tagloop.corrections.decision import Review
from tagloop.corrections.record import Correction

TEXT = (
    "Banks talk to their customers through chatbots now: a program reads the question, finds out "
    "what is wanted and answers within a second, at any hour of any day, in any language."
)


def moment(number: int) -> str:
    """A time of a test; a larger number is later."""
    return f"2026-01-01T00:{number // 60:02}:{number % 60:02}.000000+00:00"


def correction(at: int = 0, **changes: Any) -> Correction:
    """A correction that was sent at `moment` ``at``."""
    values: dict[str, Any] = {
        "title": "A title",
        "text": TEXT,
        "predicted": [{"tag": "Banking", "confidence": 0.9}, {"tag": "Java", "confidence": 0.4}],
        "corrected": ["Banking", "Chatbots"],
        "verdict": "fixed",
        "model_repo": "me/tagger",
        "model_revision": "0" * 40,
    }
    made = Correction.create(**(values | changes))
    return Correction(**{**made.__dict__, "created_at": moment(at)})


def review(
    of: Correction, decision: str, at: int = 100, tags: Sequence[str] = (), by: str = "rita"
) -> Review:
    """A review at `moment` ``at``."""
    kept = tags or (of.corrected if decision == "accept" else ())
    made = Review.create(of.id, decision, reviewer=by, tags=kept)
    return Review(**{**made.__dict__, "created_at": moment(at)})


def records(corrections: Sequence[Correction], reviews: Sequence[Review] = ()) -> Records:
    """Records as they are read."""
    read = Records()
    for folder, rows in (("data", corrections), ("reviews", reviews)):
        lines = "".join(f"{json.dumps(row.to_json())}\n" for row in rows)
        read.add_file(folder, "file.jsonl", BytesIO(lines.encode()))
    assert not read.damaged
    return read


def write_rows(folder: Path, kind: str, rows: Sequence[dict[str, Any]]) -> Path:
    """Writes rows as the outbox stores them and returns the file."""
    path = folder / kind / "2026-01-01" / f"{uuid4().hex}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path

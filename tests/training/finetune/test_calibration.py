"""Calibration: hand-computed errors."""

from __future__ import annotations

import pytest

from training.finetune.calibration import reliability


def test_the_error_is_the_mean_distance_by_bin() -> None:
    # Bin 0.9-1.0: mean 0.95, right 1 of 2. Bin 0.2-0.3: mean 0.25, right 1 of 2.
    found = reliability([0.9, 1.0, 0.2, 0.3 - 1e-9], [True, False, True, False])
    assert found["ece"] == pytest.approx((0.45 * 2 + 0.25 * 2) / 4, abs=1e-4)
    assert [entry["tags"] for entry in found["bins"]] == [2, 2]
    assert [entry["low"] for entry in found["bins"]] == [0.2, 0.9]


def test_confidences_that_hold_have_no_error() -> None:
    assert reliability([0.5, 0.5], [True, False])["ece"] == 0


def test_nothing_is_nothing() -> None:
    assert reliability([], []) == {"ece": 0.0, "tags": 0, "bins": []}

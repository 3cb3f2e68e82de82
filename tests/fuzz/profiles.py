"""How long and how randomly hypothesis searches: the same every time in tests, anew by hand."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.configuration import set_hypothesis_home_dir

# What it notes of the code for itself; by default that is a folder in the tree.
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "tagloop-hypothesis")
COMMON = settings(
    # The Hub is another process: its pace is not the test's.
    deadline=None,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


def every_time(examples: int) -> settings:
    """Returns the settings of ``make test``: the same inputs in each run, nothing left behind."""
    return settings(COMMON, derandomize=True, max_examples=examples)


def by_hand(examples: int) -> settings:
    """Returns the settings of ``make fuzz``: other inputs for each seed."""
    return settings(COMMON, max_examples=examples, phases=[Phase.generate, Phase.shrink])

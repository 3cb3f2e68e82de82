"""Where the base lies that comes with the code; for those who need not load it."""

from pathlib import Path

BUNDLED_BASE = Path(__file__).parents[1] / "base" / "weights"

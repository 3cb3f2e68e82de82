"""The starter corpus: articles of our own, one Markdown file each, to begin with."""

from pathlib import Path

STARTER = Path(__file__).parent / "starter"
STARTER_LICENSE = "CC0-1.0"

"""The papers that a model stands on: entries of ``citations.bib``, by its base."""

from __future__ import annotations

import re
from pathlib import Path

BIBLIOGRAPHY = Path(__file__).parent / "citations.bib"
BUNDLED = "tagloop-base"
"""What training calls the base that comes with it."""
BUNDLED_PAPERS = ["rothe2020leveraging", "wang2020minilm", "reimers2019sentence", "lewis2020bart"]
ARCHITECTURES = {"bart": ["lewis2020bart"], "t5": ["raffel2020exploring"]}
"""``model_type`` of config.json to its paper."""


def citations(base_model: str, model_type: str) -> list[str]:
    """Returns the BibTeX entries of a base, where its papers are known, and of the library.

    Args:
        base_model: ``tagloop-base``, or the base's id on the Hub or folder name.
        model_type: ``model_type`` of its config.json, which says the architecture.
    """
    if base_model == BUNDLED:
        keys = BUNDLED_PAPERS
    else:
        keys = ["chung2022scaling"] if "flan-t5" in base_model.lower() else []
        keys = keys + ARCHITECTURES.get(model_type, [])
    entries = _entries()
    return [entries[key] for key in [*keys, "wolf2020transformers"]]


def _entries() -> dict[str, str]:
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    entries = (entry.strip() for entry in re.split(r"\n(?=@)", text))
    return {entry[entry.index("{") + 1 : entry.index(",")]: entry for entry in entries}

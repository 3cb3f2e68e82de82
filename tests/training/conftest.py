"""What several tests of training share: small bases, and a dataset folder from the real builder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.config import BuildConfig
from training.data.build_dataset import build

from .tiny_models import make_tiny_bart, make_tiny_t5, starter_articles

SPLITS = {"train": 12, "validation": 3, "test": 4}
CHARACTERS = 500


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a T5 with SentencePiece."""
    return make_tiny_t5(tmp_path_factory.mktemp("bases") / "tiny-t5")


@pytest.fixture(scope="session")
def tiny_bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a BART with WordPiece, as the bundled base is."""
    return make_tiny_bart(tmp_path_factory.mktemp("bases") / "tiny-bart")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a dataset folder of a dozen training articles, and a few of the other splits."""
    folder = tmp_path_factory.mktemp("articles")
    articles = starter_articles()[:: len(starter_articles()) // sum(SPLITS.values())]
    rows = []
    for split, count in SPLITS.items():
        for _ in range(count):
            article = articles.pop()
            rows.append({**article, "text": article["text"][:CHARACTERS], "split": split})
    source = folder / "articles.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    target = folder / "dataset"
    build(BuildConfig(source=[str(source)], output_dir=str(target)), "the tests")
    return target

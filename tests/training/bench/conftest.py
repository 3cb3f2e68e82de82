"""Labelled rows of the starter corpus, and a data folder in the form that the benchmark reads."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from training.base.examples import FILES
from training.bench.data import OTHER_FILES, Row, load_suites

from ..tiny_models import starter_articles

SPLITS = ("train", "train", "train", "validation", "test")
"""The splits of five articles in a row."""
CHARACTERS = 600


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a data file."""
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with articles, titles and general ones, and files with sources more."""
    folder = tmp_path_factory.mktemp("data")
    articles, titles, other = [], [], []
    general, general_other = [], []
    for number, article in enumerate(starter_articles()[:150]):
        row = {**article, "text": article["text"][:CHARACTERS]}
        row |= {"id": str(number), "split": SPLITS[number % len(SPLITS)]}
        if number % 3 == 0:
            titles.append({**row, "source": "headlines", "text": ""})
        elif number % 3 == 1:
            articles.append({**row, "source": ("garden", "kitchen")[number % 2]})
        elif number // 15 % 3 == 0:  # Fifteen in a row have rows of every split.
            general.append({**row, "source": "diary"})
        elif number // 15 % 3 == 1:
            general_other.append({**row, "source": "letters"})
        else:
            # "kitchen" was trained on; the other two were not.
            other.append({**row, "source": ("kitchen", "harbour", "school")[number // 45]})
    write_rows(folder / FILES["articles"], articles)
    write_rows(folder / FILES["titles"], titles)
    write_rows(folder / FILES["general"], general)
    for name, part in zip(OTHER_FILES, (other, general_other), strict=True):
        write_rows(folder / name, part)
    return folder


@pytest.fixture(scope="session")
def rows(data_folder: Path) -> dict[str, list[Row]]:
    """Returns the in-domain rows, ``train`` and ``validation``."""
    suite = load_suites([data_folder], ["in-domain"], "validation")[0]
    return {"train": suite.train, "validation": suite.validation}

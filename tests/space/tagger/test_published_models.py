"""Models published by earlier versions: every name here is spelled as their files have it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from transformers import AutoTokenizer

from tagloop.tagger.tagger import Tagger

NAMES = (
    *("written", "log_prob", "place", "begun", "begun_first", "near", "near_log", "wide"),
    *("wide_log", "kin", "kin_log", "kin_wide", "kin_wide_log", "alike", "count_log"),
    *("linked_log", "mentions", "salience", "present", "in_title"),
)
COLUMNS = (
    *NAMES,
    *(f"{name} x length" for name in NAMES),
    *(f"{name} x familiarity" for name in NAMES),
    *("length", "familiarity"),
)
TAGS = ("zeppelins", "submarines", "chess")
TITLES = ("Airships over the lake", "Boats under the sea", "An opening with the queen")
ARTICLE = {"title": "Old airships", "text": "Airships crossed the lake again."}
TAGGING = {
    "schema": 1,
    "prompt_template": "{title}\n{text}",
    "separator": ", ",
    "max_input_tokens": 256,
    "max_new_tokens": 48,
    "max_tags": 5,
    "threshold": 0.0,
}


def table(name: str, rows: Sequence[Mapping[int, int]], scale: float) -> dict[str, np.ndarray]:
    """Returns a sparse matrix in 8 bits a value; of each row the columns and values."""
    columns = [column for row in rows for column in row]
    values = [value for row in rows for value in row.values()]
    return {
        f"{name}.starts": np.cumsum([0, *map(len, rows)]).astype(np.int64),
        f"{name}.columns": np.array(columns, dtype=np.uint16),
        f"{name}.values": np.array(values, dtype=np.uint8),
        f"{name}.scale": np.array([scale], dtype=np.float32),
    }


def save_neighbours(folder: Path) -> None:
    """Writes the index of three articles, of which each has one tag; the vectors are all 0."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = [set(tokenizer(title, add_special_tokens=False).input_ids) for title in TITLES]
    postings = [
        {article: 100 for article, theirs in enumerate(ids) if token in theirs}
        for token in range(len(tokenizer))
    ]
    arrays = {
        "tags": np.array([len(TAGS)]),
        "idf": np.ones(len(tokenizer), dtype=np.float32),
        "linked": np.full(len(TAGS), 0.1, dtype=np.float32),
        "digests": np.arange(len(TITLES), dtype=np.uint64),
        "vectors": np.zeros((len(TITLES), 384), dtype=np.int8),
        "tag_vectors": np.zeros((len(TAGS), 384), dtype=np.int8),
        **table("postings", postings, 1 / 255),
        **table("carried", [{place: 255} for place in range(len(TAGS))], 1 / 255),
    }
    save_file(arrays, folder / "recall.safetensors")


@pytest.fixture(scope="module")
def published(
    model_dir: Path, sentence_encoder_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Returns a model folder that nothing but this test has laid out."""
    folder = tmp_path_factory.mktemp("published")
    for name in (
        *("config.json", "generation_config.json", "model.safetensors"),
        *("tokenizer.json", "tokenizer_config.json"),
    ):
        shutil.copyfile(model_dir / name, folder / name)
    for source, name in ((model_dir, "ctranslate2"), (sentence_encoder_dir, "embedding")):
        shutil.copytree(source / name, folder / name)
    (folder / "tagging.json").write_text(json.dumps(TAGGING), encoding="utf-8")
    tags = [{"tag": tag.title(), "normal": tag, "count": 1} for tag in TAGS]
    vocabulary = {"schema": 1, "tags": tags, "aliases": {"airships": "zeppelins"}}
    (folder / "tags.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    save_neighbours(folder)
    weights = dict.fromkeys(COLUMNS, 0.0) | {"near": 6.0}
    ranking = {"schema": 2, "bias": -3.0, "weights": weights}
    (folder / "ranking.json").write_text(json.dumps(ranking), encoding="utf-8")
    for name in ("changelog.json", "training_log.json", "report.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


@pytest.mark.parametrize("engine", ["ctranslate2", "transformers"])
def test_a_model_of_an_earlier_version_tags_on_both_engines(published: Path, engine: str) -> None:
    tagger = Tagger.from_pretrained(published, engine=engine, threads=1)
    assert tagger.ranker is not None
    assert tagger.vocabulary.tags == ["Zeppelins", "Submarines", "Chess"]
    assert (tagger.settings.min_tags, tagger.settings.max_windows) == (3, 1)
    first, *others = tagger.tag(ARTICLE["text"], ARTICLE["title"])
    assert first.tag == "Zeppelins" and first.confidence > 0.5
    assert all(tag.confidence < first.confidence for tag in others)
    (allowed,) = tagger.tag(
        ARTICLE["text"], ARTICLE["title"], allowed_tags=["AIRSHIPS", "Chess"], max_tags=1
    )
    assert allowed.tag == "AIRSHIPS" and allowed.confidence == first.confidence

"""Tags of a given list without training data: what is measured, and how the weights are fitted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagloop.allowlist.zero_shot import FEATURES
from tagloop.errors import UserError
from tagloop.files import TAGGING
from tagloop.generation.settings import TaggingSettings
from training.base.examples import FILES
from training.bench.data import OTHER_FILES, Row
from training.bench.given_list import fit, systems
from training.bench.given_list.__main__ import main, score
from training.bench.given_list.sources import Choice, Source, measured_sources, open_sources
from training.bench.given_list.tables import mean_of_sources
from training.finetune.untrained import main as make

from ..tiny_models import starter_articles
from .conftest import SPLITS, write_rows

SOURCES = {
    FILES["articles"]: ("garden", "kitchen"),
    FILES["general"]: ("market",),
    OTHER_FILES[0]: ("kitchen", "harbour"),
    OTHER_FILES[1]: ("school",),
}
CHARACTERS = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with the files; "kitchen" is known, "harbour" and "school" are not."""
    folder = tmp_path_factory.mktemp("lists")
    articles = starter_articles()[:180]
    names = [(name, source) for name, sources in SOURCES.items() for source in sources]
    rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in SOURCES}
    for number, article in enumerate(articles):
        name, source = names[number % len(names)]
        split = SPLITS[number // len(names) % len(SPLITS)]
        rows[name].append(
            {**article, "text": article["text"][:300], "source": source, "split": split}
        )
    for name, of in {**rows, FILES["titles"]: []}.items():
        write_rows(folder / name, of)
    return folder


def source(*rows: Sequence[str]) -> Source:
    made = [Row("articles", "s", f"Title {of}", "", tuple(of), "validation") for of in rows]
    return Source("s", True, ("Trains", "Web Servers", "Cats"), made, [])


def test_sources_have_their_frequent_tags_and_hide_what_is_measured(folder: Path) -> None:
    choice = Choice("validation", tags=5, articles=8, least=1, examples=6)
    *unseen, known = measured_sources([str(folder)], choice)
    assert {of.name for of in unseen} == {"harbour", "school"} and known.name == "market"
    for of in unseen:
        assert of.unseen and len(of.tags) == 5 and len(of.rows) <= 8 and len(of.examples) == 6
        assert not {row.title for row in of.rows} & {row.title for row in of.examples}
        assert all(of.theirs(row) for row in of.rows)
        assert "test" not in {row.split for row in (*of.rows, *of.examples)}
        assert {row.split for row in of.rows} == {"validation", "train"}
    assert not known.unseen and {row.split for row in known.rows} == {"validation"}
    last = measured_sources([str(folder)], replace(choice, split="test"))
    assert {row.split for of in last for row in of.rows} == {"test"}
    assert measured_sources([str(folder)], replace(choice, least=9)) == []
    learned = open_sources([str(folder)], choice)
    assert {of.name for of in learned} == {"garden", "kitchen", "market"}


def test_what_cannot_be_measured_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Cannot measure on 'train'"):
        measured_sources([str(folder)], Choice("train"))
    with pytest.raises(UserError, match="is missing"):
        measured_sources([str(tmp_path)], Choice("test"))


def test_three_tags_are_scored_against_those_of_the_list() -> None:
    of = source(["trains", "dogs"], ["cats"])
    first, second = score([["Cats", "Trains"], ["Trains", "web-servers", "Dogs", "Cats"]], of)
    assert first == {
        "f1@3": pytest.approx(2 / 3),
        "f1@5": pytest.approx(1 / 3),
        "precision@1": 0.0,
    }
    assert second["f1@3"] == 0.0 and second["f1@5"] == pytest.approx(1 / 3)


def test_every_source_counts_alike() -> None:
    def scores(ours: float, theirs: float, articles: int) -> dict[str, list[dict[str, float]]]:
        values = {systems.OURS: ours, systems.COSINE: theirs}
        return {name: [{"f1@3": value}] * articles for name, value in values.items()}

    few, many = scores(0.6, 0.5, 2), scores(0.2, 0.4, 50)
    few["kNN"] = few[systems.OURS]
    found = mean_of_sources([few, many], ["f1@3"])
    assert found["lead"] == pytest.approx({"value": -0.05, "low": -0.05, "high": -0.05})
    assert set(found["systems"]) == {systems.OURS, systems.COSINE}
    assert found["systems"][systems.OURS]["f1@3"]["value"] == pytest.approx(0.4)


def test_what_tells_right_from_wrong_gets_the_weight() -> None:
    rng = np.random.default_rng(0)
    made = []
    for name in "abc":
        features = rng.normal(size=(40, 30, len(FEATURES)))
        right = features[:, :, 0] + 0.1 * rng.normal(size=(40, 30)) > 1.5
        made.append(fit.Pairs(name, features, right))
    weights = fit.fit(made[:2])
    assert weights.columns[0] > 5 * np.abs(weights.columns[1:]).max()
    chances = weights.probabilities(made[2])
    assert chances.mean() == pytest.approx(made[2].right.mean(), abs=0.02)
    assert made[2].f1(chances) > made[2].f1(-chances)
    assert fit.constants(weights).count(",") == len(FEATURES) - 1


@pytest.mark.slow
def test_the_commands_print_their_tables(
    folder: Path,
    tiny_bart: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    weights = Path(shutil.copytree(tiny_bart, tmp_path / "weights"))
    # An untrained model writes until it is stopped.
    settings = TaggingSettings.load(weights) if (weights / TAGGING).is_file() else TaggingSettings()
    replace(settings, max_new_tokens=6).save(weights)
    # A package that only the peers need.
    monkeypatch.setattr(systems, "yake", lambda of: [[] for _ in of.rows])
    options = ["--data", str(folder), "--weights", str(weights)]
    report = tmp_path / "given.json"
    made = ["--limit", "2", "--tags", "9", "--examples", "10", "--output", str(report)]
    assert main([*options, *made]) == 0
    shown = capsys.readouterr().out
    assert "| harbour | yes" in shown and "| market " in shown
    assert "Mean of 2 sources, unseen; Tagloop minus MiniLM's cosine" in shown
    data = json.loads(report.read_text(encoding="utf-8"))
    assert {of["articles"] for of in data["sources"]} == {2}
    assert list(data["means"][-1]["systems"]) == [
        *(systems.OURS, systems.COSINE, systems.YAKE, systems.KNN, systems.OURS_TAUGHT)
    ]
    assert data["calibration"]["tags"] == 9 * 2 * 3

    monkeypatch.setattr(fit, "LEAST", 1)
    assert fit.main([*options, "--articles", "3"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("BIAS = ") and "| market " in shown and "| 0.12 " in shown


@pytest.mark.slow
def test_a_tagger_of_no_data_is_made_once(tmp_path: Path, tiny_bart: Path) -> None:
    target = tmp_path / "untrained"
    assert make(["--folder", str(target), "--base", str(tiny_bart)]) == 0
    assert (target / "embedding" / "model.bin").is_file()
    assert make(["--folder", str(target), "--base", str(tiny_bart)]) == 2
    assert make(["--folder", str(tmp_path / "x"), "--base", "no/folder"]) == 2

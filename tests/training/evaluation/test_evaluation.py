"""Evaluation: the report beside the model, before and after, and what it says when it cannot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.data.corpus import load_corpus
from training.evaluation import evaluation
from training.evaluation.scores import article_scores
from training.finetune.ctranslate2_conversion import convert
from training.json_files import write_json

if TYPE_CHECKING:
    from training.evaluation.report import EvaluationReport

MEASURES = {"f1@5", "f1@m", "precision@1", "present_f1@m", "absent_f1@m", "f1@m_stemmed"}
MEASURES |= {"unseen_share", "rouge1", "rouge2", "rougeL"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps default folders such as ``build/`` away from the project's own."""
    monkeypatch.chdir(tmp_path)


def make_model(folder: Path, base: Path, dataset: Path, **settings: Any) -> Path:
    """Makes a tagger's folder of a base, as training leaves one."""
    shutil.copytree(base, folder)
    TaggingSettings(max_input_tokens=64, max_new_tokens=12, **settings).save(folder)
    tags = load_corpus(str(dataset)).splits["train"]["tags"]
    write_json(folder / "tags.json", Vocabulary.from_tag_lists(tags).to_json())
    convert(folder)
    return folder


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory, tiny_t5: Path, dataset: Path) -> Path:
    folder = tmp_path_factory.mktemp("project") / "model"
    return make_model(folder, tiny_t5, dataset, base_model="tiny-bart")


@pytest.fixture(scope="module")
def report(model_dir: Path, tiny_bart: Path, dataset: Path) -> dict[str, Any]:
    """Returns the report that the command writes: a tiny T5 after, a tiny BART before."""
    flags = ["--model", str(model_dir), "--before", str(tiny_bart), "--dataset", str(dataset)]
    assert evaluation.main([*flags, "--examples", "2"]) == 0
    written: dict[str, Any] = json.loads((model_dir / "report.json").read_text(encoding="utf-8"))
    return written


def test_the_report_has_every_measure_of_every_system(
    report: dict[str, Any], dataset: Path, model_dir: Path
) -> None:
    corpus = load_corpus(str(dataset))
    assert (report["schema"], report["split"]) == (1, "test")
    assert report["articles"] == len(corpus.splits["test"])
    assert report["dataset"] == corpus.source
    assert report["model"] == {"repo_id": "model", "revision": None}
    assert report["engine"] == "ctranslate2"
    assert set(report["systems"]) == {"before", "after", "most_frequent"}
    for measures in report["systems"].values():
        assert set(measures) == MEASURES
        for interval in measures.values():
            assert 0 <= interval["low"] <= interval["value"] <= interval["high"] <= 1
    assert report["bootstrap"] == {"samples": 1000, "confidence": 0.95, "seed": 20}
    assert str(model_dir.parent) not in json.dumps(report)  # no path of this machine


def test_the_report_is_what_the_tagger_scores(
    report: dict[str, Any], model_dir: Path, dataset: Path
) -> None:
    corpus = load_corpus(str(dataset))
    articles = list(corpus.splits["test"])
    lists = Tagger.from_pretrained(model_dir).tag_batch(articles)
    scores = [
        article_scores([tag.tag for tag in tags], article["tags"])
        for tags, article in zip(lists, articles, strict=True)
    ]
    for name in ("f1@5", "f1@m", "precision@1", "rouge1"):
        mean = sum(row[name] for row in scores) / len(scores)
        assert report["systems"]["after"][name]["value"] == pytest.approx(mean, abs=1e-4)


def test_the_paired_difference_is_after_minus_before(report: dict[str, Any]) -> None:
    for name in ("f1@5", "f1@m"):
        paired = report["paired"][name]
        after, before = (report["systems"][system][name] for system in ("after", "before"))
        assert paired["difference"] == pytest.approx(after["value"] - before["value"], abs=2e-4)
        assert paired["low"] <= paired["difference"] <= paired["high"]


def test_most_frequent_is_what_its_name_says(report: dict[str, Any], dataset: Path) -> None:
    corpus = load_corpus(str(dataset))
    top = Vocabulary.from_tag_lists(corpus.splits["train"]["tags"]).tags[:5]
    by_count = []
    for count in range(1, 6):  # the number of tags is chosen on validation, never on test
        scores = [
            article_scores(top[:count], t)["f1@m"] for t in corpus.splits["validation"]["tags"]
        ]
        by_count.append(sum(scores))
    chosen = top[: by_count.index(max(by_count)) + 1]
    scores = [article_scores(chosen, tags)["f1@m"] for tags in corpus.splits["test"]["tags"]]
    value = report["systems"]["most_frequent"]["f1@m"]["value"]
    assert value == pytest.approx(sum(scores) / len(scores), abs=1e-4)
    assert report["systems"]["most_frequent"]["unseen_share"]["value"] == 0.0


def test_examples_show_articles_of_the_split(report: dict[str, Any], dataset: Path) -> None:
    articles = {row["id"]: row for row in load_corpus(str(dataset)).splits["test"]}
    assert len(report["examples"]) == 2
    for example in report["examples"]:
        article = articles[example["id"]]
        assert example["tags"] == article["tags"]
        assert example["text"] == article["text"][:300]
        assert all(set(tag) == {"tag", "confidence", "present"} for tag in example["after"])
        assert all(normal_form(tag) for tag in example["before"])


def test_the_table_shows_every_measure(report: dict[str, Any]) -> None:
    shown = evaluation.show(cast("EvaluationReport", report))
    for name in MEASURES:
        assert name in shown
    assert "after - before, f1@m:" in shown
    assert report["examples"][0]["title"] in shown


def test_the_split_and_the_number_of_articles_can_be_chosen(
    model_dir: Path, tiny_bart: Path, dataset: Path, tmp_path: Path
) -> None:
    flags = ["--model", str(model_dir), "--before", str(tiny_bart), "--dataset", str(dataset)]
    flags += ["--split", "validation", "--limit", "2", "--output", str(tmp_path / "other.json")]
    assert evaluation.main(flags) == 0
    written = json.loads((tmp_path / "other.json").read_text())
    assert (written["split"], written["articles"]) == ("validation", 2)
    assert "--split validation --limit 2" in written["command"]


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--split", "dev"], "has no split 'dev'; it has train, validation, test."),
        (["--limit", "1", "--before", "{tmp}/nothing"], "is no seq2seq model"),
        (["--model", "{tmp}/nothing"], "neither a folder here nor a repository of the Hub"),
        (["--model", "{tmp}/nameless"], "does not say what the model was tuned from"),
    ],
)
@pytest.mark.usefixtures("hub")
def test_a_mistake_is_one_sentence(
    flags: list[str],
    complaint: str,
    model_dir: Path,
    dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nameless = shutil.copytree(model_dir, tmp_path / "nameless")
    TaggingSettings(max_new_tokens=12).save(nameless)
    given = [flag.format(tmp=tmp_path) for flag in flags]
    assert evaluation.main(["--model", str(model_dir), "--dataset", str(dataset), *given]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ") and complaint in error

"""Evaluation: the report beside the model, of both systems, and what it says when it cannot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tag, Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.cards.model_snippets import model_snippet
from training.data.corpus import load_corpus
from training.evaluation import evaluation
from training.evaluation.checkpoint import BATCH, Checkpoint
from training.evaluation.measuring import default_answers, predict
from training.evaluation.report import differences_of
from training.evaluation.scores import article_scores
from training.evaluation.table import WIDEST, show
from training.finetune.ctranslate2_conversion import convert
from training.json_files import write_json

if TYPE_CHECKING:
    from training.evaluation.report import EvaluationReport

MEASURES = {"f1@5", "f1@m", "precision@1", "present_f1@m", "absent_f1@m", "f1@m_stemmed"}
MEASURES |= {"unseen_share", "rouge1", "rouge2", "rougeL"}
MEASURES |= {"repeated_tags", "empty_slots", "spelled"}
SYSTEMS = ["before", "checkpoint", "after", "most_frequent"]


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
    assert list(report["systems"]) == SYSTEMS
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


def test_the_checkpoint_alone_is_what_the_cards_snippet_gives(
    model_dir: Path, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    articles = load_corpus(str(dataset)).splits["train"].to_list()
    articles += [{**articles[0], "title": None}, {**articles[1], "text": "Short."}]
    articles += articles[:BATCH]  # more than a batch
    settings = TaggingSettings.load(model_dir)
    alone = Checkpoint.from_pretrained(str(model_dir), settings)
    answers = alone.answer(articles, "alone")
    for article, answer in zip(articles[:16], answers, strict=False):
        code = str(
            model_snippet(str(model_dir), "v1", settings, article["title"] or "", article["text"])
        )
        names: dict[str, Any] = {}
        exec(code.strip("`").removeprefix("python"), names)
        assert [tag for tag in answer if tag] == names["tags"]
    assert len(set(map(tuple, answers))) > 1


def test_an_answer_is_cut_at_the_separator_and_keeps_its_empty_slots(model_dir: Path) -> None:
    def pieces(text: str, separator: str = ", ") -> list[str]:
        alone.settings = TaggingSettings(separator=separator)
        return alone._pieces(text)

    alone = Checkpoint.from_pretrained(str(model_dir), TaggingSettings())
    assert pieces(" a b,c ,, d") == ["a b", "c", "", "d"]
    assert pieces("a, b,") == ["a", "b", ""]
    assert pieces("  ") == []
    assert pieces("a; b, c", "; ") == ["a", "b, c"]


def test_tagloop_is_measured_by_its_default_answer(model_dir: Path, dataset: Path) -> None:
    articles = load_corpus(str(dataset)).splits["test"].select([0])
    sure = {"a": 0.9, "b": 0.4, "c": 0.3, "d": 0.1}
    ranked = [[Tag(name, confidence, False) for name, confidence in sure.items()]]

    def shown(least: int, most: int, threshold: float) -> str:
        settings = TaggingSettings(min_tags=least, max_tags=most, threshold=threshold)
        (tags,) = default_answers(ranked, articles, settings)
        return "".join(tag.tag for tag in tags)

    assert shown(0, 5, 0.35) == "ab" and shown(0, 5, 0.95) == ""
    assert shown(3, 5, 0.95) == "abc" and shown(3, 2, 0.0) == "ab"
    tagger = Tagger.from_pretrained(model_dir)
    ranked = predict(tagger, articles, lambda done: None)
    assert default_answers(ranked, articles, tagger.settings) == tagger.tag_batch(
        articles.to_list()
    )


def test_systems_are_compared_on_the_same_articles(report: dict[str, Any]) -> None:
    pairs = [(pair["of"], pair["over"]) for pair in report["differences"]]
    assert pairs == [("checkpoint", "before"), ("after", "checkpoint"), ("after", "before")]
    for pair in report["differences"]:
        for name in ("f1@5", "f1@m"):
            change = pair["measures"][name]
            of, over = (report["systems"][pair[key]][name]["value"] for key in ("of", "over"))
            assert change["difference"] == pytest.approx(of - over, abs=2e-4)
            assert change["low"] <= change["difference"] <= change["high"]
    assert report["paired"] == report["differences"][2]["measures"]


def earlier(report: dict[str, Any]) -> EvaluationReport:
    """A report as earlier versions wrote it, of Tagloop alone."""
    systems = {name: report["systems"][name] for name in ("before", "after", "most_frequent")}
    examples = [
        {key: value for key, value in example.items() if key != "checkpoint"}
        for example in report["examples"]
    ]
    old = report | {"systems": systems, "examples": examples}
    del old["differences"]
    return cast("EvaluationReport", old)


def test_a_report_of_an_earlier_version_is_still_read(report: dict[str, Any]) -> None:
    old = earlier(report)
    (pair,) = differences_of(old)
    assert (pair["of"], pair["over"], pair["measures"]) == ("after", "before", report["paired"])
    assert differences_of(cast("EvaluationReport", {**old, "paired": {}})) == []
    shown = show(old)
    assert "with Tagloop against before fine-tuning" in shown and "alone" not in shown


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
        assert all(normal_form(tag) for tag in [*example["before"], *example["checkpoint"]] if tag)


def test_the_table_names_both_systems_and_fits_a_terminal(report: dict[str, Any]) -> None:
    shown = show(cast("EvaluationReport", report))
    lines = shown.splitlines()
    (head,) = [line for line in lines if "checkpoint alone" in line and "most frequent" in line]
    assert head.index("before fine-tuning") < head.index("checkpoint alone")
    assert head.index("checkpoint alone") < head.index("with Tagloop")
    for label in ("F1@5", "F1@M, present", "Repeated tags", "Empty slots", "Usual spelling"):
        assert sum(line.startswith(label) for line in lines) == 1
    (change,) = [line for line in lines if line.startswith("with Tagloop against checkpoint alone")]
    difference = report["differences"][1]["measures"]["f1@5"]["difference"]
    assert f"{difference:+.3f}" in change
    assert report["examples"][0]["title"] in shown
    assert max(map(len, lines)) <= WIDEST


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

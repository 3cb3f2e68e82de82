"""The measurement of the allowlist: what it counts, and that its commands run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import tagloop.allowlist.scorer
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.selection import Tag
from tagloop.vocabulary.vocabulary import Vocabulary
from training.bench.data import Row, load_suites
from training.bench.studies.allowlist import constants
from training.bench.studies.allowlist.__main__ import agreements, free_answer, in_list, main
from training.bench.studies.allowlist.articles import Allowlist, keep, summarise
from training.bench.studies.allowlist.never_seen import WAYS, never_scores

VOCABULARY = Vocabulary.from_tag_lists([["Trains", "Cats"], ["train"], ["Trains"], ["Rust"]])


def answer(*tags: tuple[str, float]) -> list[Tag]:
    return [Tag(tag, confidence, False) for tag, confidence in tags]


def row(kind: str, *tags: str) -> Row:
    return Row(kind, "", "", "", tags, "validation")


def of_rows(rows: Sequence[Row]) -> Allowlist:
    return Allowlist(Path(), ["Trains", "Cats"], list(rows), VOCABULARY, {}, [])


def test_five_sure_tags_are_kept() -> None:
    tags = answer(*((f"t{place}", 1 - place / 10) for place in range(8)))
    assert keep(tags, 0.75) == ["t0", "t1", "t2"]
    assert keep(tags, 0.0) == ["t0", "t1", "t2", "t3", "t4"]


def test_a_free_answer_is_the_taggers_and_is_filtered_then() -> None:
    settings = TaggingSettings(min_tags=2, max_tags=3)
    tags = answer(("Rust", 0.9), ("train", 0.1), ("Cats", 0.1), ("Dogs", 0.1))
    assert [tag.tag for tag in free_answer(tags, settings, 0.2)] == ["Rust", "train"]
    assert [tag.tag for tag in free_answer(tags, settings, 0.0)] == ["Rust", "train", "Cats"]
    assert [tag.tag for tag in in_list(tags, of_rows([]))] == ["Cats"]


def test_only_the_authors_tags_of_the_list_are_asked_for() -> None:
    rows = [row("articles", "train", "rust"), row("articles", "rust"), row("articles", "rust")]
    answers = [answer(("Trains", 0.9), ("Cats", 0.1)), answer(("Cats", 0.3)), answer(("Cats", 0.1))]
    kinds = summarise(of_rows(rows), answers, 0.2)
    assert list(kinds) == ["articles"]
    part = kinds["articles"]
    assert (part["articles"], part["without"], part["answered_without"]) == (1, 2, 1)
    assert part["scores"]["f1@m"]["value"] == part["scores"]["precision@1"]["value"] == 1.0
    assert part["scores"]["f1@5"]["value"] == pytest.approx(2 * 0.2 / 1.2)


def test_engines_agree_in_sets_and_in_first_tags() -> None:
    rows = [row("articles"), row("articles"), row("titles")]
    one = [answer(("Trains", 0.9), ("Cats", 0.3)), answer(("Cats", 0.9)), []]
    other = [answer(("Cats", 0.8), ("Trains", 0.5)), answer(("Cats", 0.9), ("Trains", 0.3)), []]
    articles, titles = agreements(rows, "ranked", (one, 0.2), (other, 0.2))
    assert (articles["articles"], articles["same_set"], articles["same_first"]) == (2, 1, 1)
    assert (titles["articles"], titles["same_set"], titles["same_first"]) == (1, 1, 1)


def test_never_seen_tags_are_scored_among_themselves() -> None:
    tags = answer(("Trains", 0.9), ("Quokka", 0.5), ("Zeppelin", 0.1))
    values = never_scores(tags, {"quokka", "zeppelin"}, {"zeppelin", "trains"}, 0.2)
    assert values == {"precision@1": 0.0, "recall@5": 1.0, "recall": 0.0}


def test_the_command_prints_its_tables(
    data_folder: Path,
    tiny_bart: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(constants, "BUNDLED_BASE", tiny_bart)
    suite = load_suites([data_folder], ["in-domain"], "validation")[0]
    model = constants.make_model(tmp_path, suite.train)
    # An untrained model writes until it is stopped.
    replace(TaggingSettings.load(model), max_new_tokens=12).save(model)
    report = tmp_path / "allowlist.json"
    arguments = ["--data", str(data_folder), "--model", str(model), "--output", str(report)]
    assert main([*arguments, "--quick", "--tags", "30"]) == 0
    shown = capsys.readouterr().out
    assert "**30 tags, articles, validation:" in shown
    assert "| list, model alone " in shown and "| transformers |" in shown
    assert "tags that no training article has join the list" in shown
    data = json.loads(report.read_text(encoding="utf-8"))
    assert len(data["systems"]) == 12
    assert {entry["articles"] for entry in data["agreement"]} == {2}
    assert tuple(data["never"]["systems"]) == WAYS


def test_constants_are_fitted(
    data_folder: Path,
    tiny_bart: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(constants, "BUNDLED_BASE", tiny_bart)
    before = tagloop.allowlist.scorer.PRESENT_BONUS
    assert constants.main(["--data", str(data_folder), "--tags", "20", "--limit", "3"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("UNSEEN_BIAS = -")
    assert "| 0.5           | articles |" in shown
    assert tagloop.allowlist.scorer.PRESENT_BONUS == before


def test_mistakes_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (main, constants.main):
        assert command(["--data", str(tmp_path)]) == 2
        assert "; --data names the folders" in capsys.readouterr().err

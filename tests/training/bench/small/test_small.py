"""Small corpora: how they are drawn, what is kept, what the tables say; no model is trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagloop.errors import UserError
from training.bench.data import Row
from training.bench.small import __main__ as small
from training.bench.small import cells, results
from training.bench.small.cells import measure_cell, missing
from training.bench.small.corpora import Cell, draw, load_sources
from training.bench.small.results import CellResult, code_digest, read_result, result_path
from training.bench.small.systems import CHECKPOINT, FINE_TUNED, PEERS, TAGLOOP, UNTRAINED
from training.bench.small.tables import render, summarise
from training.bench.system import ScoredTag, Tagged
from training.process_lock import process_lock


def rows(count: int, split: str) -> list[Row]:
    return [
        Row("articles", "blog", f"{split} {n}", "Some text.", ("Tea", f"No {n % 3}"), split, "blog")
        for n in range(count)
    ]


SOURCE = [*rows(50, "train"), *rows(6, "validation"), *rows(9, "test")]


def test_test_rows_are_measured_on_the_test_split_alone() -> None:
    corpus = draw(SOURCE, Cell("blog", 40, 0), "test")
    assert corpus is not None
    assert (len(corpus.train), len(corpus.validation), len(corpus.measured)) == (40, 5, 9)
    assert {row.split for row in corpus.measured} == {"test"}
    assert "test" not in {row.split for row in (*corpus.train, *corpus.validation)}
    chosen_by = draw(SOURCE, Cell("blog", 30, 0), "validation")
    assert chosen_by is not None
    parts = (chosen_by.train, chosen_by.validation, chosen_by.measured)
    assert "test" not in {row.split for part in parts for row in part}
    titles = [row.title for part in parts for row in part]
    assert len(titles) == len(set(titles))


def test_a_seed_draws_the_same_articles_again_and_another_seed_others() -> None:
    one, same, other = (draw(SOURCE, Cell("blog", 40, seed), "test") for seed in (1, 1, 2))
    assert one == same
    assert one is not None and other is not None and one.train != other.train
    assert one.measured == other.measured


def test_a_source_with_too_few_articles_is_left_out() -> None:
    assert draw(SOURCE, Cell("blog", 51, 0), "test") is not None  # one for ten is enough
    assert draw(SOURCE, Cell("blog", 52, 0), "test") is None
    assert draw(SOURCE[:56], Cell("blog", 40, 0), "test") is None
    with pytest.raises(UserError, match="Cannot measure on 'train'"):
        draw(SOURCE, Cell("blog", 40, 0), "train")


def test_tags_stay_as_the_authors_spell_them(data_folder: Path, tmp_path: Path) -> None:
    sources = load_sources([str(data_folder)], tmp_path / "starter")
    assert set(sources) == {"starter", "harbour", "school", "letters"}
    assert next(iter(sources)) == "starter"  # the largest
    assert any(tag != tag.lower() for row in sources["starter"] for tag in row.tags)
    corpus = draw(sources["starter"], Cell("starter", 40, 0), "test")
    assert corpus is not None
    learned = corpus.corpus.splits["train"]
    assert learned["tags"] == [list(row.tags) for row in corpus.train]


def fixed(name: str, corpus: object) -> dict[str, tuple[dict[str, object], list[Tagged]]]:
    if name == "yake":
        raise ValueError("no words")
    right = Tagged([ScoredTag("tea", 0.9), ScoredTag("no 1", 0.8)], ["tea"])
    names = FINE_TUNED if name in FINE_TUNED else (name,)
    return {each: ({"epochs": 1}, [right] * 9) for each in names}


def test_a_cell_keeps_both_systems_of_a_fine_tuning_and_names_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = draw(SOURCE, Cell("blog", 40, 0), "test")
    assert corpus is not None
    calls = []

    def noted(name: str, of: object) -> dict[str, tuple[dict[str, object], list[Tagged]]]:
        calls.append(name)
        return fixed(name, of)

    monkeypatch.setattr(cells, "answers", noted)
    names = [TAGLOOP, CHECKPOINT, "yake", "knn"]
    failures = measure_cell(tmp_path, "test", corpus, names)
    assert failures == ["yake on blog-40-0: no words"]
    assert calls == [TAGLOOP, "yake", "knn"]
    assert missing(tmp_path, "test", corpus, names) == ["yake"]
    kept = json.loads(result_path(tmp_path, "test", corpus.cell, CHECKPOINT).read_text())
    assert kept["scores"][0]["f1@m"] == pytest.approx(2 / 3)
    # Other rows are another result, and so is another base.
    other = draw(SOURCE, Cell("blog", 40, 0), "test", limit=3)
    assert other is not None
    assert missing(tmp_path, "test", other, names) == names
    monkeypatch.setattr(results, "base_digest", lambda: "another base")
    assert missing(tmp_path, "test", corpus, names) == [TAGLOOP, CHECKPOINT, "yake"]


@pytest.mark.slow
def test_a_cell_has_a_process_of_its_own(tmp_path: Path) -> None:
    corpus = draw(SOURCE, Cell("blog", 40, 0), "test")
    assert corpus is not None
    (failure,) = cells.run_process(tmp_path, "test", corpus, ["most-frequent", "crystal-ball"])
    assert failure.startswith("crystal-ball on blog-40-0: No system is called 'crystal-ball'")
    assert failure.endswith("log.txt")
    assert missing(tmp_path, "test", corpus, ["most-frequent"]) == []
    with process_lock(tmp_path / "small-test" / "blog-40-0" / "lock", "{}".format):
        assert cells.run_process(tmp_path, "test", corpus, ["yake"]) == []  # another is at it


def test_a_fine_tuning_that_failed_is_not_tried_again_for_its_other_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = draw(SOURCE, Cell("blog", 40, 0), "test")
    assert corpus is not None

    def fail(name: str, of: object) -> None:
        raise ValueError("no memory")

    monkeypatch.setattr(cells, "answers", fail)
    failures = measure_cell(tmp_path, "test", corpus, [TAGLOOP, CHECKPOINT])
    assert failures == ["tagloop on blog-40-0: no memory"]


def test_comments_and_docstrings_are_no_other_code(tmp_path: Path) -> None:
    module = tmp_path / "module.py"

    def digest(text: str) -> str:
        module.write_text(text, encoding="utf-8")
        return code_digest([module])

    first = digest('"""Says."""\n\ndef one():\n    """Says."""\n    return 1\n')
    assert digest('"""Says more."""\ndef one():\n    # why\n    return 1\n') == first
    assert digest("def one():\n    return 2\n") != first


def result(f1s: list[float]) -> CellResult:
    scores = [{"f1@m": value, "f1@5": value, "precision@1": value} for value in f1s]
    return CellResult(
        fingerprint="", settings={}, seconds=12.0, train=100, validation=12, scores=scores
    )


def test_each_corpus_counts_alike_whatever_its_articles_and_seeds() -> None:
    found = [Cell("long", 100, 0), Cell("long", 100, 1), Cell("short", 100, 0)]
    measured = {
        (found[0], TAGLOOP): result([0.2, 0.2, 0.2]),
        (found[1], TAGLOOP): result([0.4, 0.4, 0.4]),
        (found[2], TAGLOOP): result([0.9]),
        (found[0], "knn"): result([0.1, 0.1, 0.1]),
        (found[1], "knn"): result([0.1, 0.1, 0.1]),
        (found[2], "knn"): result([0.5]),
        (found[0], "yake"): result([0.0, 0.0, 0.0]),
    }
    summary = summarise(measured, found, "test", "python -m …")
    part = summary["sizes"]["100"]
    assert part["systems"][TAGLOOP]["f1@m"]["value"] == pytest.approx((0.3 + 0.9) / 2)
    gain = part["differences"]["knn"]["f1@m"]
    assert gain["value"] == pytest.approx(0.3)
    assert (gain["low"], gain["high"]) == pytest.approx((0.2, 0.4))
    assert part["waiting"] == {"yake": 1}
    assert part["corpora"] == {
        "long": {"articles": 3, "seeds": 2},
        "short": {"articles": 1, "seeds": 1},
    }
    text = render(summary)
    assert "**100 articles, test: 2 corpora, 2 draws of each**" in text
    assert "| short  | 1        | 0.900   | 0.500 |" in text
    assert "Not measured on all of them yet: yake 1." in text
    json.dumps(summary, allow_nan=False)


@pytest.mark.slow
def test_the_command_measures_sums_up_and_goes_on(
    data_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(small, "run_process", measure_cell)  # in this process
    flags = ["--data", str(data_folder), "--out", str(tmp_path), "--summaries", str(tmp_path)]
    flags += ["--sources", "starter", "--sizes", "30", "--seeds", "0", "--limit", "4"]
    assert small.main([*flags, "--only", "most-frequent"]) == 0
    shown = capsys.readouterr()
    assert "**30 articles, validation: 1 corpora, 1 draws of each**" in shown.out
    path = result_path(tmp_path, "validation", Cell("starter", 30, 0), "most-frequent")
    stamp = path.stat().st_mtime_ns
    assert small.main([*flags, "--only", "most-frequent"]) == 0
    assert path.stat().st_mtime_ns == stamp
    assert capsys.readouterr().out == shown.out
    assert read_result(path, "of other rows") is None
    for wrong, said in (
        (["--only", "crystal-ball"], "No system is called 'crystal-ball'"),
        (["--sources", "elsewhere"], "No corpus is called 'elsewhere': take starter"),
        (["--sizes", "9000"], "No corpus has so many articles"),
    ):
        assert small.main([*flags, *wrong]) == 2
        assert said in capsys.readouterr().err


def test_every_peer_is_measured_beside_the_three_of_ours() -> None:
    assert set(PEERS) >= {"most-frequent", "knn", "one-vs-rest", "omikuji", "keybert", "yake"}
    assert not {TAGLOOP, CHECKPOINT, UNTRAINED} & set(PEERS)


def test_a_part_is_no_result() -> None:
    assert not small.SmallSettings().is_part
    assert not small.SmallSettings(only=["knn"]).is_part  # the tables are of all that is there
    for part in ({"sizes": [100]}, {"seeds": [0]}, {"sources": ["starter"]}, {"limit": 9}):
        assert small.SmallSettings(**part).is_part

"""Every system on a few starter articles: it learns, ranks, and keeps what it tuned."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import normal_form, occurs_in
from training.bench import peers
from training.bench.data import Row
from training.bench.peers import load_system, one_vs_rest
from training.bench.system import RANKED, System, Tagged
from training.bench.tuning import MOST_KEPT

Rows = dict[str, list[Row]]
NOWHERE = Row("articles", "s", "Zzz", "", ("x",), "test")


def fitted(name: str, rows: Rows) -> tuple[System, dict[str, Any]]:
    system = load_system(name)
    settings = system.fit(rows["train"], rows["validation"])
    json.dumps(settings, allow_nan=False)  # Can be committed.
    return system, settings


def tagged_soundly(system: System, rows: list[Row]) -> list[Tagged]:
    """Tags, and checks what holds for every system."""
    tagged = system.tag(rows)
    assert len(tagged) == len(rows)
    for found in tagged:
        scores = [entry.score for entry in found.ranked]
        assert scores == sorted(scores, reverse=True)
        assert len(found.ranked) <= RANKED
        assert found.kept == [entry.tag for entry in found.ranked[: len(found.kept)]]
        assert min(1, len(found.ranked)) <= len(found.kept) <= MOST_KEPT
    assert system.tag(rows[::-1]) == tagged[::-1]
    return tagged


def hits(system: System, rows: list[Row]) -> int:
    """Counts the articles whose first tag is one of its own."""
    return sum(
        normal_form(found.ranked[0].tag) in row.forms
        for found, row in zip(system.tag(rows), rows, strict=True)
        if found.ranked
    )


def test_most_frequent_is_the_same_for_all_of_a_kind(rows: Rows) -> None:
    system, settings = fitted("most-frequent", rows)
    tagged_soundly(system, rows["validation"])
    titles = [row for row in rows["train"] if row.kind == "titles"]
    counts = Counter(form for row in titles for form in row.forms)
    found = system.tag(titles[:2])
    assert found[0] == found[1]
    assert counts[found[0].ranked[0].tag] == max(counts.values())
    assert set(settings["kept"]) == {"articles", "titles"}


def test_neighbours_give_an_article_its_own_tags_back(rows: Rows, few: Callable[..., None]) -> None:
    few("knn", "VOTES")
    part = {"train": rows["train"][::3], "validation": rows["validation"][::3]}
    system, settings = fitted("knn", part)
    tagged_soundly(system, [*part["validation"], NOWHERE])
    known = part["train"][:5]
    assert hits(system, known) == len(known)
    assert set(settings["chosen"]) == {"articles", "titles"}


def test_one_vs_rest_learns_its_training_articles(rows: Rows, few: Callable[..., None]) -> None:
    few("one_vs_rest", "SETTINGS", LEAST_COUNT=2, TUNED_WITH=2, FEW_ROWS=0)
    system, settings = fitted("one-vs-rest", rows)
    tagged_soundly(system, [*rows["validation"], NOWHERE])
    counts = Counter(form for row in rows["train"] for form in row.forms)
    known = [row for row in rows["train"] if any(counts[form] >= 2 for form in row.forms)]
    assert hits(system, known) > 0.8 * len(known)
    offered = {entry.tag for found in system.tag(rows["validation"]) for entry in found.ranked}
    assert all(counts[tag] >= 2 for tag in offered)
    assert "least_count 2" in settings["chosen"]["articles"]


WORDS = "harbour ferry pier tide kitchen bread oven flour garden seed soil rain".split()


def small_corpus(tags: Callable[[int], tuple[str, ...]]) -> Rows:
    """Returns 20 training articles and 6 more, with the tags that the number of one gives."""
    texts = [
        f"About {WORDS[i % 12]} and {WORDS[i * 5 % 12]}, {WORDS[i // 2 % 12]}." * 2
        for i in range(26)
    ]
    rows = [Row("articles", "s", WORDS[i % 12], texts[i], tags(i), "train") for i in range(26)]
    return {"train": rows[:20], "validation": rows[20:]}


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(lambda i: ("blog", f"tag {i // 4}"), id="one on every article"),
        pytest.param(lambda i: (f"tag {i}",), id="none twice"),
    ],
)
@pytest.mark.parametrize("name", ["most-frequent", "one-vs-rest", "omikuji"])
def test_a_small_corpus_is_learned_too(name: str, tags: Callable[[int], tuple[str, ...]]) -> None:
    if name == "omikuji":
        pytest.importorskip("omikuji")
    rows = small_corpus(tags)
    system, _ = fitted(name, rows)
    tagged_soundly(system, rows["validation"])
    if name == "one-vs-rest":  # what occurs once is a tag, too
        assert hits(system, rows["train"]) > 0.8 * len(rows["train"])


# The packages of the next three are of the benchmark alone (training/bench/requirements.txt), so
# these tests, and no others, run only where they are installed: `make bench` installs them.


def test_yake_extracts_phrases_of_the_article(rows: Rows, few: Callable[..., None]) -> None:
    pytest.importorskip("yake")
    few("yake_peer", "EXTRACTIONS")
    system, _ = fitted("yake", rows)
    part = rows["validation"][:6]
    for found, row in zip(tagged_soundly(system, part), part, strict=True):
        assert all(occurs_in(entry.tag, f"{row.title} {row.text}") for entry in found.ranked[:3])
    assert any(found.ranked for found in system.tag(part))


@pytest.mark.parametrize("candidates", ["phrases", "training tags"])
def test_keybert_extracts_phrases_or_known_tags(
    candidates: str, rows: Rows, few: Callable[..., None]
) -> None:
    pytest.importorskip("keybert")
    few("keybert_peer", "EXTRACTIONS", last=candidates == "training tags")
    part = rows["validation"][:4]
    system, settings = fitted("keybert", {"train": rows["train"], "validation": part})
    assert candidates in settings["chosen"]["articles"]
    found = tagged_soundly(system, part)
    offered = {entry.tag for each in found for entry in each.ranked}
    assert offered
    known = {form for row in rows["train"] for form in row.forms}
    assert (offered <= known) is (candidates == "training tags")
    text = " ".join(f"{row.title} {row.text}" for row in part)
    assert all(occurs_in(tag, text) for tag in offered if " " not in tag)
    # A text of stopwords has no phrases at all, and one article alone comes without a list.
    assert system.tag([Row("articles", "s", "The and of", "", ("x",), "test")])[0].ranked == []


def test_omikuji_learns_its_training_articles(rows: Rows, few: Callable[..., None]) -> None:
    pytest.importorskip("omikuji")
    few("omikuji_peer", "FORESTS")
    system, _ = fitted("omikuji", rows)
    tagged_soundly(system, rows["validation"])
    assert hits(system, rows["train"]) > 0.5 * len(rows["train"])
    assert len(system.tag([NOWHERE])) == 1


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Returns a function that cuts a peer's grid to one setting, so that a test is quick."""

    def cut(module: str, grid: str, *, last: bool = False, **constants: int) -> None:
        name = f"training.bench.peers.{module}"
        settings = getattr(importlib.import_module(name), grid)
        monkeypatch.setattr(f"{name}.{grid}", settings[-1:] if last else settings[:1])
        for constant, value in constants.items():
            monkeypatch.setattr(f"{name}.{constant}", value)

    return cut


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["ctranslate2", "transformers"])
def test_tagloop_ranks_and_keeps_what_it_is_sure_of(engine: str, rows: Rows) -> None:
    # The bundled base: an untrained one writes nothing worth ranking.
    system, settings = fitted(f"tagloop-{engine}", rows)
    part = rows["validation"][:4]
    tagged = system.tag(part)
    assert settings["engine"] == engine
    for found in tagged:
        assert found.ranked
        assert len(found.ranked) <= RANKED
        assert 1 <= len(found.kept) <= MOST_KEPT
        assert set(found.kept) <= {entry.tag for entry in found.ranked}


def test_the_checkpoint_alone_is_taken_as_it_writes(rows: Rows) -> None:
    system, settings = fitted("checkpoint", rows)
    part = rows["validation"][:4]
    tagged = system.tag(part)
    for found in tagged:
        assert [entry.tag for entry in found.ranked] == found.kept[:RANKED]
    assert any(found.kept for found in tagged)
    assert settings["max_input_tokens"] > 0
    assert not hasattr(system, "_cuts")  # nothing is tuned


def test_many_rows_are_tuned_on_a_sample(
    rows: Rows, few: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    few("one_vs_rest", "SETTINGS", LEAST_COUNT=2, TUNED_WITH=2, FEW_ROWS=0, TUNED_ON=20)
    sizes = []

    class Noted(one_vs_rest.Classifiers):
        def __init__(self, part: list[Row], *rest: Any) -> None:
            sizes.append(len(part))
            super().__init__(part, *rest)

    monkeypatch.setattr(one_vs_rest, "Classifiers", Noted)
    fitted("one-vs-rest", rows)
    assert sizes == [20, len(rows["train"])]


def test_prepared_model_has_the_vocabulary_of_the_training_rows(
    rows: Rows, tiny_bart: Path, tmp_path: Path
) -> None:
    from tagloop.tagger.model_folder import load_vocabulary
    from training.bench.peers.tagloop_system import prepare_model

    prepare_model(tmp_path / "model", rows["train"], rows["validation"], weights=tiny_bart)
    vocabulary = load_vocabulary(tmp_path / "model")
    learned = {form for row in rows["train"] for form in row.forms}
    assert all(form in vocabulary for form in learned)
    only_validation = {form for row in rows["validation"] for form in row.forms} - learned
    assert only_validation
    assert len(vocabulary) <= len(learned)
    assert (tmp_path / "model" / "ctranslate2" / "model.bin").is_file()


def test_unknown_systems_and_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="No system is called 'crystal-ball': take most-frequent"):
        load_system("crystal-ball")

    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name="yake")

    monkeypatch.setattr(peers, "import_module", missing)
    with pytest.raises(UserError, match=r"yake needs the package yake: .*requirements.txt"):
        load_system("yake")


def test_every_system_has_a_module() -> None:
    folder = Path(peers.__file__).parent
    for place in peers.MODULES.values():
        module, _, class_name = place.partition(":")
        source = (folder / f"{module}.py").read_text(encoding="utf-8")
        assert f"class {class_name}" in source
        assert importlib.util.find_spec(f"training.bench.peers.{module}") is not None

"""Trials of the recipe's variants: each one's examples are what it says; they run and resume."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BartForConditionalGeneration, BertTokenizer

from tagloop.vocabulary.vocabulary import normal_form
from training.base.examples import FILES, MAX_TAGS, TAGGED, Row
from training.base.optimizer import make_optimizer, train_step
from training.base.trials import __main__ as trials
from training.base.trials.neighbours import HINT_LINE, RowNeighbours, with_hints
from training.base.trials.results import beyond_noise, summarise, table
from training.base.trials.variants import VARIANTS, Examples, by_frequency, by_place, shuffled

from ..tiny_models import starter_articles

MAX_TOKENS = 48


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """A tiny model's products are too short to be shared out."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def row(title: str, tags: tuple[str, ...], text: str = "", split: str = "train") -> Row:
    return Row("articles" if text else "titles", title, text, tags, split)


@pytest.fixture(scope="module")
def tokenizer(tiny_bart: Path) -> BertTokenizer:
    loaded: BertTokenizer = BertTokenizer.from_pretrained(tiny_bart)
    return loaded


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    long = [row(a["title"], tuple(a["tags"]), a["text"][:4000]) for a in starter_articles()[:40]]
    return [*long, *(row(a["title"], tuple(a["tags"])) for a in starter_articles()[40:60])]


def examples_of(name: str, rows: list[Row], tokenizer: Any, neighbours: Any = None) -> Examples:
    return Examples(VARIANTS[name], rows, tokenizer, neighbours, max_tokens=MAX_TOKENS, seed=3)


def pairs(name: str, rows: list[Row], tokenizer: Any, neighbours: Any = None) -> list[Any]:
    examples = examples_of(name, rows, tokenizer, neighbours)
    return [list(examples.of(place)) for place in range(len(rows))]


def test_orders() -> None:
    rng = random.Random(0)
    tags = ["absent", "second thing", "first"]
    assert by_place(tags, "First a Second-Thing, firstly", rng) == [
        "first", "second thing", "absent",
    ]  # fmt: skip
    assert by_frequency(tags, {"first": 2, "second thing": 5}) == [
        "second thing", "first", "absent",
    ]  # fmt: skip
    orders = {tuple(shuffled(tags, "", rng)) for _ in range(60)}
    assert len(orders) == 6 and all(sorted(order) == sorted(tags) for order in orders)


def test_an_order_changes_nothing_but_the_order(rows: list[Row], tokenizer: Any) -> None:
    plain = pairs("plain", rows, tokenizer)
    for name in ("by_place", "by_frequency", "shuffled"):
        changed = 0
        for [(prompt, target)], [(theirs, reference)] in zip(
            pairs(name, rows, tokenizer), plain, strict=True
        ):
            assert prompt == theirs
            assert sorted(target.split(", ")) == sorted(reference.split(", "))
            changed += target != reference
        assert changed > len(rows) / 4
    for [(prompt, target)] in pairs("by_place", rows, tokenizer):
        folded = f" {normal_form(prompt)} "
        found = [folded.find(f" {normal_form(tag)} ") for tag in target.split(", ")]
        present = [place for place in found if place >= 0]
        assert found[: len(present)] == sorted(present)


def test_whole_windows_begin_at_the_beginning(rows: list[Row], tokenizer: Any) -> None:
    texts = {one.title: one.text for one in rows if one.text}

    def from_elsewhere(name: str) -> int:
        prompts = [prompt for [(prompt, _)] in pairs(name, rows, tokenizer)]
        split = [prompt.split("\n", 1) for prompt in prompts if "\n" in prompt]
        return sum(
            part[0] in texts and not texts[part[0]].startswith(part[1][:40]) for part in split
        )

    assert from_elsewhere("plain") > 0
    assert from_elsewhere("whole_windows") == 0


def test_no_part_is_left_out_where_the_variant_says_so(rows: list[Row], tokenizer: Any) -> None:
    titles = {one.title for one in rows if one.text}

    def whole(name: str) -> int:
        prompts = [prompt for [(prompt, _)] in pairs(name, rows, tokenizer)]
        return sum("\n" in prompt and prompt.split("\n")[0] in titles for prompt in prompts)

    assert whole("no_dropout_parts") == len(titles) > whole("plain")


def test_hints_leave_the_article_itself_out(tokenizer: Any) -> None:
    twins = [row("Bread at home", (f"bread {i}",), f"Flour, water and salt. {i}") for i in range(4)]
    others = [row(f"Notes {i}", ("writing",), f"A pen and paper, day {i}.") for i in range(30)]
    memory = RowNeighbours([*twins[:1], *others], tokenizer)
    assert "bread 0" not in memory.shares(twins[0])
    # Without its split the same row is a stranger, and finds its copy first.
    stranger = row("Bread at home", (), "Flour, water and salt. 0", split="validation")
    assert memory.hints(stranger)[0] == "bread 0"
    # Others of the same title, mostly copies, are left out, too.
    memory = RowNeighbours([*twins, *others], tokenizer)
    assert not [tag for tag in memory.shares(twins[1]) if tag.startswith("bread")]


def test_half_of_the_prompts_get_hints_that_fit(rows: list[Row], tokenizer: Any) -> None:
    memory = RowNeighbours(rows, tokenizer)
    plain = pairs("plain", rows, tokenizer)
    found = pairs("hints", rows, tokenizer, memory)
    hinted = [prompt for [(prompt, _)] in found if HINT_LINE in prompt]
    assert 0.25 < len(hinted) / len(found) < 0.75
    for prompt in hinted:
        assert len(tokenizer(prompt).input_ids) <= MAX_TOKENS
    assert [target for [(_, target)] in found] == [target for [(_, target)] in plain]
    assert all(
        prompt == theirs or HINT_LINE in prompt
        for [(prompt, _)], [(theirs, _)] in zip(found, plain, strict=True)
    )
    assert with_hints("A title", [], tokenizer, 9) == "A title"
    assert with_hints("A title", ["a", "b"], tokenizer, 48) == f"A title{HINT_LINE}a, b"


def test_the_teacher_keeps_the_authors_tags_and_adds_what_neighbours_agree_on(
    tokenizer: Any,
) -> None:
    text = "Flour, water, salt and yeast make a dough."
    bakers = [row(f"Loaf {i}", ("baking", "bread"), f"{text} {i}") for i in range(20)]
    others = [row(f"Notes {i}", ("writing",), f"A pen and paper, day {i}.") for i in range(30)]
    memory = RowNeighbours([*bakers, *others], tokenizer)
    new = row("A loaf", ("my kitchen", "bread"), text)
    # What neighbours confirm comes first, then the author's own, then what they agree on.
    assert memory.taught(new) == ["bread", "my kitchen", "baking"]
    many = row("A loaf", tuple(f"tag {i}" for i in range(9)), text)
    assert len(memory.taught(many)) == MAX_TAGS
    found = pairs("distilled", [new] * 40, tokenizer, memory)
    targets = [target for [(_, target)] in found]
    taught = targets.count("bread, my kitchen, baking")
    assert 8 < taught < 32 and taught + targets.count("my kitchen, bread") == 40


def test_smoothing_changes_the_loss_and_the_step(tiny_bart: Path, rows: list[Row]) -> None:
    tokenizer = BertTokenizer.from_pretrained(tiny_bart)
    batch = next(examples_of("plain", rows, tokenizer).batches(300))
    losses, weights = {}, {}
    for smoothing in (0.0, 0.1):
        model = BartForConditionalGeneration.from_pretrained(tiny_bart, dtype=torch.float32)
        reference = model(**batch)
        losses[smoothing] = train_step(model, batch, make_optimizer(model, 1e-3, 1e-3), smoothing)
        weights[smoothing] = model.model.shared.weight.detach()
        # The definition: the mean over all tokens takes a share of the loss.
        chances = reference.logits.log_softmax(-1)[batch["labels"] != -100]
        wanted = (1 - smoothing) * reference.loss - smoothing * chances.mean()
        assert losses[smoothing] == pytest.approx(wanted.item(), rel=1e-4)
    assert losses[0.0] != losses[0.1]
    assert not torch.equal(weights[0.0], weights[0.1])


def test_variants_see_the_same_rows_in_the_same_order(rows: list[Row], tokenizer: Any) -> None:
    first = list(islice(examples_of("plain", rows, tokenizer).batches(300), 6))
    second = list(islice(examples_of("smoothing", rows, tokenizer).batches(300), 6))
    for ours, theirs in zip(first, second, strict=True):
        assert torch.equal(ours["input_ids"], theirs["input_ids"])
        assert ours["input_ids"].numel() <= 300


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trials-data")
    articles = starter_articles()
    for number, kind in enumerate(TAGGED):
        with lzma.open(folder / FILES[kind], "wt", encoding="utf-8") as lines:
            for index, article in enumerate(articles[number * 20 : number * 20 + 20]):
                record = {
                    "title": article["title"],
                    "text": "" if kind == "titles" else article["text"][:200],
                    "tags": article["tags"],
                    "source": kind,
                    "split": ("train", "train", "validation", "test")[index % 4],
                }
                lines.write(json.dumps(record) + "\n")
    return folder


def settings(data: Path, tiny_bart: Path, out: Path, *more: str) -> list[str]:
    flags = {
        "data": data, "start": tiny_bart, "out": out / "trials", "report": out / "trials.json",
        "steps": 2, "tokens": 256, "articles": 4, "titles": 4,
    }  # fmt: skip
    return [*(word for name, value in flags.items() for word in (f"--{name}", str(value))), *more]


@pytest.mark.slow
def test_the_command_runs_reports_and_resumes(
    data: Path,
    tiny_bart: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = settings(data, tiny_bart, tmp_path)
    assert trials.main([*flags, "--only", "start", "plain"]) == 0
    kept = (tmp_path / "trials" / "plain.json").read_bytes()
    trained = []
    real = trials.Trials._train

    def noted(self: Any, name: str, *rest: Any) -> Any:
        trained.append(name)
        return real(self, name, *rest)

    monkeypatch.setattr(trials.Trials, "_train", noted)
    assert trials.main([*flags, "--only", "plain", "hints", "smoothing"]) == 0
    assert trained == ["hints", "smoothing"]
    assert (tmp_path / "trials" / "plain.json").read_bytes() == kept
    report = json.loads((tmp_path / "trials.json").read_text())
    names = [entry["variant"] for entry in report["trials"]]
    assert names == ["plain", "last_weights", "start", "hints", "hints_absent", "smoothing"]
    by_name = {entry["variant"]: entry for entry in report["trials"]}
    assert by_name["start"]["steps"] == 0 and by_name["plain"]["steps"] == 2
    assert "difference" not in by_name["plain"]
    assert set(by_name["hints"]["difference"]) == {"articles", "titles", "all"}
    assert by_name["plain"]["examples"] == by_name["smoothing"]["examples"] > 0
    assert report["validation"] == {"articles": 4, "titles": 4}
    assert "| smoothing | 2 |" in capsys.readouterr().out
    # No text of an article is in what is committed.
    titles = {one["title"] for one in starter_articles()}
    assert not [title for title in titles if title in (tmp_path / "trials.json").read_text()]


def test_other_settings_and_unknown_variants_are_refused(
    data: Path, tiny_bart: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = settings(data, tiny_bart, tmp_path)
    assert trials.main([*flags, "--only", "start"]) == 0
    assert trials.main([*flags, "--only", "start", "--seed", "4"]) == 2
    assert "is of other settings" in capsys.readouterr().err
    assert trials.main([*flags, "--only", "magic"]) == 2
    assert "--only magic: the variants are plain, start" in capsys.readouterr().err


def test_differences_are_paired_and_marked_beyond_noise() -> None:
    def result(name: str, values: list[float]) -> dict[str, Any]:
        scores = {
            kind: [{"f1@m": value, "f1@5": value / 2} for value in values]
            for kind in ("articles", "titles")
        }
        trained = {"steps": 2, "examples": 9, "tokens": 99, "seconds": 1.0}
        return {"says": name, "trained": trained, "scores": {name: scores}}

    values = [0.0, 0.2, 0.4, 0.6, 0.8] * 8
    entries = summarise(
        {
            "plain": result("plain", values),
            "better": result("better", [value + 0.01 for value in values]),
            "noise": result("noise", [*values[1:], values[0]]),
        }
    )
    better, noise = entries[1], entries[2]
    # A hundredth everywhere is beyond noise only because articles are paired.
    assert better["difference"]["all"]["f1@m"] == {"value": 0.01, "low": 0.01, "high": 0.01}
    assert beyond_noise(better, "all", "f1@m") == "+"
    assert beyond_noise(noise, "all", "f1@m") == ""
    shown = table({"trials": entries, "validation": {"articles": 40, "titles": 40}})
    assert "| better | 2 | 9 | 1 | 41.0 (+1.0, +1.0 to +1.0)+ |" in shown

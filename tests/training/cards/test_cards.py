"""Both cards, from a dataset that the real builder made and a model that transformers saved."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import Any

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset
from datasets.exceptions import NonMatchingSplitsSizesError
from huggingface_hub import (
    DatasetCard,
    DatasetCardData,
    ModelCard,
    ModelCardData,
    metadata_eval_result,
)
from huggingface_hub.repocard_data import (
    eval_results_to_model_index,
    model_index_to_eval_results,
)
from markdown_it import MarkdownIt
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BartConfig, BartForConditionalGeneration, PreTrainedTokenizerFast

from dataset_card.markdown import shorten, visible
from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from training.cards.cards import write_dataset_card, write_model_card
from training.cards.model_sections import duration, log_table
from training.cards.model_snippets import browser_snippet, curl_snippet, model_snippet
from training.cards.repo_names import Names
from training.config import BuildConfig
from training.data.build_dataset import build
from training.evaluation.measures import METRICS
from training.finetune.calibration import reliability
from training.json_files import write_json

NAMES = Names.of("demo", "news")
DATASET, MODEL, SPACE = NAMES.dataset, NAMES.model, NAMES.space
NOWHERE = {"country": None}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HOSTILE = [
    "# Not a heading",
    "---",
    "1. First, a list",
    "- item\n- item",
    "    four blanks are no code",
    "| cut | the | table |\n|---|---|---|",
    "ends the row |",
    "`code` and ```\nfence\n```",
    "**bold** _slanted_ ~~struck~~ ***",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</td></table><h1>Owned</h1>",
    "[click](javascript:alert(1)) ![x](https://tracker.example/x.png)",
    "<https://auto.example> https://bare.example www.bare.example me@mail.example",
    "&lt;b&gt; &amp; &#42; AT&T",
    "back\\slash \\[not\\] a trick\\",
    "$$x^2$$ and \\\\(y\\\\)",
    "key: value\n...\n- !!python/object/apply:os.system [ls]",
    "{{ config }} {% raw %} {# note #}",
    "TODO: TBD, FIXME, None, nan, snake_None and [More Information Needed], lorem ipsum <!-- -->",
    "right\u202eto left\u202c, zero\u200bwidth, \u2066isolated\u2069, \ufeffmark",
    "[ref]: https://ref.example 'title'",
    "Setext\n======",
    "Wow!",
    "emoji 👩\u200d💻, ünïcode, 日本語, \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    'quotes "double" \'single\' """three"""',
    "^[note]: and [^1] *",
]
SUBJECTS = ("bread", "trains", "gardens", "chess", "rivers", "violins", "taxes", "bees")


def rows(titles: list[str], tags: list[str], license: str, source: str) -> list[dict[str, Any]]:
    """Articles whose texts differ so much that none is a near-duplicate."""
    made = []
    for index, title in enumerate(titles):
        subject = SUBJECTS[index % len(SUBJECTS)]
        words = [f"{subject}{index}x{place} about" for place in range(20 + 3 * index)]
        text = f"{title} " + " ".join(words)
        row = {"title": title, "text": text, "tags": [subject, tags[index % len(tags)], "News"]}
        made.append(row | {"license": license, "source": source})
    return made


def make_dataset(folder: Path, articles: list[dict[str, Any]]) -> Path:
    """Builds a dataset folder by the real builder."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "articles.jsonl"
    source.write_text("".join(json.dumps(article) + "\n" for article in articles))
    target = folder / DATASET
    build(
        BuildConfig(source=[str(source)], output_dir=str(target)),
        "python -m training.build_dataset --source articles.jsonl",
    )
    return target


def dataset_card(folder: Path) -> str:
    """Writes the dataset card with the names of these tests."""
    return write_dataset_card(folder, NAMES, "1.2.0")


def model_card(folder: Path, names: Names = NAMES, version: str = "v1.2.0") -> str:
    """Writes the model card with the names of these tests."""
    return write_model_card(folder, names, version, COMMIT)


def interval(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def make_model(folder: Path, examples: list[dict[str, Any]]) -> Path:
    """Saves a tiny BART with tokenizer, log and report."""
    target = folder / MODEL
    words = "[PAD] [CLS] [SEP] [UNK] bread , news trains bees".split()
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, "[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        bos_token="[CLS]",
        eos_token="[SEP]",
        unk_token="[UNK]",
    )
    config = BartConfig(
        vocab_size=len(words),
        d_model=8,
        encoder_ffn_dim=8,
        decoder_ffn_dim=8,
        encoder_attention_heads=1,
        decoder_attention_heads=1,
        max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        forced_eos_token_id=2,
        encoder_layers=1,
        decoder_layers=1,
    )
    model = BartForConditionalGeneration(config)
    model.generation_config.max_new_tokens = 6
    model.save_pretrained(target)
    fast.save_pretrained(target)
    TaggingSettings(max_input_tokens=48, base_model="tagloop-base").save(target)
    write_json(target / "training_log.json", training_log())
    write_json(target / "report.json", report(examples))
    return target


def training_log() -> dict[str, Any]:
    log: list[dict[str, Any]] = []
    for epoch in range(1, 4):
        log.append({"epoch": epoch - 0.5, "step": 10 * epoch - 5, "loss": 4.0 / epoch})
        scores = {"eval_f1@5": 0.1 * epoch, "eval_f1@m": 0.12 * epoch, "eval_runtime": 1.0}
        log.append({"epoch": epoch, "step": 10 * epoch, "eval_loss": 3.5 / epoch} | scores)
    return {
        "schema": 1,
        "command": "python -m training.train --dataset news --epochs 3.0",
        "base_model": "tagloop-base",
        "base_revision": None,
        "prompt_template": "{title}\n{text}",
        "dataset": {"repo_id": "dataset", "revision": None},
        "hyperparameters": {"epochs": 3.0, "learning_rate": 3e-4, "prompt_template": None},
        "examples": {"train": 19, "validation": 3},
        "log": log,
        "best": {"step": 30, "metric": "f1@m", "value": 0.36},
        "seconds": 754.2,
        "parameters": {"total": 27_500_000, "encoder": 10_600_000, "decoder": 5_300_000},
        "device": "cpu",
        "precision": "bf16",
        "versions": {"python": "3.11.7", "transformers": "5.23.0"},
        "emissions": {
            "grams": 3.25,
            "kwh": 0.0068,
            "seconds": 801.0,
            "country": "Norway",
            "hardware": "AMD EPYC, 2 cores",
            "version": "3.3.2",
        },
    }


def report(examples: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": 1,
        "command": "python -m training.evaluation --name news",
        "split": "test",
        "articles": 212,
        "dataset": {"repo_id": "dataset", "revision": None},
        "model": {"repo_id": "model", "revision": None},
        "systems": {
            "before": {name: interval(0.05) for name in METRICS},
            "checkpoint": {name: interval(0.32) for name in METRICS},
            "after": {name: interval(0.41) for name in METRICS},
            "most_frequent": {name: interval(0.11) for name in METRICS},
        },
        "engine": "ctranslate2",
        "paired": {"f1@m": {"difference": 0.36, "low": 0.33, "high": 0.39}},
        "differences": [
            {"of": of, "over": over, "measures": {"f1@m": change}}
            for of, over, change in (
                ("checkpoint", "before", {"difference": 0.27, "low": 0.24, "high": 0.3}),
                ("after", "checkpoint", {"difference": 0.09, "low": -0.01, "high": 0.19}),
                ("after", "before", {"difference": 0.36, "low": 0.33, "high": 0.39}),
            )
        ],
        "threshold": 0.2,
        "calibration": reliability([0.9, 0.8, 0.3, 0.1], [True, True, True, False]),
        "examples": examples,
        "bootstrap": {"samples": 1000, "confidence": 0.95, "seed": 0},
        "versions": {"ctranslate2": "4.8.5", "transformers": "5.23.0"},
    }


def example(title: str, tags: list[str]) -> dict[str, Any]:
    return {
        "id": "0" * 64,
        "title": title,
        "text": f"{title} is what the village talks about since the mill burnt down.",
        "tags": tags,
        "before": tags[:1],
        "checkpoint": [tag.lower() for tag in tags],
        "after": [{"tag": tag, "confidence": 0.5, "present": True} for tag in tags],
    }


@pytest.fixture(autouse=True, scope="module")
def public_hub() -> Iterator[None]:
    """Cards link to the Hub in use; the expected texts name the public one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.ENDPOINT", "https://huggingface.co")
        yield


TITLES = [f"What {subject} taught us, part {part}" for part in (1, 2, 3) for subject in SUBJECTS]


@pytest.fixture(scope="module")
def dataset_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    articles = rows(TITLES, ["Local News", "local-news", "Food"], "CC BY 4.0", "The Gazette")
    articles += [{"title": "Nothing in it", "text": "", "tags": ["Food"]}]
    articles += [{"title": "No tags", "text": "Some words. " * 20, "tags": []}]
    folder = make_dataset(tmp_path_factory.mktemp("cards"), articles)
    found_languages(folder, {"en": 22})  # the texts are no sentences
    return folder


def found_languages(folder: Path, languages: dict[str, int]) -> None:
    """Says that a build found these languages."""
    report = json.loads((folder / "build_report.json").read_text(encoding="utf-8"))
    write_json(folder / "build_report.json", report | {"languages": languages})


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    examples = [example("The bakery's bread", ["Bread", "Local News"]), example("Bees", ["Bees"])]
    return make_model(tmp_path_factory.mktemp("model"), examples)


@pytest.fixture(scope="module")
def dataset_text(dataset_dir: Path, public_hub: None) -> str:
    return dataset_card(dataset_dir)


@pytest.fixture(scope="module")
def model_text(model_dir: Path, public_hub: None) -> str:
    return model_card(model_dir)


def front_matter(text: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text.split("---\n")[1]))


def block_tokens(text: str) -> list[str]:
    """The block structure of a card, which no data may change."""
    body = text.split("---\n", 2)[2]
    return [token.type for token in MarkdownIt("gfm-like", {"linkify": False}).parse(body)]


def snippet(shown: dict[str, Any], settings: TaggingSettings) -> str:
    """The model card's snippet for an example, as a reader would copy it."""
    code = model_snippet(MODEL, "v1.2.0", settings, shorten(shown["title"], 200), shown["text"])
    (block,) = code_blocks(f"---\n---\n{code}\n", "python")
    return block


class Page(HTMLParser):
    """What a reader gets: visible text, addresses, elements."""

    def __init__(self, card: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: set[str] = set()
        self.elements: set[str] = set()
        body = card.split("---\n", 2)[2]
        options = {"html": True, "linkify": False}
        self.feed(MarkdownIt("gfm-like", options).render(body))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.addresses |= {value or "" for name, value in attrs if name in ("href", "src")}
        self.words += [value or "" for name, value in attrs if name == "alt"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


def code_blocks(text: str, language: str) -> list[str]:
    return [
        token.content
        for token in MarkdownIt().parse(text.split("---\n", 2)[2])
        if token.type == "fence" and token.info == language
    ]


def run(code: str) -> str:
    """Runs a snippet as a reader would and returns what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "snippet", "exec"), {})
    return printed.getvalue()


def assert_matches(pattern_file: str, card: str) -> None:
    """Matches a whole card line by line; each line of the file is a regular expression."""
    patterns = (Path(__file__).parent / pattern_file).read_text().split("\n")
    for pattern, line in zip_longest(patterns, card.split("\n"), fillvalue="(no line)"):
        assert re.fullmatch(pattern, line), f"{line!r} is not {pattern!r}"


# The dataset card


def test_dataset_card_matches_its_pattern(dataset_text: str) -> None:
    assert_matches("dataset_card_pattern.txt", dataset_text)


def test_dataset_card_is_deterministic_and_survives_a_hand(
    dataset_dir: Path, dataset_text: str
) -> None:
    charts = {path.name: path.read_bytes() for path in (dataset_dir / "charts").iterdir()}
    (dataset_dir / "README.md").write_text("# Written over by hand\n")
    assert dataset_card(dataset_dir) == dataset_text == (dataset_dir / "README.md").read_text()
    assert charts == {path.name: path.read_bytes() for path in (dataset_dir / "charts").iterdir()}
    assert set(charts) == {"tags.png", "lengths.png"}
    assert {"configs", "dataset_info"} <= set(front_matter(dataset_text))


def test_dataset_snippet_loads_the_dataset(
    dataset_dir: Path, dataset_text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(dataset_dir.parent.parent)  # where the repo_id is a folder
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    printed = run(code_blocks(dataset_text, "python")[0])
    assert "What" in printed and "News" in printed
    # The sizes in the card are verified by load_dataset, and are its own.
    loaded = load_dataset(DATASET, cache_dir=str(tmp_path / "again"))
    info = front_matter(dataset_text)["dataset_info"]
    for split in info["splits"]:
        assert loaded[split["name"]].num_rows == split["num_examples"] > 0
        assert loaded[split["name"]].info.splits[split["name"]].num_bytes == split["num_bytes"]
    assert info["download_size"] == sum(
        path.stat().st_size for path in (dataset_dir / "data").iterdir()
    )


def test_wrong_sizes_in_a_card_would_be_noticed(
    dataset_dir: Path, dataset_text: str, tmp_path: Path
) -> None:
    folder = shutil.copytree(dataset_dir, tmp_path / "copy")
    count = front_matter(dataset_text)["dataset_info"]["splits"][0]["num_examples"]
    wrong = dataset_text.replace(f"num_examples: {count}", f"num_examples: {count + 1}", 1)
    (folder / "README.md").write_text(wrong)
    with pytest.raises(NonMatchingSplitsSizesError):
        load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))


def test_dataset_card_is_read_by_the_hub_client(dataset_text: str) -> None:
    data = DatasetCard(dataset_text).data
    assert isinstance(data, DatasetCardData)
    assert data.license == "cc-by-4.0"
    assert data.size_categories == ["n<1K"]
    assert data.pretty_name == "News articles"


@pytest.fixture(scope="module")
def hostile_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = rows(HOSTILE, HOSTILE, "MIT | <b>x</b>", "*The* [Gazette](javascript:alert(1)) | x")
    for index, row in enumerate(made):
        row["license"] = f"{HOSTILE[index]} {index}"
        row["source"] = HOSTILE[index]
    made.append({"title": HOSTILE[5], "text": "", "tags": ["x"]})
    return make_dataset(tmp_path_factory.mktemp("hostile"), made)


def test_hostile_articles_only_show_in_the_dataset_card(hostile_dataset: Path) -> None:
    report = json.loads((hostile_dataset / "build_report.json").read_text())
    notes = [*HOSTILE, "plain note"]
    merged = [
        {"tag": text, "articles": 2, "merged": [{"form": text, "articles": 1, "reason": text}]}
        for text in HOSTILE[:20]
    ]
    dropped = [{"source": "s", "where": text, "reason": text, "title": "t"} for text in HOSTILE]
    tags = {**report["tags"], "merged": merged}
    counts = dict.fromkeys(HOSTILE, 1)
    sources = [{**report["sources"][0], "location": text} for text in HOSTILE]
    changes = {"notes": notes, "tags": tags, "dropped": dropped, "dropped_counts": counts}
    write_json(hostile_dataset / "build_report.json", {**report, **changes, "sources": sources})
    card = dataset_card(hostile_dataset)
    page = Page(card)
    for text in HOSTILE:
        assert page.text.count(visible(text)) >= 3, text
    assert not page.elements & {"script", "hr", "iframe", "ol", "s"}
    assert all(
        address.startswith(("https://huggingface.co/", "charts/")) for address in page.addresses
    )
    headings = block_tokens(card).count("heading_open")
    assert headings == card.count("\n## ") + 1 == 11
    assert block_tokens(card).count("fence") == 2
    metadata = front_matter(card)
    assert set(metadata["license"]) <= {"other", "unknown"} or metadata["license"] == "other"
    assert yaml.safe_load(yaml.safe_dump(metadata)) == metadata


def test_hostile_articles_leave_the_structure_alone(tmp_path: Path) -> None:
    """The same card with harmless texts has the same blocks, one by one."""
    cards = []
    for name, titles in (
        ("hostile", HOSTILE),
        ("harmless", [f"Harmless {n}" for n in range(len(HOSTILE))]),
    ):
        report_examples = [example(title, titles[:4]) for title in titles]
        folder = make_model(tmp_path / name, report_examples)
        cards.append(model_card(folder))
    assert block_tokens(cards[0]) == block_tokens(cards[1])


# The model card


def test_model_card_matches_its_pattern(model_text: str) -> None:
    assert_matches("model_card_pattern.txt", model_text)


def test_model_card_is_deterministic(model_dir: Path, model_text: str) -> None:
    chart = (model_dir / "charts" / "training.png").read_bytes()
    assert model_card(model_dir, version="1.2.0") == model_text
    assert (model_dir / "README.md").read_text() == model_text
    assert (model_dir / "charts" / "training.png").read_bytes() == chart


def test_model_snippet_runs(
    model_dir: Path, model_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model_dir.parent.parent)  # where the repo_id is a folder
    tags = eval(run(code_blocks(model_text, "python")[0]))
    assert isinstance(tags, list)
    assert all(isinstance(tag, str) and tag and "," not in tag for tag in tags)


def test_the_thumbnail_is_a_picture_in_the_repository(model_dir: Path, model_text: str) -> None:
    address = front_matter(model_text)["thumbnail"]
    assert address.startswith(f"https://huggingface.co/{MODEL}/resolve/v1.2.0/")
    with Image.open(model_dir / address.partition("/v1.2.0/")[2]) as picture:
        assert picture.size == (1200, 630)  # what pages with links to it show whole
        assert picture.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)
        assert len(picture.convert("L").histogram()) - picture.convert("L").histogram().count(0) > 9


def test_a_model_without_an_estimate_has_no_emissions(model_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(model_dir, tmp_path / "model")
    log = training_log()
    write_json(folder / "training_log.json", log | {"emissions": log["emissions"] | NOWHERE})
    card = model_card(folder)
    assert "geographical_location" not in front_matter(card)["co2_eq_emissions"]
    assert "the world's mean" in front_matter(card)["co2_eq_emissions"]["source"]
    assert "at the intensity of the world's mean grid" in card
    del log["emissions"]
    write_json(folder / "training_log.json", log)
    card = model_card(folder)
    assert "co2_eq_emissions" not in front_matter(card) and "CodeCarbon" not in card


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_strings_for_shell_and_browser(text: str) -> None:
    """Of the page's script that is its own two literals; what the shell sends is one JSON."""
    shown = shorten(text, 200)
    shell = str(curl_snippet(SPACE, shown, shown))
    sent = shell.split("<<'END'\n")[1].split("\nEND\n")[0]
    assert json.loads(sent) == {"title": shown, "text": shown, "max_tags": 5}
    settings = TaggingSettings(prompt_template="`${x}` \\ {title}: {text}")
    page = str(browser_snippet(MODEL, "v1.2.0", settings, shown, shown))
    (title,) = re.findall("^const title = (.*);$", page, re.MULTILINE)
    assert json.loads(title) == shown
    assert r"tokenizer(`\`\${x}\` \\ ${title}: ${text}`, {" in page


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ([("hub", "me/a@0123456789abcdef"), ("hub", "me/a:en@89"), ("table", "a.csv")],
         ["extended|me/a", "original"]),
        ([("hub", "squad@01"), ("corrections", "me/c@01")], ["extended|squad"]),
        ([("ghost", "me/export.json")], ["original"]),
    ],
)  # fmt: skip
def test_a_dataset_card_says_where_articles_and_tags_are_from(
    dataset_dir: Path, tmp_path: Path, sources: list[tuple[str, str]], said: list[str]
) -> None:
    folder = shutil.copytree(dataset_dir, tmp_path / "dataset")
    report = json.loads((folder / "build_report.json").read_text())
    rows = [{"kind": kind, "location": at, "read": 1, "kept": 1} for kind, at in sources]
    write_json(folder / "build_report.json", report | {"sources": rows})
    assert front_matter(dataset_card(folder))["source_datasets"] == said


def test_tags_that_visitors_corrected_are_crowdsourced(dataset_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(dataset_dir, tmp_path / "dataset")
    (path,) = folder.glob("data/train-*.parquet")
    table = pq.read_table(path)
    corrected = ["correction", *table["origin"].to_pylist()[1:]]
    place = table.column_names.index("origin")
    pq.write_table(table.set_column(place, "origin", pa.array(corrected)), path)
    assert front_matter(dataset_card(folder))["annotations_creators"] == ["found", "crowdsourced"]


def test_the_notebook_is_one_and_the_same_bytes(model_dir: Path, model_text: str) -> None:
    written = (model_dir / "notebook.ipynb").read_bytes()
    notebook = nbformat.reads(written.decode(), as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"] * 5
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)  # plain Python, no magic
    assert '"demo/news-tagger", "v1.2.0"' in notebook.cells[1].source
    assert COMMIT in notebook.cells[5].source
    model_card(model_dir)
    assert (model_dir / "notebook.ipynb").read_bytes() == written


@pytest.mark.parametrize(
    "template", ["Generate tags: {title}\n{text}", "{{x}} {text}\t\"'{title}", "{text}"]
)
def test_snippet_fills_the_prompt_as_the_tagger_does(template: str) -> None:
    settings = TaggingSettings(prompt_template=template)
    lines = snippet(example("A {text} & a {title}", ["x"]), settings).splitlines()
    names: dict[str, str] = {}
    exec("\n".join(line for line in lines if line.startswith(("title", "text", "prompt"))), names)
    assert names["prompt"].strip() == settings.prompt(names["title"], names["text"])


def test_model_index_has_every_metric_with_dataset_and_commit(
    model_dir: Path, model_text: str
) -> None:
    data = ModelCard(model_text).data
    assert isinstance(data, ModelCardData) and data.eval_results is not None
    results = data.eval_results
    systems = json.loads((model_dir / "report.json").read_text())["systems"]
    wanted = {
        f"{METRICS[name].label} ({shown})": measured["value"]
        for system, shown in (("checkpoint", "checkpoint alone"), ("after", "with Tagloop"))
        for name, measured in systems[system].items()
    }
    assert [result.metric_name for result in results] == list(wanted)
    for result in results:
        assert result.dataset_type == DATASET
        assert result.dataset_revision == COMMIT
        assert result.dataset_split == "test"
        assert type(result.metric_value) is float
        assert result.metric_value == wanted[str(result.metric_name)]


def test_the_hubs_own_tools_keep_both_systems_apart(model_text: str) -> None:
    """Read, written and read again, and one figure replaced as ``metadata_update`` does it."""
    card = ModelCard(model_text)
    index = front_matter(model_text)["model-index"]
    model, results = model_index_to_eval_results(index)
    assert eval_results_to_model_index(model, results) == index
    assert front_matter(str(card))["model-index"] == index
    named = "F1@M (checkpoint alone)"
    new = metadata_eval_result(
        model_pretty_name=model,
        task_pretty_name="Article tagging",
        task_id="summarization",
        metrics_pretty_name=named,
        metrics_id="f1",
        metrics_value=0.9,
        dataset_pretty_name=results[0].dataset_name,
        dataset_id=DATASET,
        dataset_split="test",
        dataset_revision=COMMIT,
    )
    (other,) = model_index_to_eval_results(new["model-index"])[1]
    other.verified = None
    same = [result for result in results if result.is_equal_except_value(other)]
    assert [result.metric_name for result in same] == [named]


def test_a_report_of_an_earlier_version_makes_a_card_of_one_system(tmp_path: Path) -> None:
    folder = make_model(tmp_path, [])
    old = report([{**example("Bees", ["Bees"]), "checkpoint": None}])
    del old["systems"]["checkpoint"], old["differences"], old["examples"][0]["checkpoint"]
    write_json(folder / "report.json", old)
    card = model_card(folder)
    names = [
        metric["name"] for metric in front_matter(card)["model-index"][0]["results"][0]["metrics"]
    ]
    assert names[:2] == ["F1@5 (with Tagloop)", "F1@M (with Tagloop)"]
    assert "checkpoint alone has" not in card and "| checkpoint alone |" not in card
    assert "| measure | before fine-tuning | with Tagloop | most frequent tags |" in card
    assert "| article | its own tags | before fine-tuning | with Tagloop |" in card
    assert "With Tagloop against before fine-tuning: F1@M +0.360" in Page(card).text
    table = [len(line.split("|")) for line in card.splitlines() if line.startswith("| Bees")]
    assert table == [6]


def test_a_dataset_read_from_the_hub_keeps_its_commit(model_dir: Path, tmp_path: Path) -> None:
    """What training and measuring noted wins over what is published now."""
    folder = make_model(tmp_path, [])
    for name, commit in (("training_log.json", "a" * 40), ("report.json", "b" * 40)):
        content = json.loads((folder / name).read_text())
        content["dataset"] = {"repo_id": "other/blog-articles", "revision": commit}
        write_json(folder / name, content)
    card = model_card(folder)
    data = front_matter(card)
    assert data["datasets"] == ["other/blog-articles"]
    assert data["model-index"][0]["results"][0]["dataset"]["revision"] == "b" * 40
    assert f"datasets/other/blog-articles/tree/{'a' * 40}" in card
    assert "Check the output" not in card  # without examples the section is left out


@pytest.mark.parametrize(
    ("base", "revision", "named"),
    [
        ("google/flan-t5-small", None, "google/flan-t5-small"),
        ("t5-small", "c" * 40, "t5-small"),
        ("my-folder", None, None),
        ("tagloop-base", None, "sentence-transformers/all-MiniLM-L6-v2"),
    ],
)
def test_base_model_is_an_id_of_the_hub(
    model_dir: Path, base: str, revision: str | None, named: str | None
) -> None:
    log = training_log() | {"base_model": base, "base_revision": revision}
    write_json(model_dir / "training_log.json", log)
    card = model_card(model_dir)
    write_json(model_dir / "training_log.json", training_log())
    assert front_matter(card).get("base_model") == named
    assert ("base_model_relation" in front_matter(card)) is (named is not None)
    assert ("chung2022scaling" in card) is ("flan" in base)


@pytest.mark.parametrize(
    ("found", "languages"),
    [
        ({"zh": 60, "en": 30, "ru": 10, "fr": 2}, ["zh", "en", "ru"]),
        ({"en": 19}, ["en"]),
        ({}, None),
        (None, ["en"]),
    ],
)
def test_a_card_has_the_languages_that_were_found(
    model_dir: Path, tmp_path: Path, found: dict[str, int] | None, languages: list[str] | None
) -> None:
    folder = shutil.copytree(model_dir, tmp_path / "model")
    log = training_log() | ({} if found is None else {"languages": found})
    write_json(folder / "training_log.json", log)
    assert front_matter(model_card(folder)).get("language") == languages


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        (None, "sentence-transformers/all-MiniLM-L6-v2), Apache-2.0, which `embedding/`"),
        (
            "intfloat/e5",
            "[intfloat/e5](https://huggingface.co/intfloat/e5) (under its own licence)",
        ),
        ("my-encoder", "the vectors of my-encoder (under its own licence), which"),
    ],
)
def test_a_model_card_names_its_sentence_encoder(
    model_dir: Path, tmp_path: Path, encoder: str | None, said: str
) -> None:
    folder = shutil.copytree(model_dir, tmp_path / "model")
    replace(TaggingSettings.load(folder), sentence_encoder=encoder).save(folder)
    assert said in model_card(folder)


def test_a_model_card_says_what_its_base_cannot_read(model_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(model_dir, tmp_path / "model")
    write_json(folder / "training_log.json", training_log() | {"languages": {"zh": 60, "en": 40}})
    assert (
        "60 % of the articles are in Chinese, and tagloop-base was trained on English. Bases "
        "trained on it: google/mt5-small, google/byt5-small, facebook/mbart-large-50."
    ) in Page(model_card(folder)).text
    write_json(folder / "training_log.json", training_log() | {"languages": {"en": 40}})
    assert "was trained on English" not in model_card(folder)


def test_a_dataset_card_has_the_languages_that_were_found(
    dataset_dir: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(dataset_dir, tmp_path / "dataset")
    found_languages(folder, {"ja": 20, "en": 4})
    assert front_matter(dataset_card(folder))["language"] == ["ja", "en"]
    found_languages(folder, {})
    assert "language" not in front_matter(dataset_card(folder))


def test_hostile_texts_only_show_in_the_model_card(tmp_path: Path) -> None:
    folder = make_model(tmp_path, [example(text, HOSTILE[:3]) for text in HOSTILE])
    log = training_log()
    log["base_model"] = "<script>alert(1)</script>"
    log["hyperparameters"] |= {text: text for text in HOSTILE}
    write_json(folder / "training_log.json", log)
    card = model_card(folder)
    page = Page(card)
    for text in HOSTILE:
        assert page.text.count(visible(text)) >= 3, text
    assert "<script>alert(1)</script>" in page.text
    assert not page.elements & {"script", "hr", "iframe", "ol", "s"}
    allowed = ("https://huggingface.co/", "https://opennmt.net/", "charts/")
    assert all(address.startswith(allowed) for address in page.addresses)
    assert "base_model" not in front_matter(card)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_strings_in_the_snippet(text: str) -> None:
    settings = TaggingSettings(prompt_template=f"{text} {{text}}", separator=text)
    code = snippet(example(text, [text]), settings)
    strings = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    assert visible(text) in strings
    assert not set(code) & set("\u202e\u200b\ufeff\u2066")


def test_cards_link_to_the_hub_in_use(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:7870")
    addresses = Page(model_card(model_dir)).addresses
    assert "http://127.0.0.1:7870/spaces/demo/news" in addresses
    assert f"http://127.0.0.1:7870/datasets/{DATASET}" in addresses


@pytest.mark.parametrize("repo_id", ["a/b/c", "x](javascript:alert(1))", "", "a b/c"])
def test_what_is_no_repo_id_is_refused(model_dir: Path, repo_id: str) -> None:
    with pytest.raises(UserError, match="repo_id"):
        model_card(model_dir, replace(NAMES, space=repo_id))


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"training_log\.json is missing.*make train"):
        model_card(tmp_path)
    (tmp_path / "training_log.json").write_text("{")
    with pytest.raises(UserError, match=r"training_log\.json is no JSON object"):
        model_card(tmp_path)


def test_a_figure_that_is_none_fails_the_card(model_dir: Path) -> None:
    content = report([])
    content["systems"]["after"]["f1@m"]["value"] = float("inf")
    (model_dir / "report.json").write_text(json.dumps(content))
    try:
        with pytest.raises(UserError, match="value"):
            model_card(model_dir)
    finally:
        write_json(model_dir / "report.json", report([example("The bakery's bread", ["Bread"])]))


def test_log_table_is_short_and_ends_with_the_last_validation() -> None:
    log = [{"epoch": n, "step": n, "eval_loss": 1 / n, "eval_f1@m": 0.1} for n in range(1, 102)]
    keys, table = log_table(log)
    assert keys == ["epoch", "step", "eval_loss", "eval_f1@m"]
    assert len(table) <= 20
    assert table[-1][0] == "101"
    assert log_table([{"epoch": 0.5, "step": 5, "loss": 2.0}]) == (
        ["epoch", "step", "loss"],
        [["0.5", "5", "2.000"]],
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(45.2, "45 s"), (720, "12 min"), (7500, "2 h 5 min"), (3599, "1 h 0 min")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_card_says_whether_one_version_or_a_mean_was_kept(
    model_dir: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(model_dir, tmp_path / "model")
    of_one = "chose the version to keep", "The model of step 30 was kept"
    of_mean = "chose how it decodes", "The mean of the last weights was kept"
    for averaged, said, other in ((False, of_one, of_mean), (True, of_mean, of_one)):
        log = training_log() | {"chosen": {"epochs": 16.0, "averaged": averaged}}
        write_json(folder / "training_log.json", log)
        card = model_card(folder)
        assert all(words in card for words in said)
        assert not any(words in card for words in other)

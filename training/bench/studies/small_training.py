"""How is a small corpus fine-tuned best, and how is its checkpoint decoded? On validation alone.

    python -m training.bench.studies.small_training --data DATA MORE
    python -m training.bench.studies.small_training --data DATA MORE --variants usual "12 epochs"
    python -m training.bench.studies.small_training --data DATA MORE --summary     # what is there

Every variant of the training is run on small corpora (``training.bench.small``: blogs that no base
has learned from, and the starter corpus) and several draws of each. Of the model folder two systems
are measured, by F1@M on articles held out of train and validation splits: Tagloop with its
defaults, and the checkpoint alone, by stock ``generate`` in several decodings. A repeat is counted
in the tokens as generated: the tokenizer's decoder would hide it. Each result is kept in
``build/bench/small-training/``; an interrupted command goes on. A run takes about 4 minutes of 2
quiet cores for 100 articles.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm
from transformers import GenerationConfig

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from tagloop.vocabulary.vocabulary import normal_form, parse_tags
from training.bench.data import Row
from training.bench.means import Interval, intervals, mean_values
from training.bench.reporting import RESULTS, TRIES, write_report
from training.bench.small.corpora import Cell, SmallCorpus, draw, load_sources
from training.bench.small.results import fingerprint
from training.bench.small.systems import by_default
from training.bench.tables import markdown_table, with_interval
from training.command import command
from training.config import TrainConfig, command_line, option, parse_config
from training.evaluation.checkpoint import Checkpoint
from training.evaluation.scores import Values
from training.finetune.train import train
from training.json_files import read_json, write_json

USUAL = "usual"
VARIANTS: dict[str, dict[str, Any]] = {
    USUAL: {},
    "6 epochs": {"epochs": 6.0},
    "12 epochs": {"epochs": 12.0, "patience": 12},
    "30 epochs, 5 layers frozen": {"epochs": 30.0, "frozen_layers": 5},
    "12 epochs, 3 layers frozen": {"epochs": 12.0, "frozen_layers": 3},
    "11 epochs, 384 tokens": {"epochs": 11.0, "frozen_layers": 4, "max_input_tokens": 384},
    "16 epochs of the decoder alone": {"freeze_encoder": True, "epochs": 16.0, "patience": 16},
    "rate 6e-4": {"learning_rate": 6e-4},
    "label smoothing 0.1": {"label_smoothing": 0.1},
    "tags as their authors order them": {"tag_order": "author"},
}
"""What each changes of the defaults of `TrainConfig`."""

TAGLOOP, AS_STORED = "Tagloop", "checkpoint"
DECODINGS: dict[str, dict[str, Any]] = {
    AS_STORED: {},
    "without biases": {"sequence_bias": None},
    "penalty 1.1": {"repetition_penalty": 1.1},
    "penalty 1.3": {"repetition_penalty": 1.3},
    "penalty 1.6": {"repetition_penalty": 1.6},
    "4 beams": {"num_beams": 4, "repetition_penalty": 1.1},
    "4 beams, no pair of tokens twice": {
        "num_beams": 4,
        "no_repeat_ngram_size": 2,
        "repetition_penalty": 1.0,
    },
}
"""How stock ``generate`` is called; the first as the card's snippet calls it."""
BATCH = 16


@dataclass
class SmallTrainingSettings:
    """Flags of the study."""

    data: list[str] = option([], "folders with the labelled files")
    size: int = option(100, "training articles")
    seeds: list[int] = option([0, 1, 2], "draws of the training articles")
    sources: list[str] = option([], "only these corpora")
    most_sources: int = option(6, "corpora, those with most articles first")
    variants: list[str] = option([], "only these trainings")
    limit: int = option(0, "measured articles of each, for a try; 0 is all")
    summary: bool = option(False, "only sum up what is there")
    out: str = option("build/bench/small-training", "folder of the results")


Result = dict[str, Any]
"""``fingerprint`` of rows, code and base, ``seconds`` of processor time, and by system ``f1@m`` and
``repeats`` of each article."""
Results = Mapping[tuple[Cell, str], Result]


def measure(corpus: SmallCorpus, changed: Mapping[str, Any]) -> Result:
    """Fine-tunes on a corpus and measures both systems of the model's folder."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        model = train(TrainConfig(output_dir=f"{folder}/model", **changed), corpus.corpus, str)
        seconds = time.process_time() - started
        shown = [found.kept for found in by_default(model, corpus.measured)]
        systems = {TAGLOOP: scored(shown, [0.0] * len(shown), corpus.measured)}
        checkpoint = Checkpoint.from_pretrained(str(model), TaggingSettings.load(model))
        stored = checkpoint.model.generation_config
        for name, options in DECODINGS.items():
            checkpoint.model.generation_config = changed_config(stored, options)
            systems[name] = scored(*generated(checkpoint, corpus.measured), corpus.measured)
    return {"seconds": round(seconds, 1), "systems": systems}


def scored(
    answers: Sequence[Sequence[str]], repeats: Sequence[float], rows: Sequence[Row]
) -> list[Values]:
    """Returns F1@M of each article's answer, and whether it repeated a tag."""
    values = []
    for answer, repeated, row in zip(answers, repeats, rows, strict=True):
        ours, theirs = (
            {form for form in map(normal_form, of) if form} for of in (answer, row.tags)
        )
        f1 = 2 * len(ours & theirs) / max(len(ours) + len(theirs), 1)
        values.append({"f1@m": f1, "repeats": repeated})
    return values


def changed_config(stored: GenerationConfig, options: Mapping[str, Any]) -> GenerationConfig:
    """Returns a copy of a generation config in which some settings are others, or None."""
    config = deepcopy(stored)
    config.update(**options)
    return config


@torch.no_grad()
def generated(checkpoint: Checkpoint, rows: Sequence[Row]) -> tuple[list[list[str]], list[float]]:
    """Returns each row's tags by stock ``generate``, and 1 where its tokens repeat a tag."""
    tokenizer, settings = checkpoint.tokenizer, checkpoint.settings
    mark = tokenizer(settings.separator.strip(), add_special_tokens=False).input_ids[-1]
    special = set(tokenizer.all_special_ids)
    answers, repeats = [], []
    for first in range(0, len(rows), BATCH):
        inputs = tokenizer(
            [settings.prompt(row.title, row.text) for row in rows[first : first + BATCH]],
            truncation=True,
            max_length=settings.max_input_tokens,
            padding=True,
            return_tensors="pt",
        )
        for ids in checkpoint.model.generate(**inputs).tolist():
            text = tokenizer.decode(ids, skip_special_tokens=True)
            answers.append(parse_tags(text, settings.separator))
            tags = [tag for tag in _cut([i for i in ids if i not in special], mark) if tag]
            repeats.append(float(len(set(tags)) < len(tags)))
    return answers, repeats


def _cut(ids: Sequence[int], mark: int) -> list[tuple[int, ...]]:
    """Cuts token ids at the separator's."""
    tags: list[tuple[int, ...]] = [()]
    for token in ids:
        if token == mark:
            tags.append(())
        else:
            tags[-1] += (token,)
    return tags


def corpora(settings: SmallTrainingSettings) -> list[SmallCorpus]:
    """Draws the corpora, the first seed of all first.

    Raises:
        UserError: A variant or a source is unknown, a file is missing, or no source is so large.
    """
    for name in settings.variants:
        if name not in VARIANTS:
            raise UserError(f"No variant is called {name!r}: take {', '.join(VARIANTS)}.")
    sources = load_sources(settings.data, Path(settings.out) / "starter", settings.sources)
    found: list[SmallCorpus] = []
    for seed in settings.seeds:
        cells = [Cell(name, settings.size, seed) for name in sources]
        drawn = [draw(sources[cell.source], cell, "validation", settings.limit) for cell in cells]
        found += [corpus for corpus in drawn if corpus is not None][: settings.most_sources]
    if not found:
        raise UserError("No corpus has so many articles: --size takes fewer.")
    return found


def run(settings: SmallTrainingSettings, found: Sequence[SmallCorpus]) -> Results:
    """Measures what has no result yet and returns all results."""
    results: dict[tuple[Cell, str], Result] = {}
    names = settings.variants or list(VARIANTS)
    pairs = [(corpus, name) for corpus in found for name in names]
    for corpus, name in tqdm(pairs, desc="fine-tuning", unit="model"):
        path = Path(settings.out) / str(corpus.cell) / f"{name}.json"
        of = fingerprint(AS_STORED, corpus)
        result = read_json(path) if path.is_file() else {}
        if result.get("fingerprint") != of and not settings.summary:
            path.parent.mkdir(parents=True, exist_ok=True)
            result = {"fingerprint": of, **measure(corpus, VARIANTS[name])}
            write_json(path, result)
        if result.get("fingerprint") == of:
            results[corpus.cell, name] = result
    return results


def summarise(results: Results) -> dict[str, Any]:
    """Returns means over corpora, over those cells that the usual training has been run on, too.

    Returns:
        By variant: number of ``cells``, median ``seconds``, and by system the means with their
        intervals over corpora, among them ``difference`` of F1@M from the usual training.
    """
    summary: dict[str, Any] = {}
    for name in dict.fromkeys(name for _, name in results):
        cells = [cell for cell, of in results if of == name and (cell, USUAL) in results]
        if not cells:
            continue
        seconds = sorted(results[cell, name]["seconds"] for cell in cells)
        summary[name] = {
            "cells": len(cells),
            "seconds": seconds[len(seconds) // 2],
            "systems": {
                system: _means(results, cells, name, system) for system in (TAGLOOP, *DECODINGS)
            },
        }
    return summary


def _means(results: Results, cells: Sequence[Cell], name: str, system: str) -> dict[str, Interval]:
    by_source: dict[str, list[Values]] = {}
    for cell in cells:
        ours, usual = (mean_values(results[cell, of]["systems"][system]) for of in (name, USUAL))
        values = {**ours, "difference": ours["f1@m"] - usual["f1@m"]}
        by_source.setdefault(cell.source, []).append(values)
    return intervals([mean_values(rows) for rows in by_source.values()])


def table(report: Mapping[str, Any]) -> str:
    """Renders the report as Markdown: the trainings, then the decodings of the usual one."""
    shown = report["variants"]
    heads = ["training", "checkpoint, F1@M", "against usual", "repeats", "Tagloop, F1@M"]
    lines = []
    for name, of in shown.items():
        alone, whole = of["systems"][AS_STORED], of["systems"][TAGLOOP]
        cells = [with_interval(alone["f1@m"]), with_interval(alone["difference"], "+.3f")]
        cells += [f"{alone['repeats']['value']:.1%}", with_interval(whole["f1@m"])]
        lines.append([name, *cells, f"{of['seconds']:.0f} s", str(of["cells"])])
    parts = [markdown_table([*heads, "processor time", "models"], lines)]
    if USUAL in shown:
        decodings = shown[USUAL]["systems"]
        rows = [
            [
                name,
                with_interval(decodings[name]["f1@m"]),
                f"{decodings[name]['repeats']['value']:.1%}",
            ]
            for name in DECODINGS
        ]
        parts.append(markdown_table(["decoding of the usual one", "F1@M", "repeats"], rows))
    head = f"**Validation: corpora of {report['size']} articles, means over corpora**"
    return "\n\n".join([head, *parts])


@command("interrupted; the same command goes on")
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(
        SmallTrainingSettings, words, "python -m training.bench.studies.small_training"
    )
    results = run(settings, corpora(settings))
    report = {
        "command": command_line("training.bench.studies.small_training", words),
        "size": settings.size,
        "variants": summarise(results),
    }
    folder = TRIES if settings.limit else RESULTS
    print(write_report(folder / "small-training.json", report, table))


if __name__ == "__main__":
    raise SystemExit(main())

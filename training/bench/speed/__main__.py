"""How fast Tagloop tags, next to what people would run instead: one table, one JSON file.

    python -m training.bench.speed --data DATA                  # 12 minutes on 2 cores
    python -m training.bench.speed --data DATA --quick          # tiny shapes: tries the command out

All systems tag the same articles of the validation split in one process, by turns. The two T5
shapes have random weights (``training.bench.speed.shapes``): they read 512 tokens and generate
exactly 64, so every article costs them the same and few articles are enough. Tagloop is what
publishing makes of the bundled base and the training split, with its neighbours and ranking; its
checkpoint is also measured alone, on both engines, with the model's own settings.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from tqdm import tqdm

from tagloop.errors import UserError
from tagloop.tagger.tagger import Tagger
from training.base.examples import Row, read_rows
from training.bench.data import load_suites
from training.bench.peers.tagloop_system import prepare_model
from training.bench.reporting import QuickSettings, benchmark
from training.bench.speed.serving import fresh_process
from training.bench.speed.shapes import FLAN_T5_SMALL, T5_BASE, TINY, RandomT5
from training.bench.speed.stock_model import StockModel
from training.bench.speed.table import SpeedReport, Spread, table
from training.bench.timing import Job, by_turns, machine, seconds, significant, spread
from training.config import option
from training.evaluation.scores import article_scores, bootstrap, paired_difference
from training.finetune.preprocess import BUNDLED_BASE

WORDS = (400, 700)
"""Articles of about 500 words, which fill the 512 tokens that the reference recipe reads."""
BATCHES = (1, 2, 4, 8, 16)
REFERENCE_BATCHES = (1, 2)
"""With its 8 beams each article is a batch of eight already."""
REFERENCE = "T5-base shape, 8 beams"
GREEDY = "checkpoint alone, transformers greedy"
TAGLOOP = "Tagloop, CTranslate2 int8"
ALONE = "checkpoint alone, CTranslate2 int8"
"""The model's own tags and probabilities, as for a model published without ranking."""


@dataclass
class SpeedSettings(QuickSettings):
    """Flags of the benchmark."""

    report: ClassVar[str] = "speed"
    weights: str = option(str(BUNDLED_BASE), "model folder to publish")
    rounds: int = option(5, "rounds, of which the median is taken")
    articles: int = option(24, "articles that every system tags")

    def __post_init__(self) -> None:
        """Shortens a try."""
        if self.quick:
            self.rounds, self.articles = 1, 4


@dataclass(frozen=True)
class Bench:
    """What is measured with.

    Attributes:
        folder: The model with its int8 conversion.
        rows: Labelled validation rows with a text.
        chosen: The articles that all systems tag.
    """

    settings: SpeedSettings
    folder: Path
    rows: list[Row]
    chosen: list[dict[str, str]]

    def article(self, row: Row) -> dict[str, str]:
        """Returns what a tagger reads of a row."""
        return {"title": row.title, "text": row.text}

    def sample(self, count: int) -> list[dict[str, str]]:
        """Takes articles of every length, evenly over the split."""
        step = max(len(self.rows) // count, 1)
        return [self.article(row) for row in self.rows[::step][:count]]


def run(settings: SpeedSettings) -> SpeedReport:
    """Measures everything.

    Raises:
        UserError: A data file is missing or has too few articles.
    """
    rows = [row for row in read_rows(settings.data, "articles") if row.split == "validation"]
    rows = [row for row in rows if row.text and row.tags]
    few = [row for row in rows if WORDS[0] <= len(row.text.split()) <= WORDS[1]]
    few = few if len(few) >= settings.articles else rows
    if len(few) < settings.articles:
        raise UserError(
            f"{', '.join(settings.data)}: {len(few)} validation articles; --articles "
            f"{settings.articles} needs more."
        )
    step = len(few) // settings.articles
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        suite = load_suites(settings.data, ["in-domain"], "validation")[0]
        prepare_model(folder, suite.train, suite.validation, Path(settings.weights))
        chosen = few[::step][: settings.articles]
        articles = [{"title": row.title, "text": row.text} for row in chosen]
        bench = Bench(settings, folder, rows, articles)
        # First, while nothing else is in memory.
        cold_start, serving = _processes(bench, Path(name))
        tagger = Tagger.from_pretrained(folder, engine="ctranslate2")
        rates = _side_by_side(bench, tagger)
        return {
            "machine": machine(),
            "articles": {
                "number": len(articles),
                "words": spread([float(len(row.text.split())) for row in chosen]),
            },
            "articles_per_second": rates,
            "ratios": _ratios(rates),
            "latency_ms": _latency(bench, tagger),
            "cold_start_seconds": cold_start,
            "serving": serving,
            "batches": _batches(bench, tagger),
            "int8_against_float32": _quality(bench, tagger),
        }


def _processes(bench: Bench, folder: Path) -> tuple[Spread, dict[str, Any]]:
    """Cold start over fresh processes, and the memory of one that serves for a while."""
    quick = bench.settings.quick
    starts = [
        fresh_process(bench.folder, bench.chosen[:1], folder)["cold_start_seconds"]
        for _ in tqdm(range(1 if quick else 5), desc="cold starts")
    ]
    served = fresh_process(bench.folder, bench.sample(5 if quick else 200), folder)
    served.pop("cold_start_seconds")
    return spread(starts), served


def _side_by_side(bench: Bench, tagger: Tagger) -> dict[str, Spread]:
    """Articles a second of every system, each also in its best batch."""
    quick, articles = bench.settings.quick, bench.chosen
    texts = [f"{article['title']}\n{article['text']}" for article in articles]
    few = texts[:4]
    shapes = (TINY, TINY) if quick else (T5_BASE, FLAN_T5_SMALL)
    tokens = {"input_tokens": 64, "new_tokens": 4} if quick else {}
    reference = RandomT5.of_shape(shapes[0], 8, **tokens)
    small = RandomT5.of_shape(shapes[1], 1, **tokens)
    beams = RandomT5(small.model, 8, small.input_tokens, small.new_tokens)
    stock = StockModel(bench.folder)
    by_batch = {
        REFERENCE: {n: _in_batches(reference.generate, few[:n], n) for n in REFERENCE_BATCHES},
        "flan-t5-small shape, 8 beams": {
            n: _in_batches(beams.generate, few[:n], n) for n in REFERENCE_BATCHES
        },
        "flan-t5-small shape, greedy": {n: _in_batches(small.generate, few, n) for n in (1, 4)},
        GREEDY: {n: _in_batches(stock.generate, texts, n) for n in BATCHES},
        **{
            name: {
                n: Job(partial(each.tag_batch, articles, batch_size=n), len(articles))
                for n in BATCHES
            }
            for name, each in ((ALONE, _checkpoint_alone(bench)), (TAGLOOP, tagger))
        },
    }
    jobs: dict[str, Job] = {}
    for name, choices in by_batch.items():
        # Once each: a warm-up, and which batch is worth the rounds.
        bar = tqdm(choices.items(), desc=f"best batch, {name}")
        rates = {size: job.items / seconds(job.run) for size, job in bar}
        best = max((size for size in choices if size > 1), key=lambda size: rates[size])
        jobs |= {f"{name}, batch {size}": choices[size] for size in (1, best)}
    return by_turns(jobs, bench.settings.rounds, "side by side")


def _checkpoint_alone(bench: Bench) -> Tagger:
    tagger = Tagger.from_pretrained(bench.folder, engine="ctranslate2")
    tagger.ranker = None
    return tagger


def _in_batches(generate: Any, texts: Sequence[str], size: int) -> Job:
    ordered = sorted(texts, key=len)
    parts = [ordered[first : first + size] for first in range(0, len(ordered), size)]
    return Job(lambda: [generate(part) for part in parts], len(texts))


def _ratios(rates: dict[str, dict[str, float]]) -> dict[str, float]:
    """Says how many times as fast the tagger is: article by article, and each at its best.

    The checkpoint alone does what it does under transformers, so both are compared there.
    """

    def of(name: str, *, best: bool) -> float:
        own = [rates[key]["median"] for key in rates if key.startswith(f"{name}, batch ")]
        return max(own) if best else rates[f"{name}, batch 1"]["median"]

    others = sorted({key.rpartition(", batch ")[0] for key in rates} - {TAGLOOP, ALONE})
    pairs = [(TAGLOOP, other) for other in others] + [(ALONE, GREEDY)]
    return {
        f"{mine}: {other}, {how}": significant(of(mine, best=best) / of(other, best=best), 3)
        for mine, other in pairs
        for how, best in (("one by one", False), ("each at its best", True))
    }


def _latency(bench: Bench, tagger: Tagger) -> dict[str, float]:
    """Milliseconds for one article, over articles of every length: median and 95th percentile."""
    articles = bench.sample(3 if bench.settings.quick else 100)
    spent = sorted(
        1000 * seconds(partial(tagger.tag, article["text"], article["title"]))
        for article in tqdm(articles, desc="latency")
    )
    return {
        "median": round(spent[len(spent) // 2], 1),
        "p95": round(spent[int(0.95 * (len(spent) - 1))], 1),
        "articles": len(spent),
    }


def _batches(bench: Bench, tagger: Tagger) -> dict[str, dict[str, float]]:
    """Articles a second by batch size, sorted by length and as they come; half are titles only.

    Articles beyond the model's limit are all equally long to it, so only a mixed feed shows what
    sorting is good for.
    """
    mixed = bench.sample(8 if bench.settings.quick else 64)
    mixed = [
        article if number % 2 else {"title": article["title"] or "Untitled", "text": ""}
        for number, article in enumerate(mixed)
    ]
    jobs: dict[str, Job] = {}
    for size in (1, 4) if bench.settings.quick else BATCHES:
        parts = [mixed[first : first + size] for first in range(0, len(mixed), size)]
        for how, calls in (("sorted", [mixed]), ("as they come", parts)):
            jobs[f"{size} {how}"] = Job(partial(_tag_all, tagger, calls, size), len(mixed))
    return by_turns(jobs, min(3, bench.settings.rounds), "batches")


def _tag_all(tagger: Tagger, calls: list[list[dict[str, str]]], size: int) -> None:
    for articles in calls:
        tagger.tag_batch(articles, batch_size=size)


def _quality(bench: Bench, tagger: Tagger) -> dict[str, Any]:
    """F1@5 of the int8 engine and of float32 on the validation articles, and their difference."""
    rows = bench.rows[:5] if bench.settings.quick else bench.rows
    scores = {}
    for name, each in (
        ("float32", Tagger.from_pretrained(bench.folder, engine="transformers")),
        ("int8", tagger),
    ):
        with tqdm(total=len(rows), desc=f"quality, {name}", unit="article") as bar:
            tags = each.tag_batch([bench.article(row) for row in rows], progress=bar.update)
        scores[name] = [
            article_scores([tag.tag for tag in found], row.tags)
            for found, row in zip(tags, rows, strict=True)
        ]
    loss = paired_difference(scores["float32"], scores["int8"], "f1@5")
    means = {name: bootstrap(values)["f1@5"].value for name, values in scores.items()}
    return {
        "articles": len(rows),
        "f1@5": {name: round(value, 4) for name, value in means.items()},
        "difference": {name: round(value, 4) for name, value in vars(loss).items()},
    }


main = benchmark("training.bench.speed", SpeedSettings, run, table)

if __name__ == "__main__":
    raise SystemExit(main())

"""How cost grows: with an article's length, and with the number that are built, tagged, looked up.

    python -m training.bench.growth --data DATA            # 80 minutes on 2 cores
    python -m training.bench.growth --data DATA --quick    # tries the command out

Articles are made of sentences of the labelled ones, drawn at random, so that any length and number
can be had and no two are near-duplicates. Every build, every tagging and every look-up is a fresh
process, and its peak memory is its own. Times are processor time, of all cores together.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from datasets import DatasetDict
from tqdm import tqdm

from tagloop.errors import UserError
from tagloop.tagger.tagger import Tagger
from training.bench.growth.chart import (
    DatasetGrowth,
    DatasetPoint,
    GrowthReport,
    LengthPoint,
    TagPoint,
    growth_chart,
)
from training.bench.growth.converted import converted
from training.bench.growth.index import measure_look_ups
from training.bench.growth.resampled import Resampler
from training.bench.reporting import QuickSettings, benchmark
from training.bench.speed.serving import fresh_process
from training.bench.tables import markdown_table
from training.bench.timing import command_spent, machine, processor_seconds, significant, spread
from training.config import TrainConfig, option
from training.data.corpus import Corpus
from training.finetune.preprocess import BUNDLED_BASE, features, load_base, tagging_settings

LENGTHS = (100, 200, 500, 1000, 2000, 5000, 10_000)
SIZES = (1000, 10_000, 100_000, 1_000_000)
TAGGED = (100, 1000, 10_000)
"""A million would take half a day, and as much memory."""
WORDS = 120
"""Of each article of the growing datasets: as long as a summary, so that the largest is built in
minutes; time and memory grow with the words, too."""
BUILD, TAG = "training.build_dataset", "training.tag.command_line"
PROGRAM = """
import sys
from importlib import import_module
from training.bench.peak import peak_megabytes
code = import_module(sys.argv[1]).main(sys.argv[2:])
print(f"peak {peak_megabytes():.1f}")
raise SystemExit(code)
"""


@dataclass
class GrowthSettings(QuickSettings):
    """Flags of the benchmark; ``output`` is a folder."""

    report: ClassVar[str] = "growth"
    model: str = option(str(BUNDLED_BASE), "model folder to measure")

    @property
    def path(self) -> Path:
        """Where the report goes; the chart stands beside it."""
        return Path(self.output) / "growth.json" if self.output else super().path


def run(settings: GrowthSettings) -> GrowthReport:
    """Measures both growths and draws them.

    Raises:
        UserError: The data file is missing.
    """
    resampler = Resampler.of_train_split(settings.data)
    lengths = (20, 40) if settings.quick else LENGTHS
    sizes = (20, 40) if settings.quick else SIZES
    tagged = sizes if settings.quick else TAGGED
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = converted(settings.model, folder)
        report: GrowthReport = {
            "machine": machine(),
            "article_words": _tagging(resampler, model, folder, lengths),
            "dataset_rows": _building(resampler, settings, folder, sizes),
            "tagged_rows": _tagging_rows(resampler, model, folder, tagged),
            "look_ups": measure_look_ups(resampler, model, folder, sizes, WORDS),
        }
    growth_chart(report, settings.path.with_suffix(".png"))
    return report


def _tagging(
    resampler: Resampler, model: Path, folder: Path, lengths: Sequence[int]
) -> list[LengthPoint]:
    """Time and peak memory of tagging one article, by its length."""
    tagger = Tagger.from_pretrained(model, engine="ctranslate2")
    tagger.tag(resampler.article(lengths[0])["text"])  # a warm-up
    entries: list[LengthPoint] = []
    for words in tqdm(lengths, desc="tagging", unit="length"):
        articles = [resampler.article(words) for _ in range(5)]
        spent = [
            processor_seconds(partial(tagger.tag, row["text"], row["title"])) for row in articles
        ]
        given = [{"title": row["title"], "text": row["text"]} for row in articles]
        peak = fresh_process(model, given, folder)["peak_mb"]
        entries.append({"words": words, "seconds": spread(spent)["median"], "peak_mb": peak})
    return entries


def _building(
    resampler: Resampler, settings: GrowthSettings, folder: Path, sizes: Sequence[int]
) -> DatasetGrowth:
    """Time and peak memory of a build, time of tokenizing."""
    config = TrainConfig(base=settings.model)
    model, tokenizer, base_id = load_base(config.base)
    entries: list[DatasetPoint] = []
    for rows in tqdm(sizes, desc="building", unit="dataset"):
        resampler.write(folder / "rows.jsonl", rows, WORDS)
        spent, peak = _build(folder)
        corpus = _corpus(folder)
        tagging = tagging_settings(config, corpus, base_id)
        tokenizing = processor_seconds(
            partial(features, corpus, "train", tokenizer, model, tagging, config)
        )
        entries.append(
            {
                "rows": rows,
                "kept": sum(map(len, corpus.splits.values())),
                "train": len(corpus.splits["train"]),
                "build_peak_mb": peak,
                "build_seconds": significant(spent),
                "tokenize_seconds": significant(tokenizing),
            }
        )
    return {"words_a_row": WORDS, "entries": entries}


def _tagging_rows(
    resampler: Resampler, model: Path, folder: Path, sizes: Sequence[int]
) -> list[TagPoint]:
    """Time and peak memory of tagging a table, by its rows."""
    entries: list[TagPoint] = []
    for rows in tqdm(sizes, desc="tagging rows", unit="table"):
        table = folder / f"rows-{rows}.jsonl"
        resampler.write(table, rows, WORDS)
        words = ["tag", str(table), "--model", str(model), "--out", f"{table}.parquet"]
        spent, peak = _process(folder, TAG, *words)
        entries.append({"rows": rows, "seconds": significant(spent), "peak_mb": peak})
    return entries


def _build(folder: Path) -> tuple[float, float]:
    """Builds the dataset in a fresh process; returns seconds and peak memory in MB."""
    words = ["--source", str(folder / "rows.jsonl"), "--license", "CC0-1.0"]
    return _process(folder, BUILD, *words, "--output_dir", str(folder / "dataset"))


def _process(folder: Path, module: str, *words: str) -> tuple[float, float]:
    """Runs a command in a fresh process; returns seconds and peak memory in MB."""
    ran = command_spent([sys.executable, "-c", PROGRAM, module, *words], folder)
    if ran.code:
        raise UserError(f"{module} ended with: {ran.output.strip().splitlines()[-1]}")
    return ran.processor, float(ran.output.rsplit("peak ", 1)[1])


def _corpus(folder: Path) -> Corpus:
    """Reads the built dataset, with everything that is cached of it in the same folder."""
    shards: dict[str, list[str]] = {}
    for path in sorted(folder.glob("dataset/data/*")):
        shards.setdefault(path.name.partition("-")[0], []).append(str(path))
    splits = DatasetDict.from_parquet(shards, cache_dir=str(folder / "cache"))
    return Corpus(splits, "bench", None, "")


def table(report: GrowthReport) -> str:
    """Renders the report as Markdown tables."""
    here, rows = report["machine"], report["dataset_rows"]
    lengths = [
        [f"{entry['words']:,}", f"{entry['seconds']:.3g}", f"{entry['peak_mb']:.0f}"]
        for entry in report["article_words"]
    ]
    sizes = [
        [
            f"{entry['rows']:,}",
            f"{entry['build_seconds']:.3g}",
            f"{entry['build_peak_mb']:,.0f}",
            f"{entry['tokenize_seconds']:.3g}",
        ]
        for entry in rows["entries"]
    ]
    heads = ["articles", "build s", "peak MB", "tokenize s"]
    tagged = [
        [f"{entry['rows']:,}", f"{entry['seconds']:.3g}", f"{entry['peak_mb']:,.0f}"]
        for entry in report["tagged_rows"]
    ]
    look_ups = [
        [
            f"{entry['articles']:,}",
            f"{entry['file_mb']:,.0f}",
            f"{1000 * entry['seconds']:.3g}",
            f"{entry['peak_mb']:,.0f}",
        ]
        for entry in report["look_ups"]
    ]
    return "\n\n".join(
        [
            f"{here['processor']}, {here['cores']} cores; seconds of processor time",
            markdown_table(["words of an article", "seconds", "peak MB"], lengths),
            f"Articles of {rows['words_a_row']} words:",
            markdown_table(heads, sizes),
            "A table of such articles, tagged by `tagloop tag`:",
            markdown_table(["rows", "seconds", "peak MB"], tagged),
            "One such article, looked up in an index of so many:",
            markdown_table(["articles", "file MB", "milliseconds", "peak MB"], look_ups),
        ]
    )


main = benchmark("training.bench.growth", GrowthSettings, run, table)

if __name__ == "__main__":
    raise SystemExit(main())

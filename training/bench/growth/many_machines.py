"""What ten million articles cost on 1, 8 and 64 machines: a simulation from rates measured here.

    python -m training.bench.growth.many_machines --data DATA            # 5 minutes on 2 cores
    python -m training.bench.growth.many_machines --data DATA --quick    # tries the command out

Measured are the processor seconds of `tagloop tag` and of a build, both in parts, with few articles
and with more: what grows is an article's share, the rest is what a rank takes to start. Simulated
is that they are shared out evenly, that a core of the Hub's machines does what a core here does,
and that tagging keeps all cores of a machine busy. A rank of a build has one core, and the stages
that one rank does alone take as long on any number of machines. Left out is what a Job takes to get
a machine and to install the packages, and the transfers. The model is the bundled base alone, with
300 words an article; another one is named with ``--model``.
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from tagloop.errors import UserError
from training.bench.growth.converted import converted
from training.bench.growth.resampled import Resampler
from training.bench.reporting import QuickSettings, benchmark
from training.bench.tables import markdown_table
from training.bench.timing import Spent, command_spent, machine, significant
from training.config import option
from training.finetune.bundled_base import BUNDLED_BASE

ARTICLES = 10_000_000
MACHINES = (1, 8, 64)
FILES = 640
"""Of the dataset: one rank each."""
WORDS = 300
"""Of an article: the model reads no more than 256 tokens of it, so longer ones take no longer."""
TAGGED, BUILT = (100, 1_000), (1_000, 10_000)
PARTS = 4
"""Files of the measured build; stages with fewer ranks are those that are not shared out."""
PRICES = "https://huggingface.co/docs/hub/jobs-pricing"
FOUND = "29 November 2026"


class Flavour(NamedTuple):
    """A kind of machine of Hugging Face Jobs: its cores, and its list price an hour."""

    cores: int
    dollars: float


FLAVOURS = {"cpu-basic": Flavour(2, 0.01), "cpu-upgrade": Flavour(8, 0.03)}
STAGE = re.compile(r"^(?P<name>[\w-]+) +(?P<parts>[\d,]+) parts? \((?P<seconds>[\d.]+) s\)$", re.M)


@dataclass
class ManySettings(QuickSettings):
    """Flags of the simulation."""

    report: ClassVar[str] = "many-machines"
    model: str = option(str(BUNDLED_BASE), "model folder to measure")


@dataclass(frozen=True)
class Rate:
    """What work costs, in seconds of a core.

    Attributes:
        start: Of a rank: imports and, where it tags, the model.
        each: Of an article.
        alone: Share of ``each`` that is done by one rank for all.
    """

    start: float
    each: float
    alone: float = 0.0

    def hours(self, machines: int, cores: int) -> float:
        """Returns how long `ARTICLES` in `FILES` take, with so many busy cores a machine."""
        ranks = math.ceil(FILES / machines)
        shared = ARTICLES * self.each * (1 - self.alone) / machines + ranks * self.start
        return (shared / cores + ARTICLES * self.each * self.alone) / 3600


def run(settings: ManySettings) -> dict[str, Any]:
    """Measures both rates and simulates.

    Raises:
        UserError: The data file is missing, or a command fails.
    """
    resampler = Resampler.of_train_split(settings.data)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = converted(settings.model, folder)
        tagging = _tagging(resampler, model, folder, (8, 400) if settings.quick else TAGGED)
        building = _building(resampler, folder, (20, 1_000) if settings.quick else BUILT)
    rates = {"tag": tagging, "build": building}
    return {
        "machine": machine(),
        "words": WORDS,
        "rates": {
            work: {**vars(rate), "a_core": significant(1 / rate.each)}
            for work, rate in rates.items()
        },
        "prices": {"source": PRICES, "found": FOUND, "flavours": FLAVOURS},
        "simulated": [
            _point(work, rate, flavour, machines)
            for work, rate in rates.items()
            for flavour in FLAVOURS
            for machines in MACHINES
        ],
    }


def _point(work: str, rate: Rate, flavour: str, machines: int) -> dict[str, Any]:
    of = FLAVOURS[flavour]
    hours = rate.hours(machines, of.cores if work == "tag" else 1)
    return {
        "work": work,
        "flavour": flavour,
        "machines": machines,
        "hours": significant(hours),
        "dollars": significant(hours * machines * of.dollars),
    }


def _tagging(resampler: Resampler, model: Path, folder: Path, sizes: Sequence[int]) -> Rate:
    spent: dict[int, float] = {}
    for rows in sizes:
        resampler.write(folder / "rows.jsonl", rows, WORDS)
        words = ["tag", "rows.jsonl", "--model", str(model), "--out", f"tagged-{rows}"]
        spent[rows] = _in_parts(folder, "training.tag", words[1:], f"tag-{rows}").processor
    return _rate(spent)


def _building(resampler: Resampler, folder: Path, sizes: Sequence[int]) -> Rate:
    spent: dict[int, float] = {}
    for rows in sizes:
        words = ["--license", "CC0-1.0", "--output_dir", f"built-{rows}"]
        for part in range(PARTS):
            resampler.write(folder / f"part-{part}.jsonl", rows // PARTS, WORDS)
            words += ["--source", f"part-{part}.jsonl"]
        ran = _in_parts(folder, "training.build_dataset", words, f"build-{rows}")
        spent[rows] = ran.processor
    return _rate(spent, _alone(ran.output))


def _in_parts(folder: Path, module: str, words: Sequence[str], work_dir: str) -> Spent:
    """Runs a command in parts, one at a time, as a machine of a cluster does."""
    where = ["--executor", "local", "--workers", "1", "--work_dir", work_dir]
    ran = command_spent([sys.executable, "-m", module, *words, *where], folder)
    if ran.code:
        raise UserError(f"{module} ended with: {ran.output.strip().splitlines()[-1]}")
    return ran


def _rate(spent: Mapping[int, float], alone: float = 0.0) -> Rate:
    (few, less), (many, more) = sorted(spent.items())
    each = (more - less) / (many - few)
    return Rate(significant(max(less - few * each, 0.0)), significant(each), significant(alone))


def _alone(output: str) -> float:
    """Returns the share of the time that was spent in stages of one rank."""
    stages = [(match["parts"] == "1", float(match["seconds"])) for match in STAGE.finditer(output)]
    return sum(seconds for alone, seconds in stages if alone) / sum(each for _, each in stages)


def table(report: dict[str, Any]) -> str:
    """Renders the report as Markdown, with the command for each number of machines."""
    here, tag, build = report["machine"], report["rates"]["tag"], report["rates"]["build"]
    lines = [
        [
            each["work"],
            each["flavour"],
            str(each["machines"]),
            f"{each['hours']:.3g}",
            f"{each['dollars']:.2f}",
        ]
        for each in report["simulated"]
    ]
    flavours = ", ".join(
        f"{name} {cores} cores, ${dollars:.2f} an hour"
        for name, (cores, dollars) in report["prices"]["flavours"].items()
    )
    return "\n\n".join(
        [
            f"{here['processor']}, {here['cores']} cores. Articles of {report['words']} words. "
            f"A core tags {tag['a_core']:.3g} a second and builds {build['a_core']:.3g}; a rank "
            f"that tags takes {tag['start']:.3g} s to start, one that builds {build['start']:.3g} "
            f"s; {build['alone']:.1%} of a build is done by one rank.",
            f"Simulated from these rates: {ARTICLES:,} articles in {FILES} files, by list prices "
            f"of {report['prices']['source']} as found on {report['prices']['found']} "
            f"({flavours}). Assumed: an even division, cores as fast as here, tagging on all "
            "cores of a machine and a build on one; left out: what a Job takes to get a machine "
            "and to install the packages, and transfers.",
            markdown_table(["work", "machine", "machines", "hours", "US dollars"], lines),
            "```\n" + "\n".join(_commands()) + "\n```",
        ]
    )


def _commands() -> list[str]:
    works = (
        "make tag SOURCE=you/articles MODEL=you/blog-tagger PUSH=you/articles-tagged "
        "WORK_DIR=hf://buckets/you/tags",
        'make data SOURCE="you/part-1 you/part-2 …" NAME=blog WORK_DIR=hf://buckets/you/build',
    )
    jobs = "EXECUTOR=jobs EXECUTOR_SETTINGS=jobs.yaml"
    return [f"{work} {jobs} WORKERS={machines}" for work in works for machines in MACHINES]


main = benchmark("training.bench.growth.many_machines", ManySettings, run, table)

if __name__ == "__main__":
    raise SystemExit(main())

"""How fast fine-tuning is, next to plain settings: each win alone, and all of them in turn.

    python -m training.bench.training_speed --data DATA            # 6 minutes on 2 cores
    python -m training.bench.training_speed --data DATA --quick    # tries the command out

Plain is what a summarization script does with ``--pad_to_max_length``: float32, every article
padded to the token limit, random order, PyTorch's default AdamW. Model, articles, token limits and
batch size are the same for all; the steps are the Trainer's without its bookkeeping. Two processes
take turns, because keeping freed memory (``training.finetune.glibc``) is a setting of a whole
process.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tagloop.errors import UserError
from training.base.examples import FILES
from training.bench.fine_tuning import FineTuning, Task, Variant
from training.bench.reporting import Report, finish, report_file
from training.bench.timing import machine, significant, spread
from training.config import TrainConfig, command_line, parse_config
from training.finetune.precision import use_bf16

PLAIN = "plain"
ALL = dict.fromkeys(("dynamic", "grouped", "fused", "keep_memory"), True)
ALONE = {
    "padding to the longest article": Variant(dynamic=True),
    "the same, articles of like length together": Variant(dynamic=True, grouped=True),
    "fused AdamW": Variant(fused=True),
    "freed memory kept": Variant(keep_memory=True),
    "bf16": Variant(bf16=True),
    "frozen encoder": Variant(frozen=True),
    "frozen encoder, its outputs cached": Variant(frozen=True, cached=True),
}
ACCUMULATED = {
    "+ padding to the longest article": Variant(dynamic=True),
    "+ articles of like length together": Variant(dynamic=True, grouped=True),
    "+ fused AdamW": Variant(dynamic=True, grouped=True, fused=True),
    "+ freed memory kept: all weights as training.finetune.train": Variant(**ALL),
    "  the same in bf16": Variant(**ALL, bf16=True),
    "+ frozen encoder, first epoch": Variant(**ALL, frozen=True),
    "+ its outputs cached, later epochs": Variant(**ALL, frozen=True, cached=True),
}
FIRST, LATER = list(ACCUMULATED)[-2:]


@dataclass
class TrainingSpeedSettings:
    """Flags of the benchmark."""

    data: str = field(default="", metadata={"help": "folder with the recipe's data files"})
    base: str = field(default="", metadata={"help": "model to fine-tune; default the bundled"})
    rounds: int = field(default=3, metadata={"help": "rounds, of which the median is taken"})
    steps: int = field(default=4, metadata={"help": "timed steps a run"})
    articles: int = field(default=1600, metadata={"help": "articles that batches are made of"})
    quick: bool = field(default=False, metadata={"help": "one short run each, small batches"})
    output: str = field(
        default="",
        metadata={"help": "JSON; default training_speed.json in results/, build/ if --quick"},
    )


_work: FineTuning | None = None


def _start(task: Task, keep_memory: bool) -> None:
    global _work
    _work = FineTuning(task, keep_memory)


def _run(variant: Variant) -> float:
    assert _work is not None
    return _work.articles_a_second(variant)


def run(settings: TrainingSpeedSettings, command: str) -> dict[str, Any]:
    """Measures every variant; gives the content of the JSON file.

    Raises:
        UserError: The data file is missing.
    """
    path = Path(settings.data) / FILES["articles"]
    if not path.is_file():
        raise UserError(f"{path} is missing; --data names the folder that holds {path.name}.")
    config = TrainConfig(batch_size=2, max_input_tokens=64) if settings.quick else TrainConfig()
    task = Task(Path(settings.data), settings.base, settings.articles, settings.steps, config)
    variants = list(dict.fromkeys([Variant(), *ALONE.values(), *ACCUMULATED.values()]))
    rates = {
        variant: spread(values)
        for variant, values in _by_turns(task, variants, settings.rounds).items()
    }
    base = rates[Variant()]["median"]

    def entries(named: Mapping[str, Variant]) -> dict[str, Any]:
        return {
            name: {**rates[variant], "ratio": significant(rates[variant]["median"] / base, 3)}
            for name, variant in named.items()
        }

    accumulated = entries(ACCUMULATED)
    epochs = int(config.epochs)
    first, later = (accumulated[name]["median"] for name in (FIRST, LATER))
    over_all = epochs / (1 / first + (epochs - 1) / later)
    return {
        "command": command,
        "machine": machine(),
        "bf16_chosen": use_bf16("auto"),
        "config": {
            name: asdict(config)[name]
            for name in ("batch_size", "max_input_tokens", "max_new_tokens")
        },
        PLAIN: rates[Variant()],
        "alone": entries(ALONE),
        "accumulated": accumulated,
        "frozen_over_all_epochs": {
            "epochs": epochs,
            "median": significant(over_all),
            "ratio": significant(over_all / base, 3),
        },
    }


def _by_turns(task: Task, variants: Sequence[Variant], rounds: int) -> dict[Variant, list[float]]:
    """Runs every variant once a round in the process that has its memory setting."""
    rates: dict[Variant, list[float]] = {variant: [] for variant in variants}
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        pools = {
            keep: stack.enter_context(
                ProcessPoolExecutor(1, context, initializer=_start, initargs=(task, keep))
            )
            for keep in (False, True)
        }
        bar = stack.enter_context(
            tqdm(total=rounds * len(variants), desc="fine-tuning", unit="run")
        )
        for pool in pools.values():
            pool.submit(_run, variants[0]).result()  # a warm-up
        for round_ in range(rounds):
            first = round_ * len(variants) // rounds
            for variant in [*variants[first:], *variants[:first]]:
                rates[variant].append(pools[variant.keep_memory].submit(_run, variant).result())
                bar.update()
    return rates


def table(report: Mapping[str, Any]) -> str:
    """Renders the report for a terminal."""
    return "\n".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    here, config, plain = report["machine"], report["config"], report[PLAIN]
    yield (
        f"{here['processor']}, {here['cores']} cores; batches of {config['batch_size']}, at most "
        f"{config['max_input_tokens']} + {config['max_new_tokens']} tokens"
    )
    yield f"\n{'articles a second':<54}{'median':>8}{'low':>8}{'high':>8}{'ratio':>8}"
    yield _line("plain: float32, padded to the limit, random order", {**plain, "ratio": 1.0})
    for title, part in (("each alone", "alone"), ("accumulated", "accumulated")):
        yield f"\n{title}"
        for name, entry in report[part].items():
            yield _line(name, entry)
    over_all = report["frozen_over_all_epochs"]
    yield (
        f"frozen and cached over {over_all['epochs']} epochs: {over_all['median']:g} articles a "
        f"second, {over_all['ratio']:g} times plain"
    )
    yield f"--precision auto takes {'bf16' if report['bf16_chosen'] else 'fp32'} here"


def _line(name: str, entry: Mapping[str, float]) -> str:
    values = (entry[key] for key in ("median", "low", "high", "ratio"))
    return f"{name:<54}" + "".join(f"{value:>8.3g}" for value in values)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    words = list(sys.argv[1:] if argv is None else argv)
    module = "training.bench.training_speed"

    def measure() -> tuple[Report, Path]:
        settings = parse_config(TrainingSpeedSettings, words, f"python -m {module}")
        if settings.quick:
            settings.rounds, settings.steps, settings.articles = 1, 1, 40
        report = run(settings, command_line(module, words))
        return report, report_file(settings.output, "training_speed.json", settings.quick)

    return finish(measure, table)


if __name__ == "__main__":
    raise SystemExit(main())

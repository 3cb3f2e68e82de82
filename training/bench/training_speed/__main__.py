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

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from training.base.examples import FILES, data_file
from training.bench.reporting import QuickSettings, benchmark
from training.bench.tables import markdown_table
from training.bench.timing import machine, significant, spread
from training.bench.training_speed.fine_tuning import Task, Variant, by_turns
from training.config import TrainConfig, option
from training.finetune.precision import use_bf16
from training.finetune.schedule import USUAL_EPOCHS

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
class TrainingSpeedSettings(QuickSettings):
    """Flags of the benchmark."""

    report: ClassVar[str] = "training_speed"
    base: str = option("", "model to fine-tune; default the bundled")
    rounds: int = option(3, "rounds, of which the median is taken")
    steps: int = option(4, "timed steps a run")
    articles: int = option(1600, "articles that batches are made of")

    def __post_init__(self) -> None:
        """Shortens a try."""
        if self.quick:
            self.rounds, self.steps, self.articles = 1, 1, 40


def run(settings: TrainingSpeedSettings) -> dict[str, Any]:
    """Measures every variant.

    Raises:
        UserError: The data file is missing.
    """
    data_file(settings.data, FILES["articles"])  # now, not in the first process
    config = TrainConfig(batch_size=2, max_input_tokens=64) if settings.quick else TrainConfig()
    task = Task(settings.data, settings.base, settings.articles, settings.steps, config)
    variants = list(dict.fromkeys([Variant(), *ALONE.values(), *ACCUMULATED.values()]))
    rates = {
        variant: spread(values)
        for variant, values in by_turns(task, variants, settings.rounds).items()
    }
    base = rates[Variant()]["median"]

    def entries(named: Mapping[str, Variant]) -> dict[str, Any]:
        return {
            name: {**rates[variant], "ratio": significant(rates[variant]["median"] / base, 3)}
            for name, variant in named.items()
        }

    accumulated = entries(ACCUMULATED)
    epochs = int(USUAL_EPOCHS)
    first, later = (accumulated[name]["median"] for name in (FIRST, LATER))
    over_all = epochs / (1 / first + (epochs - 1) / later)
    return {
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


def table(report: Mapping[str, Any]) -> str:
    """Renders the report as Markdown."""
    here, config, plain = report["machine"], report["config"], report[PLAIN]
    over_all = report["frozen_over_all_epochs"]
    lines = [_line("plain: float32, padded to the limit, random order", {**plain, "ratio": 1.0})]
    for title, part in (("each alone", "alone"), ("accumulated", "accumulated")):
        lines.append([f"**{title}**", "", "", "", ""])
        lines += [_line(name, entry) for name, entry in report[part].items()]
    return "\n\n".join(
        [
            f"{here['processor']}, {here['cores']} cores; batches of {config['batch_size']}, at "
            f"most {config['max_input_tokens']} + {config['max_new_tokens']} tokens",
            markdown_table(["articles a second", "median", "low", "high", "ratio"], lines),
            f"Frozen and cached over {over_all['epochs']} epochs: {over_all['median']:g} articles "
            f"a second, {over_all['ratio']:g} times plain. `--precision auto` takes "
            f"{'bf16' if report['bf16_chosen'] else 'fp32'} here.",
        ]
    )


def _line(name: str, entry: Mapping[str, float]) -> list[str]:
    return [name, *(f"{entry[key]:.3g}" for key in ("median", "low", "high", "ratio"))]


main = benchmark("training.bench.training_speed", TrainingSpeedSettings, run, table)

if __name__ == "__main__":
    raise SystemExit(main())

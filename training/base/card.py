"""Renders the base's card, ``weights/README.md``, from what was measured.

    python -m training.base.card

Its figures are those of ``training.base.measure``, ``training.base.trials`` and the results that
the benchmark's commands left in ``training/bench/results``; it measures nothing itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dataset_card.markdown import Markdown, render
from training.base.examples import FILES
from training.base.trials.results import KINDS
from training.bench import growth, training_speed
from training.bench.loop import summary as loop_table
from training.bench.quality.tables import render as render_suite
from training.bench.reporting import RESULTS
from training.bench.speed import table as speed_table
from training.bench.studies import allowlist_table as allowlist_table
from training.bench.studies import evidence, windows
from training.finetune.preprocess import BUNDLED_BASE

FOLDER = Path(__file__).parent
MEASURED, LOG, TRIALS = (
    FOLDER / name for name in ("measured.json", "log.jsonl", "trials/trials.json")
)
SUITES = ("in-domain", "out-of-domain")
REPORTS = {
    "speed": speed_table.table,
    "training_speed": training_speed.table,
    "growth": growth.table,
    "evidence-test": evidence.table,
    "windows-test": windows.table,
    "allowlist-test": allowlist_table.render,
    "loop-test": loop_table.table,
    "loop-validation": loop_table.table,
}
"""What the other benchmarks left in the results, and how each is shown."""


def write_card(out: Path, measured: Path = MEASURED, log: Path = LOG) -> None:
    """Writes the card.

    Args:
        out: The Markdown file.
        measured: What ``training.base.measure`` wrote.
        log: What the recipe wrote.
    """
    parts = _read(measured)
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    results = [RESULTS / f"{suite}-test.json" for suite in SUITES]
    text = render(
        FOLDER / "card.md",
        table=_measured_rows(parts),
        counts={kind: part["articles"] for kind, part in parts.items()},
        validations=[entry for entry in entries if "articles_f1" in entry],
        trials=[_trial_row(entry) for entry in _read(TRIALS)["trials"]],
        trial_effort=_read(TRIALS)["effort"],
        suites=[Markdown(render_suite(_read(path))) for path in results if path.is_file()],
        reports={
            name: {"command": report["command"], "table": Markdown(renders(report))}
            for name, renders in REPORTS.items()
            if (report := _result(name))
        },
        files=FILES,
    )
    out.write_text(text, encoding="utf-8")


def _result(name: str) -> dict[str, Any]:
    path = RESULTS / f"{name}.json"
    return _read(path) if path.is_file() else {}


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _measured_rows(measured: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "kind": kind,
            "system": name,
            **{
                key: f"{v['value']:.3f} ({v['low']:.3f} to {v['high']:.3f})"
                for key, v in row.items()
            },
        }
        for kind, part in measured.items()
        for name, row in part["systems"].items()
    ]


def _trial_row(entry: Mapping[str, Any]) -> dict[str, str]:
    """Returns a variant's F1@M and F1@5 of each kind with its difference to the plain recipe."""
    cells = {}
    for kind in KINDS:
        for measure, value in entry["scores"][kind].items():
            difference = entry.get("difference", {}).get(kind, {}).get(measure)
            cells[f"{kind} {measure}"] = f"{100 * value:.1f}" + (
                f" ({100 * difference['low']:+.1f} to {100 * difference['high']:+.1f})"
                if difference
                else ""
            )
    return {"variant": entry["variant"], "says": entry["says"], **cells}


def main() -> int:
    """Writes the card beside the weights."""
    out = BUNDLED_BASE / "README.md"
    write_card(out)
    print(out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

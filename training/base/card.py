"""Renders the base's card, ``weights/README.md``, from what was measured.

    python -m training.base.card

Its figures are those of ``training.base.measure``, ``training.base.trials`` and the results that
the benchmark's commands left in ``training/bench/results``, each with its table, and the rows that
``training.base.sources`` counted; it measures nothing itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dataset_card.markdown import Markdown, render
from tagloop.files import CARD
from training.base.examples import MEASURED_KINDS
from training.base.measured import MEASURED, Measured, read_measured
from training.base.sources import read_sources
from training.base.stages import STAGES
from training.base.trials.results import KINDS
from training.finetune.preprocess import BUNDLED_BASE

FOLDER = Path(__file__).parent
LOG, TRIALS = FOLDER / "log.jsonl", FOLDER / "trials" / "trials.json"
RESULTS = FOLDER.parent / "bench" / "results"
SUITES = ("in-domain-test", "out-of-domain-test")


def write_card(out: Path, measured: Path = MEASURED, log: Path = LOG) -> None:
    """Writes the card of what ``training.base.measure`` and the recipe wrote."""
    parts = read_measured(measured)
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    tables = {path.stem: _table(path) for path in sorted(RESULTS.glob("*.md"))}
    reports = {
        name: {"command": _read(RESULTS / f"{name}.json")["command"], "table": table}
        for name, table in tables.items()
        if name not in SUITES
    }
    stages = [stage for stage in STAGES if stage.name in {entry["stage"] for entry in entries}]
    text = render(
        FOLDER / "card.md",
        table=_measured_rows(parts),
        counts={kind: part["articles"] for kind, part in parts.items()},
        validations=[_validation(entry) for entry in entries if "articles_f1" in entry],
        stages=[stage.name for stage in stages],
        sources=_sources(any(stage.general_rounds for stage in stages)),
        trials=[_trial_row(entry) for entry in _read(TRIALS)["trials"]],
        trial_effort=_read(TRIALS)["effort"],
        suites=[tables[name] for name in SUITES if name in tables],
        reports=reports,
        named=lambda *starts: [
            report
            for name, report in reports.items()
            if name.replace("_", "-").startswith(tuple(starts))
        ],
    )
    out.write_text(text, encoding="utf-8")


def _table(path: Path) -> Markdown:
    """Reads the table that a benchmark wrote beside its report."""
    return Markdown(path.read_text(encoding="utf-8").strip())


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _sources(general: bool) -> list[dict[str, Any]]:
    """Returns the sources that trained the weights; general articles only if a stage read them."""
    return [
        {
            "rows": row["rows"],
            "kind": row["kind"],
            "name": _linked(row["name"], row["link"]),
            "licence": _linked(row["licence"], row["licence_link"]),
            "share": f"{100 * row['share']:.0f} %",
        }
        for row in read_sources()
        if general or row["kind"] != "general"
    ]


def _linked(text: str, address: str) -> Markdown:
    """Returns a link of our own making; names and addresses are ``training.base.sources``'s."""
    return Markdown(f"[{text}]({address})" if address else text)


def _validation(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a row of the training's table; "–" where a kind was not measured apart."""
    scores = (entry.get(f"{kind}_f1") for kind in MEASURED_KINDS)
    return {
        "stage": entry["stage"],
        "minutes": round(entry["seconds"] / 60, 1),
        "examples": entry["examples"],
        "scores": ["–" if score is None else f"{score:.3f}" for score in scores],
    }


def _measured_rows(measured: Measured) -> list[dict[str, str]]:
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
    out = BUNDLED_BASE / CARD
    write_card(out)
    print(out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

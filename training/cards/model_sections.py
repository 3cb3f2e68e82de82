"""What the model card says, section by section: the values that ``model_card.md`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dataset_card.markdown import Markdown, fenced, shorten
from tagloop.generation.settings import TaggingSettings
from training.cards.citations import citations
from training.cards.model_snippets import (
    browser_snippet,
    client_snippet,
    curl_snippet,
    literal,
    model_snippet,
)
from training.evaluation.measures import METRICS, SYSTEMS, metric_of
from training.evaluation.report import (
    EvaluationReport,
    Example,
    Figure,
    SystemPair,
    differences_of,
)
from training.finetune.base_languages import foreign_sentence
from training.finetune.training_log import Emissions, LogEntry, TrainingLog

Values = dict[str, Any]
"""What a template prints, by the names that stand in it."""


SHOWN_ROWS = 20
EXAMPLE_CHARACTERS = 220
CELL_CHARACTERS = 100
LOG_COLUMNS = {
    "epoch": "epoch",
    "step": "step",
    "loss": "training loss",
    "eval_loss": "validation loss",
    "eval_f1@5": "F1@5",
    "eval_f1@m": "F1@M",
}


def model_sections(
    log: TrainingLog,
    report: EvaluationReport,
    *,
    settings: TaggingSettings,
    model_type: str,
    repo_id: str,
    version: str,
    space_repo: str,
) -> Values:
    """Returns the template's values but the links.

    Args:
        log: Content of training_log.json.
        report: Content of report.json.
        settings: Content of tagging.json.
        model_type: Of config.json.
        repo_id: The model's id on the Hub.
        version: Its git tag.
        space_repo: Space that runs it.
    """
    examples = [_example(example) for example in report["examples"]]
    title, text = _first_article(report)
    return {
        "name": repo_id.split("/")[-1],
        "train_articles": log["examples"]["train"],
        "validation_articles": log["examples"].get("validation", 0),
        "snippet": model_snippet(repo_id, version, settings, title, text),
        "browser_snippet": browser_snippet(repo_id, version, settings, title, text),
        "client_snippet": client_snippet(space_repo, title, text),
        "curl_snippet": curl_snippet(space_repo, title, text),
        "example": examples[0] if examples else {},
        "examples": examples,
        "limits": _limits(log, report, settings),
        "prompt_template": literal(log["prompt_template"]),
        "answer": settings,
        "citations": fenced("\n\n".join(citations(log["base_model"] or "", model_type)), "bibtex"),
        "versions": _versions(log, report),
        **_results(report),
        **_training(log),
    }


def _first_article(report: EvaluationReport) -> tuple[str, str]:
    """Returns title and text of the first example, as the snippets have them."""
    if not report["examples"]:
        return "", ""
    first = report["examples"][0]
    return shorten(first["title"], EXAMPLE_CHARACTERS), shorten(first["text"], EXAMPLE_CHARACTERS)


def _example(example: Example) -> dict[str, str]:
    return {
        "title": shorten(example["title"], CELL_CHARACTERS) or "(no title)",
        "text": shorten(example["text"], EXAMPLE_CHARACTERS) or "(no text)",
        "tags": _joined(example["tags"]),
        "before": _joined(example["before"]),
        "checkpoint": _joined(example["checkpoint"]) if "checkpoint" in example else "",
        "after": _joined([tag["tag"] for tag in example["after"]]),
    }


def _joined(tags: Sequence[str]) -> str:
    return shorten(", ".join(tags), CELL_CHARACTERS) or "(nothing)"


def _results(report: EvaluationReport) -> Values:
    systems = [name for name in SYSTEMS if name in report["systems"]]
    after = report["systems"]["after"]
    names = [name for name in METRICS if name in after]
    names += [name for name in after if name not in METRICS]
    return {
        "split": report["split"],
        "articles": report["articles"],
        "confidence": f"{100 * report['bootstrap']['confidence']:g} %",
        "systems": [SYSTEMS[name] for name in systems],
        "both": "checkpoint" in systems,
        "alone": _alone(report),
        "results": [
            {
                "name": metric_of(name).label,
                "cells": [_cell(report["systems"][system].get(name), system) for system in systems],
            }
            for name in names
        ],
        "differences": [_difference(pair) for pair in differences_of(report)],
        "explanations": [
            f"{metric_of(name).label}: {metric_of(name).meaning}."
            for name in names
            if metric_of(name).meaning
        ],
        "calibration": _calibration(report),
        "report_command": fenced(report["command"], "bash"),
    }


def _calibration(report: EvaluationReport) -> dict[str, str]:
    """Says how far confidences are from what they promise; empty for a report without it."""
    measured = report.get("calibration")
    if not measured:
        return {}
    return {
        "ece": f"{measured['ece']:.3f}",
        "tags": f"{measured['tags']:,}",
        "threshold": f"{report['threshold']:.2f}",
    }


def _alone(report: EvaluationReport) -> str:
    """Says how good the snippet's answers are; empty for a report that does not measure them."""
    alone, tagloop = (report["systems"].get(name) for name in ("checkpoint", "after"))
    if not (alone and tagloop):
        return ""
    said = (
        f"Measured as this snippet runs it, the checkpoint alone has an F1@M of "
        f"{_plain(alone['f1@m'])}, with Tagloop it has {_plain(tagloop['f1@m'])}."
    )
    if not {"repeated_tags", "empty_slots", "spelled"} <= set(alone):
        return said
    repeated, empty, spelled = (
        f"{100 * alone[name]['value']:.1f} %"
        for name in ("repeated_tags", "empty_slots", "spelled")
    )
    return (
        f"{said} {repeated} of its answers repeat a tag, {empty} have nothing between two commas, "
        f"and of its tags that the training data has, {spelled} are spelled as there."
    )


def _plain(measured: Figure) -> str:
    return f"{measured['value']:.3f} ({measured['low']:.3f} to {measured['high']:.3f})"


def _cell(measured: Figure | None, system: str) -> Markdown:
    if measured is None:
        return Markdown("")
    bold = "**" if system == "after" else ""
    value, interval = _plain(measured).split(" ", 1)
    return Markdown(f"{bold}{value}{bold} {interval}")


def _difference(pair: SystemPair) -> str:
    changes = " and ".join(
        f"{metric_of(name).label} {change['difference']:+.3f} "
        f"({change['low']:+.3f} to {change['high']:+.3f})"
        for name, change in pair["measures"].items()
    )
    named = f"{SYSTEMS[pair['of']]} against {SYSTEMS[pair['over']]}"
    return f"{named[:1].upper()}{named[1:]}: {changes}"


def _training(log: TrainingLog) -> Values:
    keys, rows = log_table(log["log"])
    best, parameters = log["best"], log["parameters"]
    averaged = bool(log.get("chosen", {}).get("averaged"))
    kept = "The mean of the last weights" if averaged else f"The model of step {best['step']}"
    parts = ", ".join(
        f"{name} {_millions(count)}" for name, count in parameters.items() if name != "total"
    )
    return {
        "log_names": [LOG_COLUMNS[key] for key in keys],
        "log": rows,
        "averaged": averaged,
        "best": (
            f"{kept} was kept, with a validation {metric_of(best['metric']).label} of "
            f"{best['value']:.3f}, the checkpoint's alone."
            if best["value"] is not None
            else ""
        ),
        "parameters": f"The model has {_millions(parameters['total'])} parameters ({parts})",
        "duration": duration(log["seconds"]),
        "device": "a CPU" if log["device"] == "cpu" else log["device"],
        "precision": log["precision"],
        "emissions": _emissions(log.get("emissions")),
        "hyperparameters": {
            name: value
            for name, value in (log["hyperparameters"] | log.get("chosen", {})).items()
            if value is not None
        },
        "train_command": fenced(log["command"], "bash"),
        "chart_alt": _chart_alt(log["log"]),
    }


def _emissions(emissions: Emissions | None) -> str:
    """Says what the training emitted, and of what that is an estimate; empty without one."""
    if not emissions:
        return ""
    where = f"{emissions['country']}'s grid" if emissions["country"] else "the world's mean grid"
    return (
        f"CodeCarbon estimates {emissions['grams']:.3g} g of CO2 equivalents for it, in "
        f"{emissions['kwh']:.3g} kWh over {duration(emissions['seconds'])} on "
        f"{emissions['hardware']}, at the intensity of {where}: measured power where there are "
        "sensors for it, else what processors and memory of this kind draw, whatever else the "
        "machine did"
    )


def log_table(log: Sequence[LogEntry]) -> tuple[list[str], list[list[str]]]:
    """Returns the training log as a table: a row a validation, or a row a loss when there is none.

    Returns:
        Keys of `LOG_COLUMNS` that occur, and at most `SHOWN_ROWS` rows of texts, taken evenly.
    """
    rows: list[LogEntry] = []
    loss: LogEntry = {}
    validated = any("eval_loss" in entry for entry in log)
    for entry in log:
        if "loss" in entry:
            loss = {"loss": entry["loss"]}
        if "eval_loss" in entry or (not validated and "loss" in entry):
            rows.append(loss | entry)
    keys = [key for key in LOG_COLUMNS if any(key in row for row in rows)]
    step = max(1, -(-len(rows) // SHOWN_ROWS))
    shown = rows[::-1][::step][::-1]  # the last row always
    return keys, [[_log_cell(key, row.get(key)) for key in keys] for row in shown]


def _log_cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if key in ("epoch", "step") else f"{value:.3f}"


def _chart_alt(log: Sequence[LogEntry]) -> Markdown:
    losses = [entry["loss"] for entry in log if "loss" in entry]
    said = f"from {losses[0]:.2f} to {losses[-1]:.2f}" if losses else "of validation alone"
    return Markdown(f"Line charts over the epochs: loss, {said} in training, and validation F1@M.")


def _limits(log: TrainingLog, report: EvaluationReport, settings: TaggingSettings) -> list[str]:
    after = report["systems"]["after"]
    tokens = f"{settings.max_input_tokens:,} tokens (title included)"
    read = f"the first {tokens} and writes no tag from what is after them"
    if settings.max_windows > 1:
        read = f"a long article in at most {settings.max_windows} windows of {tokens}"
    lines = [
        f"It reads {read}.",
        "It knows the subjects, the language and the tagging habits of its training data; "
        "elsewhere its tags may be plausible and wrong.",
        "Its tags are suggestions for a person to accept: they are no judgement on an article or "
        "on people in it.",
    ]
    if foreign := foreign_sentence(log["base_model"] or "", log.get("languages", {})):
        lines.append(f"Its tags are poorer than they could be: {foreign}")
    if "present_f1@m" in after and "absent_f1@m" in after:
        present, absent = (after[name]["value"] for name in ("present_f1@m", "absent_f1@m"))
        lines.append(
            f"Tagloop finds tags whose words stand in the article with an F1@M of {present:.3f}, "
            f"others with {absent:.3f}."
        )
    if "unseen_share" in after:
        lines.append(
            f"{100 * after['unseen_share']['value']:.1f} % of the tags that Tagloop gave in the "
            "measurement occur nowhere in its training tags; some of those are no tags at all."
        )
    return lines


def _versions(log: TrainingLog, report: EvaluationReport) -> str:
    versions = {**report["versions"], **log["versions"]}
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M" if count >= 100_000 else f"{count:,}"


def duration(seconds: float) -> str:
    """Returns 7500 as ``2 h 5 min``, 720 as ``12 min``, 45 as ``45 s``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"

"""What changed from one version of a model to the next: ``CHANGELOG.md`` and ``changelog.json``.

The first is for people, the second is what the Space's About tab reads. Newest first; an entry is
never changed by a later retrain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import EntryNotFoundError

from dataset_card.markdown import Markdown, escape, shorten
from tagloop.errors import UserError
from training.json_files import write_json
from training.publish.errors import clear_errors
from training.publish.repository import Published
from training.retrain.run_state import today

JSON_FILE, TEXT_FILE = "changelog.json", "CHANGELOG.md"
RETRAIN_REPORT = "retrain_report.json"
"""Beside them in the repository of a model that a retrain made."""
SCHEMA = 1
SHOWN_TAGS = 30
SETS = {"frozen_test": "frozen test", "held_out": "held-out corrections"}
LABELS = {"f1@m": "F1@M", "f1@5": "F1@5"}


def read_changelog(folder: Path) -> list[dict[str, Any]]:
    """Reads the entries of a model folder, newest first; none where there is no file.

    Raises:
        UserError: The file is none that this wrote: it must not be lost by writing over it.
    """
    path = folder / JSON_FILE
    if not path.is_file():
        return []
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["versions"])
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{JSON_FILE} of the current model cannot be read: mend it on the Hub, then run again."
        ) from None


def latest_changes(folder: Path) -> Markdown:
    """Returns the newest entry for a card, without its heading; empty before a retrain."""
    versions = read_changelog(folder)
    if not versions or "compared" not in versions[0]:
        return Markdown("")
    return Markdown(entry_text(versions[0]).partition("\n\n")[2])


def carry_changelog(
    api: HfApi, repo_id: str, folder: Path, dataset: Published, version: str
) -> None:
    """Takes the changelog over into the folder of a model that was trained anew.

    Args:
        api: Client with a token that may read the repository.
        repo_id: The model's.
        folder: What will be published.
        dataset: What it was trained on.
        version: That it will get; one that has no entry yet gets one.

    Raises:
        UserError: The Hub refuses, or the changelog cannot be read.
    """
    with clear_errors(repo_id):
        try:
            path = Path(api.hf_hub_download(repo_id, JSON_FILE))
        except EntryNotFoundError:
            return  # no version was ever retrained
    earlier = read_changelog(path.parent)
    data = {"repo_id": dataset.repo_id, "revision": dataset.revision, "version": dataset.version}
    entry = {"version": version, "date": today(), "dataset": data, "anew": True}
    write_changelog(folder, earlier, *([] if earlier[0]["version"] == version else [entry]))


def entry_of(report: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Makes a version's entry.

    Args:
        report: Content of ``retrain_report.json``.
        version: Such as ``v1.2.0``.
    """
    counts = report["merged"]
    return {
        "version": version,
        "date": report["date"],
        "dataset": report["dataset"],
        "corrections": {
            **report["corrections"],
            "learned": report["learned"],
            "held_out": report["compared"]["held_out"]["articles"],
            "withdrawn": counts["removed"],
        },
        "new_tags": report["new_tags"],
        "compared": report["compared"],
        "decision": report["decision"],
    }


def write_changelog(folder: Path, earlier: list[dict[str, Any]], *entry: Mapping[str, Any]) -> None:
    """Writes both files into a model folder, with one entry more, or as they are."""
    versions = [*map(dict, entry), *earlier]
    write_json(folder / JSON_FILE, {"schema": SCHEMA, "versions": versions})
    parts = ["# Changelog", *map(entry_text, versions)]
    (folder / TEXT_FILE).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def entry_text(entry: Mapping[str, Any]) -> str:
    """Returns an entry as a section of Markdown."""
    dataset = entry["dataset"]
    heading = f"## {escape(entry['version'])}, {escape(entry['date'])}"
    data = (
        f"- Data: {escape(dataset['repo_id'])}@{escape(dataset['revision'][:10])} "
        f"({escape(dataset['version'])})."
    )
    if entry.get("anew"):
        said = "- Trained anew on all articles, the corrected ones among them; not compared with "
        return "\n".join([heading, "", said + "the version before.", data])
    corrections = entry["corrections"]
    lines = [
        heading,
        "",
        f"- Learned from {corrections['learned']:,} corrected "
        f"article{'' if corrections['learned'] == 1 else 's'} "
        f"({escape(corrections['repo_id'])}@{escape(corrections['revision'][:10])}); "
        f"{corrections['held_out']:,} more were held out to measure.",
        data,
        f"- {tags_sentence(entry['new_tags'])}",
        f"- Gate: {'passed' if entry['decision']['passed'] else 'a person decides'}. "
        + " ".join(map(str, map(escape, entry["decision"]["reasons"]))),
        "",
        *figures_table(entry["compared"]),
    ]
    return "\n".join(lines)


def tags_sentence(tags: list[str]) -> str:
    """Names the new tags, the first of many."""
    if not tags:
        return "No new tags."
    named = ", ".join(str(escape(shorten(tag, 60))) for tag in tags[:SHOWN_TAGS])
    more = f" and {len(tags) - SHOWN_TAGS:,} more" if len(tags) > SHOWN_TAGS else ""
    return f"{len(tags):,} new tag{'' if len(tags) == 1 else 's'}: {named}{more}."


def figures_table(compared: Mapping[str, Any]) -> list[str]:
    """Returns the figures before and after as lines of a Markdown table."""
    lines = [
        "| measured on | measure | before | after | change (95 % interval) | better with chance |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for name, shown in SETS.items():
        part = compared[name]
        for measure, values in part["measures"].items():
            change = values["difference"]
            lines.append(
                f"| {part['articles']:,} articles, {shown} | {LABELS[measure]} "
                f"| {_cell(values['before'])} | {_cell(values['after'])} "
                f"| {change['value']:+.4f} ({change['low']:+.4f} to {change['high']:+.4f}) "
                f"| {100 * change['chance_better']:.0f} % |"
            )
        if not part["measures"]:
            lines.append(f"| no article, {shown} | | | | | |")
    return lines


def _cell(value: Mapping[str, float]) -> str:
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"

"""What changed from one version of a model to the next: ``CHANGELOG.md`` and ``changelog.json``.

The first is for people, the second is what the Space's About tab reads. Newest first; an entry is
never changed by a later retrain.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from dataset_card.markdown import Markdown, escape, shorten
from tagloop.errors import UserError
from tagloop.files import CHANGELOG, CHANGELOG_TEXT
from training.evaluation.measures import SYSTEMS, metric_of
from training.evaluation.report import Figure
from training.json_files import read_json, write_json

SCHEMA = 1
SHOWN_TAGS = 30


class VersionedDataset(TypedDict):
    """A dataset of the Hub at a commit that has a version tag."""

    repo_id: str
    revision: str
    version: str


class LearnedCorrections(TypedDict):
    """The corrections' repository at a commit, and how many of them did what."""

    repo_id: str
    revision: str
    learned: int
    held_out: int
    withdrawn: int


class Change(Figure):
    """The mean of after - before; ``chance_better`` is the share of resamples above 0."""

    chance_better: float


class MeasuredChange(TypedDict):
    """A measure of two models on the same articles."""

    before: Figure
    after: Figure
    difference: Change


class ComparedSet(TypedDict):
    """Two models on some articles; without articles there are no measures.

    Attributes:
        measures: Of both models with Tagloop.
        checkpoint: Of both checkpoints alone; entries of earlier versions have none.
    """

    articles: int
    measures: dict[str, MeasuredChange]
    checkpoint: NotRequired[dict[str, MeasuredChange]]


class ComparedSets(TypedDict):
    """Two models on the articles that the gate decides by."""

    frozen_test: ComparedSet
    held_out: ComparedSet


class GateDecision(TypedDict):
    """What the gate decided, and why, a sentence each."""

    passed: bool
    reasons: list[str]


class ChangelogEntry(TypedDict):
    """A version: retrained, with what changed, or trained ``anew``, with nothing to compare."""

    version: str
    date: str
    dataset: VersionedDataset
    anew: NotRequired[bool]
    corrections: NotRequired[LearnedCorrections]
    new_tags: NotRequired[list[str]]
    compared: NotRequired[ComparedSets]
    decision: NotRequired[GateDecision]


def read_changelog(folder: Path) -> list[ChangelogEntry]:
    """Reads the entries of a model folder, newest first; none where there is no file.

    Raises:
        UserError: The file cannot be read; writing over it would lose it.
    """
    path = folder / CHANGELOG
    if not path.is_file():
        return []
    try:
        return cast(list[ChangelogEntry], list(read_json(path)["versions"]))
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{CHANGELOG} of the current model cannot be read: mend it on the Hub, then run again."
        ) from None


def latest_changes(folder: Path) -> Markdown:
    """Returns the newest entry for a card, without its heading; empty before a retrain."""
    versions = read_changelog(folder)
    if not versions or "compared" not in versions[0]:
        return Markdown("")
    return Markdown(entry_text(versions[0]).partition("\n\n")[2])


def today() -> str:
    """Returns the day that an entry of now gets, in UTC."""
    return datetime.now(UTC).date().isoformat()


def write_changelog(folder: Path, earlier: list[ChangelogEntry], *entry: ChangelogEntry) -> None:
    """Writes both files into a model folder, with one entry more, or as they are."""
    versions = [*entry, *earlier]
    write_json(folder / CHANGELOG, {"schema": SCHEMA, "versions": versions})
    parts = ["# Changelog", *map(entry_text, versions)]
    (folder / CHANGELOG_TEXT).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def entry_text(entry: ChangelogEntry) -> str:
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


def figures_table(compared: ComparedSets) -> list[str]:
    """Returns the figures before and after as lines of a Markdown table."""
    lines = [
        "| measured on | system | measure | before | after | change (95 % interval) "
        "| better with chance |",
        "|---|---|---|--:|--:|--:|--:|",
    ]
    for part, shown in (
        (compared["frozen_test"], "frozen test"),
        (compared["held_out"], "held-out corrections"),
    ):
        for system, measures in (
            ("after", part["measures"]),
            ("checkpoint", part.get("checkpoint", {})),
        ):
            for measure, values in measures.items():
                change = values["difference"]
                lines.append(
                    f"| {part['articles']:,} articles, {shown} | {SYSTEMS[system]} "
                    f"| {metric_of(measure).label} "
                    f"| {_cell(values['before'])} | {_cell(values['after'])} "
                    f"| {change['value']:+.4f} ({change['low']:+.4f} to {change['high']:+.4f}) "
                    f"| {100 * change['chance_better']:.0f} % |"
                )
        if not part["measures"]:
            lines.append(f"| no article, {shown} | | | | | | |")
    return lines


def _cell(value: Figure) -> str:
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"

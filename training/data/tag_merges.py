"""Prints which tags building a dataset merged, why, and how many articles carry each form.

    python -m training.tag_merges                              # build/tagloop/dataset
    python -m training.tag_merges --dataset build/blog/dataset --reason initials

What is wrong in it belongs under ``never`` in the file of ``--tag_overrides``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tagloop.errors import UserError
from tagloop.files import BUILD_REPORT
from training.command import command
from training.config import MergesConfig, parse_config
from training.data.build_report import MergedTag, read_build_report


def merge_lines(merged: Sequence[MergedTag], reason: str | None = None) -> Iterator[str]:
    """Yields the lines to print: a count of each reason, then a line for each merged tag.

    Args:
        merged: ``tags.merged`` of a build report.
        reason: Only merges for this reason.
    """
    chosen = [
        (entry, [merge for merge in entry["merged"] if reason in (None, merge["reason"])])
        for entry in merged
    ]
    reasons = Counter(merge["reason"] for _, merges in chosen for merge in merges)
    yield f"{reasons.total():,} tags merged into others"
    for name, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {count:6,}  {name}"
    for entry, merges in chosen:
        if merges:
            forms = ", ".join(
                f"{merge['form']} {merge['articles']:,} ({merge['reason']})" for merge in merges
            )
            yield f"{entry['tag']} {entry['articles']:,} <- {forms}"


def read_merges(folder: Path) -> list[MergedTag]:
    """Reads the merges of a dataset folder.

    Raises:
        UserError: The folder holds no build report, or an unreadable one.
    """
    path = folder / BUILD_REPORT
    try:
        return read_build_report(path)["tags"]["merged"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{path}: no readable build report; build the dataset anew.") from None


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    config = parse_config(MergesConfig, words, "python -m training.tag_merges")
    folder = Path(config.dataset or Path("build") / config.name / "dataset")
    print("\n".join(merge_lines(read_merges(folder), config.reason)))

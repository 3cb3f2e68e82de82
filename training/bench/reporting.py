"""A benchmark's command line: flags in, a report and its table out, a mistake in one sentence.

Every report ``NAME.json`` has its table beside it, ``NAME.md``, which cards and READMEs show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from training.command import command
from training.config import command_line, option, parse_config
from training.json_files import write_json

RESULTS = Path(__file__).parent / "results"
TRIES = Path("build") / "bench"
"""Where reports go that are no results: few articles, tiny models."""


@dataclass
class ReportSettings:
    """The flags that every benchmark has.

    Attributes:
        report: Name of the report's file, with flags in braces.
        data: Folders with the data of the recipe.
        output: Where a person wants the report.
    """

    report: ClassVar[str]
    data: list[str] = option([], "folders with the data of the recipe")
    output: str = option("", "JSON; default in results/, in build/bench for a try")

    @property
    def is_try(self) -> bool:
        """Tells whether the report is no result."""
        return False

    @property
    def path(self) -> Path:
        """Where the report goes."""
        name = self.report.format(**vars(self)) + ".json"
        return Path(self.output or (TRIES if self.is_try else RESULTS) / name)


@dataclass
class QuickSettings(ReportSettings):
    """The flags of a benchmark that can be tried out."""

    quick: bool = option(False, "as little as possible, to try it out")

    @property
    def is_try(self) -> bool:
        """Tells whether the report is no result."""
        return self.quick


Settings = TypeVar("Settings", bound=ReportSettings)


def benchmark(
    module: str,
    settings_class: type[Settings],
    measure: Callable[[Settings], Mapping[str, Any]],
    table: Callable[[Any], str],
) -> Callable[..., int]:
    """Makes a command that measures, writes the report and its table, and prints the table.

    Args:
        module: Of the command, ``python -m``.
        settings_class: The dataclass of its flags.
        measure: Gives the report; the command is put first in it.
        table: Renders the report as Markdown.
    """

    @command()
    def main(words: list[str]) -> None:
        settings = parse_config(settings_class, words, f"python -m {module}")
        report = {"command": command_line(module, words), **measure(settings)}
        print(write_report(settings.path, report, table))

    return main


def write_report(path: Path, report: Mapping[str, Any], table: Callable[[Any], str]) -> str:
    """Writes a report as JSON and its table beside it as Markdown.

    Returns:
        The table.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, dict(report))  # First, so that no table can lose what was measured.
    shown = table(report)
    path.with_suffix(".md").write_text(shown + "\n", encoding="utf-8")
    return shown

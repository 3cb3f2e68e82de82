"""Markdown tables that also read well in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def markdown_table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Renders a Markdown table whose columns line up as plain text, too."""
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (heads, rule, *lines)
    )


def with_interval(interval: Mapping[str, float], style: str = ".3f") -> str:
    """Returns a value with its interval, ``0.438 (0.410 to 0.466)``."""
    value, low, high = (format(interval[name], style) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"

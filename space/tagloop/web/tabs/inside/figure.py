"""The frame of a picture on the tab "Inside the model", and small drawings that pictures share."""

from collections.abc import Sequence

import numpy as np

from tagloop.web.tabs.markup import safe

LEVELS = 4
"""Shades on each side of 0."""
SHOWN_NUMBERS = 48
"""Of a row: what a phone's width can show one by one."""


def figure(name: str, heading: str, picture: str, sentence: str) -> str:
    """Returns a picture with its heading and the one sentence that explains it.

    Args:
        name: Part of the ids.
        heading: Plain text.
        picture: HTML.
        sentence: Plain text.
    """
    return (
        f'<figure class="tl-in-figure" id="inside-{name}" aria-labelledby="inside-{name}-h">'
        f'<h2 id="inside-{name}-h">{safe(heading)}</h2>{picture}'
        f"<figcaption>{safe(sentence)}</figcaption></figure>"
    )


def strip(values: Sequence[float] | np.ndarray, most: float) -> str:
    """Returns numbers as a row of cells: green above 0, amber below, darker farther from it.

    Args:
        values: The numbers, of which ``SHOWN_NUMBERS`` are drawn.
        most: What is drawn darkest, and all beyond it.
    """
    shown = np.asarray(values, dtype=np.float64)[:SHOWN_NUMBERS]
    levels = np.clip(np.rint(shown / (most or 1.0) * LEVELS), -LEVELS, LEVELS).astype(int)
    paths = ""
    for level in sorted(set(levels.tolist()) - {0}):
        cells = "".join(f"M{at} 0h1v1h-1z" for at in np.flatnonzero(levels == level))
        side = "p" if level > 0 else "n"
        paths += f'<path class="tl-in-{side}{abs(level)}" d="{cells}"/>'
    return (
        f'<svg class="tl-in-strip" viewBox="0 0 {len(shown)} 1" preserveAspectRatio="none" '
        f'aria-hidden="true">{paths}</svg>'
    )


def scale_of(values: np.ndarray) -> float:
    """Returns the number that only one in twenty is farther from 0 than."""
    return float(np.quantile(np.abs(values), 0.95)) if values.size else 1.0


def key(*entries: tuple[str, str]) -> str:
    """Returns what the colours mean: CSS class and plain text of each."""
    items = "".join(f'<span><i class="{name}"></i>{safe(text)}</span>' for name, text in entries)
    return f'<p class="tl-in-key">{items}</p>'


def missing(sentence: str) -> str:
    """Returns what stands in the place of a picture that cannot be drawn."""
    return f'<p class="tl-in-missing">{safe(sentence)}</p>'


def human(count: int) -> str:
    """Returns a count in three digits: 27.5 M, 394 k, 768."""
    for size, unit in ((10**9, "bn"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            digits = 1 if count < 100 * size else 0
            return f"{count / size:.{digits}f} {unit}"
    return str(count)


def decimal(value: float) -> str:
    """Returns a number with two decimals and a true minus."""
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """Returns a share in whole percent; what would be none is under one."""
    return "<1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")

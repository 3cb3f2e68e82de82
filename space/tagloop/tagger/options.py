"""What a caller may ask of an article's tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from tagloop.generation.decoding import Decoding


class Options(TypedDict, total=False):
    """Keywords of ``Tagger.tag`` and ``Tagger.tag_batch``; None is the model's default.

    Attributes:
        max_tags: Upper bound.
        min_tags: So many tags even below the threshold.
        threshold: Least confidence (0..1). Up to the model's own threshold the answer has
            ``settings.min_tags`` tags even if they are below it; beyond it only tags that reach
            the threshold.
        decoding: ``greedy`` (the default), ``beam`` or ``sample``, or one with its numbers
            (``Decoding``).
        max_windows: So many windows of ``settings.max_input_tokens`` each are read of a long text
            at the most.
        allowed_tags: Only tags of this list come out, as it writes them, and by default only those
            that reach the threshold (``Preferences.bounds``); other spellings of a known tag are
            the tag. What confidence then means: see ``AllowlistScorer``. Greedy decoding only.
        prefer_tags: Tags of this list count as surer than the model has them; others stay.
    """

    max_tags: int | None
    min_tags: int | None
    threshold: float | None
    decoding: Decoding | str
    max_windows: int | None
    allowed_tags: Sequence[str] | None
    prefer_tags: Sequence[str] | None


def check_names(options: Mapping[str, Any]) -> None:
    """Refuses unknown options, as a call refuses unknown keywords.

    Raises:
        TypeError: A name is none of ``Options``.
    """
    for name in options:
        if name not in Options.__annotations__:
            known = ", ".join(Options.__annotations__)
            raise TypeError(f"A tagger has no option {name!r}; it has {known}.")

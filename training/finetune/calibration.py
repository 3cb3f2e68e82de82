"""Whether a confidence is what it says: of tags shown with 0.7, are 7 of 10 right?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from tagloop.tagger.tagger import Tag
from tagloop.vocabulary.vocabulary import normal_form

BINS = 10


class Bin(TypedDict):
    """The tags with a confidence from ``low`` to ``high``: how many, how sure, how often right."""

    low: float
    high: float
    tags: int
    confidence: float
    right: float


class Reliability(TypedDict):
    """How far confidences are from what they promise.

    Attributes:
        ece: Expected calibration error, 0..1.
        tags: Number of tags.
        bins: Those that hold any tag.
    """

    ece: float
    tags: int
    bins: list[Bin]


def reliability(confidences: Sequence[float], right: Sequence[int]) -> Reliability:
    """Returns the expected calibration error and what a reliability chart draws.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017): bins of equal
    width; the error is the mean distance of confidence and share of right tags, by bin size.

    Args:
        confidences: Of each tag, 0..1.
        right: Whether the article's author gave it.
    """
    sure, hits = np.asarray(confidences, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if not len(sure):
        return Reliability(ece=0.0, tags=0, bins=[])
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    bins: list[Bin] = []
    error = 0.0
    for place in range(BINS):
        inside = places == place
        if not inside.any():
            continue
        mean, share = float(sure[inside].mean()), float(hits[inside].mean())
        error += abs(mean - share) * int(inside.sum()) / len(sure)
        bins.append(
            Bin(
                low=place / BINS,
                high=(place + 1) / BINS,
                tags=int(inside.sum()),
                confidence=round(mean, 4),
                right=round(share, 4),
            )
        )
    return Reliability(ece=round(error, 4), tags=len(sure), bins=bins)


def judged(answer: Sequence[Tag], reference: Sequence[str]) -> tuple[list[float], list[bool]]:
    """Returns the confidence of each tag of an answer, and whether it is right.

    Args:
        answer: The tags.
        reference: The author's.
    """
    forms = set(map(normal_form, reference))
    return [tag.confidence for tag in answer], [normal_form(tag.tag) in forms for tag in answer]

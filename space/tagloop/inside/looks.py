"""Where a model looked in the article while it wrote a tag, word by word.

It is the mean of all attention heads of the last decoder layer, and says where they looked, not
what the model needed: see ``tagloop.generation.evidence``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tagloop.generation.engine import Engine, Step
from tagloop.generation.evidence import MOST_TOKENS
from tagloop.inside.pieces import Word
from tagloop.inside.writing import Stretch
from tagloop.vocabulary.vocabulary import normal_form


@dataclass(frozen=True)
class Look:
    """The look of one tag.

    Attributes:
        tag: Display form.
        written: Whether the model wrote the tag; else it was made to write it.
        weights: Share of the look on each word, (words,).
        elsewhere: Share of the look on what is no word: the marks of beginning and end.
    """

    tag: str
    written: bool
    weights: np.ndarray
    elsewhere: float


def looks_of(
    engine: Engine,
    input_ids: list[int],
    words: Sequence[Word],
    tags: Mapping[str, Sequence[int]],
    steps: Sequence[Step],
    stretches: Sequence[Stretch],
) -> list[Look]:
    """Returns the look of each tag: at the steps that wrote it, if any did.

    Args:
        engine: Runs for those of the tags that the model did not write.
        input_ids: The prompt.
        words: Of the prompt.
        tags: Display form to the tokens of each.
        steps: How the output came about.
        stretches: Which of them wrote which tag.
    """
    places = {stretch.form: stretch.steps for stretch in reversed(stretches) if stretch.form}
    forms = {tag: normal_form(tag) for tag in tags}
    forced = [tag for tag in tags if forms[tag] not in places and tags[tag]]
    targets = [list(tags[tag][:MOST_TOKENS]) for tag in forced]
    attended = engine.attend([input_ids] * len(targets), targets, all_heads=True)
    rows = dict(zip(forced, attended, strict=True))
    found = []
    for tag in tags:
        written = forms[tag] in places
        if written:
            rows[tag] = np.stack([steps[at].attention for at in places[forms[tag]]])
        if tag in rows:
            found.append(_look(tag, written, rows[tag].mean(axis=0), words))
    return found


def _look(tag: str, written: bool, attention: np.ndarray, words: Sequence[Word]) -> Look:
    sums = [float(attention[word.first : word.last].sum()) for word in words]
    elsewhere = max(float(attention.sum()) - sum(sums), 0.0)
    return Look(tag, written, np.array(sums, dtype=np.float32), elsewhere)

"""Cross-attention on an article's words while a model generates a tag.

It is the mean of all heads of the last decoder layer, and says where they attend to, not what the
model needs: see ``tagloop.generation.evidence``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tagloop.generation.engine import Engine
from tagloop.generation.evidence import MOST_TOKENS
from tagloop.generation.outputs import Step
from tagloop.inside.pieces import Word
from tagloop.inside.steps import TagSteps
from tagloop.vocabulary.vocabulary import normal_form


@dataclass(frozen=True)
class TagAttention:
    """The attention of one tag.

    Attributes:
        tag: Display form.
        generated: Whether the model generated the tag; else it was made to.
        weights: Share of the attention on each word, (words,).
        elsewhere: Share on what is no word: the marks of beginning and end.
    """

    tag: str
    generated: bool
    weights: np.ndarray
    elsewhere: float


def attention_of(
    engine: Engine,
    input_ids: list[int],
    words: Sequence[Word],
    tags: Mapping[str, Sequence[int]],
    steps: Sequence[Step],
    own_steps: Sequence[TagSteps],
) -> list[TagAttention]:
    """Returns the attention of each tag: at the steps that generated it, if any did.

    Args:
        engine: Runs for those of the tags that the model did not generate.
        input_ids: The prompt.
        words: Of the prompt.
        tags: Display form to the tokens of each.
        steps: How the output came about.
        own_steps: Which of them generated which tag.
    """
    places = {own.form: own.places for own in reversed(own_steps) if own.form}
    forms = {tag: normal_form(tag) for tag in tags}
    forced = [tag for tag in tags if forms[tag] not in places and tags[tag]]
    targets = [list(tags[tag][:MOST_TOKENS]) for tag in forced]
    attended = engine.attend([input_ids] * len(targets), targets, all_heads=True)
    rows = dict(zip(forced, attended, strict=True))
    found = []
    for tag in tags:
        generated = forms[tag] in places
        if generated:
            rows[tag] = np.stack([steps[at].attention for at in places[forms[tag]]])
        if tag in rows:
            found.append(_by_word(tag, generated, rows[tag].mean(axis=0), words))
    return found


def _by_word(
    tag: str, generated: bool, attention: np.ndarray, words: Sequence[Word]
) -> TagAttention:
    sums = [float(attention[word.first : word.last].sum()) for word in words]
    elsewhere = max(float(attention.sum()) - sum(sums), 0.0)
    return TagAttention(tag, generated, np.array(sums, dtype=np.float32), elsewhere)

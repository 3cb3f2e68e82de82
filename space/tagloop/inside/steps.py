"""How a model generated its tags: each step with its rivals, cut where a tag ends."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tagloop.generation.candidates import read_candidates
from tagloop.generation.outputs import Output, Step
from tagloop.inside.pieces import WORD_BLANK
from tagloop.vocabulary.vocabulary import Vocabulary

PIECE, MARK, END = "piece", "mark", "end"
NAMES = {MARK: "next tag", END: "end"}
"""What people are told instead of these tokens."""


@dataclass(frozen=True)
class Choice:
    """A token that the model could go on with, named for people, and its probability (0..1)."""

    token: str
    probability: float


@dataclass(frozen=True)
class NamedStep:
    """One step, its tokens named for people.

    Attributes:
        kind: ``piece`` of a tag, ``mark`` between two tags, or the ``end``.
        choices: What the output goes on with, then its likeliest rivals.
    """

    kind: str
    choices: list[Choice]


@dataclass(frozen=True)
class TagSteps:
    """The steps of one tag and of the mark or end after it.

    Attributes:
        form: The tag's normal form; empty for what is no whole tag.
        display: The tag as people write it; what stands there if it is no whole tag.
        steps: Of the tag, then of what ends it.
        first: Place of the first one among all steps.
    """

    form: str
    display: str
    steps: list[NamedStep]
    first: int

    @property
    def places(self) -> range:
        """Places among all steps of those that generated the tag itself."""
        count = sum(step.kind == PIECE for step in self.steps)
        return range(self.first, self.first + count)


def steps_by_tag(
    steps: Sequence[Step],
    tokenizer: Any,
    marks: Collection[int],
    vocabulary: Vocabulary,
    text: str,
) -> list[TagSteps]:
    """Cuts the steps of one output into those of its tags.

    Args:
        steps: As ``Engine.steps`` gives them.
        tokenizer: Of the model.
        marks: Ids of the tokens between two tags.
        vocabulary: The tags that the model was trained on.
        text: Title and text of the article.
    """
    named = [_named(step, tokenizer, marks) for step in steps]
    ends = [place for place, step in enumerate(named) if step.kind != PIECE]
    bounds = [0, *(place + 1 for place in ends), len(named)]
    tags = _tags(steps, tokenizer, marks, vocabulary, text)
    found = []
    for place, (begin, end) in enumerate(pairwise(bounds)):
        if begin == end:
            continue
        ids = [steps[at].ids[0] for at in range(begin, end) if named[at].kind == PIECE]
        form, display = tags.get(place, ("", tokenizer.decode(ids)))
        found.append(TagSteps(form, display, named[begin:end], begin))
    return found


def _tags(
    steps: Sequence[Step],
    tokenizer: Any,
    marks: Collection[int],
    vocabulary: Vocabulary,
    text: str,
) -> Mapping[int, tuple[str, str]]:
    """Returns normal and display form of the tags, by their place in the output."""
    ended = bool(steps) and steps[-1].ids[0] == tokenizer.eos_token_id
    kept = steps[: len(steps) - ended]
    output = Output([s.ids[0] for s in kept], [s.log_probs[0] for s in kept], ended)
    candidates = read_candidates(output, tokenizer, marks, vocabulary, text)
    return {tag.place: (tag.form, tag.display) for tag in candidates}


def _named(step: Step, tokenizer: Any, marks: Collection[int]) -> NamedStep:
    tokens = tokenizer.convert_ids_to_tokens(step.ids)
    kinds = [
        END if id == tokenizer.eos_token_id else MARK if id in marks else PIECE for id in step.ids
    ]
    names = [
        NAMES.get(kind, token.removeprefix(WORD_BLANK) or token)
        for kind, token in zip(kinds, tokens, strict=True)
    ]
    chances = map(math.exp, step.log_probs)
    return NamedStep(kinds[0], list(map(Choice, names, chances)))

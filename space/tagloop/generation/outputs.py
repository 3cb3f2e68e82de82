"""What an engine generates: tokens with their log-probabilities, made of logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagloop.generation.settings import TaggingSettings


@dataclass(frozen=True)
class TagStarts:
    """What each tag of an output could have started with.

    Attributes:
        log_probs: Log-probability of every token of the vocabulary at each place where a tag
            starts; float32, (places, vocabulary).
        places: Index into the output's ``ids`` of each place; a place after the last separator
            may be the end of the output.
    """

    log_probs: np.ndarray
    places: list[int]


@dataclass(frozen=True)
class Output:
    """One generated sequence.

    Attributes:
        ids: Token ids without start, end and padding tokens.
        log_probs: Log-probability of each, as it was chosen by (after the repetition penalty);
            of one output among many only the total is known, and they are 0.
        finished: Whether the model ended it, not the length limit.
        starts: Only when asked for.
        total: Log-probability of the whole output with its end; only of one among many.
    """

    ids: list[int]
    log_probs: list[float]
    finished: bool = True
    starts: TagStarts | None = None
    total: float = 0.0


@dataclass(frozen=True)
class Step:
    """One step of an output: what the model could go on with.

    Attributes:
        ids: The likeliest tokens; the first is the one that the output goes on with.
        log_probs: Of each, as it was chosen by (after the repetition penalty).
        attention: Cross-attention on each token of the prompt, (input,), sums to 1: the mean of all
            heads of the last decoder layer.
    """

    ids: list[int]
    log_probs: list[float]
    attention: np.ndarray


def separator_ids(tokenizer: Any, separator: str) -> frozenset[int]:
    """Returns the ids of all tokens that hold the separator (without its blanks)."""
    mark = separator.strip() or separator
    return frozenset(id for piece, id in tokenizer.get_vocab().items() if mark in piece)


class OutputBuilder:
    """Makes ``Output`` of an output's tokens and the logits that they were chosen by."""

    def __init__(self, tokenizer: Any, settings: TaggingSettings) -> None:
        self._silent = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
        self._end = tokenizer.eos_token_id
        self._marks = separator_ids(tokenizer, settings.separator)

    def one_of_many(self, ids: Sequence[int], finished: bool, total: float) -> Output:
        """Makes an output of which only the total log-probability is known."""
        kept = [token for token in ids if token not in self._silent]
        return Output(kept, [0.0] * len(kept), finished, total=total)

    def greedy(
        self, ids: Sequence[int], logits: np.ndarray, finished: bool, starts: bool
    ) -> Output:
        """Makes a greedy output; takes the log-softmax of all steps at once.

        Args:
            ids: Tokens without the end token, (tokens,).
            logits: Of each step, (steps, vocabulary); the end token's may follow the tokens'.
            finished: Whether the model ended the output.
            starts: Whether to keep whole rows where tags start.
        """
        totals = _log_sums(logits)
        chosen = logits[np.arange(len(ids)), list(ids)] - totals[: len(ids), 0]
        kept = [step for step, token in enumerate(ids) if token not in self._silent]
        rows, places = [0], [0]
        for place, step in enumerate(kept):
            if ids[step] in self._marks and step + 1 < len(logits):
                rows.append(step + 1)
                places.append(place + 1)
        found = TagStarts(logits[rows] - totals[rows], places) if starts else None
        return Output([ids[i] for i in kept], [float(chosen[i]) for i in kept], finished, found)

    def steps(
        self, ids: Sequence[int], logits: np.ndarray, attention: np.ndarray, top: int
    ) -> list[Step]:
        """Returns what each step could have been.

        Args:
            ids: Tokens with the end token if the model set it, (steps,).
            logits: Of each step, (steps, vocabulary).
            attention: Of each step, (steps, input).
            top: So many tokens are told of each step.
        """
        log_probs = logits - _log_sums(logits)
        found = []
        for chosen, row, weights in zip(ids, log_probs, attention, strict=True):
            if chosen in self._silent and chosen != self._end:
                continue
            order = row.argsort(kind="stable")[::-1][: top + 1].tolist()
            best = [chosen, *(token for token in order if token != chosen)][:top]
            found.append(Step(best, row[best].tolist(), weights))
        return found


def _log_sums(logits: np.ndarray) -> np.ndarray:
    """Returns what makes log-probabilities of logits when it is taken away, (steps, 1)."""
    top = logits.max(axis=1, keepdims=True)
    return np.asarray(top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True)))

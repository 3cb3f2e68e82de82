"""Long articles: what an encoder cannot read at once it reads in windows, cut where sentences end.

Every window keeps the title, so each is read as an article of its own; what is generated for them
is merged by confidence (``tagloop.generation.candidates``, ``tagloop.ranking.ranker``). A model
reads one window unless its ``tagging.json`` says otherwise: on validation, windows found more right
tags without a ranker (F1@5), but nothing beyond noise with one, whose neighbours are found by more
of a text anyway (``training.bench.studies.windows``).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tagloop.generation.settings import TaggingSettings
from tagloop.generation.token_places import tokens_with_places
from tagloop.text.sentences import Span, split_sentences
from tagloop.text.words import UNSPACED

LEAST_ROOM = 32
"""Tokens of text that a window has at the least; a title that leaves fewer is read once."""
SLACK = 2
"""Tokens kept free in a window: cut out of its text, a piece may take one token more (the blank
that SentencePiece sets before it)."""
USUAL_CHARACTERS = 12
"""Of a token with its blank at the most, as a rule."""
WINDOWS_AT_ONCE = 4
"""Of one article, where somebody watches: between them it is told how far it is, and ended."""
_WORD = re.compile(rf"[{UNSPACED}]|[^\s{UNSPACED}]++")
Result = TypeVar("Result")


class Windows:
    """Cuts articles into the prompts that a model reads."""

    def __init__(self, tokenizer: Any, settings: TaggingSettings) -> None:
        self._tokenizer = tokenizer
        self._settings = settings

    def prompts(self, title: str, text: str, most: int) -> list[list[int]]:
        """Returns the token ids of an article's windows in reading order, at least one.

        An article that fits is one window, read as ever, and so is every article if ``most`` is
        1: then what is too long is cut at its end.

        Args:
            title: Stands in every window.
            text: May be empty.
            most: Bound of the windows.
        """
        whole = self._prompt(title, text)
        if len(whole) < self._settings.max_input_tokens or most <= 1:
            return [whole]
        spans = self._cut(title, text, most)
        return [whole] if len(spans) == 1 else [self._prompt(title, text[a:b]) for a, b in spans]

    def spans(self, title: str, text: str, most: int) -> list[Span]:
        """Returns the part of the text that each window of ``prompts`` holds.

        Every window is full; the first begins with the text, the last ends with it, the others are
        evenly spread. Together they hold the whole text, overlapping, or where ``most`` are too few
        for that leave the same out between all. A window begins and ends with a sentence, or
        between two words where a sentence is longer than a window. The only word that is not read
        to its end is one that no window could hold. A text of one window is given whole, even if
        it is cut when it is read.
        """
        if most <= 1 or len(self._prompt(title, text)) < self._settings.max_input_tokens:
            return [(0, len(text))]
        return self._cut(title, text, most)

    def _prompt(self, title: str, text: str) -> list[int]:
        limit = self._settings.max_input_tokens
        # The rest of a long text need not be tokenized, unless its words are very long.
        beginning = text[: text.find(" ", limit * USUAL_CHARACTERS) + 1] or text
        ids: list[int] = []
        for part in dict.fromkeys((beginning, text)):
            prompt = self._settings.prompt(title, part)
            ids = list(self._tokenizer(prompt, truncation=True, max_length=limit).input_ids)
            if len(ids) == limit:
                break
        return ids

    def _cut(self, title: str, text: str, most: int) -> list[Span]:
        limit = self._settings.max_input_tokens
        room = limit - len(self._prompt(title, ""))
        _, places = tokens_with_places(
            self._tokenizer, text, add_special_tokens=False, verbose=False
        )
        ends = [end for _, end in places]
        if room < LEAST_ROOM or len(ends) <= room:
            return [(0, len(text))]
        return _spread(_pieces(text, ends, room - SLACK), ends, room - SLACK, most)


def _pieces(text: str, ends: Sequence[int], room: int) -> list[Span]:
    """Returns the sentences that have tokens; the words of those that are longer than a window.

    Args:
        text: To cut.
        ends: Where each of its tokens ends (a token may begin with the blank before a word).
        room: Tokens of a window.
    """
    pieces: list[Span] = []
    for begin, end in split_sentences(text):
        if bisect_right(ends, end) - bisect_right(ends, begin) <= room:
            pieces.append((begin, end))
        else:
            words = _WORD.finditer(text[begin:end])
            pieces += [(begin + word.start(), begin + word.end()) for word in words]
    return [(a, b) for a, b in pieces if bisect_right(ends, a) < bisect_right(ends, b)]


def _spread(pieces: Sequence[Span], ends: Sequence[int], room: int, most: int) -> list[Span]:
    """Chooses which piece each window begins with; it holds as many as it has room for."""
    first = [bisect_right(ends, begin) for begin, _ in pieces]
    last = [bisect_right(ends, end) for _, end in pieces]
    # Of a window that begins with a piece: the piece after its last one.
    reach = [max(bisect_right(last, at + room), index + 1) for index, at in enumerate(first)]
    needed, at = 0, 0
    while at < len(pieces):
        needed, at = needed + 1, reach[at]
    count = min(needed, most)
    # The earliest piece from which so many windows reach the end.
    earliest = [0] * count
    at = len(pieces)
    for window in reversed(range(count)):
        earliest[window] = at = bisect_left(reach, at)
    starts = [0]
    for window in range(1, count):
        at = _nearest(first, first[earliest[-1]] * window / (count - 1))
        if count == needed:  # no gap
            at = min(max(at, earliest[window]), reach[starts[-1]])
        starts.append(at)
    return [(pieces[at][0], pieces[reach[at] - 1][1]) for at in dict.fromkeys(starts)]


def _nearest(places: Sequence[int], wanted: float) -> int:
    """Returns the index of the rising number that is nearest to the wanted one."""
    after = bisect_left(places, wanted)
    around = [index for index in (after - 1, after) if 0 <= index < len(places)]
    return min(around, key=lambda index: abs(places[index] - wanted))


def by_article(
    generate: Callable[[Sequence[list[int]]], Sequence[Result]],
    prompts: Sequence[Sequence[list[int]]],
    batch_size: int,
    progress: Callable[[int, int], object] | None = None,
) -> list[list[Result]]:
    """Generates for the windows of many articles together, those of like length in one batch.

    Args:
        generate: Gives one output a prompt.
        prompts: The windows of each article.
        batch_size: Prompts that are computed at once, at the most.
        progress: Called before each batch with how many prompts are done, and of how many.

    Returns:
        The outputs of each article's windows, in their order.
    """
    places = [(index, at) for index, windows in enumerate(prompts) for at in range(len(windows))]
    places.sort(key=lambda place: len(prompts[place[0]][place[1]]))
    outputs: dict[tuple[int, int], Result] = {}
    for first in range(0, len(places), batch_size):
        if progress:
            progress(first, len(places))
        batch = places[first : first + batch_size]
        outputs |= dict(
            zip(batch, generate([prompts[index][at] for index, at in batch]), strict=True)
        )
    return [
        [outputs[index, at] for at in range(len(windows))] for index, windows in enumerate(prompts)
    ]

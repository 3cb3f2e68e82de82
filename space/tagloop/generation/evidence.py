"""Why an article has a tag: where its words stand, or the sentence that the model attends to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tagloop.deadline import unlimited
from tagloop.generation.engine import Engine
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.token_places import tokens_with_places
from tagloop.generation.windows import Windows
from tagloop.text.sentences import Span, split_sentences
from tagloop.text.words import SIGNS, UNSPACED, has_unspaced
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form

PRESENT, INFERRED = "present", "inferred"
SHORTLIST = 4
"""Sentences that the attention names, of which the one that the tag can spare least is shown. On
validation articles the first alone was hardly better than a random sentence: attention says where
a model looks, not what it needs (Jain & Wallace, "Attention is not Explanation", NAACL 2019)."""
MOST_TOKENS = 64
"""Of a tag; models have a bounded number of places for their output."""

# Nothing here can take what the next part of a pattern takes, or a text of such signs alone could
# be read in more ways than there is time to try.
_BETWEEN_WORDS = r"(?:[^\w&]|_){0,3}"
_INSIDE_WORDS = r"[.'’\u00ad\u200b]?"
_AROUND_DOTS = r"['’\u00ad\u200b]?"


@dataclass(frozen=True)
class Evidence:
    """What speaks for a tag.

    Attributes:
        kind: ``present``: the tag's words stand in the article; ``inferred``: they do not.
        title: Spans in the title that was passed in, in characters: the tag's words.
        text: Spans in the text: all occurrences of the tag's words, or the one sentence that the
            model needs most for the tag, among those that its cross-attention weighs most; empty
            when there is no text to show.
    """

    kind: str
    title: tuple[Span, ...] = ()
    text: tuple[Span, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the evidence as a plain dict; spans are ``[begin, end]``."""
        spans = {"title": self.title, "text": self.text}
        return {"kind": self.kind} | {name: [*map(list, part)] for name, part in spans.items()}


def find_spans(tag: str, text: str, vocabulary: Vocabulary) -> tuple[Span, ...]:
    """Finds all places where the text has the tag's words, as whole words.

    Whatever its case, hyphens, apostrophes and dots of initials; in its plural or another form
    if the vocabulary says that it is the same tag.
    """
    form = vocabulary.canonical(tag)
    forms = {normal_form(tag), form, *(a for a, to in vocabulary.aliases.items() if to == form)}
    found: list[Span] = []
    for wanted in sorted(forms - {""}, key=len, reverse=True):
        mine = _spans_of(wanted, text)
        found = sorted([*found, *_beside(found, mine)])
    return tuple(found)


def _spans_of(form: str, text: str) -> list[Span]:
    """Returns where the text has a normal form, in order."""
    forms: dict[str, str] = {}
    spans = []
    for match in form_pattern(form, has_unspaced(text)).finditer(text):
        # What the pattern is too generous with, the normal form tells.
        written = match.group()
        if written not in forms:
            forms[written] = normal_form(written)
        if forms[written] == form:
            spans.append(match.span())
    return spans


def _beside(taken: Sequence[Span], spans: Sequence[Span]) -> Iterator[Span]:
    """Yields the spans that overlap none of those that are taken; both in order."""
    at = 0
    for begin, end in spans:
        while at < len(taken) and taken[at][1] <= begin:
            at += 1
        if at == len(taken) or end <= taken[at][0]:
            yield begin, end


def form_pattern(form: str, unspaced: bool = False) -> re.Pattern[str]:
    """Returns what finds the ways to write a normal form, in time proportional to a text's.

    Args:
        form: Not empty.
        unspaced: Whether the text has letters of scripts without blanks: any word may stand beside
            one of those, and one of those beside anything.
    """
    words = [r"(?:and|&)" if word == "and" else _spread(word) for word in form.split(" ")]
    # Not the c of c++, not the node of node.js nor its js.
    before = r"(?<!\w)" if form[0] == "." else r"(?<![\w.])(?<!\w[+#])"
    after = r"(?![\w+#]|\.\w)" if form.isascii() else rf"(?![\w+#{SIGNS}]|\.\w)"
    if unspaced:
        letter = rf"(?-i:[^\W{UNSPACED}])"
        before = "" if has_unspaced(form[0]) else rf"(?<!{letter})(?<!\.)(?<!\w[+#])"
        after = rf"(?![{SIGNS}])" if has_unspaced(form[-1]) else rf"(?!{letter}|[+#]|\.\w)"
    return re.compile(before + _BETWEEN_WORDS.join(words) + after, re.IGNORECASE)


def _spread(word: str) -> str:
    """Returns a pattern of a word's characters, with what may stand between any two of them."""
    pattern = re.escape(word[0])
    for pair in pairwise(word):
        pattern += (_AROUND_DOTS if "." in pair else _INSIDE_WORDS) + re.escape(pair[1])
    return pattern


class Explainer:
    """Finds the evidence of tags, whoever gave them: the model, a ranker or a person."""

    def __init__(
        self, engine: Engine, tokenizer: Any, settings: TaggingSettings, vocabulary: Vocabulary
    ) -> None:
        self._engine = engine
        self._tokenizer = tokenizer
        self._settings = settings
        self._vocabulary = vocabulary
        self._windows = Windows(tokenizer, settings)

    def explain(
        self,
        title: str,
        text: str,
        tags: Sequence[str],
        max_windows: int = 1,
        check: Callable[[], object] = unlimited,
    ) -> list[Evidence]:
        """Returns each tag's evidence, in order; the model runs only for absent tags.

        ``check`` is called between any two steps; what it raises ends the work.
        """
        found = []
        for tag in tags:
            check()
            spans = (find_spans(tag, part, self._vocabulary) for part in (title, text))
            found.append(Evidence(PRESENT, *spans))
        missing = [i for i, here in enumerate(found) if not here.title and not here.text]
        absent = [tags[index] for index in missing]
        sentences = self._sentences_for(absent, title, text, max_windows, check)
        for index, sentence in zip(missing, sentences, strict=True):
            found[index] = Evidence(INFERRED, text=sentence)
        return found

    def _sentences_for(
        self,
        tags: Sequence[str],
        title: str,
        text: str,
        max_windows: int,
        check: Callable[[], object],
    ) -> list[tuple[Span, ...]]:
        """Returns each tag's sentence, as if it was the first tag that the model generated."""
        targets = [target_ids(tag, self._tokenizer) for tag in tags]
        chosen: list[tuple[Span, ...]] = [() for _ in tags]
        if not all(targets):
            return chosen
        windows = self._windows.spans(title, text, max_windows)
        of = self._likeliest_windows(title, text, windows, targets, check)
        for window in sorted(set(of)):
            begin, end = windows[window]
            mine = [index for index, it in enumerate(of) if it == window]
            own = [targets[index] for index in mine]
            spans = self._sentences_in(title, text[begin:end], own, check)
            for index, span in zip(mine, spans, strict=True):
                chosen[index] = tuple((begin + first, begin + last) for first, last in span)
        return chosen

    def _likeliest_windows(
        self,
        title: str,
        text: str,
        windows: Sequence[Span],
        targets: Sequence[list[int]],
        check: Callable[[], object],
    ) -> list[int]:
        """Returns, a target, the window for which the model would most likely generate it."""
        if len(windows) == 1:
            return [0] * len(targets)
        prompts = [self._read(title, text[begin:end])[0] for begin, end in windows]
        places = []
        for target in targets:
            check()
            row = [sum(found) for found in self._engine.score(prompts, [target] * len(prompts))]
            places.append(row.index(max(row)))
        return places

    def _sentences_in(
        self,
        title: str,
        text: str,
        targets: Sequence[list[int]],
        check: Callable[[], object],
    ) -> list[tuple[Span, ...]]:
        """Returns each target's sentence in one window's text."""
        text = self._read_beginning(title, text)
        sentences = split_sentences(text)
        if not sentences:
            return [()] * len(targets)
        input_ids, spans = self._read(title, text)
        rows = self._engine.attend([input_ids] * len(targets), targets)
        chosen: list[tuple[Span, ...]] = []
        for target, row in zip(targets, rows, strict=True):
            check()
            shortlist = most_attended(sentences, spans, row)[:SHORTLIST]
            chosen.append((self._least_spared(title, text, shortlist, target),))
        return chosen

    def _least_spared(
        self, title: str, text: str, sentences: Sequence[Span], target: list[int]
    ) -> Span:
        """Returns the sentence without which the model is least likely to generate the target."""
        if len(sentences) == 1:
            return sentences[0]
        bare = [f"{text[:begin]} {text[end:]}" for begin, end in sentences]
        prompts = [self._read(title, rest)[0] for rest in bare]
        left = [sum(row) for row in self._engine.score(prompts, [target] * len(prompts))]
        return sentences[left.index(min(left))]

    def read_part(self, title: str, text: str, max_windows: int = 1) -> str:
        """Returns the part of the text that the model reads."""
        begin, end = self._windows.spans(title, text, max_windows)[-1]
        return text[:begin] + self._read_beginning(title, text[begin:end])

    def _read_beginning(self, title: str, text: str) -> str:
        """Returns what the model reads of one window's text."""
        _, spans = self._read(title, text)
        return text[: max([end for _, end in spans], default=0)]

    def _read(self, title: str, text: str) -> tuple[list[int], list[Span]]:
        """Returns the prompt's tokens and where each stands in the text (below 0: before it)."""
        prompt, offset = self._settings.place_prompt(title, text)
        limit = self._settings.max_input_tokens
        ids, places = tokens_with_places(self._tokenizer, prompt, truncation=True, max_length=limit)
        # Special tokens have no characters.
        spans = [
            (begin - offset, end - offset) if begin < end else (-1, -1) for begin, end in places
        ]
        return ids, spans


def target_ids(tag: str, tokenizer: Any) -> list[int]:
    """Returns the tokens that a model generates for a tag; of an endless one the first."""
    return list(tokenizer(tag, add_special_tokens=False).input_ids[:MOST_TOKENS])


def most_attended(
    sentences: Sequence[Span], spans: Sequence[Span], attention: np.ndarray
) -> list[Span]:
    """Orders the sentences by the attention on their tokens, most first.

    Args:
        sentences: Spans of the text; not empty.
        spans: Of each token of the prompt, its characters in the text.
        attention: Of one tag's tokens, (tokens of the tag, tokens of the prompt).
    """
    weights = [0.0] * len(sentences)
    at = 0
    for (begin, _), weight in zip(spans, attention.sum(axis=0), strict=True):
        while at < len(sentences) - 1 and begin >= sentences[at][1]:
            at += 1
        if sentences[at][0] <= begin < sentences[at][1]:
            weights[at] += float(weight)
    order = sorted(range(len(sentences)), key=lambda index: -weights[index])
    return [sentences[index] for index in order]

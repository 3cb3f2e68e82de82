"""House vocabulary: tags out of a given list only, or a list whose tags are preferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from tagloop.candidates import Candidate, ScoredTag
from tagloop.embeddings import InputEmbeddings
from tagloop.engines import Engine, Written
from tagloop.errors import UserError
from tagloop.evidence import target_ids
from tagloop.trie import TokenTrie
from tagloop.vocabulary import Vocabulary, normal_form, tidy

WANTED = 8
"""So many of the likeliest tags are found; more than an answer holds."""
PRESENT_BONUS = 1.0
"""Added to the log-probability of a tag that stands in the article. On validation articles with
the 300 most frequent tags allowed, 1 gave F1@3 0.482, 0 gave 0.459, 2 gave 0.472."""
UNSEEN_BASE, UNSEEN_SLOPE, UNSEEN_PRESENT_BONUS = -10.0, 10.0, 3.0
"""What a tag that the model was never taught gets at the least: base + slope * similarity, and the
bonus if it stands in the article. A model all but never writes such a tag: on validation articles
whose authors use tags that no training article has, these numbers raised precision@1 from 0.39 to
0.68 and left articles with known tags as they were. Mean input embeddings found more of the absent
ones (mean reciprocal rank 0.27) than shared character 4-grams (0.18) and the model (0.01)."""
PREFERRED_ODDS = 3.0
"""The odds of a preferred tag count so many times."""


class AllowedTags:
    """A list made ready for one model.

    Attributes:
        forms: Normal form of each tag, aliases resolved; none twice.
        displays: Each tag as the list writes it.
        trie: Each tag as the model writes it, with the separator as its end.
        unseen: Whether the model was never taught the tag; bool, (tags,).
    """

    def __init__(
        self, tags: Sequence[str], tokenizer: Any, vocabulary: Vocabulary, end: int
    ) -> None:
        first: dict[str, str] = {}
        for tag in map(tidy, tags):
            if normal_form(tag) and target_ids(tag, tokenizer):
                first.setdefault(vocabulary.canonical(tag), tag)
        if not first:
            raise UserError("The list of allowed tags holds no tag: give at least one word.")
        self.forms = list(first)
        self.displays = list(first.values())
        targets = [target_ids(vocabulary.display(tag), tokenizer) for tag in self.displays]
        self.trie = TokenTrie([[*target, end] for target in targets])
        self.unseen = np.array([form not in vocabulary.counts for form in self.forms])

    def standing_in(self, text: str) -> np.ndarray:
        """Tells which tags' words stand in the text; bool, (tags,)."""
        folded = f" {normal_form(text)} "
        return np.array([f" {form} " in folded for form in self.forms])


class House:
    """Scores allowed tags, alike on both engines.

    A tag's score is the log-probability with which the model writes it, whole, as the article's
    first tag, or at the place where it wrote it of its own accord, or the logarithm of the
    confidence that a ranker gives it, whichever is greatest. Confidences are the exponentials,
    normalised over the list, so that they are comparable and sum to 1.
    """

    def __init__(
        self,
        engine: Engine,
        tokenizer: Any,
        vocabulary: Vocabulary,
        separator: str,
        embeddings: InputEmbeddings | None,
    ) -> None:
        self._engine = engine
        self._embeddings = embeddings
        # The separator as it is written after a word.
        end = target_ids(f"a{separator.strip() or separator}", tokenizer)[-1]
        self.prepare = lru_cache(maxsize=4)(
            lambda tags: AllowedTags(tags, tokenizer, vocabulary, end)
        )

    def score(
        self,
        allowed: AllowedTags,
        text: str,
        prompt: list[int],
        written: Written,
        candidates: Sequence[Candidate],
        ranked: Sequence[ScoredTag],
    ) -> list[ScoredTag]:
        """Scores the tags of the list that may be an article's; the others' share is next to 0.

        Args:
            allowed: The list.
            text: Title and text.
            prompt: What the model reads of it.
            written: What it writes freely, with ``starts``.
            candidates: The tags in that.
            ranked: What a ranker makes of it; empty without one.
        """
        present = allowed.standing_in(text)
        places = {form: place for place, form in enumerate(allowed.forms)}
        scores = np.full(len(places), -np.inf)
        for place, log_prob in self._likeliest(allowed, prompt, written, present).items():
            scores[place] = log_prob
        known = [(tag.form, tag.log_prob) for tag in candidates]
        known += [(tag.form, float(np.log(max(tag.confidence, 1e-9)))) for tag in ranked]
        for form, log_prob in known:
            if form in places:
                scores[places[form]] = max(scores[places[form]], log_prob)
        scores += PRESENT_BONUS * present
        scores = np.maximum(scores, self._of_unseen(allowed, prompt, present))
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        return [
            ScoredTag(form, display, float(share))
            for form, display, share in zip(allowed.forms, allowed.displays, shares, strict=True)
            if share > 0
        ]

    def _likeliest(
        self, allowed: AllowedTags, prompt: list[int], written: Written, present: np.ndarray
    ) -> dict[int, float]:
        """Finds the tags that the model would write first, and those present that might be."""
        assert written.starts is not None
        first = written.starts.log_probs[0][[target[0] for target in allowed.trie.targets]]
        found = self._engine.likeliest(prompt, allowed.trie, first, WANTED)
        last = min(sorted(found.values(), reverse=True)[:WANTED])
        # No tag is likelier than its first token.
        others = [
            place
            for place in np.flatnonzero(present).tolist()
            if place not in found and first[place] + PRESENT_BONUS > last
        ]
        targets = [list(allowed.trie.targets[place]) for place in others]
        rows = self._engine.score([prompt] * len(others), targets)
        return found | {place: sum(row) for place, row in zip(others, rows, strict=True)}

    def _of_unseen(
        self, allowed: AllowedTags, prompt: list[int], present: np.ndarray
    ) -> np.ndarray:
        """Scores what the model was never taught by how near it is; -inf for other tags."""
        scores = np.full(len(present), -np.inf)
        unseen = np.flatnonzero(allowed.unseen)
        if len(unseen):
            near = np.zeros(len(unseen))
            if self._embeddings and self._embeddings.available:
                tags = [allowed.trie.targets[place][:-1] for place in unseen]
                near = self._embeddings.similarities(prompt, tags)
            bonus = UNSEEN_PRESENT_BONUS * present[unseen]
            scores[unseen] = UNSEEN_BASE + UNSEEN_SLOPE * near + bonus
        return scores


def prefer(
    scored: Sequence[ScoredTag], tags: Sequence[str], vocabulary: Vocabulary
) -> list[ScoredTag]:
    """Raises the odds of the tags that are on a list and writes them as it does; adds none."""
    preferred: Mapping[str, str] = {vocabulary.canonical(tag): tidy(tag) for tag in reversed(tags)}
    return [
        replace(
            tag,
            display=preferred[tag.form],
            confidence=PREFERRED_ODDS
            * tag.confidence
            / (1 + (PREFERRED_ODDS - 1) * tag.confidence),
        )
        if tag.form in preferred
        else tag
        for tag in scored
    ]

"""Scores the tags of a given list, whatever else the model would generate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tagloop.allowlist.allowed_tags import AllowedTags
from tagloop.allowlist.preferences import Preferences, checked
from tagloop.allowlist.zero_shot import probabilities, zero_shot_features
from tagloop.article import text_of, title_and_text
from tagloop.deadline import unlimited
from tagloop.errors import UserError
from tagloop.generation.candidates import Generated, Ranks, ScoredTag, with_odds
from tagloop.generation.decoding import Decoding
from tagloop.generation.engine import Engine
from tagloop.generation.input_embeddings import InputEmbeddings
from tagloop.generation.outputs import Output
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.token_trie import TokenTrie
from tagloop.ranking.features import Embedder
from tagloop.vocabulary.vocabulary import Vocabulary

WANTED = 5
"""So many of the likeliest tags are searched for, as many as an answer usually holds."""
NEGLIGIBLE = -4.6
"""Tags with less than this log-probability (1 %) are hardly searched for."""
MOST_PRESENT = 8
"""So many more are scored because they stand in the article."""
PRESENT_BONUS = 1.0
"""Added to the log-odds that the model alone gives a tag of the article's words. A round number: of
50 validation articles F1@5 is 0.396 with it, 0.376 without and 0.399 with twice as much; titles
hardly care (``training.bench.studies.allowlist.constants --limit 50``)."""
UNSEEN_BIAS, UNSEEN_NEAR, UNSEEN_PRESENT = -7.62, 6.29, 3.63
"""Log-odds of a tag that no training article has, without a sentence encoder: by its nearness to
the article (see ``tagloop.generation.input_embeddings``) and whether it stands there.
``training.bench.studies.allowlist.constants`` fits them to articles whose authors gave such tags,
with all such tags of the split on the list: a list with more words that nobody uses as tags makes
them too sure."""


class AllowlistScorer:
    """Scores the tags of a list, alike on both engines.

    With a ranker, the tags that it knows have its calibrated probability, as without a list. (That
    a whole tag's log-probability, searched as below, adds to it could not be shown: in a trial on
    243 validation articles, which no command repeats, F1@5 changed by less than 0.005.) A tag that
    no training article has, and without a ranker every tag, has the probability of
    ``tagloop.allowlist.zero_shot``, from what it means and what the article says.

    A model without the sentence encoder that this needs (every tagger has it, a plain checkpoint
    has not) is searched for the likeliest tags of the list: a tag's confidence is the probability
    with which the model generates it first, or at the place where it did so of its own accord,
    whichever is greater; raised if it stands in the article. What no training article has is
    guessed from whether it stands in the article, and how near it is by the model's input
    embeddings.
    """

    def __init__(
        self,
        engine: Engine,
        tokenizer: Any,
        vocabulary: Vocabulary,
        settings: TaggingSettings,
        embeddings: InputEmbeddings | None,
        sentence_encoder: Embedder | None = None,
    ) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._special = set(tokenizer.all_special_ids)
        self.embeddings = embeddings
        self.sentence_encoder = sentence_encoder
        self._prepare = lru_cache(maxsize=4)(
            lambda tags: AllowedTags(tags, tokenizer, vocabulary, settings)
        )

    def preferences(
        self,
        allowed: Sequence[str] | None,
        preferred: Sequence[str] | None,
        decoding: Decoding,
    ) -> Preferences:
        """Makes the lists ready.

        Raises:
            UserError: A list is no list of strings, allowed tags are empty, or the decoding is not
                greedy with them.
        """
        liked = checked("prefer_tags", preferred or ())
        forms = {self._vocabulary.canonical(tag): tag for tag in reversed(liked)}
        forms.pop("", None)
        if allowed is None:
            return Preferences(preferred=forms)
        if decoding.mode != "greedy":
            raise UserError(
                f"allowed_tags needs decoding='greedy', not {decoding.mode!r}: a list is searched "
                "in a way of its own."
            )
        return Preferences(self._prepare(checked("allowed_tags", allowed)), forms)

    def score(
        self,
        allowed: AllowedTags,
        generated: Generated,
        ranker: Ranks | None,
        check: Callable[[], object] = unlimited,
    ) -> list[ScoredTag]:
        """Scores the tags of the list that may be an article's; others are left out.

        Args:
            allowed: The list.
            generated: What the model generates freely for the article, with ``starts``.
            ranker: The model's, if it has one.
            check: Called between any two steps; what it raises ends the work.
        """
        check()
        if self.sentence_encoder is None:
            chances = self._without_encoder(allowed, generated, ranker, check)
        elif ranker is None:
            chances = probabilities(self.features(allowed, generated, check))
        else:
            chances = self._ranked(allowed, generated, ranker)
            if allowed.unseen.any():
                guessed = probabilities(self.features(allowed, generated, check))
                chances = np.where(allowed.unseen, guessed, chances)
        return [
            ScoredTag(form, display, float(chance))
            for form, display, chance in zip(allowed.forms, allowed.displays, chances, strict=True)
            if chance > 0
        ]

    def _ranked(self, allowed: AllowedTags, generated: Generated, ranker: Ranks) -> np.ndarray:
        rows = zip(allowed.forms, allowed.displays, allowed.unseen, strict=True)
        known = {form: display for form, display, unseen in rows if not unseen}
        ranked = ranker.rank([generated], known)[0]
        found = {tag.form: tag.confidence for tag in ranked}
        return np.array([found.get(form, 0.0) for form in allowed.forms])

    def features(
        self,
        allowed: AllowedTags,
        generated: Generated,
        check: Callable[[], object] = unlimited,
    ) -> np.ndarray:
        """Returns ``zero_shot.FEATURES`` of the list's tags, (tags, features).

        The arguments are those of ``score``; the model must have a sentence encoder.
        """
        encoder = self.sentence_encoder
        assert encoder is not None
        title, text = title_and_text(generated.article)
        texts = [text_of(generated.article).strip(), *([title] if title.strip() else [])]
        cosines = encoder.embed(texts) @ allowed.vectors(encoder, check).T
        words = allowed.words.in_article(title, text)
        near = self._nearness(allowed, generated, words[0])
        own = self._generated(allowed, generated)
        return zero_shot_features(cosines[0], cosines[-1], near, words, own)

    def _without_encoder(
        self,
        allowed: AllowedTags,
        generated: Generated,
        ranker: Ranks | None,
        check: Callable[[], object],
    ) -> np.ndarray:
        present = allowed.standing_in(text_of(generated.article))
        if ranker is None:
            chances = self._searched(allowed, generated, present, check)
        else:
            chances = self._ranked(allowed, generated, ranker)
        if allowed.unseen.any():
            chances = np.maximum(chances, self._guessed(allowed, generated, present))
        return chances

    def _generated(self, allowed: AllowedTags, generated: Generated) -> dict[int, float]:
        """Returns the tags of the list that the model generated: place to log-probability."""
        found: dict[int, float] = {}
        for candidate in generated.candidates:
            place = allowed.places.get(self._vocabulary.canonical(candidate.form))
            if place is not None:
                found[place] = max(found.get(place, -np.inf), candidate.log_prob)
        return found

    def _searched(
        self,
        allowed: AllowedTags,
        generated: Generated,
        present: np.ndarray,
        check: Callable[[], object],
    ) -> np.ndarray:
        log_probs = np.full(len(present), -np.inf)
        for place, log_prob in self._generated(allowed, generated).items():
            log_probs[place] = log_prob
        targets = np.array(allowed.targets)
        sought = set(targets[present].tolist()) - {-1}
        for prompt, output in zip(generated.prompts, generated.outputs, strict=True):
            check()
            if allowed.trie.targets:
                for target, log_prob in self._likeliest(allowed.trie, prompt, output, sought):
                    same = targets == target
                    log_probs[same] = np.maximum(log_probs[same], log_prob)
        chances: np.ndarray = np.exp(np.minimum(log_probs, 0.0))
        return np.where(present, with_odds(chances, float(np.exp(PRESENT_BONUS))), chances)

    def _likeliest(
        self, trie: TokenTrie, prompt: list[int], output: Output, sought: set[int]
    ) -> list[tuple[int, float]]:
        """Finds the tags likeliest to be generated first, and those of the sought that might be.

        Returns:
            Places in the trie and log-probabilities.
        """
        assert output.starts is not None
        first = output.starts.log_probs[0][[target[0] for target in trie.targets]]
        found = self._engine.likeliest(prompt, trie, first, WANTED, NEGLIGIBLE)
        last = min(sorted(found.values(), reverse=True)[:WANTED], default=-np.inf)
        # No tag is likelier than its first token.
        others = [place for place in sought if place not in found]
        others = [place for place in others if first[place] + PRESENT_BONUS > max(last, NEGLIGIBLE)]
        others = sorted(others, key=lambda place: (-first[place], place))[:MOST_PRESENT]
        rows = self._engine.score([prompt] * len(others), [[*trie.targets[i]] for i in others])
        return [*found.items(), *zip(others, map(sum, rows), strict=True)]

    def _guessed(
        self, allowed: AllowedTags, generated: Generated, present: np.ndarray
    ) -> np.ndarray:
        """Scores what the model was never taught; 0 for other tags."""
        chances = np.zeros(len(present))
        unseen = np.flatnonzero(allowed.unseen)
        near = self._nearness(allowed, generated, present)[unseen]
        odds = UNSEEN_BIAS + UNSEEN_NEAR * near + UNSEEN_PRESENT * present[unseen]
        chances[unseen] = 1 / (1 + np.exp(-odds))
        return chances

    def _nearness(
        self, allowed: AllowedTags, generated: Generated, present: np.ndarray
    ) -> np.ndarray:
        """Returns how near each tag is by the input embeddings; by its presence without them."""
        near = present.astype(np.float64)
        read = sorted({token for prompt in generated.prompts for token in prompt} - self._special)
        if self.embeddings and self.embeddings.available and read:
            some = [place for place, ids in enumerate(allowed.pieces) if ids]
            near[some] = self.embeddings.nearness(read, [allowed.pieces[place] for place in some])
        return near

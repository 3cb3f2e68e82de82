"""A list of allowed tags, made ready for one model: each one's tokens, and which it never saw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tagloop.allowlist.zero_shot import TagWords
from tagloop.deadline import unlimited
from tagloop.errors import UserError
from tagloop.generation.evidence import target_ids
from tagloop.generation.outputs import separator_ids
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.token_trie import TokenTrie
from tagloop.ranking.features import Embedder
from tagloop.text.words import divided
from tagloop.vocabulary.normal_form import folded
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form

EMBEDDED_AT_ONCE = 64
"""So many tags get their vectors between two checks of the time."""


class AllowedTags:
    """A list made ready for one model.

    Attributes:
        forms: Normal form of each tag, aliases resolved; none twice.
        displays: Each tag as the list writes it.
        trie: What the model generates for those that it can, with the separator as their end.
        targets: Place in the trie of each tag; -1 for one that the model cannot generate.
        pieces: Token ids of each tag.
        places: Place of each form.
        unseen: Whether no training article has the tag; bool, (tags,).
    """

    def __init__(
        self,
        tags: Sequence[str],
        tokenizer: Any,
        vocabulary: Vocabulary,
        settings: TaggingSettings,
    ) -> None:
        first: dict[str, str] = {}
        for tag in tags:
            if normal_form(tag):
                first.setdefault(vocabulary.canonical(tag), tag)
        if not first:
            raise UserError("allowed_tags holds no tag: give at least one with a letter or digit.")
        self.forms = list(first)
        self.places = {form: place for place, form in enumerate(self.forms)}
        self.displays = list(first.values())
        self.unseen = np.array([form not in vocabulary.counts for form in self.forms])
        self._vectors: np.ndarray | None = None
        self._own_forms = [normal_form(tag) for tag in self.displays]
        mark = settings.separator.strip() or settings.separator
        end = _end_token(tokenizer, settings.separator)
        outputs = [vocabulary.display(tag).replace(mark, " ") for tag in self.displays]
        self.pieces = [target_ids(tag, tokenizer)[: settings.max_new_tokens] for tag in outputs]
        unknown, most = tokenizer.unk_token_id, settings.max_new_tokens
        targets = [
            (*ids, end) if ids and unknown not in ids and len(ids) < most else ()
            for ids in self.pieces
        ]
        self.trie = TokenTrie(filter(None, targets))
        self.targets = [self.trie.places.get(target, -1) for target in targets]

    @cached_property
    def words(self) -> TagWords:
        """The words of the tags, as the list writes them."""
        return TagWords(self.displays)

    def vectors(self, encoder: Embedder, check: Callable[[], object] = unlimited) -> np.ndarray:
        """Returns the vectors of the tags, (tags, dimensions); they are made once.

        Args:
            encoder: The model's, always the same.
            check: Called between any few tags; what it raises ends the work.
        """
        if self._vectors is None:
            parts = []
            for at in range(0, len(self.displays), EMBEDDED_AT_ONCE):
                check()
                parts.append(encoder.embed(self.displays[at : at + EMBEDDED_AT_ONCE]))
            self._vectors = np.concatenate(parts)
        return self._vectors

    def standing_in(self, text: str) -> np.ndarray:
        """Tells which tags' words stand in the text; bool, (tags,)."""
        read = f" {divided(folded(text))} "
        pairs = zip(self.forms, self._own_forms, strict=True)
        return np.array([any(f" {divided(form)} " in read for form in pair) for pair in pairs])


def _end_token(tokenizer: Any, separator: str) -> int:
    """Returns the token of the separator as it comes after a word; else the end token."""
    marks = separator_ids(tokenizer, separator)
    ids = target_ids(f"a{separator.strip() or separator}", tokenizer)
    return next((token for token in reversed(ids) if token in marks), tokenizer.eos_token_id)

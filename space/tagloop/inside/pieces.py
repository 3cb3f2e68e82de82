"""An article as the model gets it: the pieces of its words, their ids, and words again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tagloop.generation.settings import TaggingSettings
from tagloop.generation.token_places import tokens_with_places
from tagloop.text.sentences import Span

WORD_BLANK = "▁"
"""How SentencePiece marks a piece that begins a word."""
_ONE_WORD = re.compile(r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\uffef]{2}")
"""Two characters that one word can hold, in scripts that set blanks between words."""


@dataclass(frozen=True)
class Piece:
    """One token of a prompt.

    Attributes:
        token: As the tokenizer writes it (``##bot``, ``▁bank``).
        id: Its number in the tokenizer's list.
        begin: Where it begins in the prompt, in characters.
        end: Where it ends; ``begin`` for special tokens, which stand nowhere.
    """

    token: str
    id: int
    begin: int
    end: int


@dataclass(frozen=True)
class Word:
    """Pieces that stand without a gap, ``first`` to before ``last``, and where in the prompt."""

    begin: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class TokenizedArticle:
    """A prompt and the pieces that the model reads of it.

    Attributes:
        prompt: The whole prompt, even where the model does not read it to its end.
        pieces: With the special ones.
    """

    prompt: str
    pieces: list[Piece]

    @property
    def ids(self) -> list[int]:
        """The numbers that the model gets."""
        return [piece.id for piece in self.pieces]

    @property
    def end(self) -> int:
        """Up to which character the prompt is read."""
        return max((piece.end for piece in self.pieces), default=0)

    def words(self) -> list[Word]:
        """Returns the words; a piece that is no letters is one for itself, so is one of Chinese."""
        found: list[Word] = []
        for place, piece in enumerate(self.pieces):
            if piece.begin == piece.end:
                continue
            before = found[-1] if found else None
            if before and self._touch(before, piece) and before.last == place:
                found[-1] = Word(before.begin, max(before.end, piece.end), before.first, place + 1)
            else:
                found.append(Word(piece.begin, piece.end, place, place + 1))
        return found

    def _touch(self, before: Word, piece: Piece) -> bool:
        if piece.begin < before.end:  # pieces of one character
            return True
        seam = self.prompt[before.end - 1 : before.end + 1]
        return before.end == piece.begin and _ONE_WORD.fullmatch(seam) is not None


def read_pieces(
    tokenizer: Any, settings: TaggingSettings, title: str, text: str
) -> TokenizedArticle:
    """Cuts an article into the pieces of the model's first window."""
    prompt = settings.prompt(title, text)
    ids, places = tokens_with_places(
        tokenizer, prompt, truncation=True, max_length=settings.max_input_tokens
    )
    tokens = tokenizer.convert_ids_to_tokens(ids)
    spans = [_without_blanks(prompt, span) for span in places]
    rows = zip(tokens, ids, spans, strict=True)
    return TokenizedArticle(prompt, [Piece(token, id, *span) for token, id, span in rows])


def _without_blanks(prompt: str, span: Sequence[int]) -> Span:
    begin, end = span
    while begin < end and prompt[begin].isspace():
        begin += 1
    return begin, end

"""BERT's tokenizer in Python alone, for where `tokenizers` cannot be: in a browser.

It reads the ``tokenizer.json`` of a BERT (``BertNormalizer``, ``BertPreTokenizer``, ``WordPiece``)
and gives what `tokenizers` gives, places included (``tests/space/generation/test_wordpiece.py``
compares them on every character there is).

Source: Devlin et al., "BERT", NAACL 2019; the steps as huggingface/tokenizers has them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from tagloop.text.sentences import Span

LONGEST_WORD = 100
"""Characters; a longer one is unknown."""
_IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)
_CLEANUP = {f" {mark}": mark for mark in (".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re")} | {
    " ' ": "'",
    " do not": " don't",
}
"""What `tokenizers`' WordPiece decoder tidies."""

_NEWER = """
61d 7fd 890-891 898-89f 8ca-8e2 9fd-9fe a76 afa-aff b55 c04 c3c c77 c84 d00 d3b-d3c d81 eba
ece 180f 1885-1886 1abf-1ace 1b7d-1b7e 1df6-1dfb 2e43-2e4f 2e52-2e5d a82c a8c5 a8ff a9bd
10d24-10d27 10eab-10ead 10efd-10eff 10f46-10f50 10f55-10f59 10f82-10f89 11070 11073-11074
110c2 110cd 111c9 111cf 1123e 11241 1133b 11438-1143f 11442-11444 11446 1144b-1144f
1145a-1145b 1145d-1145e 11660-1166c 116b9 1182f-11837 11839-1183b 1193b-1193c 1193e
11943-11946 119d4-119d7 119da-119db 119e0 119e2 11a01-11a0a 11a33-11a38 11a3b-11a47
11a51-11a56 11a59-11a5b 11a8a-11a96 11a98-11a9c 11a9e-11aa2 11b00-11b09 11c30-11c36
11c38-11c3d 11c3f 11c41-11c45 11c70-11c71 11c92-11ca7 11caa-11cb0 11cb2-11cb3 11cb5-11cb6
11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 11d47 11d90-11d91 11d95 11d97 11ef3-11ef4
11ef7-11ef8 11f00-11f01 11f36-11f3a 11f40 11f42-11f4f 11fff 12ff1-12ff2 13430-13440
13447-13455 16e97-16e9a 16f4f 16fe2 16fe4 1cf00-1cf2d 1cf30-1cf46 1e000-1e006 1e008-1e018
1e01b-1e021 1e023-1e024 1e026-1e02a 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef
1e944-1e94a 1e95e-1e95f
"""
"""Code points that `tokenizers` takes for letters: they became marks, accents or controls after the
Unicode that its tables are of (8, 2015); the last ones came with Unicode 15."""
_OLDER = {"\u166d": "Po", "\u1734": "Mn", "\U000111c9": "Po"}
"""Categories of that Unicode that have changed since."""


@dataclass(frozen=True)
class Encoded:
    """A text's tokens, or those of several texts."""

    input_ids: list[Any]
    offset_mapping: list[Any] = field(default_factory=list)

    @property
    def ids(self) -> list[Any]:
        """What `tokenizers` calls ``input_ids``."""
        return self.input_ids


class WordPieceTokenizer:
    """What Tagloop asks of a transformers tokenizer, and of a ``tokenizers.Tokenizer``.

    Attributes:
        is_fast: Whether it can tell the places of tokens.
        all_special_ids: Of the tokens that are no text.
        unk_token_id: Of the token for what the vocabulary has no pieces of.
        eos_token_id: Of the token that ends a text.
        max_length: Tokens of a text that ``encode`` keeps; None keeps all.
    """

    is_fast = True

    def __init__(self, content: dict[str, Any], max_length: int | None = None) -> None:
        """Takes the content of a ``tokenizer.json``.

        Raises:
            ValueError: It is not BERT's.
        """
        _check(content)
        self._ids: dict[str, int] = content["model"]["vocab"]
        self._pieces: dict[int, str] = {id: piece for piece, id in self._ids.items()}
        self._prefix: str = content["model"]["continuing_subword_prefix"]
        self.unk_token_id = self._ids[content["model"]["unk_token"]]
        special = content["post_processor"]["special_tokens"]
        ends = [
            part["SpecialToken"]["id"]
            for part in content["post_processor"]["single"]
            if "SpecialToken" in part
        ]
        self._begin, self.eos_token_id = (special[name]["ids"][0] for name in ends)
        added = {token["content"]: token["id"] for token in content["added_tokens"]}
        self._added = added
        self._split_added = re.compile("|".join(map(re.escape, sorted(added, key=len)[::-1])))
        self.all_special_ids = [t["id"] for t in content["added_tokens"] if t["special"]]
        self.max_length = max_length
        self._cut = lru_cache(maxsize=20_000)(self._cut_word)

    @classmethod
    def load(cls, path: Path, max_length: int | None = None) -> WordPieceTokenizer:
        """Reads a ``tokenizer.json``.

        Raises:
            ValueError: It is not BERT's.
        """
        return cls(json.loads(path.read_text(encoding="utf-8")), max_length)

    def __call__(
        self,
        text: str | Sequence[str],
        *,
        add_special_tokens: bool = True,
        truncation: bool = False,
        max_length: int | None = None,
        return_offsets_mapping: bool = False,
        verbose: bool = True,
    ) -> Encoded:
        """Tokenizes one text or several, as a transformers tokenizer does."""
        most = max_length if truncation else None
        if isinstance(text, str):
            return self._encoded(text, add_special_tokens, most)
        return Encoded([self._encoded(one, add_special_tokens, most).input_ids for one in text])

    def encode(self, text: str) -> Encoded:
        """Tokenizes one text, as a ``tokenizers.Tokenizer`` does."""
        return self._encoded(text, True, self.max_length)

    def encode_batch(self, texts: Sequence[str]) -> list[Encoded]:
        """Tokenizes several texts, without padding."""
        return [self.encode(text) for text in texts]

    def get_vocab(self) -> dict[str, int]:
        """Returns piece to id."""
        return self._ids

    def convert_ids_to_tokens(self, id: int) -> str:
        """Returns the piece of an id."""
        return self._pieces[id]

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of tokens, as `tokenizers`' WordPiece decoder writes it."""
        text = ""
        for place, id in enumerate(ids):
            piece = self._pieces[id]
            if place:
                inside = piece.startswith(self._prefix)
                piece = piece[len(self._prefix) :] if inside else f" {piece}"
            text += _tidied(piece)
        return text

    def _encoded(self, text: str, special: bool, most: int | None) -> Encoded:
        ids, places = self._tokens(text)
        if most is not None:
            room = max(most - 2 * special, 0)
            ids, places = ids[:room], places[:room]
        if special:
            ids = [self._begin, *ids, self.eos_token_id]
            places = [(0, 0), *places, (0, 0)]
        return Encoded(ids, places)

    def _tokens(self, text: str) -> tuple[list[int], list[Span]]:
        ids: list[int] = []
        places: list[Span] = []
        at = 0
        for match in self._split_added.finditer(text):
            self._read(text, at, match.start(), ids, places)
            ids.append(self._added[match.group()])
            places.append(match.span())
            at = match.end()
        self._read(text, at, len(text), ids, places)
        return ids, places

    def _read(self, text: str, begin: int, end: int, ids: list[int], places: list[Span]) -> None:
        """Adds the tokens of a part of the text, and where each stands."""
        word = ""
        where: list[int] = []

        def close() -> None:
            nonlocal word, where
            if word:
                for id, first, last in self._cut(word):
                    ids.append(id)
                    places.append((where[first], where[last - 1] + 1))
            word, where = "", []

        for at in range(begin, end):
            for char in _normalized(text[at]):
                if char == " ":
                    close()
                elif _is_mark(char):
                    close()
                    word, where = char, [at]
                    close()
                else:
                    word += char
                    where.append(at)
        close()

    def _cut_word(self, word: str) -> list[tuple[int, int, int]]:
        """Cuts a word into the longest pieces there are: id, begin and end of each."""
        unknown = [(self.unk_token_id, 0, len(word))]
        if len(word) > LONGEST_WORD:
            return unknown
        found = []
        begin = 0
        while begin < len(word):
            for end in range(len(word), begin, -1):
                piece = (self._prefix if begin else "") + word[begin:end]
                if piece in self._ids:
                    break
            else:
                return unknown
            found.append((self._ids[piece], begin, end))
            begin = end
        return found


def _check(content: dict[str, Any]) -> None:
    normalizer = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": True,
    }
    kinds = (
        content["normalizer"],
        (content["pre_tokenizer"] or {}).get("type"),
        content["model"].get("type"),
        (content["post_processor"] or {}).get("type"),
    )
    if kinds != (normalizer, "BertPreTokenizer", "WordPiece", "TemplateProcessing"):
        raise ValueError("not the tokenizer of an uncased BERT")


def _newer() -> Iterator[str]:
    for part in _NEWER.split():
        first, _, last = part.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


_LETTERS = frozenset(_newer())


def _category(char: str) -> str:
    """Returns a character's category in `tokenizers`' Unicode."""
    if char in _OLDER:
        return _OLDER[char]
    return "Lo" if char in _LETTERS else unicodedata.category(char)


@cache
def _normalized(char: str) -> str:
    """Returns what is read of a character: lower case, no accents, a blank for any space."""
    if char in "\t\n\r":
        return " "
    if char == "\ufffd" or _category(char) in ("Cc", "Cf", "Co", "Cs"):
        return ""
    if char.isspace():
        return " "
    plain = "".join(
        part.lower() for part in unicodedata.normalize("NFD", char) if _category(part) != "Mn"
    )
    return f" {plain} " if any(a <= ord(char) <= b for a, b in _IDEOGRAPHS) else plain


@cache
def _is_mark(char: str) -> bool:
    """Tells whether a character is a token of its own: punctuation, and any sign of ASCII."""
    return (char.isascii() and not char.isalnum()) or _category(char).startswith("P")


def _tidied(piece: str) -> str:
    for before, after in _CLEANUP.items():
        piece = piece.replace(before, after)
    return piece

"""Where in a text each of its tokens stands."""

from __future__ import annotations

from typing import Any

from tagloop.text.sentences import Span


def tokens_with_places(tokenizer: Any, text: str, **options: Any) -> tuple[list[int], list[Span]]:
    """Returns a text's tokens and where in it each stands; an empty span for special tokens.

    ByT5's tokenizer takes bytes for tokens and does not tell of places, so they are counted.

    Args:
        tokenizer: Of the model.
        text: To read.
        **options: Of the tokenizer's call.
    """
    if tokenizer.is_fast:
        read = tokenizer(text, return_offsets_mapping=True, **options)
        return list(read.input_ids), [(begin, end) for begin, end in read.offset_mapping]
    ids = list(tokenizer(text, **options).input_ids)
    special = set(tokenizer.all_special_ids)
    of_bytes = ((at, at + 1) for at, char in enumerate(text) for _ in char.encode("utf-8"))
    return ids, [(0, 0) if id in special else next(of_bytes, (0, 0)) for id in ids]

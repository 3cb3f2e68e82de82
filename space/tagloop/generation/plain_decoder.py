"""A tokenizer as the model generates with it: without what spells its tags for people.

A published model's tokenizer writes tags in their display form and leaves out repeated ones (see
``training.finetune.display_forms``). That is for who has nothing but transformers. What reads an
output tag by tag needs the pieces as they were generated, each with its probability, and knows the
vocabulary itself.
"""

from __future__ import annotations

import json
from typing import Any


def use_plain_decoder(tokenizer: Any) -> None:
    """Takes the rules of display forms out of a tokenizer's decoder; one without them stays.

    They stand behind the tokenizer's own decoder and a ``Fuse``, which makes one text of its
    tokens' texts.

    Args:
        tokenizer: Of the model; changed in place.
    """
    own = getattr(tokenizer, "backend_tokenizer", None)
    if own is None or own.decoder is None:
        return
    # What pickle keeps of a decoder is its part of tokenizer.json.
    decoder = json.loads(own.decoder.__getstate__())
    plain, *rules = decoder.get("decoders") or [None]
    if [rule["type"] for rule in rules[:2]] == ["Fuse", "Replace"]:
        own.decoder = _decoder(plain)


def _decoder(content: dict[str, Any]) -> Any:
    from tokenizers import Tokenizer

    model = {"type": "WordLevel", "vocab": {}, "unk_token": ""}
    return Tokenizer.from_str(json.dumps({"model": model, "decoder": content})).decoder

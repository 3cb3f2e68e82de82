"""Sentence encoders for the neighbours: all-MiniLM-L6-v2, or another that a person names.

all-MiniLM-L6-v2 reads English. For articles in other languages ``make train ENCODER=`` takes a
folder or an id on the Hub of any encoder that CTranslate2 converts and whose vector of a text is
the mean of its tokens'.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from transformers import AutoTokenizer

from tagloop.errors import UserError
from tagloop.files import CONFIG
from tagloop.ranking.sentence_encoder import MAX_TOKENS
from training.finetune.minilm_package import minilm_folder

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
MULTILINGUAL_ENCODER = "intfloat/multilingual-e5-small"
"""What to name for articles in other languages: 94 languages, MIT, twelve layers of 384 numbers
(Wang et al., "Multilingual E5 Text Embeddings", 2024)."""
KINDS = ("bert", "camembert", "distilbert", "roberta", "xlm-roberta")
"""``model_type`` of the encoders that CTranslate2 4.8 converts."""
FILES = ("*.json", "*.safetensors", "*.model", "*.txt")
"""What is fetched of a repository: no pickles, no other formats of the same weights."""
PARTS = ("Transformer", "Pooling", "Normalize")
"""Modules of sentence-transformers that a mean of token vectors consists of."""


def encoder_name(encoder: str) -> str:
    """Returns what cards call an encoder: an id on the Hub, or the name of a folder."""
    return Path(encoder).name if encoder and Path(encoder).is_dir() else encoder or DEFAULT_ENCODER


def encoder_folder(encoder: str) -> Path:
    """Finds an encoder's files, and checks that it is one of a kind that can be taken.

    Args:
        encoder: Folder or id on the Hub; all-MiniLM-L6-v2 if empty.

    Raises:
        UserError: It is not there, CTranslate2 cannot convert it, it pools in another way, or it
            has no weights as safetensors.
    """
    if not encoder:
        return minilm_folder()
    folder = Path(encoder)
    if not folder.is_dir():
        try:
            folder = Path(snapshot_download(encoder, allow_patterns=list(FILES)))
        except (OSError, ValueError) as error:
            raise UserError(
                f"The encoder {encoder!r} is neither a folder nor a model that can be fetched "
                f"from the Hub ({str(error).splitlines()[0]})."
            ) from None
    kind = (_read(folder / CONFIG) or {}).get("model_type")
    if kind not in KINDS:
        raise UserError(
            f"The encoder {encoder!r} is of the kind {kind}, which CTranslate2 cannot convert: "
            f"take one of {', '.join(KINDS)}, such as {MULTILINGUAL_ENCODER}."
        )
    if not _means(folder):
        raise UserError(
            f"The encoder {encoder!r} does not make a text's vector by the mean of its tokens': "
            f"take one that does, such as {MULTILINGUAL_ENCODER}."
        )
    if not list(folder.glob("*.safetensors")):
        raise UserError(f"The encoder {encoder!r} has no weights as safetensors.")
    return folder


def encoder_tokenizer(folder: Path) -> Any:
    """Returns an encoder's ``tokenizers.Tokenizer``, which cuts a text where the encoder ends."""
    loaded = AutoTokenizer.from_pretrained(folder)
    config = _read(folder / CONFIG) or {}
    limits = [
        MAX_TOKENS,
        loaded.model_max_length,
        (_read(folder / "sentence_bert_config.json") or {}).get("max_seq_length"),
        # RoBERTa's first two places are no tokens'.
        config.get("max_position_embeddings", MAX_TOKENS + 2) - 2,
    ]
    tokenizer = loaded.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(limit for limit in limits if limit))
    return tokenizer


def _means(folder: Path) -> bool:
    """Tells whether sentence-transformers' files, where there are any, say mean pooling."""
    modules = [
        str(part["type"]).rpartition(".")[2] for part in _read(folder / "modules.json") or []
    ]
    pooling = _read(folder / "1_Pooling" / CONFIG) or {}
    if "pooling_mode" in pooling:
        return set(modules) <= set(PARTS) and pooling["pooling_mode"] == "mean"
    chosen = {name for name, on in pooling.items() if name.startswith("pooling_mode_") and on}
    return set(modules) <= set(PARTS) and chosen <= {"pooling_mode_mean_tokens"}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

"""A tagger's folder: fetched from the Hub, its tokenizer and its vocabulary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from tagloop.files import CTRANSLATE2, SENTENCE_ENCODER, TAGS
from tagloop.generation.plain_decoder import use_plain_decoder
from tagloop.vocabulary.vocabulary import Vocabulary

SNAPSHOT_PATTERNS = [
    *("*.json", "*.txt", "*.model", "*.safetensors"),
    *(f"{folder}/*" for folder in (CTRANSLATE2, SENTENCE_ENCODER)),
]
"""What of a model repo a tagger needs: no charts, no checkpoints."""


def load_vocabulary(folder: Path) -> Vocabulary:
    """Reads ``tags.json``; a model without one has an empty vocabulary.

    Raises:
        UserError: The file is not a vocabulary.
    """
    path = folder / TAGS
    if not path.is_file():
        return Vocabulary({}, {}, {})
    try:
        return Vocabulary.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a valid vocabulary ({error!r}); write it anew.") from None


def load_tokenizer(folder: Path) -> Any:
    """Loads the model's tokenizer, with a decoder that leaves tags as they were generated.

    Raises:
        UserError: The folder has no tokenizer that can be loaded.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder}: no tokenizer can be loaded from it ({str(error).splitlines()[0]})."
        ) from None
    use_plain_decoder(tokenizer)
    return tokenizer


def fetch_model(model: str, revision: str | None, token: str | None) -> tuple[Path, str | None]:
    """Finds the model's folder, from the Hub if it is none here; with the commit if so.

    Raises:
        UserError: The repository or revision is not there, or cannot be fetched.
    """
    if Path(model).is_dir():
        return Path(model), None
    import httpx2
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    at = f" at {revision}" if revision else ""
    try:
        folder = snapshot_download(
            model, revision=revision, token=token, allow_patterns=SNAPSHOT_PATTERNS
        )
    except RevisionNotFoundError:
        raise UserError(f"The model {model} has no revision {revision}.") from None
    except (RepositoryNotFoundError, HFValidationError):
        raise UserError(
            f"No model {model!r}: neither a folder here nor a repository of the Hub that this "
            "token may read."
        ) from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, httpx2.HTTPError) as error:
        # Only the kind: an exception's text may hold a signed address.
        raise UserError(
            f"The model {model}{at} could not be fetched ({type(error).__name__}); check the "
            "network and the token."
        ) from None
    return Path(folder), Path(folder).name

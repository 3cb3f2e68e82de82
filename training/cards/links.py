"""Links of the cards, to what is on the Hub in use (``HF_ENDPOINT`` at import)."""

from __future__ import annotations

from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined, unused-ignore]

from dataset_card.markdown import Markdown, escape
from tagloop.errors import UserError
from training.cards.citations import BUNDLED
from training.data.corrections_file import RepoCommit
from training.finetune.training_log import TrainingLog

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
"""The Hub's model whose weights the bundled base begins with."""


def version_tag(version: str) -> str:
    """Returns ``1.2.3`` and ``v1.2.3`` as the git tag ``v1.2.3``."""
    return f"v{version.removeprefix('v')}"


def repo_url(repo_id: str, repo_type: str) -> str:
    """Returns a repository's page on the Hub in use (``HF_ENDPOINT`` at import).

    Raises:
        UserError: ``repo_id`` cannot be the id of a repository.
    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise UserError(f"{repo_id!r} is no repo_id of a Hub: {error}") from None
    prefix = constants.REPO_TYPES_URL_PREFIXES.get(repo_type, "")
    return f"{constants.ENDPOINT}/{prefix}{repo_id}"


def repo_link(repo_id: str, repo_type: str) -> Markdown:
    """Returns a Markdown link to a repository."""
    return Markdown(f"[{escape(repo_id)}]({repo_url(repo_id, repo_type)})")


def at_commit(source: RepoCommit) -> Markdown:
    """Returns a Markdown link to a dataset's files at a commit."""
    commit = escape(source["revision"])
    url = repo_url(source["repo_id"], "dataset")
    return Markdown(f"[{escape(source['repo_id'])}@{commit[:10]}]({url}/tree/{commit})")


def base_model(log: TrainingLog) -> str | None:
    """Returns the base's id on the Hub; None for a folder of the person who trained."""
    base = log["base_model"]
    if base == BUNDLED:
        return MINILM
    if not base or not (log["base_revision"] or "/" in base):
        return None
    try:
        validate_repo_id(base)
    except HFValidationError:
        return None
    return base


def base_link(log: TrainingLog) -> Markdown:
    """Names the base, with a link where the Hub has it."""
    base = base_model(log)
    if log["base_model"] == BUNDLED:
        return Markdown(
            f"Tagloop's small base (the encoder of {repo_link(MINILM, 'model')} and a decoder of "
            "two layers, in the shape of BART)"
        )
    return repo_link(base, "model") if base else escape(log["base_model"] or "")


def encoder_link(name: str | None) -> Markdown:
    """Names the sentence encoder; models from before there was a choice have all-MiniLM."""
    if name in (None, MINILM):
        return Markdown(f"[all-MiniLM-L6-v2]({repo_url(MINILM, 'model')}), Apache-2.0")
    encoder = str(name)
    try:
        validate_repo_id(encoder)
    except HFValidationError:
        return escape(encoder)
    link = repo_link(encoder, "model") if "/" in encoder else escape(encoder)
    return Markdown(f"{link} (under its own licence)")

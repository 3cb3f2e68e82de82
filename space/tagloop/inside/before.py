"""The same article before fine-tuning: the base runs beside its tagger, where it can be had.

A base can be had as ``before/`` in the tagger's own repo (a tagger's folder without weights, the
conversion only), or from the repo that ``tagging.json`` names, if that has a conversion.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tagloop.deadline import Deadline
from tagloop.errors import UserError
from tagloop.files import BEFORE, CONVERSION, CTRANSLATE2
from tagloop.tagger.selection import Tag
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import normal_form

logger = logging.getLogger(__name__)

MODEL_FILE = f"{CTRANSLATE2}/{CONVERSION}"
MOST_BYTES = 200_000_000
"""Of a conversion that is fetched for the comparison only: a free Space has little memory."""


@dataclass(frozen=True)
class Before:
    """What the base says of an article.

    Attributes:
        name: The base's.
        tags: Its tags.
        kept: Normal forms of those that the fine-tuned model gives, too.
    """

    name: str
    tags: list[Tag]
    kept: frozenset[str]


def tag_before(tagger: Tagger, title: str, text: str, tags: list[str]) -> Before | None:
    """Tags an article with the base of a tagger; None where the base cannot be had.

    Args:
        tagger: The fine-tuned one.
        title: May be empty.
        text: Of the article.
        tags: What the fine-tuned one gives.
    """
    base = base_of(tagger.model_repo, tagger.model_revision, tagger.settings.base_model or "")
    if base is None:
        return None
    most = tagger.settings.max_tags
    check = Deadline().check
    found = base.tag(text, title, max_windows=1, threshold=0.0, max_tags=most, check=check)
    both = {normal_form(tag.tag) for tag in found} & set(map(normal_form, tags))
    return Before(tagger.settings.base_model or "the base", found, frozenset(both))


@lru_cache(maxsize=2)
def base_of(model_repo: str, revision: str | None, base_model: str) -> Tagger | None:
    """Loads the base of a tagger once; None where it cannot be had."""
    try:
        if Path(model_repo).is_dir():
            return _local(Path(model_repo), base_model)
        return _beside(model_repo, revision) or _from_hub(base_model)
    except UserError as error:
        logger.warning("no comparison with before fine-tuning: %s", error)
        return None


def _local(folder: Path, base_model: str) -> Tagger | None:
    places = [folder / BEFORE, *([Path(base_model)] if base_model else [])]
    for place in places:
        if (place / MODEL_FILE).is_file():
            return Tagger.from_pretrained(place, engine="ctranslate2")
    return _from_hub(base_model)


def _beside(model_repo: str, revision: str | None) -> Tagger | None:
    if not _size(model_repo, f"{BEFORE}/{MODEL_FILE}", revision):
        return None
    from huggingface_hub import snapshot_download

    folder = snapshot_download(model_repo, revision=revision, allow_patterns=f"{BEFORE}/*")
    return Tagger.from_pretrained(Path(folder) / BEFORE, engine="ctranslate2")


def _from_hub(base_model: str) -> Tagger | None:
    if "/" not in base_model or not 0 < _size(base_model, MODEL_FILE, None) <= MOST_BYTES:
        return None
    return Tagger.from_pretrained(base_model, engine="ctranslate2")


def _size(repo: str, path: str, revision: str | None) -> int:
    """Returns a file's size on the Hub, in bytes; 0 if it isn't there or the Hub cannot be had."""
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    unreachable = (HfHubHTTPError, HFValidationError, OfflineModeIsEnabled)
    try:
        found = HfApi().get_paths_info(repo, [path], revision=revision)
    except (*unreachable, httpx2.HTTPError, OSError) as error:
        logger.info("%s of %s: %s", path, repo, type(error).__name__)
        return 0
    return sum(getattr(file, "size", 0) for file in found)

"""A repository as the API describes it: the answer to "info" and the lines of listings."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from dulwich.objects import Commit

from training.hub.documents import MalformedError, parse_json
from training.hub.errors import HubError
from training.hub.space_hosts import subdomain_of
from training.hub.storage.card import Card, lenient_card
from training.hub.storage.git_store import Entry, GitStore
from training.hub.storage.history import date_of
from training.hub.storage.repositories import StoredRepository

TAG_KEYS = {
    "license": "license",
    "datasets": "dataset",
    "base_model": "base_model",
    "task_categories": "task_categories",
    "size_categories": "size_categories",
    "language": "language",
}
"""Metadata keys that become tags such as ``license:mit``."""
LIKES = "likes"
"""Key of a repository's settings: the users who like it, and since when."""
KEPT_CARDS = 256
"""Cards whose metadata stay in memory: a listing reads those of all repositories."""
MAX_CONFIG = 1 << 20
"""Longest ``config.json``, in bytes, that is looked into."""
RUNTIME = "runtime"
"""Key of a Space's settings: whether it is paused, and the hardware that was asked for."""
CPU = "cpu-basic"


def summary(repository: StoredRepository) -> dict[str, Any]:
    """Describes a repository at its main branch, without its files."""
    settings = repository.settings()
    head = repository.git.resolve("main")
    card = _metadata(repository, head)
    described = {
        "_id": hashlib.md5(
            f"{repository.kind}/{repository.repo_id}".encode(), usedforsecurity=False
        ).hexdigest()[:24],
        "id": repository.repo_id,
        "author": repository.namespace,
        "sha": head.id.decode(),
        "lastModified": date_of(head),
        "createdAt": settings["created_at"],
        "private": settings["private"],
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": len(settings.get(LIKES, {})),
        "tags": tags(card),
        "cardData": card.data,
    }
    if repository.kind == "models":
        described["modelId"] = repository.repo_id
        described["pipeline_tag"] = card.data.get("pipeline_tag")
        described["library_name"] = card.data.get("library_name")
    if repository.kind == "spaces":
        described["sdk"] = card.data.get("sdk", settings.get("sdk"))
        described["runtime"] = runtime(settings, described["sdk"])
        for key in ("models", "datasets"):
            described[key] = [
                item for item in _as_list(card.data.get(key)) if isinstance(item, str)
            ]
        described["subdomain"] = subdomain_of(repository.repo_id)
    return described


def card_of(repository: StoredRepository) -> Card:
    """Returns the metadata of a repository's card on its main branch."""
    return _metadata(repository, repository.git.resolve("main"))


def sdk_of(repository: StoredRepository) -> object:
    """Returns a Space's SDK as its card states it, else as it was made with."""
    return card_of(repository).data.get("sdk", repository.settings().get("sdk"))


def runtime(settings: dict[str, Any], sdk: object) -> dict[str, Any]:
    """Describes how a Space runs: static ones are served, no other one runs here."""
    if sdk == "static":
        return {"stage": "RUNNING", "hardware": {"current": None, "requested": None}}
    asked = settings.get(RUNTIME, {})
    return {
        "stage": "PAUSED" if asked.get("paused") else "STOPPED",
        "hardware": {"current": None, "requested": asked.get("hardware", CPU)},
        "gcTimeout": asked.get("sleep"),
    }


def details(repository: StoredRepository, revision: str, *, blobs: bool) -> dict[str, Any]:
    """Describes a repository at a revision, with its files.

    Args:
        repository: Which one.
        revision: Branch, tag, full ref or commit id.
        blobs: Whether size and digests of every file are wanted.

    Raises:
        HubError: 404 ``RevisionNotFound``.
    """
    commit = repository.git.resolve(revision)
    card = _metadata(repository, commit)
    described = summary(repository)
    described.update(
        sha=commit.id.decode(),
        lastModified=date_of(commit),
        cardData=card.data,
        tags=tags(card),
        siblings=_siblings(repository, commit, blobs),
    )
    if repository.kind == "models":
        described["config"] = _model_config(repository, commit)
        if "model-index" in card.data:
            described["model-index"] = card.data["model-index"]
    return described


def _metadata(repository: StoredRepository, commit: Commit) -> Card:
    try:
        entry = repository.git.entry(commit, "README.md")
    except HubError:
        return Card({}, "")
    return Card({}, "") if entry.is_folder else _metadata_of(repository.directory, entry.oid)


@lru_cache(KEPT_CARDS)
def _metadata_of(directory: Path, oid: str) -> Card:
    """Reads the metadata of a card; the same blob never says anything else."""
    return replace(lenient_card(GitStore(directory / "git").blob(oid.encode())), text="")


def tags(card: Card) -> list[str]:
    """Gathers what a repository can be filtered by."""
    found = [str(tag) for tag in _as_list(card.data.get("tags"))]
    found += [str(card.data[key]) for key in ("library_name", "pipeline_tag") if key in card.data]
    for key, prefix in TAG_KEYS.items():
        found += [f"{prefix}:{value}" for value in _as_list(card.data.get(key))]
    return list(dict.fromkeys(found))


def tree_item(entry: Entry) -> dict[str, Any]:
    """Describes a file or folder as tree listings do."""
    item: dict[str, Any] = {
        "type": "directory" if entry.is_folder else "file",
        "oid": entry.oid,
        "size": entry.size,
        "path": entry.path,
    }
    if entry.lfs:
        item["lfs"] = {
            "oid": entry.lfs.oid,
            "size": entry.lfs.size,
            "pointerSize": entry.lfs.pointer_size,
        }
    return item


def _siblings(repository: StoredRepository, commit: Commit, blobs: bool) -> list[dict[str, Any]]:
    if not blobs:
        return [
            {"rfilename": path.decode(errors="replace")} for path in repository.git.files(commit)
        ]
    siblings = []
    for entry in repository.git.listing(commit, recursive=True):
        if entry.is_folder:
            continue
        item: dict[str, Any] = {
            "rfilename": entry.path,
            "size": entry.size,
            "blobId": entry.oid,
        }
        if entry.lfs:
            item["lfs"] = {
                "sha256": entry.lfs.oid,
                "size": entry.lfs.size,
                "pointerSize": entry.lfs.pointer_size,
            }
        siblings.append(item)
    return siblings


def _model_config(repository: StoredRepository, commit: Commit) -> dict[str, Any]:
    content = repository.git.read(commit, "config.json") or b"{}"
    try:
        config = parse_json(content) if len(content) <= MAX_CONFIG else {}
    except MalformedError:
        return {}
    wanted = ("architectures", "model_type")
    return {key: config[key] for key in wanted if key in config} if isinstance(config, dict) else {}


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

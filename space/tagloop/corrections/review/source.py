"""What is new in a corrections dataset since it was read last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download

from tagloop.corrections.review.store import folder_of

DOWNLOADS = 8  # at a time


@dataclass(frozen=True)
class NewRecords:
    """One look at the dataset.

    Attributes:
        commit: Its head.
        names: All files of records.
        contents: Of those that are new; of all, if one that was there is gone.
    """

    commit: str
    names: set[str]
    contents: dict[str, bytes] = field(default_factory=dict)


class Source:
    """Reads a corrections dataset at its head; its files never change, so each is read once.

    Args:
        repo_id: The dataset.
        token: One that may read it; None takes ``HF_TOKEN``.
        cache: Where its files are kept; None takes the Hub client's own cache.
    """

    def __init__(self, repo_id: str, token: str | None = None, cache: Path | None = None) -> None:
        self._repo_id = repo_id
        self._token = token
        self._cache = cache

    def read(self, known_commit: str | None, known: set[str]) -> NewRecords:
        """Looks at the head.

        Args:
            known_commit: The commit that was read last; where it is the head nothing is new.
            known: The files that have been read.

        Raises:
            huggingface_hub.errors.HfHubHTTPError: The Hub refuses, or there is no dataset.
        """
        api = HfApi(token=self._token)
        commit = api.dataset_info(self._repo_id).sha or ""
        if commit == known_commit:
            return NewRecords(commit, known)
        listed = api.list_repo_files(self._repo_id, repo_type="dataset", revision=commit)
        names = {name for name in listed if folder_of(name)}

        def content(name: str) -> bytes:
            path = hf_hub_download(
                self._repo_id,
                name,
                repo_type="dataset",
                revision=commit,
                token=self._token,
                cache_dir=self._cache,
            )
            return Path(path).read_bytes()

        # If a file went, a person took it out: what it held is forgotten, so all is read again.
        new = sorted(names if known - names else names - known)
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            return NewRecords(commit, names, dict(zip(new, pool.map(content, new), strict=True)))

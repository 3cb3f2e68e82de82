"""Puts parts of segments into a dataset on the Hub: the far half of the outbox."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256

from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status
from huggingface_hub.utils.sha import git_hash

from tagloop.corrections.delivery.dataset_card import with_newer_columns
from tagloop.corrections.delivery.journal import Part
from tagloop.files import CARD, REFUSED
from tagloop.hub_errors import refuses_content, status_of

logger = logging.getLogger(__name__)

HUB_TIMEOUT_SECONDS = 60.0


class PublicDatasetError(Exception):
    """A dataset that was promised to be private can be read by everyone."""


class NotStoredError(Exception):
    """The Hub has confirmed a commit that does not hold what was sent."""


class RefusedError(Exception):
    """The Hub has refused a commit, maybe for what is in it; ``status`` is its answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the Hub answered {status}.")
        self.status = status


class RefusesAllError(Exception):
    """The Hub refuses commits whatever is in them."""


class Uploader:
    """A dataset that takes parts of segments, each under its own name, for ever.

    Args:
        repo_id: The dataset; made at the first commit when it does not exist.
        card: The README.md that it gets if it has none; one that lacks columns gets them.
        folder: Of the dataset, that the parts go to; a folder a day stands in it.
        token: A token that may write to it; None takes ``HF_TOKEN``.
        endpoint: The Hub; None takes ``HF_ENDPOINT``.
        private: Make the dataset private, and refuse to send rows to a public one.
    """

    def __init__(
        self,
        repo_id: str,
        *,
        card: str,
        folder: str,
        token: str | None,
        endpoint: str | None,
        private: bool,
    ) -> None:
        self.repo_id = repo_id
        self._card = card
        self._folder = folder
        self._private = private
        self._api = HfApi(endpoint, token)
        self._new_card: str | None = None
        self._looked = False

    def put(self, parts: Sequence[Part]) -> str:
        """Puts parts into the dataset, in one commit, and returns a commit that has them.

        Raises:
            RefusedError: The Hub refuses what is in it, or says so.
            PublicDatasetError: The dataset was promised to be private and is not.
            NotStoredError: The Hub confirmed the commit, but does not have it.
            HfHubHTTPError: The Hub refuses otherwise or is in trouble; see `tagloop.hub_errors`.
        """
        self._prepare()
        files = {_place(self._folder, part.name): part.content for part in parts}
        rows = sum(len(part.lines) for part in parts)
        message = f"Add {rows} row{'s' if rows != 1 else ''}"
        card = self._new_card
        if card is None:
            return self._commit(files, message)
        try:
            commit = self._commit({**files, CARD: card.encode()}, message)
        except (RefusedError, ValueError) as error:  # the client's own check of a card's metadata
            commit = self._commit(files, message)
            logger.error(
                "Outbox: the card of %s has to declare the columns of its rows, and the Hub "
                "refuses it with them (%s): mend its README.md",
                self.repo_id,
                type(error).__name__,
            )
        self._new_card = None
        return commit

    def put_row(self, part: Part) -> str:
        """Puts a part of one row into the dataset, as `put` does.

        Raises:
            RefusedError: The Hub does not take this row, but takes a note of that, which stands in
                the dataset from now on.
            RefusesAllError: It does not take that note either.
        """
        try:
            return self.put([part])
        except RefusedError as error:
            note = {
                "file": part.name,
                "sha256": sha256(part.content).hexdigest(),
                "bytes": len(part.content),
                "status": error.status,
                "refused_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            place = _place(REFUSED, part.name).removesuffix("l")
            try:
                self._commit({place: json.dumps(note).encode() + b"\n"}, "Note a refused row")
            except RefusedError as again:
                raise RefusesAllError(
                    f"The Hub refuses every commit to {self.repo_id} ({again.status}), whatever is "
                    "in it: look there for the reason."
                ) from again
        # Refused while the Hub takes others; or it has just begun to take commits again.
        return self.put([part])

    def _commit(self, files: Mapping[str, bytes], message: str) -> str:
        try:
            commit = self._api.create_commit(
                self.repo_id,
                [CommitOperationAdd(path, content) for path, content in files.items()],
                repo_type="dataset",
                commit_message=message,
            ).oid
        except HfHubHTTPError as error:
            if refuses_content(error):
                raise RefusedError(status_of(error)) from error
            raise
        self._read_back(commit, files)
        return commit

    def _read_back(self, commit: str, files: Mapping[str, bytes]) -> None:
        """Sees that a confirmed commit holds what was sent."""
        try:
            found = self._api.get_paths_info(
                self.repo_id, list(files), revision=commit, repo_type="dataset"
            )
        except (RevisionNotFoundError, EntryNotFoundError):
            found = []
        stored = {entry.path: entry for entry in found if isinstance(entry, RepoFile)}
        missing = [path for path, text in files.items() if not _holds(stored.get(path), text)]
        if missing:
            raise NotStoredError(
                f"The Hub confirmed a commit to {self.repo_id} and does not have what was sent, "
                f"such as {missing[0]}."
            )

    def _prepare(self) -> None:
        """Makes the dataset if there is none, and sees that it is as private as promised."""
        # The client's own default is to wait for ever.
        get_session().timeout = HUB_TIMEOUT_SECONDS
        try:
            info = self._api.dataset_info(self.repo_id, expand=["private"])
        except RepositoryNotFoundError:
            if self._looked:
                logger.error(
                    "Outbox: the dataset %s is gone (deleted, or renamed) and is made anew; if it "
                    "was renamed, set CORRECTIONS_REPO to its new name",
                    self.repo_id,
                )
            self._api.create_repo(
                self.repo_id, repo_type="dataset", private=self._private, exist_ok=True
            )
            info = self._api.dataset_info(self.repo_id, expand=["private"])
            self._looked = False
            logger.info("Outbox: made the dataset %s", self.repo_id)
        if self._private and not info.private:
            raise PublicDatasetError(
                f"The dataset {self.repo_id} is public, but what is sent to it was promised to be "
                "private: its owner has to make it private."
            )
        if not self._looked:
            self._new_card = self._card_to_write()
            self._looked = True

    def _card_to_write(self) -> str | None:
        """Returns the card that the dataset is to get: it has none, or one with fewer columns."""
        # Not by way of the client's cache: that would need the disk, which may be full.
        url = hf_hub_url(self.repo_id, CARD, repo_type="dataset", endpoint=self._api.endpoint)
        response = get_session().get(url, headers=build_hf_headers(token=self._api.token))
        try:
            hf_raise_for_status(response)
        except EntryNotFoundError:
            return self._card
        return with_newer_columns(response.text, self._card)


def _place(folder: str, name: str) -> str:
    day, _, rest = name.partition("_")
    return f"{folder}/{day}/{rest}"


def _holds(entry: RepoFile | None, content: bytes) -> bool:
    if entry is None or entry.size != len(content):
        return False
    if entry.lfs is not None:
        return bool(entry.lfs.sha256 == sha256(content).hexdigest())
    return bool(entry.blob_id == git_hash(content))

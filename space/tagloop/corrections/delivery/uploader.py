"""Puts segments of rows into a dataset on the Hub: the far half of the outbox."""

import logging
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from tagloop.corrections.delivery.dataset_card import with_newer_columns
from tagloop.files import CARD

logger = logging.getLogger(__name__)

HUB_TIMEOUT_SECONDS = 60.0


class PublicDatasetError(Exception):
    """A dataset that was promised to be private can be read by everyone."""


class Uploader:
    """A dataset that takes segments, each under its own name, for ever.

    Args:
        repo_id: The dataset; made at the first commit when it does not exist.
        card: The README.md that it gets if it has none; one that lacks columns gets them.
        folder: Of the dataset, that the segments go to; a folder a day stands in it.
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

    def put(self, segments: Sequence[Path]) -> str:
        """Puts segments into the dataset, in one commit, and returns the commit that has them.

        Raises:
            PublicDatasetError: The dataset was promised to be private and is not.
            HfHubHTTPError: The Hub refuses or is in trouble; see `tagloop.hub_errors`.
        """
        # The client's own default is to wait for ever.
        get_session().timeout = HUB_TIMEOUT_SECONDS
        self._prepare()
        contents = [segment.read_bytes() for segment in segments]
        operations = [
            CommitOperationAdd(self._path_in_repo(segment), content)
            for segment, content in zip(segments, contents, strict=True)
        ]
        if self._new_card is not None:
            operations.append(CommitOperationAdd(CARD, self._new_card.encode()))
        rows = sum(content.count(b"\n") for content in contents)
        info = self._api.create_commit(
            self.repo_id,
            operations,
            repo_type="dataset",
            commit_message=f"Add {rows} row{'s' if rows != 1 else ''}",
        )
        self._new_card = None
        return info.oid

    def _prepare(self) -> None:
        """Makes the dataset if there is none, and sees that it is as private as promised."""
        try:
            info = self._api.dataset_info(self.repo_id, expand=["private"])
        except RepositoryNotFoundError:
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

    def _path_in_repo(self, segment: Path) -> str:
        day, _, name = segment.name.partition("_")
        return f"{self._folder}/{day}/{name}"

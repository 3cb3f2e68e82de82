"""Suggestions into the private corrections, where reviews, agreement and retraining find them.

Each is copied under an id of its own, since whoever knows a correction's id may withdraw it, and a
suggestion's is public. One whose file is taken out of the public dataset is withdrawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError

from tagloop.corrections.card import corrections_card
from tagloop.corrections.delivery.journal import Part
from tagloop.corrections.delivery.uploader import (
    NotStoredError,
    PublicDatasetError,
    RefusedError,
    Uploader,
)
from tagloop.corrections.rows import read_row
from tagloop.corrections.withdrawals import withdrawal
from tagloop.errors import UserError
from tagloop.files import CORRECTIONS, WITHDRAWALS
from training.cards.repo_names import Names
from training.retrain.suggestions.reading import Suggestion

FOLDER = "suggestions"
"""In the corrections dataset, below `CORRECTIONS` and `WITHDRAWALS`."""
NAME = re.compile(r"([0-9]+)-([0-9a-f]+)\.jsonl")
Pair = tuple[int, str]


class Taken:
    """The suggestions that are in the corrections.

    Attributes:
        pairs: Of each the pull request that it came by, and what tells its file's content.
    """

    def __init__(self, api: HfApi, names: Names) -> None:
        """Lists them.

        Raises:
            huggingface_hub.errors.HfHubHTTPError: The Hub refuses.
        """
        self._api, self._names = api, names
        self.pairs = self._listed(CORRECTIONS)

    def add(self, suggestions: Sequence[Suggestion]) -> int:
        """Copies those that are not there yet, in one commit; returns how many that were.

        Raises:
            UserError: The corrections are public, or the Hub does not take the rows.
            huggingface_hub.errors.HfHubHTTPError: The Hub refuses.
        """
        new = {(one.number, one.blob): one for one in suggestions}
        new = {pair: one for pair, one in new.items() if pair not in self.pairs}
        self._put(CORRECTIONS, {pair: one.correction.to_json() for pair, one in new.items()})
        return len(new)

    def withdraw(self, there: Collection[str], waiting: Collection[int]) -> int:
        """Withdraws what is no longer in the public dataset; returns how many that were.

        Args:
            there: What tells the content of each file on its ``main``.
            waiting: Pull requests that are open, whose files are not there yet.

        Raises:
            UserError: The Hub does not take the rows.
            huggingface_hub.errors.HfHubHTTPError: The Hub refuses.
        """
        gone = {pair for pair in self.pairs if pair[1] not in there and pair[0] not in waiting}
        if gone:
            gone -= self._listed(WITHDRAWALS)
        self._put(WITHDRAWALS, {pair: withdrawal(self._id(pair)) for pair in sorted(gone)})
        return len(gone)

    def _listed(self, kind: str) -> set[Pair]:
        try:
            tree = self._api.list_repo_tree(
                self._names.corrections, f"{kind}/{FOLDER}", repo_type="dataset"
            )
            found = [NAME.fullmatch(Path(entry.path).name) for entry in tree]
        except (RepositoryNotFoundError, EntryNotFoundError):
            return set()
        return {(int(name[1]), name[2]) for name in found if name}

    def _id(self, pair: Pair) -> str:
        path = self._api.hf_hub_download(
            self._names.corrections, f"{CORRECTIONS}/{FOLDER}/{_name(pair)}", repo_type="dataset"
        )
        return str(read_row(Path(path).read_bytes().strip())["id"])

    def _put(self, kind: str, rows: Mapping[Pair, Mapping[str, Any]]) -> None:
        if not rows:
            return
        uploader = Uploader(
            self._names.corrections,
            card=corrections_card(self._names.corrections, self._names.model),
            folder=kind,
            token=None,
            endpoint=self._api.endpoint,
            private=True,
        )
        parts = [
            Part(Path(), f"{FOLDER}_{_name(pair)}", json.dumps(row).encode() + b"\n")
            for pair, row in rows.items()
        ]
        try:
            uploader.put(parts)
        except (PublicDatasetError, NotStoredError, RefusedError) as error:
            raise UserError(f"{error} Nothing was merged.") from error


def _name(pair: Pair) -> str:
    return f"{pair[0]}-{pair[1]}.jsonl"

"""One pull request to the suggestions dataset, read with suspicion: anybody may open one.

A suggestion adds one file ``data/<id>.jsonl`` with one row, which is what a Space stores of a
correction. Who sent it, and when, is what the Hub says of the pull request, whatever the row says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from io import BytesIO
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from huggingface_hub import Discussion, HfApi
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import build_hf_headers, paginate

from tagloop.corrections.record import Correction
from tagloop.corrections.rows import MAX_ROW_BYTES, lines_of, read_row
from tagloop.errors import UserError
from tagloop.files import CORRECTIONS
from training.cards.repo_names import Names

ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PLACE = re.compile(rf"{CORRECTIONS}/({ID})\.jsonl")
COMMIT = re.compile("[0-9a-f]{40}")
WANTED = f"a suggestion adds one file {CORRECTIONS}/ID.jsonl and changes nothing else"


@dataclass(frozen=True)
class Suggestion:
    """A pull request that is sound.

    Attributes:
        number: Of the pull request.
        path: Of the file that it adds.
        blob: What tells the file's content.
        correction: What it says; ``user`` is who opened the pull request.
    """

    number: int
    path: str
    blob: str
    correction: Correction


class Inbox:
    """A suggestions dataset as it stands: its ``main``, and its pull requests.

    Attributes:
        files: Path of each file on ``main`` to what tells its content.
        requests: Its pull requests, the oldest first.
    """

    def __init__(self, api: HfApi, names: Names) -> None:
        """Reads the dataset, but none of the pull requests yet.

        Args:
            api: Client.
            names: The project's repositories.

        Raises:
            huggingface_hub.errors.HfHubHTTPError: The Hub refuses.
        """
        self._api, self._names = api, names
        repo_id = names.suggestions
        self._commits = {
            commit.commit_id for commit in api.list_repo_commits(repo_id, repo_type="dataset")
        }
        self._trees: dict[str, dict[str, str]] = {}
        self.files = self.read_files()
        found = api.get_repo_discussions(
            repo_id, repo_type="dataset", discussion_type="pull_request"
        )
        self.requests = sorted(found, key=lambda one: one.num)

    def read_files(self) -> dict[str, str]:
        """Lists what is on ``main`` now."""
        return {path: entry.blob_id for path, entry in self._tree("main").items()}

    def read(self, request: Discussion) -> Suggestion:
        """Reads a pull request.

        Raises:
            UserError: It is no suggestion, or none that can be learned from; the sentence goes on
                from "left open:".
            huggingface_hub.errors.HfHubHTTPError: The Hub refuses.
        """
        head, base = self._commits_of(request)
        entry = self._added(head, base)
        found = PLACE.fullmatch(entry.path)
        if not found:
            raise UserError(f"it adds {entry.path}; {WANTED}.")
        if entry.size > MAX_ROW_BYTES:
            raise UserError(f"its file has {entry.size:,} bytes; the limit is {MAX_ROW_BYTES:,}.")
        path = self._api.hf_hub_download(
            self._names.suggestions, entry.path, repo_type="dataset", revision=head
        )
        row = _row(Path(path).read_bytes(), found[1])
        return Suggestion(request.num, entry.path, entry.blob_id, self._correction(row, request))

    def _commits_of(self, request: Discussion) -> tuple[str, str]:
        """Returns a pull request's only commit, and the one of ``main`` that it was made on."""
        ref = quote(f"refs/pr/{request.num}", safe="")
        address = f"{self._api.endpoint}/api/datasets/{self._names.suggestions}/commits/{ref}"
        listed = paginate(address, params={}, headers=build_hf_headers(token=self._api.token))
        ids = [str(item["id"]) for item in islice(listed, 2)]
        if len(ids) < 2 or ids[1] not in self._commits:
            raise UserError("it has not just one commit, as a suggestion has.")
        return ids[0], ids[1]

    def _added(self, head: str, base: str) -> RepoFile:
        """Returns the one file that a commit adds to another."""
        if base not in self._trees:
            self._trees[base] = {path: it.blob_id for path, it in self._tree(base).items()}
        before = self._trees[base]
        after = self._tree(head, most=len(before) + 1)
        changed = [path for path in before if path not in after]
        changed += [path for path, entry in after.items() if before.get(path) != entry.blob_id]
        if len(changed) != 1:
            raise UserError(f"it changes {len(changed) or 'no'} files; {WANTED}.")
        if changed[0] in before:
            verb = "changes" if changed[0] in after else "removes"
            raise UserError(f"it {verb} {changed[0]}; {WANTED}.")
        return after[changed[0]]

    def _tree(self, revision: str, most: int | None = None) -> dict[str, RepoFile]:
        """Lists a revision's files.

        Raises:
            UserError: There are more than ``most``.
        """
        tree = self._api.list_repo_tree(
            self._names.suggestions, recursive=True, repo_type="dataset", revision=revision
        )
        found: dict[str, RepoFile] = {}
        for entry in tree:
            if isinstance(entry, RepoFile):
                found[entry.path] = entry
                if most is not None and len(found) > most:
                    raise UserError(f"it adds several files; {WANTED}.")
        return found

    def _correction(self, row: Correction, request: Discussion) -> Correction:
        """Returns a row as a Space would have made it of what the visitor sent."""
        made = Correction.create(
            title=row.title,
            text=row.text,
            predicted=[asdict(tag) for tag in row.predicted],
            corrected=row.corrected,
            verdict=row.verdict,
            note=row.note,
            model_repo=self._names.model,
            model_revision=_commit(row.model_revision),
            user=request.author,
        )
        moment = request.created_at.astimezone(UTC).isoformat(timespec="microseconds")
        return replace(made, created_at=moment)


def _row(content: bytes, name: str) -> Correction:
    """Reads the only row of a file that is named after it."""
    lines = [line for _, line in islice(lines_of(BytesIO(content)), 2)]
    if len(lines) != 1:
        raise UserError("its file has not just one row.")
    row: Mapping[str, object] = read_row(lines[0])
    correction = Correction.from_json(row)
    if correction.id != name:
        raise UserError("its row has another id than its file.")
    return correction


def _commit(text: str | None) -> str | None:
    return text if text and COMMIT.fullmatch(text) else None

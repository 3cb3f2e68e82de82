"""One repository of a Hub: made if missing, brought to a folder's content in one tagged commit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from tagloop.errors import UserError
from tagloop.files import CARD
from training.publish.errors import clear_errors

FIRST_VERSION = (1, 0, 0)
VERSION_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
KEPT = (".gitattributes",)
"""Files that the Hub itself puts into a repository."""
TRANSIENT = frozenset({409, 412, 429, 500, 502, 503, 504})
ATTEMPTS = 6


class Moved(UserError):
    """The repository's ``main`` is no longer at the commit that the change was made for."""


@dataclass(frozen=True)
class Published:
    """What became of a repository.

    Attributes:
        repo_id: ``namespace/name``.
        repo_type: ``model``, ``dataset`` or ``space``.
        revision: Commit that ``main`` is at.
        version: Its tag, ``vMAJOR.MINOR.PATCH``.
        changed: Whether this run made a commit.
    """

    repo_id: str
    repo_type: str
    revision: str
    version: str
    changed: bool

    @property
    def page(self) -> str:
        """Its address in the browser."""
        prefix = {"model": "", "dataset": "datasets/", "space": "spaces/"}[self.repo_type]
        return f"{constants.ENDPOINT}/{prefix}{self.repo_id}"


class Repository:
    """One repository and the way a folder's content gets into it."""

    def __init__(self, api: HfApi, repo_id: str, repo_type: str, *markers: str) -> None:
        """Names the repository; nothing is asked of the Hub yet.

        Args:
            api: Client with a token that may write.
            repo_id: ``namespace/name``.
            repo_type: ``model``, ``dataset`` or ``space``.
            markers: One of these files is in every repository of this kind made by Tagloop.
        """
        self.api, self.repo_id, self.repo_type, self.markers = api, repo_id, repo_type, markers

    def remote_files(self) -> dict[str, RepoFile] | None:
        """Lists the files on ``main``; None when there is no such repository."""
        with clear_errors(self.repo_id):
            try:
                tree = self.api.list_repo_tree(
                    self.repo_id, repo_type=self.repo_type, recursive=True
                )
                return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}
            except RepositoryNotFoundError:
                return None

    def check_name(self) -> None:
        """Makes sure that nothing of somebody else's would be overwritten.

        Raises:
            UserError: The repository exists and was not made by Tagloop.
        """
        files = self.remote_files() or {}
        if set(files) - {*KEPT, CARD} and not set(files) & set(self.markers):
            raise UserError(
                f"The name {self.repo_id} is taken: that {self.repo_type} exists and was not made "
                f"by Tagloop (it has no {self.markers[0]}); choose another NAME."
            )

    def create(self, *, private: bool, space_sdk: str | None = None) -> None:
        """Makes the repository if it is missing.

        Raises:
            UserError: The token may not write there, or a Space needs a paid plan.
        """
        with clear_errors(self.repo_id, space=self.repo_type == "space"):
            self.api.create_repo(
                self.repo_id,
                repo_type=self.repo_type,
                private=private,
                exist_ok=True,
                space_sdk=space_sdk,
            )

    def latest_version(self) -> tuple[int, int, int] | None:
        """Returns the highest version tag, None before the first."""
        with clear_errors(self.repo_id):
            refs = self.api.list_repo_refs(self.repo_id, repo_type=self.repo_type)
        found = [VERSION_TAG.fullmatch(tag.name) for tag in refs.tags]
        versions = [tuple(map(int, match.groups())) for match in found if match]
        return max(versions, default=None)  # type: ignore[return-value]

    def version(self) -> str:
        """Returns the newest version, such as ``v1.2.0``; the first one before any."""
        return version_tag(self.latest_version() or FIRST_VERSION)

    def push(
        self,
        folder: Path,
        render: Callable[[str], object],
        message: str,
        parent: str | None = None,
    ) -> Published:
        """Brings ``main`` to the folder's content and tags it; does nothing if it is there.

        Args:
            folder: Every file in it goes up, every other file of the repository goes away.
            render: Writes the card into the folder for a version such as ``v1.2.0``.
            message: Of the commit.
            parent: Commit that ``main`` must still be at; None for whatever it is at.

        Raises:
            UserError: The Hub refuses.
            Moved: ``main`` is at another commit than ``parent``.
        """
        latest = self.latest_version()
        render(version_tag(latest or FIRST_VERSION))
        remote = self.remote_files() or {}
        changed = bool(list(changes(folder, remote)))
        if changed and latest:
            # The card names its version, so it is rendered for the one that this commit becomes.
            latest = (latest[0], latest[1] + 1, 0)
            render(version_tag(latest))
        version = version_tag(latest or FIRST_VERSION)
        with clear_errors(self.repo_id):
            if changed:
                self._commit(folder, remote, message, parent)
            revision = self._head()
            self._tag(version, revision)
        return Published(self.repo_id, self.repo_type, revision, version, changed)

    def next_version(self) -> str:
        """Returns the version that the next push of changed content gets."""
        latest = self.latest_version()
        return version_tag((latest[0], latest[1] + 1, 0) if latest else FIRST_VERSION)

    def propose(self, folder: Path, title: str, description: str) -> str:
        """Opens a pull request that brings ``main`` to the folder's content.

        Returns:
            Its address; that of the one that has this title already, if one has.

        Raises:
            UserError: The Hub refuses.
        """
        if found := self.proposed(title):
            return found
        with clear_errors(self.repo_id):
            made = self.api.create_commit(
                self.repo_id,
                list(changes(folder, self.remote_files() or {})),
                commit_message=title,
                commit_description=description,
                repo_type=self.repo_type,
                create_pr=True,
            )
        return str(made.pr_url)

    def proposed(self, title: str) -> str | None:
        """Returns the address of the pull request with this title, open or not; None without."""
        with clear_errors(self.repo_id):
            found = self.api.get_repo_discussions(
                self.repo_id, discussion_type="pull_request", repo_type=self.repo_type
            )
            return next((item.url for item in found if item.title == title), None)

    def _commit(
        self, folder: Path, remote: dict[str, RepoFile], message: str, parent: str | None
    ) -> None:
        operations = list(changes(folder, remote))
        if not operations:
            return  # a run that was cut off between its commit and its tag
        for attempt in _retrying():
            with attempt:
                try:
                    self.api.create_commit(
                        self.repo_id,
                        operations,
                        commit_message=message,
                        repo_type=self.repo_type,
                        parent_commit=parent,
                    )
                except HfHubHTTPError as error:
                    if parent is None or error.response.status_code != 412:
                        raise
                    self._refuse_moved(folder, parent)

    def _refuse_moved(self, folder: Path, parent: str) -> None:
        """Tells a commit of somebody else from our own whose answer was lost."""
        if list(changes(folder, self.remote_files() or {})):
            raise Moved(
                f"The {self.repo_type} {self.repo_id} got another commit since {parent[:10]}, "
                "which this one was made for: nothing was overwritten; run again to start from "
                "the new one."
            )

    def _head(self) -> str:
        info = self.api.repo_info(self.repo_id, repo_type=self.repo_type)
        return str(info.sha)

    def _tag(self, version: str, revision: str) -> None:
        for attempt in _retrying():
            with attempt:
                self.api.create_tag(
                    self.repo_id,
                    tag=version,
                    revision=revision,
                    repo_type=self.repo_type,
                    exist_ok=True,
                )


def version_tag(version: tuple[int, int, int]) -> str:
    """Returns ``v1.2.0`` for (1, 2, 0)."""
    return "v" + ".".join(map(str, version))


def changes(
    folder: Path, remote: dict[str, RepoFile]
) -> Iterator[CommitOperationAdd | CommitOperationDelete]:
    """Yields what brings a repository's files to the folder's content."""
    local = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    for name, path in sorted(local.items()):
        if name not in remote or not _same(path, remote[name]):
            yield CommitOperationAdd(name, path)
    for name in sorted(set(remote) - set(local) - set(KEPT)):
        yield CommitOperationDelete(name)


def _same(path: Path, entry: RepoFile) -> bool:
    """Compares by size and digest: sha256 for LFS files, git's blob id for others."""
    if path.stat().st_size != entry.size:
        return False
    if entry.lfs:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == entry.lfs.sha256
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == entry.blob_id


def _retrying() -> Retrying:
    return Retrying(
        retry=retry_if_exception(_is_transient),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.5, max=20),
        reraise=True,
    )


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, HfHubHTTPError) and error.response is not None:
        return error.response.status_code in TRANSIENT
    return isinstance(error, ConnectionError | httpx2.TransportError)

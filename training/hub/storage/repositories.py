"""The repositories of a Hub: one folder each, with its git objects, large files and settings."""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from dulwich.errors import NotGitRepository

from training.hub.accounts import now
from training.hub.durable import move_into_place, sync_directory, write_json
from training.hub.errors import HubError, damaged, repo_not_found
from training.hub.names import NAME, PREFIXES
from training.hub.storage.git_store import FILE_MODE, GitStore, MovedRef
from training.hub.storage.lfs_store import LfsStore
from training.hub.storage.moves import Moves

GIT_ATTRIBUTES = (Path(__file__).parent / "gitattributes").read_bytes()
"""First file of every repository: which files go to the LFS store by their name."""
MAX_SETTINGS = 4 << 20
"""Longest file of settings and discussions, in bytes."""


class StoredRepository:
    """One repository; cheap to make, opened at first use."""

    def __init__(self, directory: Path, kind: str, repo_id: str, lock: threading.RLock) -> None:
        """Names the repository; see `Repositories` for how one comes to be.

        Args:
            directory: Its folder.
            kind: ``models``, ``datasets`` or ``spaces``.
            repo_id: ``namespace/name``.
            lock: Held by whoever writes.
        """
        self.directory, self.kind, self.repo_id, self._lock = directory, kind, repo_id, lock
        self.removals = 0

    @property
    def namespace(self) -> str:
        """Returns the user it belongs to."""
        return self.repo_id.split("/")[0]

    @property
    def repo_type(self) -> str:
        """Returns ``model``, ``dataset`` or ``space``."""
        return self.kind.removesuffix("s")

    @property
    def address(self) -> str:
        """Returns the path of its page, without the leading slash."""
        return PREFIXES[self.kind] + self.repo_id

    @cached_property
    def git(self) -> GitStore:
        """Its git objects.

        Raises:
            HubError: 404 when the repository is gone, 500 when its folder is damaged.
        """
        try:
            return GitStore(self.directory / "git")
        except (NotGitRepository, OSError, ValueError, KeyError):
            raise damaged(self.repo_id) if self.directory.is_dir() else repo_not_found() from None

    @property
    def moved(self) -> list[MovedRef]:
        """Returns the refs that were moved through this object."""
        store = self.__dict__.get("git")  # one that was never opened has moved nothing
        return store.moved if store else []

    @cached_property
    def lfs(self) -> LfsStore:
        """Its large files."""
        return LfsStore(self.directory / "lfs", self.directory / "uploads")

    def settings(self) -> dict[str, Any]:
        """Reads what is no file: visibility, dates, SDK, variables, discussions.

        Raises:
            HubError: 404 when the repository is gone, 500 when the file is damaged.
        """
        try:
            found = json.loads((self.directory / "repo.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise repo_not_found() from None
        except (OSError, ValueError, RecursionError):
            raise damaged(self.repo_id) from None
        shape = {"private": bool, "created_at": str}
        if not isinstance(found, dict) or not all(
            isinstance(found.get(key), kind) for key, kind in shape.items()
        ):
            raise damaged(self.repo_id)
        return found

    def save(self, settings: dict[str, Any]) -> None:
        """Writes the settings back; callers hold the lock since they read them.

        Raises:
            HubError: 413 when they grow beyond `MAX_SETTINGS`; every request reads them.
        """
        path = self.directory / "repo.json"
        size = len(json.dumps(settings))
        if size > MAX_SETTINGS and size > path.stat().st_size:
            raise HubError(
                413, f"Discussions and settings of a repository may have {MAX_SETTINGS} bytes."
            )
        write_json(path, settings)

    def size(self) -> int:
        """Returns the bytes that it takes on the disk."""
        found = 0
        for path in self.directory.rglob("*"):
            with suppress(FileNotFoundError):  # a file in the making
                found += path.stat().st_size if path.is_file() else 0
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lets one writer at a time in.

        Raises:
            HubError: 404 when the repository was deleted or moved meanwhile.
        """
        with self._lock:
            if not self.directory.is_dir():
                raise repo_not_found()
            yield

    def plain_file(self, oid: str) -> Path:
        """Returns a git blob as a file on disk, unpacked at first use, to be streamed."""
        path = self.directory / "blobs" / oid
        if not path.exists():
            temporary = self.directory / "uploads" / uuid.uuid4().hex
            temporary.write_bytes(self.git.blob(oid.encode()))
            move_into_place(temporary, path)
        return path


class Repositories:
    """All repositories under a Hub's folder."""

    def __init__(self, root: Path) -> None:
        """Opens the folder, and removes what a process that was killed left half done.

        Args:
            root: Of the Hub; this process is the only one that serves it.
        """
        self.root, self.spare = root / "repos", root / "unfinished"
        self.root.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.spare, ignore_errors=True)
        self.spare.mkdir()
        self.moves = Moves(root)
        # Any name that somebody asks for has one, but only while somebody does.
        self._locks: WeakValueDictionary[str, threading.RLock] = WeakValueDictionary()
        self._naming, self._creation = threading.Lock(), threading.Lock()
        self._removals = 0
        for repository in self.all():
            _clear_unfinished(repository.directory)

    def find(self, kind: str, repo_id: str) -> StoredRepository | None:
        """Returns a repository, None when there is none of that name."""
        found = self._at(kind, repo_id)
        found.removals = self._removals
        return found if (found.directory / "repo.json").is_file() else None

    def elsewhere(self, kind: str, repo_id: str) -> StoredRepository | None:
        """Returns the repository that once had a name, or has it but for capital letters."""
        name = self._alike(kind, repo_id) or self.moves.find(kind, repo_id)
        return self.find(kind, name) if name and name != repo_id else None

    def _alike(self, kind: str, repo_id: str) -> str | None:
        """Returns the name that is the same but for capital letters, or this very one."""
        wanted = repo_id.casefold()
        names = (f"{path.parent.name}/{path.name}" for path in (self.root / kind).glob("*/*"))
        return next((name for name in names if name.casefold() == wanted), None)

    def is_gone(self, found: StoredRepository) -> bool:
        """Tells whether a repository may have been deleted or moved since it was found."""
        return found.removals != self._removals or not found.directory.is_dir()

    def all(self, *kinds: str) -> list[StoredRepository]:
        """Lists the repositories of these kinds (all kinds if none is given), by name."""
        return [
            self._at(kind, f"{path.parent.name}/{path.name}")
            for kind in kinds or PREFIXES
            for path in sorted((self.root / kind).glob("*/*"))
            # A person or a file manager may have left something else among them.
            if NAME.fullmatch(path.parent.name) and NAME.fullmatch(path.name) and path.is_dir()
        ]

    def create(
        self, kind: str, repo_id: str, *, private: bool, sdk: str | None
    ) -> StoredRepository:
        """Makes a repository with its first commit; it appears complete or not at all.

        Raises:
            HubError: 409 when it exists, be it with other capital letters.
        """
        made = self._at(kind, repo_id)
        with self._creation:
            self._require_free(made)
            temporary = self.spare / uuid.uuid4().hex
            for folder in ("lfs", "uploads", "blobs"):
                (temporary / folder).mkdir(parents=True)
            git = GitStore.create(temporary / "git")
            files = {b".gitattributes": (FILE_MODE, git.add_blob(GIT_ATTRIBUTES))}
            if kind == "spaces" and sdk:
                files[b"README.md"] = (FILE_MODE, git.add_blob(space_card(repo_id, sdk)))
            git.commit("refs/heads/main", files, [], made.namespace, "initial commit")
            settings = {"private": private, "created_at": now(), "sdk": sdk}
            write_json(temporary / "repo.json", settings)
            made.directory.parent.mkdir(parents=True, exist_ok=True)
            move_into_place(temporary, made.directory)
            self.moves.take(kind, repo_id)
        return made

    def duplicate(
        self, source: StoredRepository, repo_id: str, *, private: bool
    ) -> StoredRepository:
        """Copies a repository's files and history, but for its pull requests, to another name.

        Raises:
            HubError: 409 when that name is taken.
        """
        made = self._at(source.kind, repo_id)
        with self._creation, source.locked():
            self._require_free(made)
            temporary = self.spare / uuid.uuid4().hex
            shutil.copytree(source.directory / "git", temporary / "git")
            shutil.copytree(source.directory / "lfs", temporary / "lfs")
            for folder in ("uploads", "blobs"):
                (temporary / folder).mkdir()
            git = GitStore(temporary / "git")
            for number in git.list_refs("pr"):
                git.delete_ref(f"refs/pr/{number}")
            given = source.settings()
            kept = {"sdk": given.get("sdk"), "variables": given.get("variables", {})}
            settings = {"private": private, "created_at": now(), **kept}
            write_json(temporary / "repo.json", settings)
            made.directory.parent.mkdir(parents=True, exist_ok=True)
            move_into_place(temporary, made.directory)
            self.moves.take(source.kind, repo_id)
        return made

    def _require_free(self, wanted: StoredRepository) -> None:
        found = self._alike(wanted.kind, wanted.repo_id)
        if found == wanted.repo_id or wanted.directory.exists():
            raise HubError(409, f"You already created this {wanted.repo_type} repo")
        if found:
            raise HubError(409, f"The name {wanted.repo_id} is taken by {found}.")

    def delete(self, repository: StoredRepository) -> None:
        """Removes a repository; from the first moment on nobody sees any of it."""
        with repository.locked():
            doomed = self.spare / uuid.uuid4().hex
            self._removals += 1
            repository.directory.rename(doomed)
            sync_directory(repository.directory.parent)
            self.moves.forget(repository.kind, repository.repo_id)
        shutil.rmtree(doomed, ignore_errors=True)

    def move(self, repository: StoredRepository, repo_id: str) -> None:
        """Gives a repository another name.

        Raises:
            HubError: 409 when that name is taken.
        """
        target = self._at(repository.kind, repo_id)
        with self._creation, repository.locked():
            is_own = self._alike(repository.kind, repo_id) in (None, repository.repo_id)
            if not is_own or repo_id == repository.repo_id:
                raise HubError(409, f"The name {repo_id} is taken.")
            target.directory.parent.mkdir(parents=True, exist_ok=True)
            self._removals += 1
            move_into_place(repository.directory, target.directory)
            self.moves.add(repository.kind, repository.repo_id, repo_id)

    def _at(self, kind: str, repo_id: str) -> StoredRepository:
        directory = self.root / kind / repo_id
        with self._naming:
            # On some file systems capital letters make no other folder.
            lock = self._locks.setdefault(f"{kind}/{repo_id}".casefold(), threading.RLock())
        return StoredRepository(directory, kind, repo_id, lock)


def space_card(repo_id: str, sdk: str) -> bytes:
    """Returns the README that a new Space has."""
    title = repo_id.split("/")[1].replace("-", " ").replace("_", " ").title()
    app_file = {"gradio": "app_file: app.py\n"}.get(sdk, "")
    return (
        f"---\ntitle: {json.dumps(title)}\nemoji: 🏷️\ncolorFrom: indigo\ncolorTo: green\n"
        f"sdk: {sdk}\n{app_file}pinned: false\n---\n"
    ).encode()


def _clear_unfinished(directory: Path) -> None:
    """Drops half uploads, and lock files that git objects and refs are written through."""
    shutil.rmtree(directory / "uploads", ignore_errors=True)
    (directory / "uploads").mkdir()
    for left in (directory / "git").rglob("*.lock"):
        left.unlink()

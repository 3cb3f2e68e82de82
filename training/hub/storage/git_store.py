"""One bare git repository: revisions, listings, and commits that appear whole or not at all."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dulwich.errors import (
    ChecksumMismatch,
    FileFormatException,
    MissingCommitError,
    ObjectMissing,
    WrongObjectException,
)
from dulwich.file import FileLocked
from dulwich.index import commit_tree
from dulwich.lfs import LFSPointer
from dulwich.objects import Blob, Commit, ObjectID, Tag, Tree
from dulwich.refs import Ref, SymrefLoop, check_ref_format
from dulwich.repo import Repo
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from training.hub.durable import sync_directory
from training.hub.errors import HubError, entry_not_found, revision_not_found
from training.hub.names import COMMIT_ID, MAX_SEGMENT, OID, SHORT_COMMIT_ID, SPECIAL_REVISION

DAMAGES = (
    FileNotFoundError,
    zlib.error,
    ChecksumMismatch,
    FileFormatException,
    ObjectMissing,
    MissingCommitError,
    WrongObjectException,
)
"""What reading git objects raises where a file is not what was written."""
FILE_MODE = 0o100644
TREE_MODE = 0o040000
MAX_POINTER = 1024
"""Longest LFS pointer, by the LFS specification."""
MAX_LARGE_FILE = 1 << 50
"""Largest file, in bytes, that a pointer can speak of; with more it is no pointer."""
BLOB_PAUSE, BLOB_SECONDS = 0.02, 30.0
Files = dict[bytes, tuple[int, ObjectID]]
"""A whole revision: path -> (mode, blob)."""


@dataclass(frozen=True)
class LfsFile:
    """What a pointer says: sha256 and size of the file, and the size of the pointer itself."""

    oid: str
    size: int
    pointer_size: int


@dataclass(frozen=True)
class Entry:
    """A file or folder of a revision.

    Attributes:
        path: From the repository's root.
        oid: Of its git blob or tree.
        is_folder: Whether it is a folder.
        size: In bytes, of the large file itself where a pointer stands for it; 0 for folders.
        lfs: What the pointer says, for files in the LFS store.
    """

    path: str
    oid: str
    is_folder: bool
    size: int
    lfs: LfsFile | None


@dataclass(frozen=True)
class MovedRef:
    """A full ref, and the commits that it pointed at before and after; None where it was not."""

    ref: str
    old: str | None
    new: str | None


class GitStore:
    """Reads and commits; callers that write hold the repository's lock.

    Attributes:
        moved: Refs that this object has moved, in order.
    """

    def __init__(self, directory: Path) -> None:
        """Opens the bare repository in that folder."""
        self.repo = Repo(str(directory))
        self.objects = self.repo.object_store
        self.refs = self.repo.refs
        self.moved: list[MovedRef] = []
        self._trees: dict[ObjectID, dict[bytes, tuple[int, ObjectID]]] = {}

    @classmethod
    def create(cls, directory: Path) -> GitStore:
        """Makes an empty bare repository that writes its objects durably."""
        repo = Repo.init_bare(str(directory), mkdir=True, default_branch=b"main")
        config = repo.get_config()
        config.set((b"core",), b"fsyncObjectFiles", True)
        config.write_to_path()
        repo.close()
        return cls(directory)

    def resolve(self, revision: str) -> Commit:
        """Finds a commit by branch, tag, full ref (``refs/pr/1``) or commit id, whole or begun.

        Raises:
            HubError: 404 ``RevisionNotFound``.
        """
        names = [f"refs/heads/{revision}", f"refs/tags/{revision}"]
        if SPECIAL_REVISION.match(revision):
            names = [revision]
        for name in names:
            commit = self.at_ref(name)
            if commit is not None:
                return commit
        ids: Iterable[ObjectID] = ()
        if COMMIT_ID.fullmatch(revision) and ObjectID(revision.encode()) in self.objects:
            ids = (ObjectID(revision.encode()),)
        elif SHORT_COMMIT_ID.fullmatch(revision):
            ids = self.objects.iter_prefix(revision.encode())
        found = [self.objects[oid] for oid in ids]
        commits = [item for item in found if isinstance(item, Commit)]
        if len(commits) != 1:
            raise revision_not_found(revision)
        return commits[0]

    def at_ref(self, ref: str) -> Commit | None:
        """Returns the commit that a full ref points at, through annotated tags; None if absent."""
        name = Ref(ref.encode(errors="replace"))
        if len(name) > MAX_SEGMENT or not check_ref_format(name):
            return None
        try:
            target = self.refs[name]
            # A damaged ref can hold anything.
            found = self.objects[target] if COMMIT_ID.fullmatch(target.decode("latin-1")) else None
        except (KeyError, ValueError, SymrefLoop):
            return None
        while isinstance(found, Tag):
            found = self.objects[found.object[1]]
        return found if isinstance(found, Commit) else None

    def list_refs(self, kind: str) -> dict[str, str]:
        """Returns short name -> commit id for ``heads``, ``tags``, ``pr`` or ``convert``."""
        prefix = f"refs/{kind}/"
        names = sorted(
            ref.decode() for ref in self.refs.allkeys() if ref.decode().startswith(prefix)
        )
        commits = {name.removeprefix(prefix): self.at_ref(name) for name in names}
        return {name: commit.id.decode() for name, commit in commits.items() if commit}

    def files(self, commit: Commit) -> Files:
        """Lists all files of a commit."""
        return self.files_of(commit.tree)

    def files_of(self, tree: ObjectID) -> Files:
        """Lists all files of a tree."""
        try:
            entries = list(self.objects.iter_tree_contents(tree))
        except KeyError:
            raise ObjectMissing(tree) from None
        return {entry.path: (entry.mode, entry.sha) for entry in entries}

    def blob(self, oid: bytes) -> bytes:
        """Reads a blob.

        Raises:
            ObjectMissing: The repository is damaged.
        """
        try:
            found = self.objects[ObjectID(oid)]
        except KeyError:
            raise ObjectMissing(oid) from None
        if not isinstance(found, Blob):
            raise ObjectMissing(oid)
        return found.data

    def read(self, commit: Commit, path: str) -> bytes | None:
        """Reads a file of a commit as git has it; None when there is no such file."""
        try:
            entry = self.entry(commit, path)
        except HubError:
            return None
        return None if entry.is_folder else self.blob(entry.oid.encode())

    def entry(self, commit: Commit, path: str) -> Entry:
        """Describes one file or folder of a commit.

        Raises:
            HubError: 404 ``EntryNotFound``, with the commit.
        """
        mode, oid = TREE_MODE, commit.tree
        try:
            for name in path.strip("/").encode().split(b"/"):
                mode, oid = self._items(oid)[name]
        except (KeyError, UnicodeEncodeError):
            raise entry_not_found(path, commit.id.decode()) from None
        return self._describe(path.strip("/"), mode, oid)

    def _items(self, oid: ObjectID) -> dict[bytes, tuple[int, ObjectID]]:
        """Returns a folder's entries, none for a file.

        They are read once: one request asks for many paths of the same wide folder.
        """
        if oid not in self._trees:
            try:
                found = self.objects[oid]
            except KeyError:
                raise ObjectMissing(oid) from None
            entries = found.items() if isinstance(found, Tree) else []
            self._trees[oid] = {item.path: (item.mode, item.sha) for item in entries}
        return self._trees[oid]

    def listing(
        self,
        commit: Commit,
        path: str = "",
        recursive: bool = False,
        *,
        after: str = "",
        most: int | None = None,
    ) -> list[Entry]:
        """Lists a folder of a commit, in the order of the paths.

        Args:
            commit: Revision.
            path: Of the folder, empty for the root.
            recursive: Whether to list what is in its folders too.
            after: Path after which to begin.
            most: Most entries that are read and returned.

        Raises:
            HubError: 404 ``EntryNotFound`` when it is no folder of that commit.
        """
        root = self.entry(commit, path) if path else None
        if root is not None and not root.is_folder:
            raise entry_not_found(path, commit.id.decode())
        tree = ObjectID(root.oid.encode()) if root else commit.tree
        prefix = f"{root.path}/" if root else ""
        named = sorted(
            (prefix + name.decode(errors="replace"), mode, oid)
            for name, mode, oid in self._walk(tree, b"", recursive)
        )
        wanted = (item for item in named if item[0] > after)
        return [self._describe(*item) for item in islice(wanted, most)]

    def _walk(
        self, tree: ObjectID, prefix: bytes, recursive: bool
    ) -> Iterator[tuple[bytes, int, ObjectID]]:
        try:
            found = self.objects[tree]
        except KeyError:
            raise ObjectMissing(tree) from None
        if not isinstance(found, Tree):
            raise ObjectMissing(tree)
        for item in found.items():
            yield prefix + item.path, item.mode, item.sha
            if recursive and item.mode == TREE_MODE:
                yield from self._walk(item.sha, prefix + item.path + b"/", recursive)

    def _describe(self, path: str, mode: int, oid: ObjectID) -> Entry:
        if mode == TREE_MODE:
            return Entry(path, oid.decode(), True, 0, None)
        content = self.blob(oid)
        lfs = pointer(content)
        return Entry(path, oid.decode(), False, lfs.size if lfs else len(content), lfs)

    def add_blob(self, content: bytes) -> ObjectID:
        """Stores a file's content; nothing refers to it until a commit does.

        Callers need not hold the repository's lock: who meets another that stores the same content
        waits, and then finds it there.
        """
        blob = Blob.from_string(content)
        for attempt in Retrying(
            retry=retry_if_exception_type(FileLocked),
            wait=wait_fixed(BLOB_PAUSE),
            stop=stop_after_delay(BLOB_SECONDS),
            reraise=True,
        ):
            with attempt:
                self.objects.add_object(blob)
        return blob.id

    def commit(
        self,
        ref: str,
        files: Mapping[bytes, tuple[int, ObjectID]],
        parents: Sequence[ObjectID],
        author: str,
        message: str,
    ) -> str:
        """Writes a commit, then moves the ref to it.

        All objects are on disk before the ref moves, in one atomic rename: whoever reads, and
        whatever stops the process, sees the previous commit or the new one.

        Args:
            ref: Full name. Its commit must still be the first parent, or it must not exist.
            files: The whole new revision.
            parents: Commits that come before.
            author: User name.
            message: First line and body.

        Returns:
            The commit id.

        Raises:
            HubError: 412 when the ref has moved meanwhile.
        """
        entries = ((path, oid, mode) for path, (mode, oid) in files.items())
        commit = Commit()
        commit.tree = commit_tree(self.objects, entries)
        commit.parents = list(parents)
        commit.author = commit.committer = f"{author} <{author}@localhost>".encode()
        commit.author_time = commit.commit_time = int(time.time())
        commit.author_timezone = commit.commit_timezone = 0
        commit.encoding = b"UTF-8"
        commit.message = message.replace("\0", "").encode(errors="replace")
        self.objects.add_object(commit)
        self.move_ref(ref, commit.id)
        return commit.id.decode()

    def move_ref(self, ref: str, target: ObjectID) -> None:
        """Points a ref, new or not, at an object, atomically and durably.

        Callers hold the repository's lock and have compared the ref with what they started from.
        """
        name, old = Ref(ref.encode()), self.at_ref(ref)
        self.refs.set_if_equals(name, None, target)
        sync_directory((Path(self.repo.controldir()) / ref).parent)
        self._note_moved(ref, old)

    def delete_ref(self, ref: str) -> None:
        """Removes a ref."""
        old = self.at_ref(ref)
        self.refs.remove_if_equals(Ref(ref.encode()), None)
        self._note_moved(ref, old)

    def _note_moved(self, ref: str, old: Commit | None) -> None:
        new = self.at_ref(ref)
        before, after = (commit.id.decode() if commit else None for commit in (old, new))
        self.moved.append(MovedRef(ref, before, after))


def pointer(content: bytes) -> LfsFile | None:
    """Reads a git LFS pointer; None for any other content."""
    if len(content) > MAX_POINTER:
        return None
    parsed = LFSPointer.from_bytes(content)
    if parsed is None or not OID.fullmatch(parsed.oid) or parsed.size > MAX_LARGE_FILE:
        return None
    return LfsFile(parsed.oid, parsed.size, len(content))


def pointer_text(oid: str, size: int) -> bytes:
    """Writes the pointer that stands in git for a large file."""
    return LFSPointer(oid, size).to_bytes()

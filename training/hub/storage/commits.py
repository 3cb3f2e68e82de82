"""Commits as clients send them: lines of JSON, applied in order to a branch's files."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from dulwich.objects import Commit

from training.hub.documents import MalformedError, parse_json
from training.hub.errors import HubError, revision_not_found
from training.hub.names import OID, SPECIAL_REVISION, file_path
from training.hub.storage.card import faults
from training.hub.storage.git_store import FILE_MODE, Files, pointer_text
from training.hub.storage.repositories import StoredRepository

MAX_REGULAR = 10 << 20
"""Largest file, in bytes, that goes into git itself; larger ones belong into the LFS store."""
MAX_LINE = MAX_REGULAR * 4 // 3 + (64 << 10)
MAX_MESSAGE = 64 << 10
AFTER_SLASH = bytes([ord("/") + 1])
"""Sorts right behind everything that is in a folder."""
MAX_STEPS = 25_000
"""Most operations in a commit."""
MAX_ENTRIES = 50_000
"""Most files and folders in a revision: every commit and every listing goes through all of them."""


@dataclass
class Header:
    """What a commit says about itself.

    Attributes:
        summary: First line of the message.
        description: The rest.
        parent: Commit that the branch must still be at, None for whatever it is at.
    """

    summary: str
    description: str = ""
    parent: str | None = None

    @property
    def message(self) -> str:
        """Returns the message as git has it."""
        title = " ".join(self.summary.split()) or "Commit"
        return f"{title}\n\n{self.description}".strip()[:MAX_MESSAGE]


@dataclass
class Changes:
    """A commit's operations; new contents are in git already, where nothing refers to them yet.

    Attributes:
        header: What it says about itself.
        steps: (path, file or None to remove, whether a folder is meant), in order.
        card: New text of README.md, if it is among the files.
    """

    header: Header
    steps: list[tuple[bytes, tuple[int, bytes] | None, bool]] = field(default_factory=list)
    card: str | None = None


def read_changes(repository: StoredRepository, body: Path) -> Changes:
    """Reads a commit's body line by line and stores the contents.

    Raises:
        HubError: 400 for anything malformed, a bad path, or a large file that was not uploaded.
    """
    changes: Changes | None = None
    with body.open("rb") as file:
        for key, value in _lines(file):
            if key == "header":
                changes = Changes(_header(value))
            elif changes is None:
                raise HubError(400, "The first line of a commit must be its header.")
            elif len(changes.steps) == MAX_STEPS:
                raise HubError(413, f"At most {MAX_STEPS} operations in a commit; make several.")
            else:
                _read_step(repository, changes, key, value)
    if changes is None:
        raise HubError(400, "A commit needs a header.")
    return changes


def commit(
    repository: StoredRepository, changes: Changes, source: str, target: str, author: str
) -> tuple[str, Commit]:
    """Applies changes on top of one ref and moves another, or the same, to the result.

    Callers hold the repository's lock.

    Args:
        repository: Where.
        changes: What.
        source: Full ref that the changes start from.
        target: Full ref that is moved.
        author: User name.

    Returns:
        The new commit's id (the old one's if nothing changes), and the commit it was made on.

    Raises:
        HubError: 412 when the branch has moved, 404 when something to remove is missing, 400 when
            a file would stand where a folder is or the card's metadata is faulty.
    """
    head = repository.git.at_ref(source)
    if head is None:
        raise revision_not_found(source.removeprefix("refs/heads/"))
    if changes.header.parent not in (None, head.id.decode()):
        raise HubError(
            412,
            "A commit has happened since. Please refresh and try again.",
            details={"head": head.id.decode()},
        )
    if changes.card is not None:
        errors, _ = faults(changes.card, repository.repo_type)
        if errors:
            raise HubError(400, f"Invalid metadata in README.md: {'; '.join(errors)}")
    before = repository.git.files(head)
    after = apply(before, changes, head)
    if after == before and source == target:
        return head.id.decode(), head
    made = repository.git.commit(target, after, [head.id], author, changes.header.message)
    return made, head


def apply(files: Files, changes: Changes, head: Commit) -> Files:
    """Returns a revision's files after the changes."""
    after: dict[bytes, Any] = dict(files)
    names = sorted(after)
    for path, file, is_folder in changes.steps:
        start = bisect_left(names, path + b"/" if is_folder else path)
        end = bisect_left(names, path + AFTER_SLASH if is_folder else path + b"\0")
        if file is not None:
            after[path] = file
            names[start:end] = [path]
            continue
        if start == end:
            kind = "folder" if is_folder else "file"
            raise HubError(
                404,
                f'A {kind} with the name "{path.decode()}" does not exist',
                "EntryNotFound",
                headers={"X-Repo-Commit": head.id.decode()},
            )
        for name in names[start:end]:
            del after[name]
        del names[start:end]
    folders = {folder for path in after for folder in _folders(path)}
    if len(after) + len(folders) > MAX_ENTRIES and len(after) > len(files):
        raise HubError(413, f"A revision has at most {MAX_ENTRIES} files and folders.")
    for path in after:
        if path in folders:
            raise HubError(400, f"{path.decode(errors='replace')!r} is both a file and a folder.")
    return after


def branch_ref(revision: str) -> str:
    """Returns the full ref of what can be committed to: a branch or a pull request."""
    if revision.startswith("refs/tags/"):
        raise HubError(400, "A tag cannot be committed to.")
    return revision if SPECIAL_REVISION.match(revision) else f"refs/heads/{revision}"


def _folders(path: bytes) -> Iterator[bytes]:
    while b"/" in path:
        path = path.rsplit(b"/", 1)[0]
        yield path


def _lines(file: BinaryIO) -> Iterator[tuple[str, dict[str, Any]]]:
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise HubError(413, f"A file of more than {MAX_REGULAR} bytes must go by LFS.")
        if not line.strip():
            continue
        try:
            item = parse_json(line)
            key, value = item["key"], item["value"]
        except (MalformedError, KeyError, TypeError):
            raise HubError(400, "Each line of a commit is an object with key and value.") from None
        if not isinstance(key, str) or not isinstance(value, dict):
            raise HubError(400, "Each line of a commit is an object with key and value.")
        yield key, value


def _header(value: dict[str, Any]) -> Header:
    summary, description = value.get("summary", ""), value.get("description") or ""
    parent = value.get("parentCommit")
    if not all(isinstance(text, str) for text in (summary, description, parent or "")):
        raise HubError(400, "summary, description and parentCommit must be strings.")
    return Header(summary, description, parent)


def _read_step(
    repository: StoredRepository, changes: Changes, key: str, value: dict[str, Any]
) -> None:
    name = value.get("path")
    if not isinstance(name, str):
        raise HubError(400, f"{key!r} needs a path.")
    path = file_path(name.rstrip("/") if key == "deletedFolder" else name)
    if key == "file":
        content = _content(value)
        if path == b"README.md":
            changes.card = content.decode(errors="replace")
        changes.steps.append((path, (FILE_MODE, repository.git.add_blob(content)), False))
    elif key == "lfsFile":
        content = _pointer(repository, value)
        changes.steps.append((path, (FILE_MODE, repository.git.add_blob(content)), False))
    elif key in ("deletedFile", "deletedFolder"):
        changes.steps.append((path, None, key == "deletedFolder"))
    else:
        raise HubError(400, f"Unknown operation {key!r} in a commit.")


def _content(value: dict[str, Any]) -> bytes:
    content, encoding = value.get("content"), value.get("encoding", "utf-8")
    if not isinstance(content, str) or encoding not in ("base64", "utf-8"):
        raise HubError(400, "A file's content must be a string, in base64 or UTF-8.")
    try:
        read = (
            base64.b64decode(content, validate=True) if encoding == "base64" else content.encode()
        )
    except (binascii.Error, UnicodeEncodeError):
        raise HubError(400, f"A file's content is no valid {encoding}.") from None
    if len(read) > MAX_REGULAR:
        raise HubError(413, f"A file of more than {MAX_REGULAR} bytes must go by LFS.")
    return read


def _pointer(repository: StoredRepository, value: dict[str, Any]) -> bytes:
    oid = value.get("oid")
    if not isinstance(oid, str) or not OID.fullmatch(oid) or value.get("algo") != "sha256":
        raise HubError(400, "A large file is named by its sha256.")
    if not repository.lfs.has(oid, value.get("size")):
        raise HubError(400, f"The large file {oid} was not uploaded before its commit.")
    return pointer_text(oid, repository.lfs.path(oid).stat().st_size)

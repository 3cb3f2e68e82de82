"""What happened in a repository: its commits, who last touched a path, and differences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice

from dulwich.diff_tree import TreeChange, tree_changes
from dulwich.objects import Commit, ObjectID
from dulwich.patch import write_object_diff

from training.hub.storage.git_store import GitStore

MAX_DIFF = 200_000
"""Most bytes of a file whose difference is shown line by line."""
MAX_DIFF_LINES = 20_000
"""Most lines that are compared for one answer: comparing takes more than linear time."""
MAX_HISTORY, MAX_LOOKED_AT = 10_000, 1_000
"""Most commits of a history that are listed, and that are looked at for what they changed."""


def commits(git: GitStore, head: Commit) -> Iterator[Commit]:
    """Yields a commit and those that came before, newest first, at most `MAX_HISTORY`."""
    for entry in git.repo.get_walker(include=[head.id], max_entries=MAX_HISTORY):
        yield entry.commit


def date_of(commit: Commit) -> str:
    """Returns when a commit was made, as the Hub writes it."""
    return datetime.fromtimestamp(commit.commit_time, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def author_of(commit: Commit) -> str:
    """Returns the user who made a commit."""
    author: str = commit.author.decode(errors="replace")
    return author.split(" <")[0]


def title_of(commit: Commit) -> str:
    """Returns the first line of a commit's message."""
    message: str = commit.message.decode(errors="replace")
    return message.split("\n", 1)[0]


def body_of(commit: Commit) -> str:
    """Returns the rest of a commit's message."""
    message: str = commit.message.decode(errors="replace")
    return message.partition("\n")[2].strip()


def last_commits(git: GitStore, head: Commit, paths: list[str]) -> dict[str, Commit]:
    """Finds for each file or folder the newest commit that touched it.

    What is older than the last `MAX_LOOKED_AT` commits counts as of the oldest one looked at.
    """
    missing, found = set(paths), {}
    commit = head
    for commit in islice(commits(git, head), MAX_LOOKED_AT):
        if not missing:
            break
        for change in changes(git, commit):
            side = change.new if change.new and change.new.path else change.old
            assert side is not None and side.path is not None
            changed = side.path.decode(errors="replace")
            parents = [changed[:at] for at, char in enumerate(changed) if char == "/"]
            for path in missing.intersection((changed, *parents)):
                found[path] = commit
                missing.discard(path)
    return {**dict.fromkeys(missing, commit), **found}


def changes(git: GitStore, commit: Commit) -> list[TreeChange]:
    """Lists what a commit changed against its first parent."""
    before = git.resolve(commit.parents[0].decode()).tree if commit.parents else None
    return list(tree_changes(git.objects, before, commit.tree))


@dataclass(frozen=True)
class FileDifference:
    """One changed file.

    Attributes:
        path: After the change, or before where it was removed.
        kind: ``add``, ``modify`` or ``delete``.
        text: Unified diff; for large or binary files a line that says so.
    """

    path: str
    kind: str
    text: str


def difference(git: GitStore, before: ObjectID | None, after: ObjectID) -> Iterator[FileDifference]:
    """Compares two trees, file by file."""
    left = MAX_DIFF_LINES
    for change in tree_changes(git.objects, before, after):
        part, lines = _file_difference(git, change, left)
        left -= lines
        yield part


def _file_difference(
    git: GitStore, change: TreeChange, most_lines: int
) -> tuple[FileDifference, int]:
    """Compares a file; returns also how many lines that took."""
    old, new = change.old, change.new
    side = new if new and new.path else old
    assert side is not None and side.path is not None
    path, buffer = side.path.decode(errors="replace"), BytesIO()
    contents = [git.blob(part.sha) for part in (old, new) if part and part.sha]
    size, lines = max(map(len, contents)), sum(content.count(b"\n") for content in contents)
    if size > MAX_DIFF or lines > most_lines:
        text = f"Too large to compare: {size} bytes in {lines} lines"
        return FileDifference(path, change.type, text), 0
    empty = (None, None, None)
    write_object_diff(buffer, git.objects, old or empty, new or empty)
    return FileDifference(path, change.type, buffer.getvalue().decode(errors="replace")), lines

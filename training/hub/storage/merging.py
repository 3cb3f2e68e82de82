"""Pull requests into their branch: file by file, refused where both sides changed the same one."""

from __future__ import annotations

from dulwich.graph import find_merge_base
from dulwich.objects import Commit, ObjectID

from training.hub.errors import HubError
from training.hub.storage.git_store import Files, GitStore

SLASH = ord("/")


def conflicts(git: GitStore, base: Commit, request: Commit) -> list[str]:
    """Lists the files that both a branch and a pull request have changed, differently."""
    return merge_files(git, base, request)[1]


def merge(git: GitStore, number: int, target: str, author: str, title: str) -> str:
    """Merges a pull request; callers hold the repository's lock.

    Returns:
        The merge commit's id.

    Raises:
        HubError: 409 with the conflicting files, or when it has no commit that the branch lacks.
    """
    base, request = git.at_ref(target), git.at_ref(f"refs/pr/{number}")
    if base is None or request is None:
        raise HubError(409, "The pull request or its target branch is gone.")
    merged, conflicting = merge_files(git, base, request)
    if conflicting:
        raise HubError(409, f"Conflicting files: {', '.join(conflicting[:20])}")
    if find_merge_base(git.repo, [base.id, request.id]) == [request.id]:
        raise HubError(409, "The pull request has no changes.")
    message = f"{title} (#{number})"
    return git.commit(target, merged, [base.id, request.id], author, message)


def origin_tree(git: GitStore, base: Commit, request: Commit) -> ObjectID | None:
    """Returns the files from which a pull request set out, which its changes are shown against."""
    ancestors = find_merge_base(git.repo, [base.id, request.id])
    return git.resolve(ancestors[0].decode()).tree if ancestors else None


def merge_files(git: GitStore, base: Commit, request: Commit) -> tuple[Files, list[str]]:
    """Merges two revisions from their common ancestor on.

    Returns:
        The merged files and the paths in conflict, also those that would be file and folder.
    """
    tree = origin_tree(git, base, request)
    origin = git.files_of(tree) if tree else {}
    ours, theirs = git.files(base), git.files(request)
    merged, conflicting = dict(ours), []
    for path in sorted({*origin, *theirs}):
        before, after = origin.get(path), theirs.get(path)
        if before == after or ours.get(path) == after:
            continue
        if ours.get(path) != before:
            conflicting.append(path.decode(errors="replace"))
        elif after is None:
            del merged[path]
        else:
            merged[path] = after
    folders = {path[:at] for path in merged for at, char in enumerate(path) if char == SLASH}
    conflicting += [path.decode(errors="replace") for path in sorted(folders & set(merged))]
    return merged, conflicting

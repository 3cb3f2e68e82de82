"""Branches, tags and history."""

from __future__ import annotations

import time
from typing import Any

from dulwich.objects import Commit, Tag
from starlette.responses import JSONResponse, Response

from training.hub.api.listings import next_page
from training.hub.errors import HubError, printable, revision_not_found
from training.hub.names import ref_name, split_revision
from training.hub.routing import REPO, Access, Call, api
from training.hub.storage.git_store import GitStore
from training.hub.storage.history import author_of, body_of, commits, date_of, title_of

PAGE = 50
MAX_REFS = 5000
"""Most branches and tags of a repository: every page of it lists them."""
KINDS = {"branches": "heads", "tags": "tags", "converts": "convert"}


def refs(call: Call) -> dict[str, Any]:
    """Lists branches, tags and, if asked for, pull requests."""
    kinds = dict(KINDS)
    if call.request.query_params.get("include_prs") in ("1", "true", "True"):
        kinds["pullRequests"] = "pr"
    git = call.repository.git
    return {
        key: [
            {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit}
            for name, commit in git.list_refs(kind).items()
        ]
        for key, kind in kinds.items()
    }


def history(call: Call) -> Response:
    """Lists a revision's commits, newest first, page by page."""
    revision = split_revision(call.request.path_params["rest"])[0]
    git = call.repository.git
    found = list(commits(git, git.resolve(revision)))
    page = call.number("p", 0)
    headers = {"X-Total-Count": str(len(found))}
    if (page + 1) * PAGE < len(found):
        headers["Link"] = next_page(call, p=page + 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    return JSONResponse([_line(commit) for commit in shown], headers=headers)


def create_branch(call: Call) -> dict[str, Any]:
    """Makes a branch at the main branch's commit or another one."""
    ref = ref_name("heads", call.part("branch")).decode()
    start = call.text("startingPoint", "main")
    git = call.repository.git
    with call.repository.locked():
        _require_room(git)
        if git.at_ref(ref):
            raise HubError(409, f"The branch {call.part('branch')!r} already exists.")
        _move(git, ref, git.resolve(start))
    return {}


def delete_branch(call: Call) -> dict[str, Any]:
    """Removes a branch other than main."""
    ref = ref_name("heads", call.part("branch")).decode()
    if ref == "refs/heads/main":
        raise HubError(403, "The branch main cannot be deleted.")
    _delete(call, ref)
    return {}


def create_tag(call: Call) -> dict[str, Any]:
    """Names a commit, with a message if one is given."""
    name, message = call.text("tag"), call.optional_text("message")
    ref = ref_name("tags", name).decode()
    git = call.repository.git
    with call.repository.locked():
        _require_room(git)
        if git.at_ref(ref):
            raise HubError(409, f"The tag {printable(name)!r} already exists.")
        commit = git.resolve(split_revision(call.request.path_params["rest"])[0])
        if not message:
            _move(git, ref, commit)
            return {}
        tag = Tag()
        tag.name, tag.object = name.encode(), (Commit, commit.id)
        tag.message = message.encode()
        tag.tagger = f"{call.user} <{call.user}@localhost>".encode()
        tag.tag_time, tag.tag_timezone = int(time.time()), 0
        git.objects.add_object(tag)
        _move(git, ref, tag)
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    """Removes a tag."""
    _delete(call, ref_name("tags", call.part("rest")).decode())
    return {}


def squash(call: Call) -> dict[str, Any]:
    """Replaces a branch's history by one commit with the same files."""
    ref = ref_name("heads", call.part("branch")).decode()
    git = call.repository.git
    with call.repository.locked():
        head = git.at_ref(ref)
        if head is None:
            raise revision_not_found(call.part("branch"))
        git.commit(ref, git.files(head), [], call.user, call.text("message", "Squash"))
    return {}


def _require_room(git: GitStore) -> None:
    if len(git.refs.allkeys()) >= MAX_REFS:
        raise HubError(409, f"A repository has at most {MAX_REFS} branches and tags.")


def _move(git: GitStore, ref: str, target: Commit | Tag) -> None:
    try:
        git.move_ref(ref, target.id)
    except OSError:
        # Refs are files: "a" and "a/b" cannot both be.
        raise HubError(409, f"The name {printable(ref)} clashes with another one.") from None


def _delete(call: Call, ref: str) -> None:
    git = call.repository.git
    with call.repository.locked():
        if git.at_ref(ref) is None:
            raise revision_not_found(ref.split("/", 2)[2])
        git.delete_ref(ref)


def _line(commit: Commit) -> dict[str, Any]:
    return {
        "id": commit.id.decode(),
        "title": title_of(commit),
        "message": body_of(commit),
        "authors": [{"user": author_of(commit)}],
        "date": date_of(commit),
    }


ROUTES = [
    api("GET", REPO + "/refs", refs, Access.READ),
    api("GET", REPO + "/commits/{rest:path}", history, Access.READ),
    api("POST", REPO + "/branch/{branch:path}", create_branch, Access.WRITE),
    api("DELETE", REPO + "/branch/{branch:path}", delete_branch, Access.WRITE),
    api("POST", REPO + "/tag/{rest:path}", create_tag, Access.WRITE),
    api("DELETE", REPO + "/tag/{rest:path}", delete_tag, Access.WRITE),
    api("POST", REPO + "/super-squash/{branch:path}", squash, Access.WRITE),
]

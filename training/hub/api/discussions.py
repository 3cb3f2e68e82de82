"""Discussions and pull requests."""

from __future__ import annotations

from itertools import islice
from typing import Any

from training.hub.errors import HubError
from training.hub.routing import REPO, Access, Call, api, require_write
from training.hub.storage.discussions import Discussions
from training.hub.storage.history import difference
from training.hub.storage.merging import conflicts, merge, origin_tree

PAGE = 20
MAX_FILES = 200
"""Most files of a pull request whose difference is sent."""
MAIN = "refs/heads/main"


def listing(call: Call) -> dict[str, Any]:
    """Lists them, newest first, page by page."""
    found = [item for item in Discussions(call.repository).all() if _is_wanted(item, call)]
    start = call.number("p", 0) * PAGE
    shown = [_line(call, item) for item in found[start : start + PAGE]]
    return {"discussions": shown, "count": len(found), "start": start}


def details(call: Call) -> dict[str, Any]:
    """Returns one with its comments; of a pull request also state and difference."""
    item = Discussions(call.repository).get(call.part("number"))
    answer = {**_line(call, item), "events": item["events"]}
    if item["base"]:
        git = call.repository.git
        base, request = git.at_ref(item["base"]), git.at_ref(f"refs/pr/{item['num']}")
        answer["changes"] = {"base": item["base"], "mergeCommitId": item["merge_commit"]}
        answer["filesWithConflicts"] = []
        if base and request and item["status"] in ("open", "draft"):
            answer["filesWithConflicts"] = conflicts(git, base, request)
            if call.request.query_params.get("diff"):
                parts = difference(git, origin_tree(git, base, request), request.tree)
                parts = islice(parts, MAX_FILES)
                answer["diff"] = "".join(part.text for part in parts)
    return answer


def create(call: Call) -> dict[str, Any]:
    """Opens a discussion, or a pull request that has no commits yet."""
    title, text = call.text("title").strip(), call.text("description", "")
    if len(title) < 3:
        raise HubError(400, "A title has at least 3 characters.")
    is_request = bool(call.body.get("pullRequest"))
    repository = call.repository
    with repository.locked():
        discussions = Discussions(repository)
        number = discussions.next_number()
        if is_request:
            head = repository.git.resolve("main")
            repository.git.move_ref(f"refs/pr/{number}", head.id)
        base = MAIN if is_request else None
        discussions.open(number, call.user, title, text, base=base, draft=is_request)
    url = f"{call.base}/{repository.address}/discussions/{number}"
    return {"num": number, "pullRequest": is_request, "url": url}


def comment(call: Call) -> dict[str, Any]:
    """Adds a comment."""
    with call.repository.locked():
        made = Discussions(call.repository).comment(
            call.part("number"), call.user, call.text("comment")
        )
    return {"newMessage": made}


def edit_comment(call: Call) -> dict[str, Any]:
    """Changes the text of a comment of the caller's own."""
    number, comment_id = call.part("number"), call.part("comment")
    with call.repository.locked():
        discussions = Discussions(call.repository)
        if discussions.find_comment(number, comment_id)["author"]["name"] != call.user:
            raise HubError(403, "Only its author can edit a comment.")
        changed = discussions.edit_comment(number, comment_id, call.text("content"))
    return {"updatedComment": changed}


def hide_comment(call: Call) -> dict[str, Any]:
    """Hides a comment for good: its author may, and the repository's owner."""
    number, comment_id = call.part("number"), call.part("comment")
    with call.repository.locked():
        discussions = Discussions(call.repository)
        if discussions.find_comment(number, comment_id)["author"]["name"] != call.user:
            require_write(call, call.repository.namespace)
        return {"updatedComment": discussions.hide_comment(number, comment_id)}


def rename(call: Call) -> dict[str, Any]:
    """Changes the title."""
    number, discussions = _own(call)
    with call.repository.locked():
        return {"newTitle": discussions.rename(number, call.user, call.text("title"))}


def set_status(call: Call) -> dict[str, Any]:
    """Opens or closes one."""
    number, discussions = _own(call)
    status = call.text("status")
    if status not in ("open", "closed"):
        raise HubError(400, "The status can be set to open or closed.")
    with call.repository.locked():
        if discussions.get(number)["status"] == "merged":
            raise HubError(409, "A merged pull request stays merged.")
        if call.body.get("comment"):
            discussions.comment(number, call.user, call.text("comment"))
        return {"newStatus": discussions.set_status(number, call.user, status)}


def merge_request(call: Call) -> dict[str, Any]:
    """Merges a pull request."""
    number, repository = call.part("number"), call.repository
    with repository.locked():
        discussions = Discussions(repository)
        item = discussions.get(number)
        if not item["base"] or item["status"] not in ("open", "draft"):
            raise HubError(409, "Only an open pull request can be merged.")
        made = merge(repository.git, item["num"], item["base"], call.user, item["title"])
        if call.body.get("comment"):
            discussions.comment(number, call.user, call.text("comment"))
        discussions.set_status(number, call.user, "merged", made)
    return {"mergeCommitId": made}


def _own(call: Call) -> tuple[str, Discussions]:
    """Lets the repository's owner and the author change a discussion."""
    number, discussions = call.part("number"), Discussions(call.repository)
    if discussions.get(number)["author"] != call.user:
        require_write(call, call.repository.namespace)
    return number, discussions


def _is_wanted(item: dict[str, Any], call: Call) -> bool:
    query = call.request.query_params
    kind = "pull_request" if item["base"] else "discussion"
    is_closed = item["status"] in ("closed", "merged")
    return (
        query.get("type") in (None, "all", kind)
        and query.get("status") in (None, "all", "closed" if is_closed else "open")
        and query.get("author") in (None, item["author"])
    )


def _line(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "num": item["num"],
        "title": item["title"],
        "author": {"name": item["author"]},
        "createdAt": item["created_at"],
        "status": item["status"],
        "isPullRequest": bool(item["base"]),
        "repo": {"name": call.repository.repo_id, "type": call.repository.repo_type},
    }


ONE = REPO + "/discussions/{number}"
ROUTES = [
    api("GET", REPO + "/discussions", listing, Access.READ),
    api("POST", REPO + "/discussions", create, Access.CONTRIBUTE),
    api("GET", ONE, details, Access.READ),
    api("POST", ONE + "/comment", comment, Access.CONTRIBUTE),
    api("POST", ONE + "/comment/{comment}/edit", edit_comment, Access.CONTRIBUTE),
    api("POST", ONE + "/comment/{comment}/hide", hide_comment, Access.CONTRIBUTE),
    api("POST", ONE + "/title", rename, Access.CONTRIBUTE),
    api("POST", ONE + "/status", set_status, Access.CONTRIBUTE),
    api("POST", ONE + "/merge", merge_request, Access.WRITE),
]

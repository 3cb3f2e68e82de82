"""The way to a commit: which store each file goes to, then the commit itself."""

from __future__ import annotations

import uuid
from typing import Any

from dulwich.objects import Commit
from starlette.responses import JSONResponse, Response

from training.hub.embedded import KNOWS
from training.hub.errors import HubError
from training.hub.names import decode, file_path
from training.hub.routing import REPO, Access, Call, Terms, api, require_write
from training.hub.storage.commits import MAX_REGULAR, branch_ref, commit, read_changes
from training.hub.storage.discussions import Discussions
from training.hub.storage.lfs_store import stream_to_file
from training.hub.storage.patterns import Ignored, LargeByName
from training.hub.storage.repositories import StoredRepository

MAX_COMMIT = 2 << 30
"""Longest body of a commit, in bytes; large files do not travel in it."""

MAX_FILES = 1000
"""Most files in a question about a commit to come; clients ask in portions of 256."""
MAX_QUESTION = 4 << 20
"""Longest question about a commit to come, in bytes: a sample of each file is in it."""
NO_XET = (
    "This Hub takes large files by LFS and has no Xet: set HF_HUB_DISABLE_XET=1 before Python or "
    "hf starts."
)
NDJSON = Terms(types=("application/x-ndjson",))


def no_xet(call: Call) -> Response:
    """Refuses a token for Xet storage."""
    raise HubError(404, NO_XET)


def preupload(call: Call) -> Response:
    """Says for each file of a commit to come whether it goes into git or into the LFS store."""
    repository = call.repository
    head = repository.git.resolve(call.part("revision"))
    large = LargeByName(repository.git.read(head, ".gitattributes") or b"")
    ignored = _ignored(call, repository, head)
    files = call.body.get("files")
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise HubError(400, "files must be a list of objects.")
    if len(files) > MAX_FILES:
        raise HubError(413, f"At most {MAX_FILES} files at once.")
    answers = []
    for file in files:
        path, size = file.get("path"), file.get("size")
        if not isinstance(path, str) or type(size) is not int:
            raise HubError(400, "Each file needs its path and size.")
        name = file_path(path)
        answer: dict[str, Any] = {
            "path": path,
            "uploadMode": "lfs" if name in large or size > MAX_REGULAR else "regular",
            "shouldIgnore": name in ignored,
        }
        answers.append(answer | _known_oid(repository, head, path))
    headers = {}
    is_told = f"origin/{KNOWS}" in call.request.headers.get("user-agent", "")
    if not is_told and any(answer["uploadMode"] == "lfs" for answer in answers):
        # The client would try Xet, and show nothing of the refusal but its status.
        headers["X-HF-Warning"] = f"xet; {NO_XET}"
    return JSONResponse({"files": answers, "commitOid": head.id.decode()}, headers=headers)


def _ignored(call: Call, repository: StoredRepository, head: Commit) -> Ignored:
    given = call.body.get("gitIgnore")
    if isinstance(given, str):
        return Ignored(given.encode(errors="replace"))
    return Ignored(repository.git.read(head, ".gitignore") or b"")


def _known_oid(repository: StoredRepository, head: Commit, path: str) -> dict[str, str]:
    """Returns the digest of what stands there now, so that unchanged files are not sent again."""
    try:
        entry = repository.git.entry(head, path)
    except HubError:
        return {}
    return {} if entry.is_folder else {"oid": entry.lfs.oid if entry.lfs else entry.oid}


async def make_commit(call: Call) -> dict[str, Any]:
    """Takes a commit, streamed to disk first, onto a branch or into a new pull request."""
    repository = call.repository
    body = repository.directory / "uploads" / uuid.uuid4().hex
    try:
        await stream_to_file(call.request.stream(), body, MAX_COMMIT)
        answer: dict[str, Any] = await call.work(_commit, call, repository, body)
        return answer
    finally:
        body.unlink(missing_ok=True)


def _commit(call: Call, repository: StoredRepository, body: Any) -> dict[str, Any]:
    changes = read_changes(repository, body)
    branch = branch_ref(decode(call.request.path_params["revision"]))
    discussions = Discussions(repository)
    answer: dict[str, Any] = {"success": True, "hookOutput": ""}
    with repository.locked():
        if call.request.query_params.get("create_pr") in ("1", "true"):
            header = changes.header
            number = discussions.next_number()
            made, _ = commit(repository, changes, branch, f"refs/pr/{number}", call.user)
            discussions.open(
                number, call.user, header.summary, header.description, base=branch, commit=made
            )
            answer["pullRequestUrl"] = f"{call.base}/{repository.address}/discussions/{number}"
        else:
            _require_branch(call, repository, discussions, branch)
            made, before = commit(repository, changes, branch, branch, call.user)
            if branch.startswith("refs/pr/") and made != before.id.decode():
                number = int(branch.removeprefix("refs/pr/"))
                discussions.add_commit(number, call.user, changes.header.summary, made)
    answer["commitOid"] = made
    answer["commitUrl"] = f"{call.base}/{repository.address}/commit/{made}"
    return answer


def _require_branch(
    call: Call, repository: StoredRepository, discussions: Discussions, branch: str
) -> None:
    """Lets the owner commit anywhere, and the author of a pull request into that one."""
    if branch.startswith("refs/pr/") and repository.git.at_ref(branch):
        request = discussions.get(branch.removeprefix("refs/pr/"))
        if request["author"] == call.user and request["status"] in ("open", "draft"):
            return
    require_write(call, repository.namespace)


ROUTES = [
    api("GET", REPO + "/xet-{use}-token/{rest:path}", no_xet, Access.READ),
    api(
        "POST",
        REPO + "/preupload/{revision:path}",
        preupload,
        Access.CONTRIBUTE,
        Terms(limit=MAX_QUESTION),
    ),
    api("POST", REPO + "/commit/{revision:path}", make_commit, Access.CONTRIBUTE, NDJSON),
]

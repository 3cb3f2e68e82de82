"""Files: listings, downloads, and the way to a commit."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs

from dulwich.objects import Commit
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from training.hub.api.listings import next_page
from training.hub.bodies import FORM, JSON
from training.hub.errors import HubError, entry_not_found
from training.hub.names import split_revision
from training.hub.repo_info import tree_item
from training.hub.routing import REPO, Access, Call, Terms, api, repo_addresses
from training.hub.storage.git_store import Entry
from training.hub.storage.history import date_of, last_commits, title_of
from training.hub.storage.repositories import StoredRepository

PAGE, EXPANDED_PAGE = 1000, 50
"""Most entries in a page of a tree, without and with each one's last commit."""
LIST_OF_PATHS = Terms(types=(*FORM, *JSON), limit=4 << 20)
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
"""Content types that a browser may show as such; everything else is plain text or bytes."""
ENTITY_TAG = re.compile(r'"[^"]*"')
"""One of the tags in a list; a weak one stands behind ``W/`` and counts as much here."""
INERT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'",
}
"""Makes sure that a file somebody uploaded cannot act as a page of this Hub."""


def tree(call: Call) -> Response:
    """Lists a folder of a revision, page by page."""
    query = call.request.query_params
    revision, path = split_revision(call.request.path_params["rest"])
    head = call.repository.git.resolve(revision)
    expand = _is_true(query.get("expand"))
    size = EXPANDED_PAGE if expand else PAGE
    found = call.repository.git.listing(
        head,
        path.strip("/"),
        _is_true(query.get("recursive")),
        after=query.get("cursor", ""),
        most=size + 1,
    )
    page = found[:size]
    headers = {"X-Repo-Commit": head.id.decode()}
    if len(page) < len(found):
        headers["Link"] = next_page(call, cursor=page[-1].path)
    return JSONResponse(_items(call.repository, head, page, expand), headers=headers)


def paths_info(call: Call) -> list[dict[str, Any]]:
    """Describes the paths that exist among those asked for."""
    form = parse_qs(call.body["form"].decode(errors="replace")) if "form" in call.body else {}
    paths = form.get("paths") or call.items("paths")
    expand = _is_true((form.get("expand") or [str(call.body.get("expand", ""))])[0])
    if len(paths) > PAGE:
        raise HubError(413, f"At most {PAGE} paths at once.")
    head = call.repository.git.resolve(_revision(call))
    entries = []
    for path in paths:
        try:
            entries.append(call.repository.git.entry(head, str(path).strip("/")))
        except HubError:
            continue
    return _items(call.repository, head, entries, expand)


def _items(
    repository: StoredRepository, head: Commit, entries: list[Entry], expand: bool
) -> list[dict[str, Any]]:
    items = [tree_item(entry) for entry in entries]
    if expand:
        last = last_commits(repository.git, head, [entry.path for entry in entries])
        for item in items:
            made = last.get(item["path"], head)
            item["lastCommit"] = {
                "id": made.id.decode(),
                "title": title_of(made),
                "date": date_of(made),
            }
    return items


def resolve(call: Call) -> Response:
    """Sends a file of a revision, whole or in ranges; large ones from the LFS store."""
    revision, path = split_revision(call.request.path_params["rest"])
    repository = call.repository
    head = repository.git.resolve(revision)
    sha = head.id.decode()
    if not path:
        raise entry_not_found("/", sha)
    entry = repository.git.entry(head, path)
    if entry.is_folder:
        raise entry_not_found(path, sha)
    stored, digest = stored_file(repository, entry)
    headers = {"X-Repo-Commit": sha, "ETag": f'"{digest}"', "Cache-Control": "no-cache", **INERT}
    if digest != entry.oid:
        headers |= {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(stored.stat().st_size)}
    if has_already(call.request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    download = _is_true(call.request.query_params.get("download"))
    return FileResponse(
        stored,
        headers=headers,
        media_type=media_type(path),
        filename=PurePosixPath(path).name,
        content_disposition_type="attachment" if download else "inline",
        stat_result=stored.stat(),
    )


def raw(call: Call) -> Response:
    """Sends a file as git has it: of a large one its pointer."""
    revision, path = split_revision(call.request.path_params["rest"])
    head = call.repository.git.resolve(revision)
    sha = head.id.decode()
    entry = call.repository.git.entry(head, path) if path else None
    if entry is None or entry.is_folder:
        raise entry_not_found(path or "/", sha)
    headers = {"X-Repo-Commit": sha, "ETag": f'"{entry.oid}"', **INERT}
    if has_already(call.request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    content = call.repository.git.blob(entry.oid.encode())
    kind = "text/plain; charset=utf-8" if entry.lfs else media_type(path)
    return Response(content, headers=headers, media_type=kind)


def stored_file(repository: StoredRepository, entry: Entry) -> tuple[Path, str]:
    """Returns a file's content as a file on disk, and its digest: a large one's sha256."""
    if entry.lfs is not None and repository.lfs.has(entry.lfs.oid):
        return repository.lfs.path(entry.lfs.oid), entry.lfs.oid
    return repository.plain_file(entry.oid), entry.oid


def has_already(request: Request, tag: str) -> bool:
    """Tells whether ``If-None-Match`` names an ETag, weak or not (RFC 9110, 13.1.2)."""
    given = ",".join(request.headers.getlist("if-none-match"))
    return given.strip() == "*" or tag in ENTITY_TAG.findall(given)


def _revision(call: Call) -> str:
    return split_revision(call.request.path_params["rest"])[0]


def _is_true(text: str | None) -> bool:
    return (text or "").lower() in ("1", "true")


def media_type(path: str) -> str:
    """Returns the content type that a file is sent with: nothing that could act as a page."""
    guessed = mimetypes.guess_type(path)[0] or "application/octet-stream"
    if guessed in SHOWN or guessed == "application/octet-stream":
        return guessed
    is_text = guessed.startswith("text/") or guessed in ("application/json", "application/yaml")
    return "text/plain; charset=utf-8" if is_text else "application/octet-stream"


ROUTES = [
    api("GET", REPO + "/tree/{rest:path}", tree, Access.READ),
    api("POST", REPO + "/paths-info/{rest:path}", paths_info, Access.READ, LIST_OF_PATHS),
    *repo_addresses("GET", "/resolve/{rest:path}", resolve, Access.READ),
    *repo_addresses("GET", "/raw/{rest:path}", raw, Access.READ),
]

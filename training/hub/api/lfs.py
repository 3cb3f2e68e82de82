"""Large files: the LFS batch protocol, with signed addresses for the bytes themselves.

Protocol: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md; the transfer
``multipart`` is the Hub's own.
"""

from __future__ import annotations

import math
import uuid
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response

from training.hub.errors import HubError, entry_not_found
from training.hub.names import NAME, OID
from training.hub.routing import Access, Call, api, read_json, repo_addresses, require_write
from training.hub.storage.repositories import StoredRepository

MEDIA_TYPE = "application/vnd.git-lfs+json"
PART = 16 << 20
"""Bytes in a part of a multipart upload; larger files come in parts if the client can."""
MAX_FILE = 200 << 30
MAX_OBJECTS = 1000
STORED = "/lfs/{kind:kind}/{namespace}/{name}"


async def batch(call: Call) -> Response:
    """Says where to send files to, or where to get them from."""
    call.body = await read_json(call.request)
    return await run_in_threadpool(_batch, call)


def _batch(call: Call) -> Response:
    operation, objects = call.text("operation"), call.items("objects")
    if operation not in ("upload", "download"):
        raise HubError(400, "A batch has an operation, upload or download, and objects.")
    if len(objects) > MAX_OBJECTS:
        raise HubError(413, f"At most {MAX_OBJECTS} objects in a batch.")
    if operation == "upload":
        require_write(call, None)
    in_parts = "multipart" in call.items("transfers")
    answers, transfer = [], "basic"
    for item in objects:
        oid, size = _checked(item)
        answer: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
        if operation == "download":
            answer |= _download(call, oid, size)
        elif not call.repository.lfs.has(oid, size):
            if in_parts and size > PART:
                transfer = "multipart"
            answer["actions"] = _upload(call, oid, size, in_parts and size > PART)
        answers.append(answer)
    return JSONResponse(
        {"transfer": transfer, "objects": answers, "hash_algo": "sha256"}, media_type=MEDIA_TYPE
    )


def _checked(item: Any) -> tuple[str, int]:
    oid, size = (item.get("oid"), item.get("size")) if isinstance(item, dict) else (None, None)
    if not isinstance(oid, str) or not OID.fullmatch(oid):
        raise HubError(422, "An object is named by its sha256.")
    if type(size) is not int or not 0 <= size <= MAX_FILE:
        raise HubError(422, f"A file has 0 to {MAX_FILE} bytes.")
    return oid, size


def _download(call: Call, oid: str, size: int) -> dict[str, Any]:
    if not call.repository.lfs.has(oid):
        return {"error": {"code": 404, "message": "The object does not exist here."}}
    return {"actions": {"download": {"href": _signed(call, "download", oid, size=size)}}}


def _upload(call: Call, oid: str, size: int, in_parts: bool) -> dict[str, Any]:
    verify = {"href": f"{call.base}/{call.repository.address}.git/info/lfs/verify"}
    if not in_parts:
        return {"upload": {"href": _signed(call, "upload", oid, size=size)}, "verify": verify}
    upload, count = uuid.uuid4().hex, math.ceil(size / PART)
    header = {
        f"{part:05d}": _signed(call, "part", oid, size=size, upload=upload, part=part)
        for part in range(1, count + 1)
    }
    complete = _signed(call, "complete", oid, size=size, upload=upload, parts=count)
    header["chunk_size"] = str(PART)
    return {"upload": {"href": complete, "header": header}, "verify": verify}


def _signed(call: Call, action: str, oid: str, **claims: str | int) -> str:
    found = call.repository
    path = f"/lfs/{found.kind}/{found.repo_id}/{action}/{oid}"
    return call.base + call.hub.signer.sign(action, path, **claims)


def _permitted(call: Call, action: str) -> tuple[StoredRepository, str, dict[str, str]]:
    """Returns what a signed address is about; the signature stands for the caller's permission."""
    path = call.request.scope["path"]
    claims = call.hub.signer.check(action, path, call.request.query_params)
    kind, oid = call.request.path_params["kind"], call.part("oid")
    names = call.part("namespace"), call.part("name")
    is_sound = all(NAME.fullmatch(name) for name in names) and OID.fullmatch(oid)
    repository = call.hub.repositories.find(kind, "/".join(names)) if is_sound else None
    if repository is None:
        raise HubError(404, "The repository is gone.", "RepoNotFound")
    return repository, oid, claims


async def upload(call: Call) -> Response:
    """Takes a whole file."""
    repository, oid, claims = _permitted(call, "upload")
    await repository.lfs.receive(call.request.stream(), oid, int(claims["size"]))
    return Response(headers={"ETag": f'"{oid}"'})


async def upload_part(call: Call) -> Response:
    """Takes one part of a file."""
    repository, _, claims = _permitted(call, "part")
    digest = await repository.lfs.receive_part(
        call.request.stream(), claims["upload"], int(claims["part"]), PART
    )
    return Response(headers={"ETag": f'"{digest}"'})


def complete(call: Call) -> dict[str, Any]:
    """Joins the parts into the file."""
    repository, oid, claims = _permitted(call, "complete")
    repository.lfs.complete(claims["upload"], int(claims["parts"]), oid, int(claims["size"]))
    return {"success": True}


def download(call: Call) -> Response:
    """Sends a file."""
    repository, oid, _ = _permitted(call, "download")
    if not repository.lfs.has(oid):
        raise entry_not_found(oid)
    return FileResponse(repository.lfs.path(oid), media_type="application/octet-stream")


async def verify(call: Call) -> dict[str, Any]:
    """Confirms that a file has arrived."""
    oid, size = _checked(await read_json(call.request))
    if not call.repository.lfs.has(oid, size):
        raise entry_not_found(oid)
    return {}


ROUTES = [
    *repo_addresses("POST", "/info/lfs/objects/batch", batch, Access.READ),
    *repo_addresses("POST", "/info/lfs/verify", verify, Access.CONTRIBUTE),
    api("PUT", STORED + "/upload/{oid}", upload, Access.ANYONE),
    api("PUT", STORED + "/part/{oid}", upload_part, Access.ANYONE),
    api("POST", STORED + "/complete/{oid}", complete, Access.ANYONE),
    api("GET", STORED + "/download/{oid}", download, Access.ANYONE),
]

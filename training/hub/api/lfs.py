"""Large files: the LFS batch protocol, with signed addresses for the bytes themselves.

Protocol: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md; the transfer
``multipart`` is the Hub's own.
"""

from __future__ import annotations

import math
import shutil
import uuid
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, JSONResponse, Response

from training.hub.bodies import ANY_TYPE, MAX_BODY, read_json
from training.hub.errors import HubError, entry_not_found
from training.hub.names import NAME, OID
from training.hub.routing import (
    Access,
    Call,
    Terms,
    api,
    repo_addresses,
    require_contribute,
)
from training.hub.storage.repositories import StoredRepository

MEDIA_TYPE = "application/vnd.git-lfs+json"
PART = 16 << 20
"""Fewest bytes in a part of a multipart upload; larger files come in parts if the client can."""
MAX_ADDRESSES = 10_000
"""Most parts that one answer has addresses for, each signed: as many as S3 takes for one file.
Where they are few for so many or so large files, the parts are larger."""
MAX_FILE = 200 << 30
MAX_OBJECTS = 1000
BY_GIT_LFS, SIGNED = Terms(basic=True), Terms(types=ANY_TYPE)
STORED = "/lfs/{kind:kind}/{namespace}/{name}"


async def batch(call: Call) -> Response:
    """Says where to send files to, or where to get them from."""
    call.body = await read_json(call.request, MAX_BODY)
    answer: Response = await call.work(_batch, call)
    return answer


def _batch(call: Call) -> Response:
    operation, objects = call.text("operation"), call.items("objects")
    if operation not in ("upload", "download"):
        raise HubError(400, "A batch has an operation, upload or download, and objects.")
    if len(objects) > MAX_OBJECTS:
        raise HubError(413, f"At most {MAX_OBJECTS} objects in a batch.")
    named = [_checked(item) for item in objects]
    if operation == "download":
        return _batch_answer("basic", named, [_download(call, oid, size) for oid, size in named])
    require_contribute(call)
    in_parts = "multipart" in call.items("transfers")
    wanted = {item for item in named if not call.repository.lfs.has(*item)}
    large = {(oid, size) for oid, size in wanted if in_parts and size > PART}
    # A file that comes in parts stands on the disk twice while these are joined.
    require_space(call.repository.directory, sum(size for _, size in (*wanted, *large)))
    parts = MAX_ADDRESSES // max(len(large), 1)
    told: dict[tuple[str, int], dict[str, Any]] = {
        item: {"actions": _upload(call, *item, parts if item in large else None)} for item in wanted
    }
    transfer = "multipart" if large else "basic"
    return _batch_answer(transfer, named, [told.get(item, {}) for item in named])


def _batch_answer(
    transfer: str, named: list[tuple[str, int]], told: list[dict[str, Any]]
) -> Response:
    answers = [
        {"oid": oid, "size": size, "authenticated": True, **more}
        for (oid, size), more in zip(named, told, strict=True)
    ]
    return JSONResponse(
        {"transfer": transfer, "objects": answers, "hash_algo": "sha256"}, media_type=MEDIA_TYPE
    )


def require_space(folder: Path, size: int) -> None:
    """Checks that so many bytes have room on the disk.

    Raises:
        HubError: 507.
    """
    free = shutil.disk_usage(folder).free
    if size > free:
        raise HubError(507, f"The disk of this Hub has {free} bytes left, too few for {size}.")


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


def _upload(call: Call, oid: str, size: int, most_parts: int | None) -> dict[str, Any]:
    verify = {"href": f"{call.base}/{call.repository.address}.git/info/lfs/verify"}
    if most_parts is None:
        return {"upload": {"href": _signed(call, "upload", oid, size=size)}, "verify": verify}
    upload, length = uuid.uuid4().hex, max(PART, math.ceil(size / most_parts))
    count = math.ceil(size / length)
    sign = partial(_signed, call, oid=oid, size=size, upload=upload)
    header = {f"{part:05d}": sign("part", part=part, length=length) for part in range(1, count + 1)}
    header["chunk_size"] = str(length)
    return {"upload": {"href": sign("complete", parts=count), "header": header}, "verify": verify}


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
    call.request.state.repository = repository
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
        call.request.stream(), claims["upload"], int(claims["part"]), int(claims["length"])
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
    oid, size = _checked(await read_json(call.request, MAX_BODY))
    if not call.repository.lfs.has(oid, size):
        raise entry_not_found(oid)
    return {}


ROUTES = [
    *repo_addresses("POST", "/info/lfs/objects/batch", batch, Access.READ, BY_GIT_LFS),
    *repo_addresses("POST", "/info/lfs/verify", verify, Access.CONTRIBUTE, BY_GIT_LFS),
    api("PUT", STORED + "/upload/{oid}", upload, Access.ANYONE, SIGNED),
    api("PUT", STORED + "/part/{oid}", upload_part, Access.ANYONE, SIGNED),
    api("POST", STORED + "/complete/{oid}", complete, Access.ANYONE, SIGNED),
    api("GET", STORED + "/download/{oid}", download, Access.ANYONE),
]

"""``git clone`` and ``git fetch``: the smart HTTP protocol, answered by dulwich.

Protocol: https://git-scm.com/docs/http-protocol
"""

from __future__ import annotations

import asyncio
import re
import zlib
from functools import partial
from io import BytesIO
from tempfile import SpooledTemporaryFile

from dulwich.errors import GitProtocolError
from dulwich.protocol import ReceivableProtocol
from dulwich.server import BackendRepo, DictBackend, UploadPackHandler
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from training.hub.errors import HubError
from training.hub.routing import Access, Call, Terms, read_body, repo_addresses
from training.hub.storage.lfs_store import CHUNK

SERVICE = "git-upload-pack"
MAX_REQUEST = 4 << 20
"""Longest list of wants and haves, in bytes, inflated: 80,000 commits."""
MAX_IN_MEMORY = 8 << 20
PACKING = asyncio.Semaphore(2)
"""Packs that are made at once; who asks for another waits, and all other requests do not."""
TERMS = Terms(basic=True, types=(f"application/x-{SERVICE}-request",))
LENGTH = re.compile(rb"[0-9a-fA-F]{4}")
LINE = re.compile(
    rb"(?:want [0-9a-f]{40}(?: (?!filter=)[a-z0-9][\x21-\x7e]*)* ?|(?:have|shallow) [0-9a-f]{40}|"
    rb"deepen [0-9]{1,9}|filter (?:blob:none|blob:limit=[0-9]{1,9}[kmg]?|tree:[0-9]{1,3})|done)\n?"
)
"""A packet line of a fetch; the filters are those that `git clone` offers by name."""
NO_CACHE = {"Cache-Control": "no-cache, max-age=0, must-revalidate"}


def advertise(call: Call) -> Response:
    """Tells git which refs there are."""
    if call.request.query_params.get("service") != SERVICE:
        raise HubError(403, "Only reading works by git; push with `hf upload` instead.")
    return _answer(call, b"", advertise_refs=True)


async def upload_pack(call: Call) -> Response:
    """Sends git the objects that it lacks."""
    body = await read_body(call.request, MAX_REQUEST)
    if call.request.headers.get("content-encoding") == "gzip":
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, MAX_REQUEST)
        except zlib.error:
            raise HubError(400, "The body is no gzip.") from None
    check_request(body)
    async with PACKING:
        return await run_in_threadpool(_answer, call, body, advertise_refs=False)


def check_request(body: bytes) -> None:
    """Checks that a body is made of packet lines which a client of git sends.

    Raises:
        HubError: 400; dulwich would trust the lengths, and fail in many ways at other lines.
    """
    at = 0
    while at < len(body):
        head = body[at : at + 4]
        length = int(head, 16) if LENGTH.fullmatch(head) else -1
        line = body[at + 4 : at + length]
        is_flush = length == 0
        if not is_flush and (at + length > len(body) or not LINE.fullmatch(line)):
            raise HubError(400, f"The request of git is malformed at byte {at}.")
        at += 4 if is_flush else length


def _answer(call: Call, body: bytes, *, advertise_refs: bool) -> Response:
    # A pack is as large as the repository; whoever asks for one must not fill the memory.
    folder = call.repository.directory / "uploads"
    written = SpooledTemporaryFile(MAX_IN_MEMORY, dir=str(folder))
    protocol = ReceivableProtocol(BytesIO(body).read, written.write)
    kind = "advertisement" if advertise_refs else "result"
    if advertise_refs:
        protocol.write_pkt_line(f"# service={SERVICE}\n".encode())
        protocol.write_pkt_line(None)
    served: dict[str, BackendRepo] = {"/": call.repository.git.repo}
    handler = UploadPackHandler(
        DictBackend(served),
        ["/"],
        protocol,
        stateless_rpc=True,
        advertise_refs=advertise_refs,
    )
    try:
        handler.handle()
    except GitProtocolError as error:
        raise HubError(400, f"The request of git is out of order: {error}") from None
    media_type = f"application/x-{SERVICE}-{kind}"
    headers = {**NO_CACHE, "Content-Length": str(written.tell())}
    written.seek(0)
    return StreamingResponse(
        iter(partial(written.read, CHUNK), b""),
        media_type=media_type,
        headers=headers,
        background=BackgroundTask(written.close),
    )


ROUTES = [
    *repo_addresses("GET", "/info/refs", advertise, Access.READ),
    *repo_addresses("POST", f"/{SERVICE}", upload_pack, Access.READ, TERMS),
]

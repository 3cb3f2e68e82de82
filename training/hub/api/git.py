"""``git clone`` and ``git fetch``: the smart HTTP protocol, answered by dulwich.

Protocol: https://git-scm.com/docs/http-protocol
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from functools import partial
from io import BytesIO
from tempfile import SpooledTemporaryFile

from dulwich.errors import GitProtocolError
from dulwich.protocol import CAPABILITY_FILTER, ReceivableProtocol
from dulwich.server import BackendRepo, DictBackend, UploadPackHandler
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from training.hub.bodies import read_body
from training.hub.errors import HubError
from training.hub.routing import Access, Call, Terms, repo_addresses
from training.hub.storage.lfs_store import CHUNK

SERVICE = "git-upload-pack"
MAX_REQUEST = 4 << 20
"""Longest list of wants and haves, in bytes, inflated: 80,000 commits."""
MAX_IN_MEMORY = 8 << 20
MAX_LINES = 100_000
"""Most packet lines of a request."""
MAX_HAVES = 20_000
"""Most commits that a clone says it has which are looked at; `git` sends 16,384 at once."""
TERMS = Terms(basic=True, types=(f"application/x-{SERVICE}-request",))
LENGTH = re.compile(rb"[0-9a-fA-F]{4}")
LINE = re.compile(
    rb"(?:want [0-9a-f]{40}(?: (?!filter=)[a-z0-9][\x21-\x7e]*)* ?|(?:have|shallow) [0-9a-f]{40}|"
    rb"deepen [0-9]{1,10}|done)\n?"
)
"""A packet line of a fetch; `git fetch --unshallow` deepens by 2147483647."""
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
    answer: Response = await call.work(_fetch, call, body)
    return answer


def _fetch(call: Call, body: bytes) -> Response:
    return _answer(call, sound_request(body), advertise_refs=False)


class _Sender(UploadPackHandler):
    """Offers no partial clones: dulwich sends none of the objects that are left out afterwards.

    Told so, git says that it clones wholly, and does.
    """

    def capabilities(self) -> list[bytes]:
        return [name for name in super().capabilities() if name != CAPABILITY_FILTER]

    def set_client_capabilities(self, caps: Iterable[bytes]) -> None:
        # Some versions of git name it although it was not offered.
        super().set_client_capabilities([name for name in caps if name != CAPABILITY_FILTER])


def sound_request(body: bytes) -> bytes:
    """Returns the packet lines of a body, if a client of git sends such ones, each commit once.

    Of commits that the client has, the first `MAX_HAVES` are kept: with fewer the pack is larger.

    Raises:
        HubError: 400; dulwich would trust the lengths, and fail in many ways at other lines.
    """
    at = lines = 0
    kept: list[bytes] = []
    haves: set[bytes] = set()
    while at < len(body):
        head = body[at : at + 4]
        length = int(head, 16) if LENGTH.fullmatch(head) else -1
        line = body[at + 4 : at + max(length, 4)]
        is_flush = length == 0
        if not is_flush and (at + length > len(body) or not LINE.fullmatch(line)):
            raise HubError(400, f"The request of git is malformed at byte {at}.")
        lines += 1
        if lines > MAX_LINES:
            raise HubError(413, f"A request of git has at most {MAX_LINES} lines.")
        length = length or 4
        is_new = not line.startswith(b"have ") or (
            line[5:45] not in haves and len(haves) < MAX_HAVES
        )
        if is_new:
            kept.append(body[at : at + length])
        if is_new and line.startswith(b"have "):
            haves.add(line[5:45])
        at += length
    return b"".join(kept)


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
    handler = _Sender(
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

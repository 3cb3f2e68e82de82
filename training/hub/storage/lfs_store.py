"""Large files of one repository by their sha256, streamed to disk and hashed on the way."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from training.hub.durable import move_into_place
from training.hub.errors import HubError

CHUNK = 1 << 20


class LfsStore:
    """A folder of files named by their own sha256; what stands there is complete and checked."""

    def __init__(self, directory: Path, uploads: Path) -> None:
        """Names the folders.

        Args:
            directory: Of the complete files.
            uploads: Of what is still arriving; on the same file system, emptied at every start.
        """
        self.directory, self.uploads = directory, uploads

    def path(self, oid: str) -> Path:
        """Returns where the file of that sha256 stands, or would stand."""
        return self.directory / oid[:2] / oid[2:4] / oid

    def has(self, oid: str, size: int | None = None) -> bool:
        """Tells whether the file is complete here, and of that size if one is given."""
        path = self.path(oid)
        return path.is_file() and (size is None or path.stat().st_size == size)

    async def receive(self, stream: AsyncIterator[bytes], oid: str, size: int) -> None:
        """Takes a whole file from the network.

        Raises:
            HubError: 400 when size or sha256 are not as announced; nothing is kept then.
        """
        temporary = self.uploads / uuid.uuid4().hex
        try:
            digest, length = await stream_to_file(stream, temporary, size)
            await run_in_threadpool(self._keep, temporary, oid, size, digest, length)
        finally:
            temporary.unlink(missing_ok=True)

    async def receive_part(
        self, stream: AsyncIterator[bytes], upload: str, part: int, limit: int
    ) -> str:
        """Takes one part of a multipart upload and returns its ETag, the part's sha256."""
        folder = self.uploads / upload
        folder.mkdir(exist_ok=True)
        temporary = folder / f".{part}.{uuid.uuid4().hex}"
        try:
            digest, _ = await stream_to_file(stream, temporary, limit)
            await run_in_threadpool(os.replace, temporary, folder / str(part))
        finally:
            temporary.unlink(missing_ok=True)
        return digest

    def complete(self, upload: str, parts: int, oid: str, size: int) -> None:
        """Joins the parts of an upload into the file.

        Raises:
            HubError: 400 when a part is missing, or size or sha256 are not as announced.
        """
        folder = self.uploads / upload
        if self.has(oid, size):
            return
        _require_parts(folder, parts)
        temporary = self.uploads / uuid.uuid4().hex
        digest, length = hashlib.sha256(), 0
        try:
            with temporary.open("wb") as file:
                for chunk in _read_parts(folder, parts):
                    digest.update(chunk)
                    length += len(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            self._keep(temporary, oid, size, digest.hexdigest(), length)
        finally:
            temporary.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, temporary: Path, oid: str, size: int, digest: str, length: int) -> None:
        if (digest, length) != (oid, size):
            raise HubError(
                400, f"The upload has {length} bytes and sha256 {digest}, not {size} and {oid}."
            )
        target = self.path(oid)
        # Not the store itself: where it is gone, so is the repository, and its name stays free.
        for folder in (target.parent.parent, target.parent):
            folder.mkdir(exist_ok=True)
        move_into_place(temporary, target)


async def stream_to_file(stream: AsyncIterator[bytes], path: Path, limit: int) -> tuple[str, int]:
    """Writes a request's body to a new file, durably.

    Args:
        stream: Body, in chunks of any size.
        path: Of the file.
        limit: Most bytes that are taken.

    Returns:
        sha256 and length of what came.

    Raises:
        HubError: 413 when more comes than the limit.
    """
    digest, length = hashlib.sha256(), 0

    def write(chunk: bytes) -> None:
        digest.update(chunk)
        file.write(chunk)

    with path.open("wb") as file:
        buffered = bytearray()
        async for chunk in stream:
            length += len(chunk)
            if length > limit:
                raise HubError(413, f"More bytes than the announced {limit} came.")
            buffered += chunk
            if len(buffered) >= CHUNK:
                await run_in_threadpool(write, bytes(buffered))
                buffered.clear()
        await run_in_threadpool(write, bytes(buffered))
        file.flush()
        await run_in_threadpool(os.fsync, file.fileno())
    return digest.hexdigest(), length


def _require_parts(folder: Path, parts: int) -> None:
    """Checks that all parts are there before any is read: an incomplete upload costs nothing."""
    for part in range(1, parts + 1):
        if not (folder / str(part)).is_file():
            raise HubError(400, f"Part {part} of {parts} was not uploaded.")


def _read_parts(folder: Path, parts: int) -> Iterator[bytes]:
    for part in range(1, parts + 1):
        with (folder / str(part)).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

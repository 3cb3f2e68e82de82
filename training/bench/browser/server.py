"""A folder of files as a static host serves it: ranges, other origins, a line of known width."""

from __future__ import annotations

import mimetypes
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

CHUNK = 65_536
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".whl": "application/zip"}
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class _Line:
    """What is sent one after the other, whoever sends it."""

    free_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def taken(self, seconds: float) -> float:
        """Takes the line for some time; returns how long until that is over."""
        with self.lock:
            now = time.monotonic()
            self.free_at = max(self.free_at, now) + seconds
            return self.free_at - now


@dataclass
class StaticServer:
    """A server of one folder.

    Attributes:
        folder: What is served.
        megabits: Width of the line that all answers share, a second; None does not hold back.
        sent: Bytes of each path that were sent.
        url: Address of the folder, ending in ``/``.
    """

    folder: Path
    megabits: float | None = None
    sent: Counter[str] = field(default_factory=Counter)
    url: str = ""
    _line: _Line = field(default_factory=_Line)

    @contextmanager
    def running(self) -> Iterator[StaticServer]:
        """Serves while the context lasts."""
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self)) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.url = f"http://127.0.0.1:{server.server_port}/"
            yield self
            server.shutdown()

    def share(self, other: StaticServer) -> None:
        """Lets both servers' answers come over one line."""
        other._line = self._line

    def wait(self, size: int) -> None:
        """Waits until the line has room for so many bytes."""
        if self.megabits is not None:
            time.sleep(self._line.taken(size * 8 / (self.megabits * 1e6)))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, server: StaticServer, *arguments: object) -> None:
        self._server = server
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        file = self._server.folder / path.lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        if not file.is_file() or self._server.folder not in file.resolve().parents:
            self.send_error(404)
            return
        size = file.stat().st_size
        wanted = _RANGE.fullmatch(self.headers.get("Range", ""))
        begin = int(wanted[1]) if wanted else 0
        end = min(int(wanted[2]) + 1, size) if wanted and wanted[2] else size
        self.send_response(206 if wanted else 200)
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
        self.send_header("Content-Type", kind or "application/octet-stream")
        self.send_header("Content-Length", str(end - begin))
        if wanted:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        with file.open("rb") as content:
            content.seek(begin)
            while begin < end and (chunk := content.read(min(CHUNK, end - begin))):
                self._server.wait(len(chunk))
                self.wfile.write(chunk)
                self._server.sent[path] += len(chunk)
                begin += len(chunk)

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "Range")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass

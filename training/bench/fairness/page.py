"""What gradio's page asks of a Space, asked without a browser, from an address of one's choice."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx2

PATIENCE_SECONDS = 60.0
"""An answer that takes longer counts as this long."""
BOUNDARY = "----Boundary7MA4YWxkTrZu0gW"
JSON = {"content-type": "application/json"}
Body = dict[str, Any]


class Refused(Exception):
    """The Space gave a sentence instead of an answer."""


class Events:
    """The page's private events, found by what they read: their numbers change with the page."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._ids = {
            component["props"].get("elem_id"): component["id"] for component in config["components"]
        }
        self._dependencies = config["dependencies"]

    @property
    def file(self) -> int:
        """Reads the file that was dropped on the Tag tab."""
        return self._reading([self._ids["file"]])

    @property
    def batch(self) -> int:
        """Tags the file of the Batch tab."""
        return self._reading([self._ids["batch-file"], ...])

    def _reading(self, inputs: list[Any]) -> int:
        wide = inputs[-1] is ...
        for dependency in self._dependencies:
            found = dependency["inputs"]
            if dependency["queue"] is not False and (
                (wide and found[:1] == inputs[:1] and len(found) > 1) or found == inputs
            ):
                return int(dependency["id"])
        raise LookupError(f"no event of the page reads {inputs}")


def transport(address: str) -> httpx2.HTTPTransport:
    """Returns a transport whose connections come from an address of this machine."""
    return httpx2.HTTPTransport(local_address=address)


def client(url: str, address: str) -> httpx2.Client:
    """Returns a client that comes from an address of this machine."""
    return httpx2.Client(base_url=url, timeout=PATIENCE_SECONDS, transport=transport(address))


def tag_body(text: str, windows: int | None = None, evidence: bool = False) -> Body:
    """Returns the body of a call of ``/tag``."""
    return {"data": ["", text, None, None, None, None, windows, evidence]}


def file_data(path: str, name: str) -> Body:
    """Returns an uploaded file as the page names it."""
    return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def call(visitor: httpx2.Client, endpoint: str, body: Body | bytes) -> Any:
    """Calls an endpoint as a program does, with a body or its JSON; returns its answer.

    Raises:
        Refused: There is none.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = visitor.post(f"/gradio_api/call/{endpoint}", content=content, headers=JSON)
    if answer.status_code != 200:
        raise Refused(answer.text)
    events = visitor.get(f"/gradio_api/call/{endpoint}/{answer.json()['event_id']}").text
    if "event: complete" not in events:
        raise Refused(events)
    return json.loads(events.rpartition("data: ")[2])


def join(visitor: httpx2.Client, event: int, data: list[Any], session: str) -> Body:
    """Lets an event of the page run; returns the last message of it.

    Raises:
        Refused: It was not taken, or did not end well.
    """
    body = {"data": data, "fn_index": event, "session_hash": session}
    answer = visitor.post("/gradio_api/queue/join", json=body)
    if answer.status_code != 200:
        raise Refused(answer.text)
    place = {"session_hash": session}
    with visitor.stream("GET", "/gradio_api/queue/data", params=place) as stream:
        for line in stream.iter_lines():
            message = json.loads(line[6:]) if line.startswith("data: ") else {}
            if message.get("msg") == "process_completed":
                if not message["success"]:
                    raise Refused(json.dumps(message["output"]))
                return dict(message["output"])
    raise Refused("the stream ended")


def form(name: str, content: bytes) -> bytes:
    """Returns the body of an upload, for `upload`."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def upload(visitor: httpx2.Client, name: str, body: bytes) -> Body:
    """Uploads a `form` as the page does; returns what names the file.

    Raises:
        Refused: It was not taken.
    """
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = visitor.post("/gradio_api/upload", content=body, headers=headers)
    if answer.status_code != 200:
        raise Refused(answer.text)
    return file_data(answer.json()[0], name)


def new_session() -> str:
    """Returns a session as a page that is opened makes one up."""
    return uuid4().hex[:12]

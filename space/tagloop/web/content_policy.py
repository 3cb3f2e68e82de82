"""What a browser may do with the Space's answers: the Content-Security-Policy and its like.

Gradio runs the scripts of its components with ``new Function`` (``'unsafe-eval'``) and styles what
it draws in place. Scripts in place it has in its page alone, and each of those is allowed by its
hash; so a script or a handler that gets into what the page shows later does not run, and none is
fetched from elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from hashlib import sha256

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "content-security-policy"
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""Of what visitors uploaded and what was made for them: never a page of the Space's own."""
FILES = ("/gradio_api/file", "/file")
# Where gradio serves a page of its own; nothing that a visitor sent is served there.
_PAGES = ("/", "/gradio_api/mcp", "/gradio_api/mcp/")
_HUB = "https://huggingface.co https://*.huggingface.co"
"""What gradio asks, on the Hub, for the Space's state and its owner's picture."""
_HUB_PAGES = f"{_HUB} https://*.hf.space"  # show a Space in a frame
_SHARED_PAGE = "https://gradio.s3-us-west-2.amazonaws.com"
"""Where gradio's page behind a share link has its scripts and styles from."""


def content_policy(
    hashes: Iterable[str] = (), *, on_hub: bool = False, shared: bool = False
) -> str:
    """Returns the policy for an answer.

    Args:
        hashes: Of the scripts that stand in the page.
        on_hub: Whether the Hub shows the Space, in a frame of its own page.
        shared: Whether gradio's tunnel is open.
    """
    own = f"'self' {_SHARED_PAGE}" if shared else "'self'"
    hub = f" {_HUB}" if on_hub else ""
    scripts = " ".join([own, "'unsafe-eval'", *(f"'sha256-{digest}'" for digest in hashes)])
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {scripts}",
            f"style-src {own} 'unsafe-inline'",
            f"font-src {own} data:",
            f"img-src {own} data: blob:{hub}",
            "media-src 'self' data: blob:",
            f"connect-src {own}{hub}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors 'self' {_HUB_PAGES}" if on_hub else "frame-ancestors 'self'",
        )
    )


class PagePolicy:
    """ASGI middleware, inside what compresses answers: allows the scripts that stand in a page."""

    def __init__(self, app: ASGIApp, *, on_hub: bool) -> None:
        self._app = app
        self._on_hub = on_hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers; a page's policy is known once the page is whole."""
        if scope["type"] != "http" or scope["path"] not in _PAGES:
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            begins = message["type"] == "http.response.start"
            if not held and not (begins and _is_page(message)):
                await send(message)
                return
            held.append(message)
            if begins or message.get("more_body"):
                return
            page = b"".join(part.get("body", b"") for part in held)
            # The page is gradio's of the tunnel or gradio's own, by what it names itself.
            policy = content_policy(
                script_hashes(page), on_hub=self._on_hub, shared=_SHARED_PAGE.encode() in page
            )
            MutableHeaders(scope=held[0])[POLICY] = policy
            for part in held:
                await send(part)
            held.clear()

        await self._app(scope, receive, hold)


def script_hashes(page: bytes) -> list[str]:
    """Returns the hash of each script that stands in a page, as a policy writes it."""
    lower = page.lower()
    hashes, end = [], 0
    while (start := lower.find(b"<script", end)) >= 0:
        begin = lower.find(b">", start) + 1
        end = lower.find(b"</script", begin)
        if not begin or end < 0:
            break
        if end > begin:
            digest = sha256(page[begin:end]).digest()
            hashes.append(base64.b64encode(digest).decode())
    return hashes


def _is_page(message: Message) -> bool:
    headers = MutableHeaders(scope=message)
    return headers.get("content-type", "").startswith("text/html")

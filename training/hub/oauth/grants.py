"""What people granted: codes for a moment, tokens for hours; both in memory alone.

Protocol: https://www.rfc-editor.org/rfc/rfc6749 with https://www.rfc-editor.org/rfc/rfc7636.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from training.hub.accounts import OAUTH, Caller
from training.hub.errors import HubError

CODE_SECONDS = 300
"""Seconds that a code is good for."""
MAX_KEPT = 10_000
"""Most codes, and most tokens, that are kept; the oldest go first."""


@dataclass(frozen=True)
class Grant:
    """What a user let a Space do.

    Attributes:
        user: Who did.
        client_id: Of the Space.
        redirect_uri: Where the code was sent.
        challenge: Digest of what only the asking page knows (PKCE, S256).
        scopes: What it may do.
        seconds: How long.
        nonce: To be repeated in the ID token.
    """

    user: str
    client_id: str
    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...]
    seconds: int
    nonce: str = ""


class Grants:
    """All grants of a running Hub; none outlives it."""

    def __init__(self) -> None:
        """Starts with none."""
        self._lock = threading.Lock()
        self._codes: dict[str, tuple[float, Grant]] = {}
        self._tokens: dict[str, tuple[float, Grant]] = {}

    def code(self, grant: Grant) -> str:
        """Returns a code, good once, for a grant."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            _keep(self._codes, code, CODE_SECONDS, grant)
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> tuple[str, Grant]:
        """Returns a token for a code, and what was granted.

        Args:
            code: From `code`.
            redirect_uri: As it was given when the code was asked for.
            verifier: What the challenge is the digest of.

        Raises:
            HubError: 400 ``invalid_grant``.
        """
        with self._lock:
            until, grant = self._codes.pop(code, (0.0, None))
        digest = hashlib.sha256(verifier.encode(errors="replace")).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=")
        if (
            grant is None
            or until < time.monotonic()
            or redirect_uri != grant.redirect_uri
            or not hmac.compare_digest(challenge, grant.challenge.encode())
        ):
            message = "This code is unknown, used or too old, or is another page's."
            details = {"error": "invalid_grant", "error_description": message}
            raise HubError(400, message, details=details)
        token = "hf_oauth_" + secrets.token_hex(32)
        with self._lock:
            _keep(self._tokens, token, grant.seconds, grant)
        return token, grant

    def caller(self, token: str) -> Caller | None:
        """Returns who asks with a token; None when it is none, or none any more."""
        until, grant = self._tokens.get(token, (0.0, None))
        if grant is None or until < time.monotonic():
            return None
        ends = time.time() + until - time.monotonic()
        made = datetime.fromtimestamp(ends - grant.seconds, UTC).isoformat()
        return Caller(grant.user, OAUTH, made, frozenset(grant.scopes))


def _keep(kept: dict[str, tuple[float, Grant]], key: str, seconds: int, grant: Grant) -> None:
    now = time.monotonic()
    for old in [old for old, (until, _) in kept.items() if until < now]:
        del kept[old]
    while len(kept) >= MAX_KEPT:
        del kept[next(iter(kept))]
    kept[key] = (now + seconds, grant)

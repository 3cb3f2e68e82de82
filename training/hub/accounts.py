"""Users and their tokens, in one file that only its owner may read."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from training.hub.durable import write_json
from training.hub.names import NAME, RESERVED_NAMESPACES

LOG = logging.getLogger(__name__)
READ, WRITE, OAUTH = "read", "write", "oauth"


@dataclass(frozen=True)
class Caller:
    """Who asks: a user and what the token allows.

    Attributes:
        user: Name, which is also the user's namespace.
        role: ``read`` or ``write`` of a token of the user's own, ``oauth`` of a Space's.
        created_at: When the token was made, ISO.
        scopes: What the user let the Space do.
    """

    user: str
    role: str
    created_at: str
    scopes: frozenset[str] = frozenset()


class Accounts:
    """The users of a Hub; changes made by another process are seen at the next request."""

    def __init__(self, root: Path) -> None:
        """Opens the file ``tokens.json`` under the Hub's folder, which is made if missing."""
        self.path = root / "tokens.json"
        self._lock = threading.RLock()
        self._seen: tuple[int, int] | None = None
        self._state: dict[str, Any] = {}
        if not self.path.exists():
            root.mkdir(parents=True, exist_ok=True)
            self._save({"signing_key": secrets.token_hex(32), "tokens": {}})

    @property
    def signing_key(self) -> bytes:
        """Key of the signed upload and download addresses."""
        return bytes.fromhex(self._load()["signing_key"])

    def token_of(self, user: str) -> str:
        """Returns a user's token that may write, made at the first call.

        Raises:
            UserError: The name cannot be one.
        """
        for token, entry in self._load()["tokens"].items():
            if (entry["user"], entry["role"]) == (user, WRITE):
                return str(token)
        return self.create_token(user)

    def create_token(self, user: str, role: str = WRITE) -> str:
        """Makes one more token; a user exists from the first one on.

        Raises:
            UserError: The name cannot be one, or the role is unknown.
        """
        if not NAME.fullmatch(user) or "--" in user or user in RESERVED_NAMESPACES:
            raise UserError(f"{user!r} cannot be a user name; use letters, digits, '-' and '_'.")
        alike = [name for name in self.users() if name.casefold() == user.casefold()]
        if alike and user not in alike:
            raise UserError(f"{user!r} differs from the user {alike[0]!r} by capital letters only.")
        if role not in (READ, WRITE):
            raise UserError(f"A token's role is {READ!r} or {WRITE!r}, not {role!r}.")
        # The form of a real token, so that clients which check it accept this one.
        token = "hf_" + secrets.token_hex(17)
        entry = {"user": user, "role": role, "created_at": now()}
        with self._lock:
            state = self._load()
            self._save({**state, "tokens": {**state["tokens"], token: entry}})
        return token

    def users(self) -> set[str]:
        """Returns the names of all users."""
        return {entry["user"] for entry in self._load()["tokens"].values()}

    def caller(self, token: str) -> Caller | None:
        """Finds whose token it is; None when it is nobody's."""
        entry = self._load()["tokens"].get(token)
        return Caller(**entry) if entry else None

    def _load(self) -> dict[str, Any]:
        with self._lock:
            status = self.path.stat()
            version = (status.st_mtime_ns, status.st_ino)
            if version != self._seen:
                self._state, self._seen = self._read(), version
            return self._state

    def _read(self) -> dict[str, Any]:
        """Reads the file; while serving, a damaged one leaves what was read before in force.

        Raises:
            UserError: It is damaged and nothing was read before.
        """
        try:
            state = json.loads(self.path.read_bytes())
            bytes.fromhex(state["signing_key"])
            for entry in state["tokens"].values():
                Caller(**entry)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            if self._state:
                LOG.warning("%s is damaged; the tokens read before stay in force.", self.path)
                return self._state
            raise UserError(
                f"{self.path} is damaged. Remove it to start with new tokens; repositories stay."
            ) from None
        found: dict[str, Any] = state
        return found

    def _save(self, state: dict[str, Any]) -> None:
        write_json(self.path, state, mode=0o600)


def now() -> str:
    """Returns the time as the Hub writes it: UTC, milliseconds, ``Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

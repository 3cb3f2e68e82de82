"""Who may review: people known by their account on the Hub, or by a secret.

Nothing here is known to the browser: the secret is compared on the server, and that it was right
is remembered in the session there.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from hashlib import sha256

from tagloop.errors import UserError
from tagloop.limits import check_length
from tagloop.rate_limits import RateLimit

MIN_SECRET_CHARACTERS = 12
ATTEMPTS_A_MINUTE, ALL_ATTEMPTS_A_MINUTE = 5, 30
"""To sign in by secret, of one visitor and of all together: who has many addresses gets no more."""
MAX_NAME_CHARACTERS = 40


class Access:
    """Tells reviewers from visitors.

    Args:
        reviewers: Account names on the Hub.
        secret: What opens the review to whoever knows it; None for nobody.

    Raises:
        UserError: The secret has too few characters.
    """

    def __init__(self, reviewers: frozenset[str] = frozenset(), secret: str | None = None) -> None:
        if secret is not None and len(secret) < MIN_SECRET_CHARACTERS:
            raise UserError(
                f"TAGLOOP_REVIEW_SECRET has {len(secret)} characters; it needs at least "
                f"{MIN_SECRET_CHARACTERS}."
            )
        self._reviewers = frozenset(name.casefold() for name in reviewers)
        self._digest = _digest(secret) if secret is not None else None
        self._attempts = RateLimit("attempts", ATTEMPTS_A_MINUTE)
        self._all_attempts = RateLimit("attempts of all visitors", ALL_ATTEMPTS_A_MINUTE)

    @classmethod
    def of_space(
        cls,
        listed: str | None,
        secret: str | None,
        environment: Mapping[str, str] = os.environ,
    ) -> Access:
        """Takes the Space's settings.

        Accounts count on a Space with OAuth alone: elsewhere gradio's sign-in is a mock-up that
        makes anyone the owner.

        Args:
            listed: Account names with commas between; None for the Space's owner.
            secret: See the class.
            environment: Where the Hub says what it gave the Space.
        """
        space = environment.get("SPACE_ID", "") if environment.get("SYSTEM") == "spaces" else ""
        signs_in = environment.get("OAUTH_CLIENT_ID") and environment.get("OAUTH_CLIENT_SECRET")
        if not space or not signs_in:
            return cls(frozenset(), secret)
        names = listed.split(",") if listed else [space.partition("/")[0]]
        return cls(frozenset(name.strip() for name in names if name.strip()), secret)

    @property
    def offered(self) -> bool:
        """Whether anyone may review at all."""
        return bool(self._reviewers) or self._digest is not None

    @property
    def by_secret(self) -> bool:
        """Whether there is a secret to sign in with."""
        return self._digest is not None

    def account(self, username: str | None) -> str | None:
        """Returns the name of a signed-in account if it is a reviewer's, else None."""
        known = username is not None and username.casefold() in self._reviewers
        return username if known else None

    def sign_in(self, secret: str, name: str, visitor: str) -> str:
        """Checks a secret and returns the name that stands beside what this reviewer decides.

        It cannot be taken for an account's: those have no brackets.

        Raises:
            UserError: The secret is wrong, there is none, or there were too many attempts.
        """
        self._attempts.take(visitor)
        self._all_attempts.take("")
        name = check_length("name", name, MAX_NAME_CHARACTERS).strip()
        given = _digest(secret if isinstance(secret, str) else "")
        if self._digest is None or not hmac.compare_digest(given, self._digest):
            raise UserError("That is not the reviewers' secret.")
        return f"{name or 'reviewer'} (secret)"


def _digest(secret: str) -> bytes:
    """Returns a digest of equal length whatever the secret's, for a comparison in constant time."""
    return sha256(secret.encode("utf-8", errors="replace")).digest()

"""Addresses that carry their own permission: what may be done, until when, signed."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from training.hub.errors import HubError

LIFETIME = 6 * 3600
"""Seconds that an address is good for: long enough for one large file on a slow line."""


class Signer:
    """Signs and checks the query of an address with HMAC-SHA256."""

    def __init__(self, key: bytes) -> None:
        """Takes the Hub's secret key."""
        self._key = key

    def sign(self, action: str, path: str, **claims: str | int) -> str:
        """Returns ``path?claims&expires&signature``.

        Args:
            action: What it permits, such as ``upload``.
            path: Of the address.
            claims: Anything the handler has to rely on later.
        """
        fields = {key: str(value) for key, value in claims.items()}
        fields["expires"] = str(int(time.time()) + LIFETIME)
        fields["signature"] = self._signature(action, path, fields)
        return f"{path}?{urlencode(fields)}"

    def check(self, action: str, path: str, query: Mapping[str, str]) -> dict[str, str]:
        """Returns the claims of an address that this Hub has signed for that action.

        Raises:
            HubError: 403 when the signature is not ours or its time is over.
        """
        fields = {key: value for key, value in query.items() if key != "signature"}
        expected = self._signature(action, path, fields)
        given = query.get("signature", "")
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise HubError(403, "The signature of this address is not valid.")
        if int(fields["expires"]) < time.time():
            raise HubError(403, "This address has expired; ask for a new one.")
        return fields

    def _signature(self, action: str, path: str, fields: Mapping[str, str]) -> str:
        text = f"{action}\n{path}\n{urlencode(sorted(fields.items()))}"
        return hmac.digest(self._key, text.encode(), "sha256").hex()

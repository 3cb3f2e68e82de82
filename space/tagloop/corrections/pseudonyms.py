"""Visitors' addresses as keyed hashes: the same visitor gets the same, and nobody can turn it back.

An address alone would be guessed from its plain hash in seconds, since there are so few; with a
key of the Space only whoever has the key could try.
"""

from __future__ import annotations

import hmac
import os
import secrets
from functools import cache
from hashlib import sha256

CHARACTERS = 16  # 64 bits: no two visitors of a Space meet by chance


def pseudonym(address: str) -> str | None:
    """Returns what stands for an address in a record; None for no address."""
    if not address:
        return None
    return hmac.new(_key(), address.encode(), sha256).hexdigest()[:CHARACTERS]


@cache
def _key() -> bytes:
    """Returns this Space's key, derived from its token: a restart does not make two people of one.

    Without a token it is a random one for as long as the process runs.
    """
    token = os.environ.get("HF_TOKEN", "").encode() or secrets.token_bytes(32)
    return hmac.new(token, b"tagloop: visitors of this Space", sha256).digest()

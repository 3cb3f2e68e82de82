"""What a Space's page goes by: one host each, so that none can act as another or as the Hub.

``namespace/name`` is at ``namespace-name.static.HOST``, where ``HOST`` is a name of this Hub;
``localhost`` stands for loopback addresses, since browsers know all names below it by themselves
(https://www.rfc-editor.org/rfc/rfc6761#section-6.3).
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

MIDDLE = ".static."
MAX_LABEL = 63
"""Longest part of a host's name."""
LOCAL = "localhost"


def subdomain_of(repo_id: str) -> str:
    """Returns the first part of the name of a Space's host."""
    label = re.sub(r"[^a-z0-9]+", "-", repo_id.lower()).strip("-")
    if len(label) <= MAX_LABEL:
        return label
    digest = hashlib.md5(repo_id.encode(), usedforsecurity=False).hexdigest()[:8]
    return f"{label[: MAX_LABEL - 9].rstrip('-')}-{digest}"


def origin_of(base: str, subdomain: str) -> str | None:
    """Returns the origin of a Space's page; None where the Hub is asked by another address.

    Args:
        base: The Hub's own address as the caller wrote it.
        subdomain: From `subdomain_of`.
    """
    parts = urlsplit(base)
    name = parts.hostname or ""
    try:
        if not ipaddress.ip_address(name).is_loopback:
            return None
        name = LOCAL
    except ValueError:
        pass  # it is a name
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{subdomain}{MIDDLE}{name}{port}"


def subdomain_in(name: str, names: Collection[str]) -> str | None:
    """Returns the subdomain in a host's name; None unless it is a Space's of a Hub so named."""
    label, middle, rest = name.lower().partition(MIDDLE)
    return label if middle and rest in names and label and "." not in label else None

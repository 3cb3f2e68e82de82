"""Who asks: a visitor, told apart by the address, and the visitor's open page."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr


def visitor_of(request: gr.Request | None) -> str:
    """Returns a visitor's address; of IPv6 the network (/64), of which one visitor has them all.

    On a Space of the Hub all requests come from its proxy, which puts the visitor's address last
    in ``X-Forwarded-For``; elsewhere that header is only what a visitor says.

    Args:
        request: None for a call from within, which has no address.
    """
    if request is None:
        return ""
    forwarded = str(request.headers.get("x-forwarded-for") or "")
    if os.environ.get("SPACE_ID") and forwarded:
        return _without_host(forwarded.rpartition(",")[2].strip())
    return _without_host(str(request.client.host)) if request.client else ""


def visitor_of_scope(scope: Mapping[str, Any]) -> str:
    """Returns whose an ASGI connection is, as ``visitor_of``."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    client = scope.get("client")
    host = SimpleNamespace(host=client[0]) if client else None
    return visitor_of(cast("gr.Request", SimpleNamespace(headers=headers, client=host)))


def session_of(request: gr.Request | None) -> str:
    """Returns what tells a visitor's open page from all others."""
    return str(request.session_hash or "") if request else ""


def _without_host(address: str) -> str:
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv4Address):
        return address
    if read.ipv4_mapped:
        return str(read.ipv4_mapped)
    return str(ipaddress.ip_network((read, 64), strict=False))

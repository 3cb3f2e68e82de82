"""Who asks: a visitor, told apart by an address that nobody chooses, and the visitor's open page.

The address is found once, where a request comes in (`tagloop.web.front_door`): what is connected,
or, where that is a trusted proxy, what the proxy wrote into ``X-Forwarded-For``. From there on it
travels sealed in a header of our own, for gradio hands the call of an agent (MCP) on to its queue
over a connection of this machine to itself, with the headers of the caller.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Any

from tagloop.errors import UserError

if TYPE_CHECKING:
    import gradio as gr

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SEAL = "x-tagloop-visitor"
"""The header that carries the visitor; one that comes in from outside is taken away."""
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
ANYWHERE = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
PRIVATE = (
    *LOOPBACK,
    # RFC 1918, RFC 6598 (shared), RFC 3927 and RFC 4291 (link-local), RFC 4193.
    *map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    *map(ipaddress.ip_network, ("100.64.0.0/10", "169.254.0.0/16", "fe80::/10", "fc00::/7")),
)
OTHER_SITE = (
    "That is not taken from a page of another site: open the Space itself, or call it from a "
    "program."
)
_WITH_PORT = re.compile(r"\A(?:\[(?P<v6>[^\]]*)\](?::\d{1,5})?|(?P<v4>[\d.]+):\d{1,5})")
_LONGEST = 80  # characters of an address with zone and port, and more
_KEY = secrets.token_bytes(32)  # of this process: what it sealed, nobody else can have made


@dataclass(frozen=True)
class TrustedProxies:
    """Whose word counts in ``X-Forwarded-For``.

    Attributes:
        nearest: Networks that a proxy connects from; who connects from elsewhere is a visitor.
        further: Networks of the proxies before that one.
    """

    nearest: Sequence[Network] = ()
    further: Sequence[Network] = ()

    @classmethod
    def of_space(
        cls, listed: str | None, environment: Mapping[str, str] = os.environ
    ) -> TrustedProxies:
        """Takes the Space's settings.

        A Space of the Hub is reached through the Hub's proxies alone. A share link comes through
        gradio's tunnel, whose end connects from this machine; its server appends the visitor's
        address, as Go's ``httputil.ReverseProxy`` does. Elsewhere nobody is trusted.

        Args:
            listed: Addresses and networks with commas between, ``none`` for none; None for what
                is usual where the Space runs.
            environment: Where the Space runs.

        Raises:
            UserError: An entry is neither an address nor a network.
        """
        if listed is not None:
            named = _networks(listed)
            return cls(named, named)
        if environment.get("SPACE_ID"):
            return cls(ANYWHERE, PRIVATE)
        if environment.get("GRADIO_SHARE", "").lower() == "true":
            own = read_address(environment.get("GRADIO_SERVER_NAME", ""))
            # The tunnel's end connects to where the Space listens, hence from there as well.
            return cls((*LOOPBACK, *((ipaddress.ip_network(own),) if own else ())), PRIVATE)
        return cls()

    def trusts(self, peer: str) -> bool:
        """Whether what is connected is a proxy whose word counts."""
        address = read_address(peer)
        return address is not None and _within(address, self.nearest)

    def visitor(self, peer: str, forwarded: Iterable[str]) -> str:
        """Returns what a visitor is known by: an address, of IPv6 its network.

        Each proxy appends what connected to it, so the header is read from its end, for as long
        as trusted proxies wrote it. What none of them can have written as an address ends it too:
        then the last one that could be read stands for all who came that way.

        Args:
            peer: The address that is connected.
            forwarded: The lines of ``X-Forwarded-For``, in their order.
        """
        here = read_address(peer)
        if here is None:
            return peer
        entries = [entry for entry in ",".join(forwarded).split(",") if entry.strip()]
        trusted = self.nearest
        while entries and _within(here, trusted):
            before = read_address(entries.pop())
            if before is None:
                break
            here, trusted = before, self.further
        return _whole(here)


def read_address(text: str) -> Address | None:
    """Reads an address as proxies write it: with a port, in brackets, with a zone, mapped to IPv6.

    Returns:
        None where there is none.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if found := _WITH_PORT.fullmatch(text):
        text = found["v6"] or found["v4"] or ""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_private(peer: str) -> bool:
    """Whether an address is of this machine or of a private network."""
    address = read_address(peer)
    return address is not None and _within(address, PRIVATE)


def visitor_of(request: gr.Request | None, *, from_any_site: bool = False) -> str:
    """Returns a visitor's address; of IPv6 the network (/64), of which one visitor has them all.

    Args:
        request: None for a call from within, which has no address.
        from_any_site: Also for pages of other sites, which may ask for tags and for nothing else.

    Raises:
        UserError: A page of another site sent the request.
    """
    if request is None:
        return ""
    caller = _opened(str(request.headers.get(SEAL) or ""))
    if caller is None:
        return TrustedProxies().visitor(str(request.client.host) if request.client else "", ())
    if caller.other_site and not from_any_site:
        raise UserError(OTHER_SITE)
    return caller.visitor


def visitor_of_scope(scope: Mapping[str, Any]) -> str:
    """Returns what `visitor_of` does, for an ASGI scope; pages of all sites have one."""
    caller = caller_of_scope(scope)
    return caller.visitor if caller else TrustedProxies().visitor(peer_of_scope(scope), ())


def session_of(request: gr.Request | None) -> str:
    """Returns what tells a visitor's open page from all others."""
    return str(request.session_hash or "") if request else ""


@dataclass(frozen=True)
class Caller:
    """A visitor, and whether a page of another site asks in that visitor's browser."""

    visitor: str
    other_site: bool

    def seal(self, scope: MutableMapping[str, Any]) -> None:
        """Puts the caller into the headers of an ASGI scope, in place of any that was there."""
        said = f"{'other' if self.other_site else 'own'} {self.visitor}"
        others = [(name, value) for name, value in scope["headers"] if name != SEAL.encode()]
        scope["headers"] = [*others, (SEAL.encode(), f"{_mark(said)} {said}".encode())]


def peer_of_scope(scope: Mapping[str, Any]) -> str:
    """Returns the address that is connected; empty for a connection without one."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def caller_of_scope(scope: Mapping[str, Any]) -> Caller | None:
    """Returns the caller that this process sealed into an ASGI scope's headers, if it did."""
    sealed = (value for name, value in scope["headers"] if name == SEAL.encode())
    return _opened(next(sealed, b"").decode("latin-1"))


def _opened(sealed: str) -> Caller | None:
    mark, _, said = sealed.partition(" ")
    if not hmac.compare_digest(mark.encode(), _mark(said).encode()):
        return None
    site, _, visitor = said.partition(" ")
    return Caller(visitor, site == "other")


def _mark(said: str) -> str:
    return hmac.new(_KEY, said.encode(), sha256).hexdigest()


def _networks(listed: str) -> tuple[Network, ...]:
    if listed.strip().lower() == "none":
        return ()
    try:
        return tuple(ipaddress.ip_network(entry.strip()) for entry in listed.split(","))
    except ValueError as error:
        raise UserError(
            f"TAGLOOP_TRUSTED_PROXIES must be addresses or networks with commas between, or none: "
            f"{error}."
        ) from None


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _whole(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))

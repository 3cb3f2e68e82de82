"""Which hosts are on the public internet: told by the numbers that a name stands for.

A name proves nothing, for anyone may let one stand for a machine inside the network that the Space
runs in ("server-side request forgery"). So a name is resolved once, its numbers are checked, and
only to a checked number a connection is made (`tagloop.reading.fetch.page`).
"""

from __future__ import annotations

import ipaddress
import socket
from ipaddress import IPv4Network, IPv6Network

NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared, behind a provider
            "127.0.0.0/8",  # this machine
            "168.63.129.16/32",  # Azure's own services, for each machine there
            "169.254.0.0/16",  # link-local, with the metadata of clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocols; Oracle's cloud has metadata there
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
PUBLIC_6 = IPv6Network("2000::/3")
"""All that is given out; outside lie loopback, link-local, private and IPv4-mapped addresses, and
64:ff9b::/96, behind which any IPv4 address can stand."""
NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols; Teredo carries IPv4 addresses
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4 carries IPv4 addresses
            "3fff::/20",  # documentation
        ),
    )
)
"""Source of both lists: IANA's special-purpose address registries (RFC 6890 and what followed),
and the clouds' documentation."""


def is_public(number: str) -> bool:
    """Tells whether an IP address (as text) belongs to the public internet."""
    try:
        address = ipaddress.ip_address(number)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_4)
    # A zone ("%eth0") is of a link, not of the internet.
    return (
        address.scope_id is None
        and address in PUBLIC_6
        and not any(address in network for network in NOT_PUBLIC_6)
    )


def resolve(host: str, port: int) -> list[str]:
    """Returns the IP addresses that the system knows for a host; none if it knows no such host."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(place[0]) for *_, place in found))

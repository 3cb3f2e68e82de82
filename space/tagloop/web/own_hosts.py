"""The names that the Space answers to, and whether a request comes from one of its own pages.

A page of another site can point its own name at this machine (DNS rebinding) and then reads what
it likes, for the browser takes both for one site; only the name that it asks for gives it away.
And without that it can still send requests, in the name of whoever looks at it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tagloop.errors import UserError
from tagloop.web.visitors import read_address

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(:\d{1,5})?", re.IGNORECASE)
_HUB = ".hf.space"  # a label under it is one Space's, and none of them resolves to anything else
_LOCAL = "localhost"
_DEFAULT_PORTS = (":80", ":443")


@dataclass(frozen=True)
class OwnHosts:
    """Whom the Space takes itself to be.

    Attributes:
        names: Host names that it answers to, in lower case.
        sites: Those of them whose pages are its own at any port: a proxy asks by another.
        on_hub: Whether it runs on the Hub.
        any_name: Whether it answers to all names.
        share_link: Gives the address of gradio's tunnel, once there is one.
    """

    names: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    on_hub: bool = False
    any_name: bool = False
    share_link: Callable[[], str | None] = lambda: None

    @classmethod
    def of_space(
        cls,
        listed: str | None,
        environment: Mapping[str, str] = os.environ,
        share_link: Callable[[], str | None] = lambda: None,
    ) -> OwnHosts:
        """Takes the Space's settings.

        The Hub gives a Space its names, those of custom domains too, in ``SPACE_HOST``; one that
        came since the start is known at the next.

        Args:
            listed: Host names with commas between.
            environment: Where the Space runs.
            share_link: See the class.

        Raises:
            UserError: One of the names is none.
        """
        named = [entry.strip() for entry in (listed or "").split(",") if entry.strip()]
        for entry in named:
            if host_name(entry) is None or entry.endswith(_DEFAULT_PORTS):
                raise UserError(
                    f"TAGLOOP_HOSTS must be host names with commas between, without https:// and "
                    f"port, not {entry!r}."
                )
        on_hub = bool(environment.get("SPACE_ID"))
        hub = environment.get("SPACE_HOST", "")
        root = _host_of(environment.get("GRADIO_ROOT_PATH", ""))
        sites = _names(*named, *hub.split(","))
        names = sites | _names(root, environment.get("GRADIO_SERVER_NAME", ""))
        return cls(names, sites, on_hub, on_hub and not hub, share_link)

    def answers_to(self, host: str) -> bool:
        """Whether the Space answers to what a ``Host`` header says.

        An address cannot be made to point elsewhere, so each is taken.
        """
        name = host_name(host)
        if name is None:
            return False
        return (
            self.any_name
            or name in self.names
            or name == _LOCAL
            or name.endswith("." + _LOCAL)
            or (self.on_hub and name.endswith(_HUB))
            or name == self._shared()
            or read_address(name) is not None
        )

    def is_public(self, host: str) -> bool:
        """Whether everybody can ask at this host: the Hub shows it, or it is a share link."""
        return self.on_hub or (host_name(host) is not None and host_name(host) == self._shared())

    def is_other_site(self, headers: Mapping[str, str]) -> bool:
        """Whether a page of another site has a browser send this.

        Browsers say where a request comes from; programs say nothing, and have nobody's cookies.
        Another port of the same machine is another site.

        Args:
            headers: Of the request, its host among them.
        """
        site = headers.get("sec-fetch-site", "")
        origin = headers.get("origin")
        if origin is None:
            return site in ("cross-site", "same-site")
        at = _host_of(origin)
        if host_name(at) in self.sites:
            return False
        if site:
            return site != "same-origin"
        return not at or _without_default_port(at) != _without_default_port(headers.get("host", ""))

    def _shared(self) -> str | None:
        link = self.share_link()
        return host_name(_host_of(link)) if link else None


def host_name(host: str) -> str | None:
    """Returns the name or address in a ``Host`` header, without port and brackets.

    Returns:
        None where it is neither.
    """
    found = _HOST.fullmatch(host)
    return found[1].strip("[]").rstrip(".").lower() if found else None


def _names(*given: str) -> frozenset[str]:
    return frozenset(name for entry in given if (name := host_name(entry.strip())))


def _host_of(address: str) -> str:
    """Returns what stands for the host in ``https://host/path``, whatever it is."""
    return address.partition("://")[2].partition("/")[0]


def _without_default_port(host: str) -> str:
    host = host.lower()
    return host.rpartition(":")[0] if host.endswith(_DEFAULT_PORTS) else host

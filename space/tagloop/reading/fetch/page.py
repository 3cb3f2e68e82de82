"""Fetches the page at an address that a visitor gives, and nothing that a visitor should not get.

Each address on the way, also one that a site sends on to, is http or https at its usual port,
without a name and password, at a host of the public internet
(`tagloop.reading.fetch.public_hosts`); the connection goes to the very number that was checked, so
a name that means something else a moment later changes nothing. A page is HTML or plain text of
bounded size, unpacked as well, and comes within a bounded time. No cookies, tokens or proxies: the
requests know nothing but the address.

A person's own build fetches feeds in the same way, with a wider `Reach` and other things `Wanted`
(`tagloop.reading.sources.address`).

gradio brings `safehttpx` for such a purpose, but that allows any port, size and time, and the
shared and mapped networks that are refused here, and asks a public resolver about names.
"""

from __future__ import annotations

import os
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message

import httpx2

from tagloop.errors import UserError
from tagloop.limits import readable
from tagloop.reading.fetch.public_hosts import is_public, resolve
from tagloop.text.encodings import codec_of

MAX_ADDRESS_CHARACTERS = 2_000
MAX_PAGE_BYTES = 5_000_000
"""Of the page as it comes, and as it is unpacked."""
MAX_SECONDS = 15.0
"""For all of it: looking up, redirects, reading."""
STEP_SECONDS = 5.0
"""Without a byte."""
MAX_REDIRECTS = 5
MAX_NUMBERS = 3
"""Of a host, that are tried."""
KINDS = {"text/html": "html", "application/xhtml+xml": "html", "text/plain": "text"}
PORTS = {"http": 80, "https": 443}
_SENT_ON = (301, 302, 303, 307, 308)
_HOST = re.compile(rb"[a-z0-9._:-]+")
_FEED = re.compile(
    r"(?:application/(?:(?:rss|atom|rdf)\+xml|feed\+json|xml)|text/xml)\b", re.IGNORECASE
)
_SHOWN_HOST = 60
_PASTE = "Paste the text instead."


@dataclass(frozen=True)
class Reach:
    """What may be reached: by visitors ``PUBLIC``, which no setting changes.

    Attributes:
        resolve: Finds the numbers of a host.
        allows: Tells whether a number may be reached.
        ports: That may be asked; None: any.
        elsewhere: What is said of a host that is not allowed, or that nobody knows.
    """

    resolve: Callable[[str, int], list[str]] = resolve
    allows: Callable[[str], bool] = is_public
    ports: frozenset[int] | None = frozenset(PORTS.values())
    elsewhere: str = "is not on the public internet"


PUBLIC = Reach()


@dataclass(frozen=True)
class Wanted:
    """What is fetched, and what it may take.

    Attributes:
        kinds: Of content, by media type.
        called: The kinds, in a sentence.
        max_bytes: Of the content as it comes, and as it is unpacked.
        max_seconds: For all of it.
        instead: What a person can do where it cannot be fetched.
        reason: Why it is asked for, which the site is told.
    """

    kinds: Mapping[str, str] = field(default_factory=lambda: KINDS)
    called: str = "HTML nor plain text"
    max_bytes: int = MAX_PAGE_BYTES
    max_seconds: float = MAX_SECONDS
    instead: str = _PASTE
    reason: str = "one page, because a visitor asked for it"


PAGES = Wanted()


@dataclass(frozen=True)
class Page:
    """A page as it was sent, unpacked.

    Attributes:
        content: Its bytes.
        kind: Of the wanted ones: ``html`` or ``text``.
        charset: The codec that its site names, if there is one of that name.
        address: Where it was in the end.
    """

    content: bytes
    kind: str
    charset: str | None
    address: str = field(default="", compare=False)


def check_address(address: str, reach: Reach | None = None) -> httpx2.URL:
    """Returns the address as a URL; ``https://`` may be left out.

    Raises:
        UserError: It is no address of a page, or of a kind that is not read; nothing has been
            fetched by then.
    """
    address = readable(address).strip()
    if not address:
        raise UserError("Give the address of a page first, such as https://example.com/post.")
    if len(address) > MAX_ADDRESS_CHARACTERS:
        raise UserError(f"The address has more than {MAX_ADDRESS_CHARACTERS:,} characters.")
    try:
        url = httpx2.URL(address if "://" in address else f"https://{address}")
    except (httpx2.InvalidURL, ValueError):
        raise _no_address() from None
    return _checked(url, reach or PUBLIC)


def _checked(url: httpx2.URL, reach: Reach) -> httpx2.URL:
    if url.scheme not in PORTS or not url.host:
        raise UserError("The address of a page begins with https:// or http://, and a site.")
    if not _HOST.fullmatch(url.raw_host):
        raise _no_address()
    if url.userinfo:
        raise UserError("An address with a name or password in it is not read: leave them out.")
    if reach.ports is not None and (url.port or PORTS[url.scheme]) not in reach.ports:
        raise UserError("Only pages at a site's usual port are read: leave the number out.")
    return url


def _no_address() -> UserError:
    return UserError("This is no address of a page: copy it from the browser.")


def shown(url: httpx2.URL) -> str:
    """Names a page in a sentence."""
    return f"The page at {url.raw_host.decode('ascii', errors='replace')[:_SHOWN_HOST]}"


def fetch_page(address: str, reach: Reach | None = None, wanted: Wanted = PAGES) -> Page:
    """Fetches a page.

    Raises:
        UserError: The page cannot be fetched, or must not be; one sentence says why.
    """
    reach = reach or PUBLIC
    url = check_address(address, reach)
    asked = _Asked(wanted, time.monotonic() + wanted.max_seconds)
    for _ in range(MAX_REDIRECTS + 1):
        asked.name = shown(url)
        with _answer(url, reach, asked) as response:
            if response.status_code not in _SENT_ON:
                return _read(response, asked, str(url))
            target = response.headers.get("location", "").strip()
        if not target:
            raise asked.problem("{} sends on to no address.")
        try:
            url = _checked(url.join(target), reach)
        except (httpx2.InvalidURL, ValueError, UserError):
            raise asked.problem("{} sends on to one that is not read.") from None
    raise UserError(
        f"{shown(url)} was sent on more than {MAX_REDIRECTS} times. {wanted.instead}".strip()
    )


@dataclass
class _Asked:
    """One fetching: what is wanted, until when, and how the page is named in sentences."""

    wanted: Wanted
    deadline: float
    name: str = ""

    def problem(self, sentence: str) -> UserError:
        return UserError(f"{sentence.format(self.name)} {self.wanted.instead}".strip())

    def too_slow(self) -> UserError:
        return self.problem("{} comes too slowly: try again later.")

    def left(self) -> float:
        """Returns the seconds that are left.

        Raises:
            UserError: There are none.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self.too_slow()
        return left


@contextmanager
def _answer(url: httpx2.URL, reach: Reach, asked: _Asked) -> Iterator[httpx2.Response]:
    """Asks the host's checked numbers, one after the other, until one takes the connection."""
    port = url.port or PORTS[url.scheme]
    numbers = [it for it in reach.resolve(url.raw_host.decode("ascii"), port) if reach.allows(it)]
    if not numbers:
        # One sentence for both, so that nobody learns which names a private network knows.
        raise UserError(f"{asked.name} {reach.elsewhere}: check the address.")
    # A transport for each address: a connection must not serve another host by its number.
    with httpx2.HTTPTransport(trust_env=False) as transport, _in_words(asked):
        response = _first(transport, [_request(url, it, asked) for it in numbers])
        try:
            yield response
        finally:
            response.close()


def _first(transport: httpx2.HTTPTransport, requests: Sequence[httpx2.Request]) -> httpx2.Response:
    """Returns the answer to the first request that finds a connection."""
    *others, last = requests[:MAX_NUMBERS]
    for request in others:
        try:
            return transport.handle_request(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            continue
    return transport.handle_request(last)


def _request(url: httpx2.URL, number: str, asked: _Asked) -> httpx2.Request:
    step = min(STEP_SECONDS, asked.left())
    host = url.raw_host.decode("ascii")
    return httpx2.Request(
        "GET",
        url.copy_with(host=number, fragment=None),
        headers={
            "Host": url.netloc.decode("ascii"),
            "User-Agent": _user_agent(asked.wanted.reason),
            "Accept": ", ".join(asked.wanted.kinds),
            "Accept-Encoding": "gzip",
            "Connection": "close",
        },
        extensions={
            "timeout": dict.fromkeys(("connect", "read", "write", "pool"), step),
            "sni_hostname": host,  # whose certificate is asked for and checked
        },
    )


def _user_agent(reason: str) -> str:
    space = os.environ.get("SPACE_ID", "")
    place = f"+https://huggingface.co/spaces/{space}; " if space else ""
    return f"Tagloop ({place}{reason})"


def _read(response: httpx2.Response, asked: _Asked, address: str) -> Page:
    if response.status_code != httpx2.codes.OK:
        raise asked.problem(f"{{}} is not given out (its site answers {response.status_code}).")
    kind, charset = _content_type(response.headers.get("content-type", ""), asked.wanted.kinds)
    if kind is None and _FEED.match(response.headers.get("content-type", "").strip()):
        raise UserError(
            f"{asked.name} is a feed of many articles: save it as a file and give it to the Batch "
            "tab."
        )
    if kind is None:
        raise asked.problem(f"{{}} is neither {asked.wanted.called}.")
    return Page(_body(response, asked), kind, charset, address)


def _content_type(header: str, kinds: Mapping[str, str]) -> tuple[str | None, str | None]:
    message = Message()
    message["content-type"] = header
    charset = message.get_content_charset()
    kind = header.partition(";")[0].strip().lower()  # the library takes what is none for text
    return kinds.get(kind), codec_of(charset) if charset else None


def _body(response: httpx2.Response, asked: _Asked) -> bytes:
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip"):
        raise asked.problem("{} is packed in a way that is not read.")
    unpacking = None if coding == "identity" else zlib.decompressobj(zlib.MAX_WBITS | 16)
    came, body, most = 0, bytearray(), asked.wanted.max_bytes
    for chunk in response.iter_raw():
        asked.left()
        came += len(chunk)
        # Never more than one byte beyond the limit, whatever a few bytes unpack to.
        room = most - len(body) + 1
        body += chunk[:room] if unpacking is None else unpacking.decompress(chunk, room)
        if max(came, len(body)) > most:
            raise asked.problem(f"{{}} has more than {most / 1e6:,.0f} MB, which is the limit.")
    if not body:
        raise asked.problem("{} is empty.")
    return bytes(body)


@contextmanager
def _in_words(asked: _Asked) -> Iterator[None]:
    """Says what goes wrong on the network in one sentence."""
    try:
        yield
    except httpx2.TimeoutException:
        raise asked.too_slow() from None
    except (httpx2.TransportError, httpx2.StreamError, zlib.error):
        raise asked.problem(
            "{} cannot be fetched, because its site does not answer as it should."
        ) from None

"""Pages at addresses: what is read, and all that is not, each with its own sentence.

The sites are servers on this machine, which a test's own ``Reach`` allows; the addresses that must
be refused never get as far as a connection.
"""

import gzip
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tagloop.errors import UserError
from tagloop.reading import sandbox
from tagloop.reading.fetch import page as module
from tagloop.reading.fetch.page import PAGES, Page, Reach, Wanted, check_address, fetch_page
from tagloop.reading.fetch.public_hosts import is_public, resolve

HTML = "text/html; charset=utf-8"
ARTICLE = "<html><body><h1>Banking</h1><p>By chat.</p></body></html>"
Answer = tuple[int, dict[str, str], bytes]


class Site:
    """A server whose answers a test gives by path; ``asked`` has what came."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                answer = site.answers[self.path]
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reach(self, numbers: dict[str, list[str]] | None = None) -> Reach:
        """Only this server may be reached, by any name whose numbers are not given."""
        known = numbers or {}
        return Reach(
            resolve=lambda host, port: known.get(host, ["127.0.0.1"]),
            allows=lambda number: number == "127.0.0.1" or is_public(number),
            ports=frozenset({80, 443, self.port}),
        )

    def fetch(
        self,
        path: str = "/",
        numbers: dict[str, list[str]] | None = None,
        wanted: Wanted = PAGES,
    ) -> Page:
        return fetch_page(f"http://blog.example:{self.port}{path}", self.reach(numbers), wanted)

    def problem(
        self,
        path: str = "/",
        numbers: dict[str, list[str]] | None = None,
        wanted: Wanted = PAGES,
    ) -> str:
        with pytest.raises(UserError) as caught:
            self.fetch(path, numbers, wanted)
        message = str(caught.value)
        assert "\n" not in message and " 127.0.0.1" not in message
        return message


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def site(running: Site) -> Site:
    running.answers.clear()
    running.asked.clear()
    return running


@pytest.mark.parametrize(
    "number",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::7f00:1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%lo",
        "2606:4700::1%lo",
        "fec0::1",
        "ff02::1",
        "no number",
    ],
)
def test_what_is_not_of_the_public_internet(number: str) -> None:
    assert not is_public(number)
    for address in ("http://blog.example/", "https://blog.example/"):
        with pytest.raises(UserError, match=r"blog\.example is not on the public internet"):
            fetch_page(address, Reach(resolve=lambda host, port: [number]))


@pytest.mark.parametrize("number", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])
def test_what_is_of_the_public_internet(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize(
    "host", ["localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "0", "0.0.0.0"]
)
def test_this_machine_by_any_name(host: str) -> None:
    """With the system's own resolver."""
    assert not any(map(is_public, resolve(host.strip("[]"), 80)))
    with pytest.raises(UserError, match=r"public internet|no address"):
        fetch_page(f"http://{host}/")


def test_a_host_that_nobody_knows_is_told_like_a_private_one() -> None:
    assert resolve("no-such-host.invalid", 80) == []
    with pytest.raises(UserError, match="is not on the public internet: check the address"):
        fetch_page("https://blog.example/", Reach(resolve=lambda host, port: []))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "Give the address of a page first"),
        ("https://" + "a" * 3000, "more than 2,000 characters"),
        ("file:///etc/passwd", "begins with https:// or http://"),
        ("ftp://blog.example/", "begins with https:// or http://"),
        ("gopher://blog.example/", "begins with https:// or http://"),
        ("https:///post", "begins with https:// or http://"),
        ("https://me:secret@blog.example/", "name or password"),
        ("https://me@blog.example/", "name or password"),
        ("https://blog.example:8080/", "usual port"),
        ("http://blog.example:22/", "usual port"),
        ("localhost:7860", "usual port"),
        ("javascript:alert(1)", "no address of a page"),
        ("https://blog.example:99999/", "usual port|no address"),
        ("https://exa mple/", "no address of a page"),
        ("https://blog.example/\r\nX-Evil: 1", "no address of a page"),
        ("https://[::1/", "no address of a page"),
    ],
)
def test_what_is_no_address_to_read(address: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        check_address(address)
    assert "secret" not in str(caught.value)


def test_the_scheme_may_be_left_out_and_a_port_be_said() -> None:
    assert str(check_address(" blog.example/post ")) == "https://blog.example/post"
    assert check_address("https://bücher.example").raw_host == b"xn--bcher-kva.example"
    assert check_address("http://blog.example:443/")


def test_a_page_comes_with_nothing_sent_but_the_request(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SPACE_ID", "me/tags")
    packed = gzip.compress(ARTICLE.encode())
    sent = {"Content-Type": "text/html; charset=ISO-8859-1", "Content-Encoding": "gzip"}
    site.answers["/post?id=1"] = (200, sent | {"Set-Cookie": "a=b"}, packed)
    assert site.fetch("/post?id=1#part") == Page(ARTICLE.encode(), "html", "cp1252")
    [(_, headers)] = site.asked
    assert headers == {
        "host": f"blog.example:{site.port}",
        "user-agent": "Tagloop (+https://huggingface.co/spaces/me/tags; one page, because a "
        "visitor asked for it)",
        "accept": "text/html, application/xhtml+xml, text/plain",
        "accept-encoding": "gzip",
        "connection": "close",
    }


def test_redirects_are_followed_and_carry_no_cookies(site: Site) -> None:
    site.answers["/"] = (302, {"Location": "/a", "Set-Cookie": "session=1"}, b"")
    site.answers["/a"] = (308, {"Location": f"http://other.example:{site.port}/b"}, b"")
    site.answers["/b"] = (200, {"Content-Type": "text/plain"}, b"Text.")
    assert site.fetch() == Page(b"Text.", "text", None)
    assert [path for path, _ in site.asked] == ["/", "/a", "/b"]
    assert site.asked[2][1]["host"] == f"other.example:{site.port}"
    assert not any("cookie" in headers for _, headers in site.asked)


@pytest.mark.parametrize(
    "target",
    [
        "http://inside.example/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "https://me:secret@blog.example/",
        "http://blog.example:22/",
        "file:///etc/passwd",
        "data:text/html,hi",
        "javascript:alert(1)",
        "http://[",
        "",
    ],
)
def test_redirects_are_checked_like_addresses(site: Site, target: str) -> None:
    site.answers["/"] = (301, {"Location": target}, b"")
    inside = {"inside.example": ["10.0.0.7"]}
    inside |= {number: [number] for number in ("169.254.169.254", "::ffff:127.0.0.1")}
    message = site.problem(numbers=inside)
    assert "sends on to" in message or "is not on the public internet" in message
    assert len(site.asked) == 1


def test_a_site_that_sends_on_for_ever(site: Site) -> None:
    site.answers["/"] = (302, {"Location": "/"}, b"")
    assert "more than 5 times" in site.problem()
    assert len(site.asked) == 6


def test_the_connection_goes_to_the_number_that_was_checked(site: Site) -> None:
    """A name that stands for another machine when it is asked again ("DNS rebinding")."""
    site.answers["/"] = (200, {"Content-Type": HTML}, ARTICLE.encode())
    answers = iter([["10.0.0.7", "127.0.0.1"], ["10.0.0.7"]])
    once = Reach(
        lambda host, port: next(answers),
        lambda number: number == "127.0.0.1",
        frozenset({site.port}),
    )
    assert fetch_page(f"http://blog.example:{site.port}/", once).kind == "html"
    assert next(answers) == ["10.0.0.7"], "the name was looked up once"
    assert len(site.asked) == 1


def test_the_next_number_is_tried(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.answers["/"] = (200, {"Content-Type": HTML}, ARTICLE.encode())
    reach = Reach(
        lambda host, port: ["127.0.0.2", "127.0.0.1"], lambda _: True, frozenset({site.port})
    )
    assert fetch_page(f"http://blog.example:{site.port}/", reach).kind == "html"


def test_a_certificate_is_checked_by_the_name(site: Site, tmp_path: Path) -> None:
    site.answers["/"] = (200, {"Content-Type": HTML}, ARTICLE.encode())
    secure = Site()
    secure.server.socket = _own_certificate(tmp_path).wrap_socket(
        secure.server.socket, server_side=True
    )
    with pytest.raises(UserError, match="does not answer as it should"):
        fetch_page(f"https://blog.example:{secure.port}/", secure.reach())
    assert secure.asked == []
    secure.server.shutdown()
    secure.server.server_close()


def _own_certificate(folder: Path) -> ssl.SSLContext:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "blog.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("blog.example")]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "site.pem").write_bytes(
        key.private_bytes(pem, *plain) + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "site.pem")
    return context


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "neither HTML nor plain text"),
        ({"Content-Type": "application/pdf"}, "neither HTML nor plain text"),
        ({"Content-Type": "image/svg+xml"}, "neither HTML nor plain text"),
        ({"Content-Type": "application/json"}, "neither HTML nor plain text"),
        ({"Content-Type": "texthtml"}, "neither HTML nor plain text"),
        ({"Content-Type": "application/rss+xml; charset=utf-8"}, "give it to the Batch tab"),
        ({"Content-Type": "text/xml"}, "give it to the Batch tab"),
        ({"Content-Type": HTML, "Content-Encoding": "br"}, "packed in a way"),
        ({"Content-Type": HTML, "Content-Encoding": "gzip, gzip"}, "packed in a way"),
        ({"Content-Type": HTML, "Content-Encoding": "gzip"}, "does not answer as it should"),
        ({"Content-Type": HTML, "Content-Length": "99"}, "does not answer as it should"),
    ],
)
def test_what_is_no_page(site: Site, headers: dict[str, str], message: str) -> None:
    site.answers["/"] = (200, headers, b"<p>Hello</p>")
    assert message in site.problem()


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 304, 206])
def test_what_a_site_does_not_give_out(site: Site, status: int) -> None:
    site.answers["/"] = (status, {"Content-Type": HTML}, b"no")
    assert f"its site answers {status}" in site.problem()


def test_an_empty_page(site: Site) -> None:
    site.answers["/"] = (200, {"Content-Type": HTML, "Content-Length": "0"}, b"")
    assert "is empty" in site.problem()


def test_what_is_too_large_is_read_no_further(site: Site) -> None:
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Content-Type", HTML)
        handler.end_headers()
        try:
            while sent < 100_000_000:
                sent += handler.wfile.write(b"a" * 100_000)
        except OSError:
            return

    site.answers["/"] = endless
    assert "more than 5 MB" in site.problem()
    assert sent < 20_000_000


def test_what_unpacks_to_too_much(site: Site) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    bomb = b"".join(packer.compress(b"\0" * 10_000_000) for _ in range(10)) + packer.flush()
    assert len(bomb) < 150_000
    site.answers["/"] = (200, {"Content-Type": HTML, "Content-Encoding": "gzip"}, bomb)
    assert "more than 5 MB" in site.problem()


def test_what_comes_too_slowly(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP_SECONDS", 0.3)

    def silent(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.5)

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", HTML)
        handler.end_headers()
        try:
            for _ in range(30):
                handler.wfile.write(b"a")
                time.sleep(0.1)
        except OSError:
            return

    site.answers |= {"/silent": silent, "/trickle": trickle}
    for path in ("/silent", "/trickle"):
        begun = time.monotonic()
        assert "comes too slowly" in site.problem(path, wanted=Wanted(max_seconds=0.6))
        assert time.monotonic() - begun < 1.5


def test_the_process_that_reads_is_refused_like_anyone() -> None:
    """The whole way, with the real resolver: this machine is not read, whatever it offers."""
    with pytest.raises(UserError, match="The page at localhost is not on the public internet"):
        sandbox.read_address("http://localhost/")
    with pytest.raises(UserError, match="usual port"):
        sandbox.read_address("http://localhost:7860/")

"""A small OpenID provider, which signs everyone in as one person without a question.

It speaks as much of "OpenID Connect Core 1.0", code flow, as gradio's sign-in asks for.
"""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "tagloop", "a secret of the test"


class Provider(ThreadingHTTPServer):
    """Answers at ``url``; ``person`` is who signs in there."""

    def __init__(self, person: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.person = person
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
        self.asked: dict[str, dict[str, str]] = {}

    @property
    def variables(self) -> dict[str, str]:
        """What a Space of the Hub has where its front matter says ``hf_oauth: true``."""
        return {
            "SYSTEM": "spaces",
            "SPACE_ID": "ada/tagloop",
            "OAUTH_CLIENT_ID": CLIENT_ID,
            "OAUTH_CLIENT_SECRET": CLIENT_SECRET,
            "OAUTH_SCOPES": "openid profile",
            "OPENID_PROVIDER_URL": self.url,
        }

    def tokens(self, form: dict[str, str], authorization: str) -> dict[str, object]:
        """Returns the tokens for a code, once, to the client that it was made for."""
        asked = self.asked.pop(form["code"])
        client = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        assert authorization == f"Basic {client}"
        assert form["redirect_uri"] == asked["redirect_uri"]
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 3600,
            "nonce": asked["nonce"],
            "name": self.person.capitalize(),
            "preferred_username": self.person,
            "profile": f"https://hub.example/{self.person}",
            "picture": f"https://hub.example/{self.person}.png",
        }
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        token = {"access_token": "of the test", "token_type": "Bearer", "expires_in": 3600}
        return token | {"id_token": signed}


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        url, provider = urlsplit(self.path), self.server
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/.well-known/openid-configuration":
            places = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            answer: dict[str, object] = {
                f"{name}_endpoint": f"{provider.url}/{place}" for name, place in places.items()
            }
            self._answer(answer | {"issuer": provider.url, "jwks_uri": f"{provider.url}/keys"})
        elif url.path == "/keys":
            self._answer({"keys": [provider.key.as_dict(private=False)]})
        elif url.path == "/authorize":
            assert query["client_id"] == CLIENT_ID and query["response_type"] == "code"
            code = f"code-{len(provider.asked)}-{query['state']}"
            provider.asked[code] = query
            back = urlencode({"code": code, "state": query["state"]})
            joint = "&" if "?" in query["redirect_uri"] else "?"
            self.send_response(302)
            self.send_header("Location", f"{query['redirect_uri']}{joint}{back}")
            self.end_headers()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(self.server.tokens(form, self.headers["Authorization"]))

    def _answer(self, answer: dict[str, object]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def running_provider(person: str) -> Iterator[Provider]:
    """Runs a provider for as long as the block takes."""
    with Provider(person) as provider:
        threading.Thread(target=provider.serve_forever, daemon=True).start()
        try:
            yield provider
        finally:
            provider.shutdown()

"""The page on which a person lets a static Space act for him, and the way back into the Space.

Protocol: https://www.rfc-editor.org/rfc/rfc6749, the authorization endpoint; PKCE is required.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

from starlette.responses import RedirectResponse, Response

from training.hub.accounts import WRITE
from training.hub.bodies import FORM
from training.hub.browsers import CONSENT
from training.hub.errors import HubError
from training.hub.oauth.clients import SCOPES, Client, find_client
from training.hub.oauth.grants import Grant
from training.hub.routing import SIGN_IN, Access, Call, Terms, api
from training.hub.space_hosts import origin_of, subdomain_of
from training.hub.web.rendering import page

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 digest in base64url."""
MAX_ASKED = 4000
"""Longest state or address to return to, in characters."""
NO_STORE = {"Cache-Control": "no-store"}


def ask(call: Call) -> Response:
    """Shows a person what a Space asks for, with a button to agree."""
    query = dict(call.request.query_params)
    client, origin = _client(call, query)
    if fault := _fault(query, client):
        return _back(query, error=fault[0], error_description=fault[1])
    scopes = _scopes(query)
    users = (call.user,) if call.caller else call.hub.visitors
    if not users:
        raise HubError(401, "Sign in to this Hub first.", headers=SIGN_IN)
    if call.caller and call.caller.role != WRITE:
        raise HubError(403, "Sign in with a token that may write: others grant nothing.")
    named = ("client_id", "redirect_uri", "state", "code_challenge", "nonce")
    claims = {key: query.get(key, "") for key in named} | {"scope": " ".join(scopes)}
    buttons = [
        (user, call.hub.signer.sign("consent", CONSENT, user=user, **claims)) for user in users
    ]
    answer = page(
        call,
        "consent.html",
        space=client.repo_id,
        origin=origin,
        asked=[SCOPES[scope] for scope in scopes],
        hours=client.minutes / 60,
        buttons=buttons,
    )
    # The form's answer leads to the Space; and without a referrer a form has no origin either.
    policy = answer.headers["Content-Security-Policy"]
    answer.headers["Content-Security-Policy"] = policy.replace(
        "form-action 'none'", f"form-action 'self' {origin}"
    )
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers.update(NO_STORE)
    return answer


def agree(call: Call) -> Response:
    """Sends the Space a code; that a person agreed is proved by the address, signed on the page."""
    claims = call.hub.signer.check("consent", CONSENT, call.request.query_params)
    client, _ = _client(call, claims)
    grant = Grant(
        user=claims["user"],
        client_id=client.id,
        redirect_uri=claims["redirect_uri"],
        challenge=claims["code_challenge"],
        scopes=tuple(claims["scope"].split()),
        seconds=60 * client.minutes,
        nonce=claims["nonce"],
    )
    return _back(claims, code=call.hub.grants.code(grant))


def _client(call: Call, asked: dict[str, str]) -> tuple[Client, str]:
    """Returns the Space that asks, and its origin, which is all that it can be answered at.

    Raises:
        HubError: 400; nothing is sent to an address that is not the Space's.
    """
    spaces = call.hub.repositories.all("spaces")
    client = find_client(spaces, call.hub.accounts.signing_key, asked.get("client_id", ""))
    origin = origin_of(call.base, subdomain_of(client.repo_id))
    target = asked.get("redirect_uri", "")
    try:
        parts = urlsplit(target)
    except ValueError:
        parts = urlsplit("")
    is_own = f"{parts.scheme}://{parts.netloc}" == origin and not parts.fragment
    if origin is None or not is_own or len(target) > MAX_ASKED or not target.isprintable():
        raise HubError(400, f"The redirect_uri must be in the Space, below {origin}/.")
    return client, origin


def _fault(asked: dict[str, str], client: Client) -> tuple[str, str] | None:
    """Returns what the Space is told it asked wrongly."""
    if asked.get("response_type") != "code":
        return "unsupported_response_type", "The response_type is code here."
    if missing := [scope for scope in _scopes(asked) if scope not in client.scopes]:
        return "invalid_scope", f"The Space's card has no {', '.join(missing)[:200]}."
    sound = CHALLENGE.fullmatch(asked.get("code_challenge", ""))
    if not sound or asked.get("code_challenge_method") != "S256":
        return "invalid_request", "A code_challenge of the method S256 is needed."
    if len(asked.get("state", "")) > MAX_ASKED or len(asked.get("nonce", "")) > MAX_ASKED:
        return "invalid_request", "The state or nonce is too long."
    return None


def _scopes(asked: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(["openid", *asked.get("scope", "openid profile").split()]))


def _back(asked: dict[str, str], **answer: str) -> Response:
    """Sends the browser back into the Space."""
    target = asked["redirect_uri"]
    if asked.get("state"):
        answer["state"] = asked["state"]
    joint = "&" if urlsplit(target).query else "?"
    headers = {**NO_STORE, "Referrer-Policy": "no-referrer"}
    return RedirectResponse(f"{target}{joint}{urlencode(answer)}", 303, headers)


ROUTES = [
    api("GET", CONSENT, ask, Access.ANYONE),
    # A browser sends Basic credentials along with the form; it is the signature that counts.
    api("POST", CONSENT, agree, Access.ANYONE, Terms(basic=True, types=FORM)),
]

"""Signing in to a static Space: where what is, a token for a code, and whose token it is.

Protocol: https://openid.net/specs/openid-connect-core-1_0.html, the code flow with PKCE.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from training.hub.api.users import avatar_url
from training.hub.bodies import FORM
from training.hub.browsers import CONSENT
from training.hub.errors import HubError
from training.hub.oauth.clients import SCOPES
from training.hub.oauth.grants import Grant
from training.hub.routing import Access, Call, Terms, api

NO_STORE = {"Cache-Control": "no-store"}


def configuration(call: Call) -> dict[str, Any]:
    """Says where what is (OpenID Connect Discovery)."""
    return {
        "issuer": call.base,
        "authorization_endpoint": call.base + CONSENT,
        "token_endpoint": f"{call.base}/oauth/token",
        "userinfo_endpoint": f"{call.base}/oauth/userinfo",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["HS256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
    }


def token(call: Call) -> Response:
    """Gives a token for a code."""
    form = parse_qs(call.body.get("form", b"").decode(errors="replace"))
    given = {key: values[0] for key, values in form.items()}
    if given.get("grant_type") != "authorization_code":
        raise _refusal("unsupported_grant_type", "Tokens are given for an authorization_code.")
    code, verifier = given.get("code", ""), given.get("code_verifier", "")
    made, grant = call.hub.grants.redeem(code, given.get("redirect_uri", ""), verifier)
    if given.get("client_id", grant.client_id) != grant.client_id:
        raise _refusal("invalid_client", "This code is another client's.")
    answer = {
        "access_token": made,
        "token_type": "bearer",
        "expires_in": grant.seconds,
        "scope": " ".join(grant.scopes),
        "id_token": _id_token(call, grant),
    }
    return JSONResponse(answer, headers=NO_STORE)


def userinfo(call: Call) -> dict[str, Any]:
    """Says whose token it is, as OpenID does."""
    assert call.caller is not None
    described = _claims(call, call.user)
    if not call.caller.scopes or "email" in call.caller.scopes:
        described |= {"email": f"{call.user}@localhost", "email_verified": True}
    return described


def _claims(call: Call, user: str) -> dict[str, Any]:
    return {
        "sub": user,
        "name": user,
        "preferred_username": user,
        "profile": f"{call.base}/{user}",
        "picture": avatar_url(call, user),
        "isPro": False,
        "orgs": [],
    }


def _refusal(error: str, message: str) -> HubError:
    return HubError(400, message, details={"error": error, "error_description": message})


def _id_token(call: Call, grant: Grant) -> str:
    """Returns an ID token (JWT); it comes straight from the Hub, and so needs no check."""
    times = {"iat": int(time.time()), "exp": int(time.time()) + grant.seconds}
    said = {"iss": call.base, "aud": grant.client_id, **times, **_claims(call, grant.user)}
    if grant.nonce:
        said["nonce"] = grant.nonce
    parts = [_encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, said)]
    key = hmac.digest(call.hub.accounts.signing_key, grant.client_id.encode(), "sha256")
    parts.append(_encoded(hmac.digest(key, ".".join(parts).encode(), "sha256")))
    return ".".join(parts)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


ROUTES = [
    api("GET", "/.well-known/openid-configuration", configuration, Access.ANYONE),
    api("POST", "/oauth/token", token, Access.ANYONE, Terms(types=FORM)),
    api("GET", "/oauth/userinfo", userinfo, Access.IDENTITY),
]

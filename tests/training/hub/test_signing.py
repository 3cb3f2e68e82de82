"""Signed addresses: whole, unchanged, in time."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl

import pytest

from training.hub import signing
from training.hub.errors import HubError
from training.hub.signing import Signer


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(address.partition("?")[2]))


def test_claims_come_back() -> None:
    signer = Signer(b"key")
    claims = signer.check("upload", "/a", query(signer.sign("upload", "/a", size=3)))
    assert claims["size"] == "3"


@pytest.mark.parametrize("change", ["action", "path", "claim", "key", "signature", "expires"])
def test_any_change_is_refused(change: str) -> None:
    fields = query(Signer(b"key").sign("upload", "/a", size=3))
    if change == "claim":
        fields["size"] = "4"
    if change in ("signature", "expires"):
        fields[change] = "9" * 20
    signer = Signer(b"other" if change == "key" else b"key")
    action = "download" if change == "action" else "upload"
    with pytest.raises(HubError) as caught:
        signer.check(action, "/b" if change == "path" else "/a", fields)
    assert caught.value.status == 403


def test_an_old_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(b"key")
    fields = query(signer.sign("upload", "/a", size=3))
    later = time.time() + signing.LIFETIME + 1
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(HubError, match="expired"):
        signer.check("upload", "/a", fields)

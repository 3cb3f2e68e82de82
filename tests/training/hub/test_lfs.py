"""The LFS protocol by hand: what a careless or hostile client would send."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx2
import pytest

from training.hub import EmbeddedHub
from training.hub.api.lfs import PART

from .plain_http import HTTP

CONTENT = b"content" * 1000
OID = hashlib.sha256(CONTENT).hexdigest()


def batch(hub: EmbeddedHub, repo: str, oid: str, size: int, **extra: object) -> httpx2.Response:
    return HTTP.post(
        f"{hub.endpoint}/{repo}.git/info/lfs/objects/batch",
        json={"operation": "upload", "objects": [{"oid": oid, "size": size}], **extra},
        headers={"Authorization": f"Bearer {hub.token}"},
    )


def upload_action(hub: EmbeddedHub, repo: str) -> dict[str, Any]:
    answer = batch(hub, repo, OID, len(CONTENT)).json()
    actions: dict[str, Any] = answer["objects"][0]["actions"]
    return actions


def verify(hub: EmbeddedHub, repo: str, href: str) -> int:
    body = {"oid": OID, "size": len(CONTENT)}
    headers = {"Authorization": f"Bearer {hub.token}"}
    return HTTP.post(href, json=body, headers=headers).status_code


def test_upload_verify_and_no_second_upload(hub: EmbeddedHub, repo: str) -> None:
    actions = upload_action(hub, repo)
    assert verify(hub, repo, actions["verify"]["href"]) == 404
    assert HTTP.put(actions["upload"]["href"], content=CONTENT).status_code == 200
    assert verify(hub, repo, actions["verify"]["href"]) == 200
    assert "actions" not in batch(hub, repo, OID, len(CONTENT)).json()["objects"][0]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 400), (CONTENT[:-1], 400), (CONTENT[:-1] + b"X", 400), (CONTENT + b"more", 413)],
)
def test_wrong_bytes_leave_nothing(
    hub: EmbeddedHub, repo: str, content: bytes, status: int
) -> None:
    actions = upload_action(hub, repo)
    assert HTTP.put(actions["upload"]["href"], content=content).status_code == status
    assert verify(hub, repo, actions["verify"]["href"]) == 404
    stored = hub.root / "repos" / "models" / repo
    assert [path for path in (stored / "lfs").rglob("*") if path.is_file()] == []
    assert list((stored / "uploads").iterdir()) == []


def test_an_address_is_good_for_its_file_only(hub: EmbeddedHub, repo: str) -> None:
    href = upload_action(hub, repo)["upload"]["href"]
    other = hashlib.sha256(b"other").hexdigest()
    for changed in (
        href.replace(OID, other),
        href.replace(f"size={len(CONTENT)}", "size=5"),
        href.replace("/upload/", "/part/"),
        href.replace(repo, "demo/never-made"),
    ):
        assert HTTP.put(changed, content=b"other").status_code in (403, 404), changed


def test_parts_may_come_in_any_order_and_all_must_come(hub: EmbeddedHub, repo: str) -> None:
    content = bytes(PART) + b"second"
    oid = hashlib.sha256(content).hexdigest()
    answer = batch(hub, repo, oid, len(content), transfers=["basic", "multipart"]).json()
    assert answer["transfer"] == "multipart"
    upload = answer["objects"][0]["actions"]["upload"]
    parts = [upload["header"][key] for key in sorted(upload["header"]) if key.isdigit()]
    assert len(parts) == 2
    body = {"oid": oid, "parts": []}
    assert HTTP.put(parts[1], content=b"second").headers["etag"]
    missing = HTTP.post(upload["href"], json=body)
    assert (missing.status_code, "Part 1" in missing.json()["error"]) == (400, True)
    assert HTTP.put(parts[0], content=content[: PART + 1]).status_code == 413
    assert HTTP.put(parts[0], content=content[:PART]).status_code == 200
    assert HTTP.post(upload["href"], json=body).status_code == 200
    assert HTTP.post(upload["href"], json=body).status_code == 200, "a retry is no error"
    assert "actions" not in batch(hub, repo, oid, len(content)).json()["objects"][0]


@pytest.mark.parametrize(
    ("oid", "size"), [("../../x", 1), ("0" * 63, 1), (3, 1), ("0" * 64, -1), ("0" * 64, "1")]
)
def test_malformed_objects_are_refused(
    hub: EmbeddedHub, repo: str, oid: object, size: object
) -> None:
    assert batch(hub, repo, oid, size).status_code == 422  # type: ignore[arg-type]

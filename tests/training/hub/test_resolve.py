"""Downloads: headers, ranges, resuming, errors with the commit, hostile addresses."""

from __future__ import annotations

import hashlib
import http.client
from pathlib import Path

import pytest
from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError

from training.hub import EmbeddedHub

from .plain_http import HTTP

CONTENT = bytes(range(256)) * 400


@pytest.fixture(params=["plain.dat", "large.bin"])
def address(api: HfApi, repo: str, request: pytest.FixtureRequest) -> str:
    """Returns the address of a file, once in git and once in the LFS store."""
    api.upload_file(path_or_fileobj=CONTENT, path_in_repo=request.param, repo_id=repo)
    return hf_hub_url(repo, request.param)


def test_head_tells_what_clients_need(api: HfApi, repo: str, address: str) -> None:
    found = get_hf_file_metadata(address)
    digest = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
    if address.endswith(".bin"):
        digest = hashlib.sha256(CONTENT).hexdigest()
    assert (found.size, found.etag) == (len(CONTENT), digest)
    assert found.commit_hash == api.model_info(repo).sha
    headers = HTTP.head(address).headers
    assert headers["accept-ranges"] == "bytes"
    assert headers.get("x-linked-etag") == (f'"{digest}"' if address.endswith(".bin") else None)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("0-9", 0, 10), ("100-", 100, None), ("-5", -5, None), ("5-9999999", 5, None)],
)
def test_ranges(address: str, asked: str, start: int, end: int | None) -> None:
    answer = HTTP.get(address, headers={"Range": f"bytes={asked}"})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:end]
    assert answer.headers["content-range"].endswith(f"/{len(CONTENT)}")


def test_a_range_beyond_the_end_is_refused(address: str) -> None:
    assert HTTP.get(address, headers={"Range": "bytes=999999999-"}).status_code == 416


def test_a_resumed_download_must_be_of_the_same_file(address: str) -> None:
    etag = HTTP.head(address).headers["etag"]
    same = HTTP.get(address, headers={"Range": "bytes=5-", "If-Range": etag})
    other = HTTP.get(address, headers={"Range": "bytes=5-", "If-Range": '"other"'})
    assert (same.status_code, same.content) == (206, CONTENT[5:])
    assert (other.status_code, other.content) == (200, CONTENT)
    assert HTTP.get(address, headers={"If-None-Match": etag}).status_code == 304


def test_the_client_resumes(api: HfApi, repo: str, address: str, tmp_path: Path) -> None:
    name = address.rsplit("/", 1)[1]
    first = Path(api.hf_hub_download(repo, name, local_dir=tmp_path))
    first.unlink()
    partial = tmp_path / ".cache/huggingface/download"
    etag = get_hf_file_metadata(address).etag
    assert etag is not None
    # The client keeps what it has under a name of its own making; find out which by its rule.
    from huggingface_hub._local_folder import get_local_download_paths

    incomplete = get_local_download_paths(tmp_path, name).incomplete_path(etag)
    incomplete.write_bytes(CONTENT[:1000])
    assert incomplete.parent == partial
    again = Path(api.hf_hub_download(repo, name, local_dir=tmp_path, force_download=False))
    assert again.read_bytes() == CONTENT


def test_missing_things_have_their_own_errors(api: HfApi, repo: str) -> None:
    sha = api.model_info(repo).sha
    answer = HTTP.head(hf_hub_url(repo, "nothing"))
    assert answer.status_code == 404
    assert answer.headers["x-error-code"] == "EntryNotFound"
    assert answer.headers["x-repo-commit"] == sha
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(repo, "nothing")
    with pytest.raises(RevisionNotFoundError):
        api.hf_hub_download(repo, ".gitattributes", revision="nowhere")
    with pytest.raises(RevisionNotFoundError):
        api.hf_hub_download(repo, ".gitattributes", revision="0" * 40)


@pytest.mark.parametrize(
    "rest",
    [
        "main/../../../../../../etc/passwd",
        "main/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "main/..%2f..%2f..%2frepo.json",
        "..%2f..%2f../repo.json",
        "main//etc/passwd",
        "main/%00",
        "main/.git/config",
        "main/%ff%fe",
        "main/" + "x" * 20_000,
        "main/" + "a/" * 2_000,
        "%00/x",
        "refs%2Fheads%2F..%2F..%2Fconfig/x",
        "refs/pr/..%2f..%2fHEAD/x",
        "HEAD/config",
    ],
)
def test_hostile_addresses_find_nothing(hub: EmbeddedHub, repo: str, rest: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", hub.port)
    for base in (f"/{repo}/resolve/", f"/api/models/{repo}/tree/", f"/{repo}/blob/"):
        # The plain library sends the address as it is, where other clients would tidy it.
        connection.request("GET", base + rest)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status in (400, 404), (base, answer.status)
        assert b"root:" not in body and b"created_at" not in body


def test_uploaded_pages_cannot_act(api: HfApi, repo: str) -> None:
    evil = b"<script>alert(1)</script>"
    for name in ("x.html", "x.svg", "x.xhtml", "x.js"):
        api.upload_file(path_or_fileobj=evil, path_in_repo=name, repo_id=repo)
        headers = HTTP.get(hf_hub_url(repo, name)).headers
        assert "html" not in headers["content-type"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")

"""Names that must never reach a path or a ref."""

from __future__ import annotations

import pytest

from training.hub.errors import HubError
from training.hub.names import file_path, ref_name, repo_id, split_revision

HOSTILE_PATHS = [
    "",
    "/etc/passwd",
    "../outside",
    "a/../../outside",
    "a/..",
    "./a",
    "a//b",
    "a/",
    ".git/config",
    "a/.git/hooks/post-checkout",
    "a/.GIT/config",
    "a/git~1/config",
    ".g\u200cit/config",
    "a\0b",
    "a\nb",
    "a\\..\\b",
    "a\x7f",
    "\ud800",
    "x" * 256,
    "/".join(["x" * 200] * 6),
]


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_hostile_paths_are_refused(path: str) -> None:
    with pytest.raises(HubError) as caught:
        file_path(path)
    assert caught.value.status == 400


@pytest.mark.parametrize("path", ["a", "a/b.txt", "größe/日本語.md", ".gitattributes", "a..b", "…"])
def test_ordinary_paths_pass(path: str) -> None:
    assert file_path(path) == path.encode()


@pytest.mark.parametrize(
    "name",
    ["..", "a/../b", "-x", "refs/heads/x", "a b", "a.lock", "a~1", "HEAD", "0" * 40, "\ud800", ""],
)
def test_hostile_ref_names_are_refused(name: str) -> None:
    with pytest.raises(HubError):
        ref_name("heads", name)


@pytest.mark.parametrize(
    ("namespace", "name"),
    [("..", "a"), ("a", ".."), ("a", "b.git"), ("api", "x"), ("a", "b/c"), ("a", "-b"), ("", "b")],
)
def test_hostile_repository_names_are_refused(namespace: str, name: str) -> None:
    with pytest.raises(HubError):
        repo_id(namespace, name)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("main/a/b.txt", ("main", "a/b.txt")),
        ("refs%2Fpr%2F1/a", ("refs/pr/1", "a")),
        ("refs/pr/1/a/b", ("refs/pr/1", "a/b")),
        ("feature%2Fx/a%20b", ("feature/x", "a b")),
        ("main", ("main", "")),
    ],
)
def test_revision_and_path_are_told_apart(rest: str, expected: tuple[str, str]) -> None:
    assert split_revision(rest) == expected

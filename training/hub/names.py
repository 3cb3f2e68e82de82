"""What may name a repository, a file, a branch or a tag; everything hostile ends here."""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_to_bytes

from dulwich.index import validate_path_element_hfs, validate_path_element_ntfs
from dulwich.refs import Ref, check_ref_format

from training.hub.errors import HubError

PREFIXES = {"models": "", "datasets": "datasets/", "spaces": "spaces/"}
"""What stands before ``namespace/name`` in the address of a repository's pages and files."""
NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
RESERVED_NAMESPACES = frozenset(
    {"api", "avatars", "collections", "datasets", "lfs", "models", "oauth", "spaces", "static"}
)
COMMIT_ID = re.compile(r"[0-9a-f]{40}")
SHORT_COMMIT_ID = re.compile(r"[0-9a-f]{7,39}")
OID = re.compile(r"[0-9a-f]{64}")
MAX_PATH = 1024
MAX_DEPTH = 64
"""Deepest file in a repository: each folder on its way is an object of its own in each commit."""
MAX_SEGMENT = 255
"""Longest file name that Linux, macOS and Windows can write."""
SPECIAL_REVISION = re.compile(r"refs/(?:pr|convert|heads|tags)/[^/]+")


def repo_id(namespace: str, name: str) -> str:
    """Joins and checks the two halves of a repository id.

    Raises:
        HubError: 400, with the rule that was broken.
    """
    for part in (namespace, name):
        if not NAME.fullmatch(part) or "--" in part or ".." in part or part.endswith((".", "-")):
            raise HubError(
                400,
                f"Invalid repository name {part!r}: letters, digits, '-', '_' and '.', at most 96 "
                "characters, no '--' or '..', no '-' or '.' at the end.",
            )
    if name.endswith((".git", ".ipynb", ".lock")):
        raise HubError(400, f"A repository name cannot end like {name!r}.")
    if namespace in RESERVED_NAMESPACES:
        raise HubError(400, f"The namespace {namespace!r} is reserved.")
    return f"{namespace}/{name}"


def file_path(path: str) -> bytes:
    """Checks a file's path in a repository and returns it as git stores it.

    Refused is whatever could leave the repository, stand for git's own folder on any file system,
    or not be checked out somewhere.

    Raises:
        HubError: 400.
    """
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        raise HubError(400, "A path must be valid UTF-8.") from None
    if not path or len(encoded) > MAX_PATH:
        raise HubError(400, f"A path has 1 to {MAX_PATH} bytes.")
    if any(ord(char) < 32 or ord(char) == 127 for char in path) or "\\" in path:
        raise HubError(400, f"Invalid path {path!r}: control characters and '\\' are not allowed.")
    if encoded.count(b"/") >= MAX_DEPTH:
        raise HubError(400, f"A file stands at most {MAX_DEPTH} folders deep.")
    for segment in encoded.split(b"/"):
        sound = validate_path_element_ntfs(segment) and validate_path_element_hfs(segment)
        if not segment or len(segment) > MAX_SEGMENT or not sound:
            raise HubError(400, f"Invalid path {path!r}.")
    return encoded


def ref_name(kind: str, name: str) -> bytes:
    """Checks a branch or tag name and returns its full ref; ``kind`` is ``heads`` or ``tags``.

    Raises:
        HubError: 400.
    """
    try:
        ref = f"refs/{kind}/{name}".encode()
    except UnicodeEncodeError:
        raise HubError(400, "A reference name must be valid UTF-8.") from None
    misleading = COMMIT_ID.fullmatch(name) or name.startswith(("refs/", "-")) or name == "HEAD"
    if misleading or len(ref) > MAX_SEGMENT or not check_ref_format(Ref(ref)):
        raise HubError(400, f"Invalid reference name: {name!r}")
    return ref


def split_revision(rest: str) -> tuple[str, str]:
    """Splits ``REV/PATH`` of a raw address, in which either may be percent-encoded.

    Raises:
        HubError: 400 when it does not decode to UTF-8.
    """
    special = SPECIAL_REVISION.match(rest)
    revision = special.group() if special else rest.split("/", 1)[0]
    path = rest[len(revision) :].removeprefix("/")
    try:
        return decode(revision), unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise HubError(400, "An address must be valid UTF-8.") from None


def decode(part: str) -> str:
    """Decodes one percent-encoded part of an address; what is no UTF-8 stays visible as such."""
    return unquote(part)

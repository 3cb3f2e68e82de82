"""What the Hub answers when it refuses: the status and the headers that its clients read."""

from __future__ import annotations

from collections.abc import Mapping


class HubError(Exception):
    """A refusal with the code by which `huggingface_hub` picks the exception it raises.

    Attributes:
        status: HTTP status.
        message: One sentence for people; also sent as ``X-Error-Message``.
        code: ``X-Error-Code``: ``RepoNotFound``, ``RevisionNotFound``, ``EntryNotFound`` or None.
        headers: Further response headers, such as ``X-Repo-Commit``.
        details: Further keys of the JSON body.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        """Takes the attributes as they are described above."""
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.headers = dict(headers or {})
        self.details = dict(details or {})

    def response_headers(self) -> dict[str, str]:
        """Returns all headers; whatever is in the message, each stays one printable line."""
        headers = {"X-Error-Message": printable(self.message), **self.headers}
        if self.code:
            headers["X-Error-Code"] = self.code
        return headers


def printable(text: str) -> str:
    """Keeps what a header may carry: printable ASCII, at most 300 characters, no space around."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)[:300].strip()


def repo_not_found(status: int = 404) -> HubError:
    """Says the same for a repository that is missing and for one that the caller may not see."""
    return HubError(status, "Repository not found", "RepoNotFound")


def damaged(repo_id: str) -> HubError:
    """Names the repository whose stored files cannot be read; it costs nothing but itself."""
    return HubError(
        500,
        f"The stored files of {repo_id} are damaged. Restore its folder from a backup, or delete "
        "the repository and publish it again.",
        "RepoDamaged",
    )


def revision_not_found(revision: str) -> HubError:
    """Names the revision that is neither a branch, a tag, a pull request nor a commit."""
    return HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def entry_not_found(path: str, commit: str | None = None) -> HubError:
    """Names the path that the revision lacks; with the commit, so that clients can remember it."""
    headers = {"X-Repo-Commit": commit} if commit else {}
    return HubError(404, f"Entry not found: {path}", "EntryNotFound", headers=headers)

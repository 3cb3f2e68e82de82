"""Discussions and pull requests of one repository, kept with its settings."""

from __future__ import annotations

import uuid
from typing import Any

from training.hub.accounts import now
from training.hub.errors import HubError, printable
from training.hub.storage.repositories import StoredRepository

MAX_TITLE = 200
MAX_COMMENT = 64 << 10
HIDDEN = "This comment has been hidden"


class Discussions:
    """Reads and changes them; callers that change hold the repository's lock."""

    def __init__(self, repository: StoredRepository) -> None:
        """Names the repository."""
        self.repository = repository

    def all(self) -> list[dict[str, Any]]:
        """Returns all of them, newest first."""
        found: list[dict[str, Any]] = self.repository.settings().get("discussions", [])
        return sorted(found, key=lambda item: -item["num"])

    def get(self, number: str) -> dict[str, Any]:
        """Returns one.

        Raises:
            HubError: 404.
        """
        for item in self.all():
            if str(item["num"]) == number:
                return item
        raise HubError(404, f"There is no discussion {printable(number)}.")

    def next_number(self) -> int:
        """Returns the number of the next one; never one whose ref a killed process left behind."""
        used = [item["num"] for item in self.all()]
        used += [int(name) for name in self.repository.git.list_refs("pr") if name.isdecimal()]
        return max(used, default=0) + 1

    def open(
        self,
        number: int,
        author: str,
        title: str,
        text: str,
        *,
        base: str | None = None,
        commit: str | None = None,
        draft: bool = False,
    ) -> dict[str, Any]:
        """Opens one.

        Args:
            number: From `next_number`.
            author: User name.
            title: At most 200 characters are kept.
            text: Description, its first comment.
            base: Full ref that a pull request is to be merged into; None for a discussion.
            commit: The pull request's first commit, if it has one already.
            draft: Whether a pull request starts as a draft.
        """
        item: dict[str, Any] = {
            "num": number,
            "title": title.strip()[:MAX_TITLE] or "Untitled",
            "author": author,
            "created_at": now(),
            "status": "draft" if draft else "open",
            "base": base,
            "merge_commit": None,
            "events": [_comment(author, text)] if text.strip() else [],
        }
        if commit:
            item["events"].append(_event("commit", author, {"subject": title, "oid": commit}))
        self._save(item)
        return item

    def comment(self, number: str, author: str, text: str) -> dict[str, Any]:
        """Adds a comment; returns the event."""
        return self._add(number, _comment(author, text))

    def edit_comment(self, number: str, comment_id: str, text: str) -> dict[str, Any]:
        """Gives a comment another text, and keeps the former ones; returns the event.

        Raises:
            HubError: 404 when there is no such comment, 403 when it is hidden.
        """
        event = self.find_comment(number, comment_id)
        data = event["data"]
        if data["hidden"]:
            raise HubError(403, "A hidden comment stays hidden.")
        _check_length(text)
        former, latest = data["latest"], {**data["latest"], "raw": text, "updatedAt": now()}
        history = [*data["history"], former]
        changed = {**data, "edited": True, "latest": latest, "history": history}
        return self._replace(number, {**event, "data": changed})

    def hide_comment(self, number: str, comment_id: str) -> dict[str, Any]:
        """Removes a comment's text for good; returns the event.

        Raises:
            HubError: 404 when there is no such comment.
        """
        event = self.find_comment(number, comment_id)
        latest = {**event["data"]["latest"], "raw": HIDDEN, "updatedAt": now()}
        changed = {**event["data"], "hidden": True, "latest": latest, "history": []}
        return self._replace(number, {**event, "data": changed})

    def find_comment(self, number: str, comment_id: str) -> dict[str, Any]:
        """Returns a comment's event.

        Raises:
            HubError: 404.
        """
        for event in self.get(number)["events"]:
            if event["type"] == "comment" and event["id"] == comment_id:
                found: dict[str, Any] = event
                return found
        raise HubError(404, "There is no such comment in this discussion.")

    def _replace(self, number: str, changed: dict[str, Any]) -> dict[str, Any]:
        item = self.get(number)
        events = [changed if event["id"] == changed["id"] else event for event in item["events"]]
        self._save({**item, "events": events})
        return changed

    def add_commit(self, number: int, author: str, subject: str, oid: str) -> None:
        """Notes a further commit of a pull request."""
        self._add(str(number), _event("commit", author, {"subject": subject, "oid": oid}))

    def rename(self, number: str, author: str, title: str) -> dict[str, Any]:
        """Gives a discussion another title; returns the event."""
        title = title.strip()[:MAX_TITLE]
        if len(title) < 3:
            raise HubError(400, "A title has at least 3 characters.")
        names = {"from": self.get(number)["title"], "to": title}
        return self._add(number, _event("title-change", author, names), title=title)

    def set_status(
        self, number: str, author: str, status: str, merge_commit: str | None = None
    ) -> dict[str, Any]:
        """Opens, closes or marks one as merged."""
        event = _event("status-change", author, {"status": status})
        return self._add(number, event, status=status, merge_commit=merge_commit)

    def _add(self, number: str, event: dict[str, Any], **changed: Any) -> dict[str, Any]:
        item = self.get(number)
        self._save({**item, **changed, "events": [*item["events"], event]})
        return event

    def _save(self, item: dict[str, Any]) -> None:
        settings = self.repository.settings()
        others = [other for other in settings.get("discussions", []) if other["num"] != item["num"]]
        self.repository.save({**settings, "discussions": [*others, item]})


def _event(kind: str, author: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex[:24],
        "type": kind,
        "createdAt": now(),
        "author": {"name": author},
        "data": data,
    }


def _check_length(text: str) -> None:
    if len(text) > MAX_COMMENT:
        raise HubError(413, f"A comment has at most {MAX_COMMENT} characters.")


def _comment(author: str, text: str) -> dict[str, Any]:
    _check_length(text)
    latest = {"raw": text, "html": "", "updatedAt": now(), "author": {"name": author}}
    data = {"edited": False, "hidden": False, "latest": latest, "history": []}
    return _event("comment", author, data)

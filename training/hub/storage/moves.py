"""Where repositories went that were given another name."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

from training.hub.durable import write_json

LOG = logging.getLogger(__name__)


class Moves:
    """Former names of repositories, kept until something else takes the name."""

    def __init__(self, root: Path) -> None:
        """Opens the file ``moves.json`` under the Hub's folder, if there is one."""
        self.path = root / "moves.json"
        self._lock = threading.Lock()
        self._now: dict[str, str] = {}
        if self.path.exists():
            try:
                found = json.loads(self.path.read_bytes())
                self._now = {str(key): str(value) for key, value in found.items()}
            except (ValueError, AttributeError, RecursionError):
                LOG.warning("%s is damaged; former names lead nowhere.", self.path)

    def find(self, kind: str, repo_id: str) -> str | None:
        """Returns the present name of a repository that once had this one."""
        return self._now.get(f"{kind}/{repo_id}")

    def add(self, kind: str, source: str, target: str) -> None:
        """Notes that a repository was renamed; what led to its former name follows it."""
        prefix = f"{kind}/"
        with self._lock:
            changed = {
                key: target if key.startswith(prefix) and name == source else name
                for key, name in self._now.items()
            }
            changed[prefix + source] = target
            changed.pop(prefix + target, None)
            self._save(changed)

    def take(self, kind: str, repo_id: str) -> None:
        """Notes that a new repository has this name, which leads nowhere else from now on."""
        with self._lock:
            kept = {key: name for key, name in self._now.items() if key != f"{kind}/{repo_id}"}
            if kept != self._now:
                self._save(kept)

    def forget(self, kind: str, repo_id: str) -> None:
        """Drops every former name of a repository that is removed."""
        with self._lock:
            kept = {
                key: name
                for key, name in self._now.items()
                if not (key.startswith(f"{kind}/") and name == repo_id)
            }
            if kept != self._now:
                self._save(kept)

    def _save(self, now: dict[str, str]) -> None:
        write_json(self.path, now)
        self._now = now

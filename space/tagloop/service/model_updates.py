"""Looks for a newer commit of the model on the Hub, and puts the new tagger in the old one's place.

Requests that are under way keep the tagger that they began with. A new model that does not load is
said once and left alone until there is a newer one; the last good one goes on serving.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from huggingface_hub import HfApi

from tagloop.hub_errors import problem_of
from tagloop.tagger.tagger import Tagger

logger = logging.getLogger(__name__)


class ModelUpdates:
    """Watches a model's branch.

    Args:
        tagger: What serves now.
        revision: The branch; None is ``main``.
        replace: Called with the new tagger.
        seconds: How often to look.
    """

    def __init__(
        self,
        tagger: Tagger,
        revision: str | None,
        replace: Callable[[Tagger], None],
        seconds: float,
    ) -> None:
        self._repo = tagger.model_repo
        self._current = tagger.model_revision
        self._revision = revision
        self._replace = replace
        self._seconds = seconds
        self._bad: str | None = None
        self._problem: str | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name="model updates", daemon=True)

    def start(self) -> ModelUpdates:
        """Begins to look; a folder is not watched, nor a commit, which never moves."""
        fixed = self._revision is not None and self._revision == self._current
        if not Path(self._repo).is_dir() and not fixed and self._seconds > 0:
            self._thread.start()
        return self

    def close(self) -> None:
        """Stops looking."""
        self._stop.set()

    def look(self) -> bool:
        """Looks once; True if there is a new tagger now."""
        try:
            commit = HfApi().model_info(self._repo, revision=self._revision).sha
            self._say(None)
        except Exception as error:  # whatever it is, the model that we have goes on
            problem = problem_of(error, repo="model")
            self._say(f"Cannot look for a newer model. {problem.sentence}")
            return False
        if commit is None or commit in (self._current, self._bad):
            return False
        try:
            tagger = Tagger.from_pretrained(self._repo, revision=commit)
            tagger.tag("A first article, so that no visitor waits for what is loaded late.")
        except Exception as error:
            self._bad = commit
            logger.warning(
                "The model's commit %s does not load, %s goes on: %s",
                commit[:7],
                (self._current or "")[:7],
                error,
            )
            return False
        self._current = commit
        self._replace(tagger)
        logger.info("The model is at commit %s now", commit[:7])
        return True

    def _say(self, problem: str | None) -> None:
        if problem and problem != self._problem:
            logger.warning("%s", problem)
        self._problem = problem

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self.look()

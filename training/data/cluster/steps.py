"""What the steps of all stages have in common."""

from __future__ import annotations

from collections.abc import Iterable

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from tagloop.errors import UserError
from training.data.cluster.plan import Plan

ERRORS = "errors"
"""Where a rank leaves the sentence for a person, whatever machine it ran on."""


class Step(PipelineStep):  # type: ignore[misc]
    """A step of a build; all that it reads and writes is in the plan's folder.

    A rank that was killed is done again as a whole, so what it writes replaces what is there.
    """

    type = "build"

    def __init__(self, plan: Plan) -> None:
        """Takes the plan."""
        super().__init__()
        self.plan = plan

    def run(
        self, data: Iterable[Document] | None = None, rank: int = 0, world_size: int = 1
    ) -> Iterable[Document]:
        """Does the work of a rank, and leaves what a person must know of a failure.

        Raises:
            UserError: A person must change something.
        """
        try:
            return self.work(rank)
        except UserError as error:
            self.plan.folder.write_json(f"{ERRORS}/{rank:05}.json", {"error": str(error)})
            raise

    def work(self, rank: int) -> Iterable[Document]:
        """Does the work of a rank."""
        raise NotImplementedError

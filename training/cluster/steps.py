"""What the steps of all stages have in common, and what a stage is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from tagloop.errors import UserError
from training.cluster.plan import Plan

ERRORS = "errors"
"""Where a rank leaves the sentence for a person, whatever machine it ran on."""
PlanT = TypeVar("PlanT", bound=Plan[Any])


class Stage(NamedTuple):
    """What all its ranks do before the next stage begins."""

    name: str
    steps: list[PipelineStep]
    ranks: int


class Step(PipelineStep, Generic[PlanT]):  # type: ignore[misc]
    """A step of work in parts; all that it leaves to others is in the plan's folder.

    A rank that was killed is done again, so what it writes replaces what is there.
    """

    type = "tagloop"

    def __init__(self, plan: PlanT) -> None:
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

    @abstractmethod
    def work(self, rank: int) -> Iterable[Document]:
        """Does the work of a rank."""

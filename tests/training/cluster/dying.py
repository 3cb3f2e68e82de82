"""A step whose process is killed once; in a module, so that other processes find it."""

from __future__ import annotations

import os
import signal

from datatrove.data import Document

from training.cluster.steps import Step
from training.data.cluster.plan import BuildPlan


class DiesOnce(Step[BuildPlan]):
    """Notes each time that a rank runs; rank 1 dies the first time."""

    name = "dies"

    def work(self, rank: int) -> list[Document]:
        times = len(self.plan.folder.names(f"ran/{rank}"))
        self.plan.folder.write_json(f"ran/{rank}/{times}.json", {})
        if rank == 1 and not times:
            while not self.plan.folder.exists("ran/2/0.json"):
                pass  # the others have begun
            os.kill(os.getpid(), signal.SIGKILL)
        return []

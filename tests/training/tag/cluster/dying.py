"""A rank that is killed once, between two of its shards; in a module, for other processes."""

from __future__ import annotations

import os
import signal

from tagloop.tagger.tagger import Tagger
from training.tag.cluster.tagging import TAGGED, TagShards
from training.tag.tagging import Work


class DiesOnce(TagShards):
    """Notes each shard that is begun; the process dies the first time with the second of rank 1."""

    def _tag(self, tagger: Tagger, work: Work, number: int) -> None:
        times = len(self.plan.folder.names(f"begun/{number}"))
        self.plan.folder.write_json(f"begun/{number}/{times}.json", {})
        if number == 3 and not times:
            while len(self.plan.folder.names(TAGGED)) < 3:
                pass  # the others are done
            os.kill(os.getpid(), signal.SIGKILL)
        super()._tag(tagger, work, number)

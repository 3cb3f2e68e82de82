"""What tagging in parts is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tagloop.tagger.options import Options
from training.cluster.plan import Plan
from training.tag.cluster.shards import Shard
from training.tag.models import Model


@dataclass(frozen=True, kw_only=True)
class TagPlan(Plan[Shard]):
    """Shards that are tagged, each by one rank, which has some.

    Attributes:
        columns: As `tagloop.reading.columns.parse_mapping` returns them.
        model: What tags.
        options: What is asked of the tags.
        batch_size: Articles that the model reads at a time.
        threads: Of a rank, where the cluster does not say it; None for all of its machine.
    """

    columns: Mapping[str, str]
    model: Model
    options: Options
    batch_size: int
    threads: int | None

    def content(self) -> dict[str, Any]:
        """Returns what the tags depend on."""
        options: dict[str, Any] = dict(self.options)
        if options.get("allowed_tags") is not None:
            options["allowed_tags"] = list(options["allowed_tags"])  # as JSON gives them back
        return {
            "shards": [shard.state() for shard in self.places],
            "columns": dict(self.columns),
            "model": self.model.shown,
            "files": self.model.fingerprint(),
            "options": options,
        }

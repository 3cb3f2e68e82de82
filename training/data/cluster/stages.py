"""The stages of a build in parts, in their order."""

from __future__ import annotations

from collections.abc import Iterator

from training.cluster.steps import Stage
from training.data.cluster.matching import BUCKETS, Signatures, buckets, components
from training.data.cluster.plan import BuildPlan
from training.data.cluster.reading import ReadSources
from training.data.cluster.splitting import DealOut, Settle, SortOut
from training.data.cluster.vocabulary import (
    CollectEvidence,
    CountSurfaces,
    DecideMerges,
    FindCandidates,
)
from training.data.cluster.writing import WriteRows


def stages(plan: BuildPlan) -> Iterator[Stage]:
    """Yields the stages; one rank decides where the whole must be seen at once."""
    yield Stage("read", [ReadSources(plan), Signatures(plan)], plan.ranks)
    yield Stage("match", buckets(plan), BUCKETS)
    yield Stage("connect", components(plan), 1)
    yield Stage("deal-out", [DealOut(plan)], plan.ranks)
    yield Stage("sort-out", [SortOut(plan)], plan.sorters)
    yield Stage("splits", [Settle(plan)], 1)
    yield Stage("tags", [CountSurfaces(plan)], plan.ranks)
    yield Stage("candidates", [FindCandidates(plan)], 1)
    yield Stage("evidence", [CollectEvidence(plan)], plan.ranks)
    yield Stage("merges", [DecideMerges(plan)], 1)
    yield Stage("write", [WriteRows(plan)], plan.ranks)

"""Stages that learn the vocabulary: counts by all ranks, decisions by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datatrove.data import Document

from tagloop.vocabulary.abbreviations import Candidate, Evidence, abbreviation_merges
from tagloop.vocabulary.aliases import TagMerge
from tagloop.vocabulary.learning import Learner, Surfaces, canonical_forms, written_forms
from tagloop.vocabulary.vocabulary import Vocabulary
from training.cluster.steps import Step
from training.data.cluster.plan import BuildPlan
from training.data.cluster.reading import read_columns
from training.data.cluster.splitting import read_splits

SURFACES, EVIDENCE = "surfaces", "evidence"
CANDIDATES, MERGES, TAGS = "candidates.json", "merges.json", "tags.json"


class CountSurfaces(Step[BuildPlan]):
    """Counts how each tag is written in the kept articles of a rank."""

    name = "ways of writing tags"

    def work(self, rank: int) -> list[Document]:
        """Writes the counts."""
        surfaces = Surfaces()
        for (tags,) in kept_columns(self, rank, "tags"):
            surfaces.add(tags)
        self.plan.folder.write_json(f"{SURFACES}/{rank:05}.json", surfaces.counts)
        return []


class FindCandidates(Step[BuildPlan]):
    """Adds up the ways of writing, and finds pairs that the texts must decide."""

    name = "tags that may be the same"

    def work(self, rank: int) -> list[Document]:
        """Writes the sums, the aliases so far and the pairs."""
        folder = self.plan.folder
        surfaces = Surfaces()
        for source in range(self.plan.ranks):
            surfaces.add_counts(folder.read_json(f"{SURFACES}/{source:05}.json"))
        folder.write_json(f"{SURFACES}.json", surfaces.counts)
        learner = Learner(surfaces, self.plan.overrides)
        candidates, totals = learner.candidates()
        folder.write_json(
            CANDIDATES, {"pairs": candidates, "totals": totals, "aliases": learner.aliases()}
        )
        return []


class CollectEvidence(Step[BuildPlan]):
    """Collects what the kept articles of a rank say about the pairs."""

    name = "what texts say of tags"

    def work(self, rank: int) -> list[Document]:
        """Writes the evidence, if there is any pair."""
        candidates, aliases, evidence = _candidates(self.plan)
        if candidates:
            for tags, title, text in kept_columns(self, rank, "tags", "title", "text"):
                evidence.add(canonical_forms(written_forms(tags), aliases), f"{title}\n{text}")
            self.plan.folder.write_json(f"{EVIDENCE}/{rank:05}.json", evidence.to_json())
        return []


class DecideMerges(Step[BuildPlan]):
    """Decides which tags are the same."""

    name = "tags that are the same"

    def work(self, rank: int) -> list[Document]:
        """Writes the merges that texts decided, and how each tag is shown."""
        folder = self.plan.folder
        candidates, _, evidence = _candidates(self.plan)
        if candidates:
            names = [f"{EVIDENCE}/{source:05}.json" for source in range(self.plan.ranks)]
            evidence.add_parts(lambda: map(folder.read_json, names))
        merges = abbreviation_merges(candidates, evidence)
        pairs = [[merge.form, merge.other, merge.reason] for merge in merges]
        folder.write_json(MERGES, {"merges": pairs})
        learner = read_learner(self.plan)
        # Displays and aliases do not depend on the counts, which come last.
        shown = Vocabulary.of_learner(
            learner, dict.fromkeys(canonical_forms(learner.totals, learner.aliases()), 1)
        )
        folder.write_json(TAGS, shown.to_json())
        return []


def read_learner(plan: BuildPlan) -> Learner:
    """Returns the learner with all its decisions."""
    surfaces = Surfaces()
    surfaces.add_counts(plan.folder.read_json(f"{SURFACES}.json"))
    learner = Learner(surfaces, plan.overrides)
    learner.join(TagMerge(*merge) for merge in plan.folder.read_json(MERGES)["merges"])
    return learner


def kept_columns(step: Step[BuildPlan], rank: int, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Reads columns of the articles of a rank that are kept."""
    rows = read_columns(step.plan, rank, *columns)
    for values, (split, _) in zip(rows, read_splits(step, rank), strict=True):
        if split:
            yield values


def _candidates(plan: BuildPlan) -> tuple[list[Candidate], dict[str, str], Evidence]:
    found = plan.folder.read_json(CANDIDATES)
    candidates = [Candidate(*pair) for pair in found["pairs"]]
    return candidates, found["aliases"], Evidence(candidates, found["totals"])

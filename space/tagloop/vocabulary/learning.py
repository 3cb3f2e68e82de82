"""How a vocabulary is learned: counts that add up over parts of a corpus, and decisions on them.

One machine or many, the steps are the same: `Surfaces` of all articles, `Learner` on them; its
`Evidence` of all articles, if there is something to decide; then the number of articles of each tag
after the merges. Each is a sum over articles, so parts of a corpus can be counted apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tagloop.vocabulary.abbreviations import (
    Candidate,
    Evidence,
    abbreviation_candidates,
    abbreviation_merges,
)
from tagloop.vocabulary.aliases import (
    AliasGroups,
    Overrides,
    TagMerge,
    plural_merges,
    spelling_merges,
)
from tagloop.vocabulary.normal_form import normal_form, unique_tags


class Surfaces:
    """How people write each tag: normal form to its ways of writing, with numbers of articles."""

    def __init__(self) -> None:
        """Begins without articles."""
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, tags: Sequence[str]) -> list[str]:
        """Takes the tags of an article; returns their normal forms."""
        unique = unique_tags(tags)
        forms = [normal_form(tag) for tag in unique]
        for form, tag in zip(forms, unique, strict=True):
            self.counts[form][tag] += 1
        return forms

    def add_counts(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Takes the `counts` of another part of the corpus."""
        for form, written in counts.items():
            self.counts[form].update(written)


class Learner:
    """Which tags of a corpus are the same, and how each is shown.

    Attributes:
        displays: Normal form to how most people write it, or as a person decided.
        totals: Normal form to the number of articles that carry it.
        overrides: What a person decided.
    """

    def __init__(
        self,
        surfaces: Surfaces,
        overrides: Overrides | None = None,
        merges: Iterable[TagMerge] = (),
        *,
        learn: bool = True,
    ) -> None:
        """Decides all that needs no texts.

        Args:
            surfaces: Of all articles.
            overrides: What a person decided, which goes before all that is learned.
            merges: What was learned elsewhere.
            learn: Also merge forms that differ by blanks alone, and regular plurals.
        """
        self.overrides = overrides or Overrides()
        counts = surfaces.counts
        self.totals = {form: written.total() for form, written in sorted(counts.items())}
        self.displays = {form: _most_written(written) for form, written in counts.items()}
        self.displays |= self.overrides.display
        self._groups = AliasGroups(self.totals, self.overrides)
        self._groups.join(merges)
        if learn:
            self._groups.join(spelling_merges(self.totals))
            self._groups.join(plural_merges(self.totals))

    def aliases(self) -> dict[str, str]:
        """Points each form that is merged into another at that."""
        return self._groups.aliases()

    def reasons(self) -> dict[str, str]:
        """Returns why each of them was merged."""
        return self._groups.reasons()

    def candidates(self) -> tuple[list[Candidate], Evidence]:
        """Returns pairs that could be the same, for texts to decide, and where to collect those.

        The evidence wants each article's tags by the present `aliases`.
        """
        names = self.aliases()
        canonical: Counter[str] = Counter()
        for form, total in self.totals.items():
            canonical[names.get(form, form)] += total
        shown = {form: self.displays[form] for form in self.totals if form not in names}
        candidates = list(abbreviation_candidates(shown))
        return candidates, Evidence(candidates, canonical)

    def join_abbreviations(self, candidates: Iterable[Candidate], evidence: Evidence) -> None:
        """Merges the pairs that the texts show to be the same."""
        self._groups.join(abbreviation_merges(candidates, evidence))


def _most_written(surfaces: Counter[str]) -> str:
    return max(surfaces.items(), key=lambda item: (item[1], item[0].swapcase()))[0]

"""How a vocabulary is learned: counts that add up over parts of a corpus, and decisions on them.

One machine or many, the steps are the same: `Surfaces` of all articles, a `Learner` on them; where
that has candidates, the `Evidence` of all articles about them (`tagloop.vocabulary.abbreviations`);
then the number of articles of each tag after the merges. Each is a sum over articles, so parts of a
corpus can be counted apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tagloop.vocabulary.abbreviations import (
    Candidate,
    abbreviation_candidates,
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
        written = written_forms(tags)
        for form, tag in written.items():
            self.counts[form][tag] += 1
        return list(written)

    def add_counts(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Takes the `counts` of another part of the corpus."""
        for form, written in counts.items():
            self.counts[form].update(written)


def written_forms(tags: Sequence[str]) -> dict[str, str]:
    """Returns the normal form of each tag of an article, with how it is written."""
    return {normal_form(tag): tag for tag in unique_tags(tags)}


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

    def candidates(self) -> tuple[list[Candidate], dict[str, int]]:
        """Returns pairs that could be the same, for the `Evidence` of texts to decide.

        That wants the tags of each article by the present `aliases`.

        Returns:
            The pairs, and the number of articles that carry each of their forms.
        """
        names = self.aliases()
        totals: Counter[str] = Counter()
        for form, total in self.totals.items():
            totals[names.get(form, form)] += total
        shown = {form: self.displays[form] for form in self.totals if form not in names}
        candidates = list(abbreviation_candidates(shown))
        return candidates, {form: totals[form] for pair in candidates for form in pair[:2]}

    def join(self, merges: Iterable[TagMerge]) -> None:
        """Merges further pairs, unless a person keeps them apart."""
        self._groups.join(merges)


def canonical_forms(forms: Iterable[str], aliases: Mapping[str, str]) -> set[str]:
    """Returns what the tags of an article are after merging.

    Args:
        forms: Their normal forms.
        aliases: As `Learner.aliases` gives them.
    """
    return {aliases.get(form, form) for form in forms}


def _most_written(surfaces: Counter[str]) -> str:
    return max(surfaces.items(), key=lambda item: (item[1], item[0].swapcase()))[0]

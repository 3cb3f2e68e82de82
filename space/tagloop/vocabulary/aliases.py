"""Which forms are the same tag: spellings, plurals, what the texts show, what a person says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SHORTEST_MERGED = 5
"""Shorter forms are never merged: too many differ in meaning by one letter (``new``/``news``)."""
NOT_PLURAL = ("ss", "us", "is", "ics", "news", "series", "species")
"""Endings in ``s`` that mark no plural: business, virus, analysis, economics."""
ANOTHER_MEANING = frozenset(
    """advance apple arm authority brain charger color colour communication content custom daily
    damage derivative earning force future giant glass green ground honour humanity letter look
    manner marine matter memory minute number panda paper patriot people physic polar premise
    python quarter ranger regard relation remain right ruby saint saving security shell spark
    spectacle spirit spring stand swift talk term timber tropic troop value viking water window
    wood work writing""".split()
)
"""Words whose plural is another subject: Python and pythons, a marine and the Marines, memory and
memories. Our own list: from grammars' plurals of another meaning, names of software, and teams."""
OVERRIDE = "override"


@dataclass(frozen=True)
class TagMerge:
    """Two forms that are the same tag, and why: ``override``, ``spelling``, ``plural``, ..."""

    form: str
    other: str
    reason: str


@dataclass(frozen=True)
class Overrides:
    """What a person decided about tags, all in normal forms.

    Attributes:
        aliases: A form to the form that it stands for.
        never: Pairs of forms that are different tags.
        display: A form to how people shall see it.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    never: frozenset[tuple[str, str]] = frozenset()
    display: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.aliases or self.never or self.display)

    def to_json(self) -> dict[str, Any]:
        """Returns the content for a report."""
        return {
            "aliases": dict(sorted(self.aliases.items())),
            "never": sorted(map(list, self.never)),
            "display": dict(sorted(self.display.items())),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Overrides:
        """Reads what `to_json` gave."""
        never = frozenset((one, other) for one, other in data["never"])
        return cls(dict(data["aliases"]), never, dict(data["display"]))


class AliasGroups:
    """Forms in groups of the same tag; what a person keeps apart never comes into one group."""

    def __init__(self, totals: Mapping[str, int], overrides: Overrides | None = None) -> None:
        """Begins with every form alone, then joins what a person says.

        Args:
            totals: Form to the number of articles that carry it.
            overrides: What a person decided.
        """
        self._overrides = overrides or Overrides()
        self._totals = totals
        self._groups: dict[str, set[str]] = {form: {form} for form in totals}
        self._reasons: dict[str, str] = {}
        self._apart: dict[str, set[str]] = {}
        for pair in self._overrides.never:
            for one, other in (pair, pair[::-1]):
                self._apart.setdefault(one, set()).add(other)
        for alias, form in self._overrides.aliases.items():
            self.join([TagMerge(alias, form, OVERRIDE)])

    def join(self, merges: Iterable[TagMerge]) -> None:
        """Joins the groups of each pair, unless a person keeps any two of their forms apart."""
        for merge in merges:
            both = [self._groups.setdefault(form, {form}) for form in (merge.form, merge.other)]
            # The smaller one goes into the larger: so no form moves more often than log2 of them.
            few, many = sorted(both, key=len)
            if few is many or any(not many.isdisjoint(self._apart.get(form, ())) for form in few):
                continue
            many |= few
            for form in few:
                self._groups[form] = many
            for form in (merge.form, merge.other):
                self._reasons.setdefault(form, merge.reason)

    def aliases(self) -> dict[str, str]:
        """Points each form at its group's name: a person's choice, else the most frequent form."""
        named = set(self._overrides.aliases.values())

        def rank(form: str) -> tuple[bool, int, int, str]:
            return form in named, self._totals.get(form, 0), form.count(" "), form

        names = {id(group): "" for group in self._groups.values()}
        for group in self._groups.values():
            names[id(group)] = names[id(group)] or max(group, key=rank)
        best = {form: names[id(group)] for form, group in self._groups.items()}
        return {form: name for form, name in best.items() if form != name}

    def reasons(self) -> dict[str, str]:
        """Returns why each alias was merged."""
        return {form: self._reasons[form] for form in self.aliases()}


def spelling_merges(forms: Iterable[str]) -> Iterable[TagMerge]:
    """Finds forms that differ by blanks alone: ``opensource``, ``open source``."""
    first: dict[str, str] = {}
    for form in forms:
        key = form.replace(" ", "")
        if len(key) >= SHORTEST_MERGED and first.setdefault(key, form) != form:
            yield TagMerge(form, first[key], "spelling")


def plural_merges(forms: Iterable[str]) -> Iterable[TagMerge]:
    """Finds forms and their regular plurals."""
    known = dict.fromkeys(forms)
    for form in known:
        if len(form.replace(" ", "")) < SHORTEST_MERGED or form.endswith(NOT_PLURAL):
            continue
        if form in ANOTHER_MEANING:
            continue
        for plural in _plurals_of(form):
            if plural in known and not plural.endswith(NOT_PLURAL):
                yield TagMerge(plural, form, "plural")


def _plurals_of(singular: str) -> tuple[str, ...]:
    return (singular + "s", singular + "es", singular[:-1] + "ies" if singular[-1] == "y" else "")

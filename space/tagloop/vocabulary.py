"""One tag's normal form and display form, the alias table, and generated text to tags and back.

The normal form is the only form in which tags are ever compared; the display form is the only
form that people see.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tagloop.forms import (
    join_tags,
    normal_form,
    occurs_in,
    parse_tags,
    squeezed,
    tidy,
    unique_tags,
)
from tagloop.surface import closed_up, find_surface, spelled

__all__ = [
    "Vocabulary",
    "join_tags",
    "normal_form",
    "occurs_in",
    "parse_tags",
    "squeezed",
    "tidy",
    "unique_tags",
]

SCHEMA = 1
SHORTEST_MERGED = 5
"""Shorter forms are never merged: too many differ in meaning by one letter (``new``/``news``)."""
NOT_PLURAL = ("ss", "us", "is", "ics", "news", "series", "species")
"""Endings in ``s`` that mark no plural: business, virus, analysis, economics."""


def _plural_of(singular: str) -> tuple[str, ...]:
    return (singular + "s", singular + "es", singular[:-1] + "ies" if singular[-1] == "y" else "")


class Vocabulary:
    """The tags of a corpus: how often each stands, how people write it, which ones are the same.

    Attributes:
        counts: Canonical normal form to the number of articles that carry it.
        aliases: Other normal forms to their canonical one.
    """

    def __init__(
        self, counts: dict[str, int], displays: dict[str, str], aliases: dict[str, str]
    ) -> None:
        self.counts = counts
        self.aliases = aliases
        self._displays = displays
        self._spelled = {spelled(form): form for form in reversed(list(counts))}
        # What is spelled as a tag is shown comes before what only has its words.
        self._spelled |= {spelled(displays[form]): form for form in reversed(list(counts))}
        titled = sum(display[:1].isupper() for display in displays.values())
        self._title_case = titled * 2 > len(displays)

    @classmethod
    def from_tag_lists(cls, lists: Iterable[Sequence[str]]) -> Vocabulary:
        """Learns the vocabulary of a corpus from one tag list an article.

        Merged are forms that differ by blanks alone (``opensource``, ``open source``) and regular
        plurals where both forms occur; the most frequent form names the tag.
        """
        surfaces: dict[str, Counter[str]] = defaultdict(Counter)
        for tags in lists:
            for tag in unique_tags(tags):
                surfaces[normal_form(tag)][tag] += 1
        totals = {form: sum(counter.values()) for form, counter in surfaces.items()}
        aliases = _learn_aliases(totals)
        counts: Counter[str] = Counter()
        for form, total in totals.items():
            counts[aliases.get(form, form)] += total
        ordered = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        displays = {
            form: max(surfaces[form].items(), key=lambda item: (item[1], item[0].swapcase()))[0]
            for form in ordered
        }
        return cls(ordered, displays, aliases)

    @property
    def tags(self) -> list[str]:
        """Display forms, the most frequent first."""
        return [self._displays[form] for form in self.counts]

    def __contains__(self, tag: str) -> bool:
        return self.canonical(tag) in self.counts

    def __len__(self) -> int:
        return len(self.counts)

    def canonical(self, tag: str) -> str:
        """Gives the tag's normal form after aliases (the plain normal form if it is unknown)."""
        form = normal_form(tag)
        form = self.aliases.get(form, form)
        if form in self.counts:
            return form
        return self._spelled.get(spelled(tidy(tag)), self._spelled.get(spelled(form), form))

    def display(self, tag: str, text: str = "") -> str:
        """Gives the form that people see.

        A known tag as most authors write it; else as the article ``text`` writes it; else as it
        stands, in the vocabulary's prevailing case.
        """
        form = self.canonical(tag)
        if form in self._displays:
            return self._displays[form]
        # As it stands: the normal form of "U.S." is also that of "us".
        tidied = tidy(tag)
        surface = find_surface(tidied, text) or closed_up(tidied)
        if self._title_case and surface == surface.lower():
            return re.sub(r"(?<![\w'’.])\w", lambda match: match.group().upper(), surface)
        return surface

    def report(self) -> list[dict[str, Any]]:
        """Lists what was merged: ``{"tag": display, "merged": [normal forms]}``, by tag."""
        merged: dict[str, list[str]] = defaultdict(list)
        for alias, form in self.aliases.items():
            merged[form].append(alias)
        return [
            {"tag": self._displays[form], "merged": sorted(merged[form])} for form in sorted(merged)
        ]

    def to_json(self) -> dict[str, Any]:
        """Gives the content of ``tags.json``."""
        tags = [
            {"tag": self._displays[form], "normal": form, "count": count}
            for form, count in self.counts.items()
        ]
        return {"schema": SCHEMA, "tags": tags, "aliases": dict(sorted(self.aliases.items()))}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Vocabulary:
        """Reads the content of ``tags.json``."""
        counts = {entry["normal"]: entry["count"] for entry in data["tags"]}
        displays = {entry["normal"]: entry["tag"] for entry in data["tags"]}
        return cls(counts, displays, dict(data["aliases"]))


def _learn_aliases(totals: dict[str, int]) -> dict[str, str]:
    """Groups forms that are the same tag and points each at its most frequent form."""
    groups: dict[str, set[str]] = {form: {form} for form in totals}

    def join(one: str, other: str) -> None:
        if groups[one] is not groups[other]:
            groups[one] |= groups[other]
            for form in groups[other]:
                groups[form] = groups[one]

    by_squeezed: dict[str, str] = {}
    for form in totals:
        key = form.replace(" ", "")
        if len(key) < SHORTEST_MERGED:
            continue
        join(by_squeezed.setdefault(key, form), form)
        if not form.endswith(NOT_PLURAL):
            for plural in _plural_of(form):
                if plural in totals and not plural.endswith(NOT_PLURAL):
                    join(form, plural)
    aliases: dict[str, str] = {}
    for form in totals:
        best = max(groups[form], key=lambda member: (totals[member], member.count(" "), member))
        if best != form:
            aliases[form] = best
    return aliases

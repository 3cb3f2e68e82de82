"""The tags of a dataset or a model: their display forms, how frequent each is, the alias table."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tagloop.vocabulary.abbreviations import Evidence, abbreviation_merges
from tagloop.vocabulary.aliases import Overrides, TagMerge
from tagloop.vocabulary.learning import Learner, Surfaces, canonical_forms
from tagloop.vocabulary.normal_form import (
    join_tags,
    normal_form,
    occurs_in,
    parse_tags,
    squeezed,
    tidy,
    unique_tags,
)
from tagloop.vocabulary.surface import closed_up, find_surface, spelled

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


class _FormLists:
    """The normal forms of each article's tags: 4 bytes a tag, so that millions have room."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._flat = array("I")
        self._ends = array("Q", [0])

    def append(self, forms: Iterable[str]) -> None:
        self._flat.extend(self._numbers.setdefault(form, len(self._numbers)) for form in forms)
        self._ends.append(len(self._flat))

    def __iter__(self) -> Iterator[list[str]]:
        forms = list(self._numbers)
        for start, end in pairwise(self._ends):
            yield [forms[number] for number in self._flat[start:end]]


class Vocabulary:
    """The tags of a corpus: how often each stands, how people write it, which ones are the same.

    Attributes:
        counts: Canonical normal form to the number of articles that carry it.
        aliases: Other normal forms to their canonical one.
        title_case: Whether most display forms begin with a capital.
    """

    def __init__(
        self,
        counts: dict[str, int],
        displays: dict[str, str],
        aliases: dict[str, str],
        merged: dict[str, tuple[str, int]] | None = None,
    ) -> None:
        """Takes the parts; see `from_tag_lists` and `from_json`.

        Args:
            counts: As the attribute.
            displays: Canonical normal form to how people write it.
            aliases: As the attribute.
            merged: Form of an alias to why it is one, and to how many articles carried it.
        """
        self.counts = counts
        self.aliases = aliases
        self._displays = displays
        self._merged = merged or {}
        known = {form: form for form in reversed(list(displays))}
        self._spelled = {spelled(form): name for form, name in (aliases | known).items()}
        # What is spelled as a tag is shown comes before what only has its words.
        self._spelled |= {spelled(displays[form]): form for form in known}
        titled = sum(display[:1].isupper() for display in displays.values())
        self.title_case = titled * 2 > len(displays)

    @classmethod
    def from_tag_lists(
        cls,
        lists: Iterable[Sequence[str]],
        *,
        texts: Iterable[str] | None = None,
        overrides: Overrides | None = None,
        merges: Iterable[TagMerge] = (),
        learn: bool = True,
    ) -> Vocabulary:
        """Learns the vocabulary of a corpus from one tag list an article.

        Merged are forms that differ by blanks alone (``opensource``, ``open source``), regular
        plurals where both forms occur and, given the texts, abbreviations (see
        `tagloop.vocabulary.abbreviations`); the most frequent form names the tag.

        Args:
            lists: The tags of each article.
            texts: Title and text of each article.
            overrides: What a person decided, which goes before all that is learned.
            merges: What was learned elsewhere, such as in building the whole dataset.
            learn: False where the tags were merged before and only `merges` shall count.
        """
        surfaces, articles = Surfaces(), _FormLists()
        for tags in lists:
            articles.append(surfaces.add(tags))
        learner = Learner(surfaces, overrides, merges, learn=learn)
        if learn and texts is not None:
            candidates, totals = learner.candidates()
            names, evidence = learner.aliases(), Evidence(candidates, totals)
            # Reading the texts takes time, which nothing needs where there is nothing to decide.
            for forms, text in zip(articles, texts, strict=True) if candidates else ():
                evidence.add(canonical_forms(forms, names), text)
            learner.join(abbreviation_merges(candidates, evidence))
        aliases = learner.aliases()
        counts = Counter(form for forms in articles for form in canonical_forms(forms, aliases))
        return cls.of_learner(learner, counts)

    @classmethod
    def of_learner(cls, learner: Learner, counts: Mapping[str, int]) -> Vocabulary:
        """Takes what was learned.

        Args:
            learner: With all its decisions.
            counts: As the attribute, of all articles.
        """
        aliases, decided = learner.aliases(), learner.overrides
        kept = set(counts) | set(decided.aliases.values()) | set(decided.display)
        aliases = {form: name for form, name in sorted(aliases.items()) if name in kept}
        reasons, displays = learner.reasons(), learner.displays
        ordered = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        names = [*ordered, *sorted(kept - set(ordered) - set(aliases))]
        return cls(
            ordered,
            {form: displays[form] for form in names if form in displays},
            aliases,
            {form: (reasons[form], learner.totals.get(form, 0)) for form in aliases},
        )

    def of_articles(self, lists: Iterable[Sequence[str]]) -> Vocabulary:
        """Returns the vocabulary as these articles alone would have it, with the same merges.

        Args:
            lists: The tags of each article; what none of them has is not known.
        """
        counts = Counter(
            form
            for tags in lists
            for form in set(map(self.canonical, tags))
            if form in self._displays
        )
        ordered = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        return Vocabulary(
            ordered,
            {form: self._displays[form] for form in ordered},
            {form: name for form, name in self.aliases.items() if name in ordered},
        )

    @property
    def tags(self) -> list[str]:
        """Display forms, the most frequent first."""
        return [self._displays[form] for form in self.counts]

    def __contains__(self, tag: object) -> bool:
        return self.canonical(str(tag)) in self.counts

    def __len__(self) -> int:
        return len(self.counts)

    def canonical(self, tag: str) -> str:
        """Returns the tag's normal form after aliases (the plain normal form if it is unknown)."""
        if tag in self._displays:  # it is one already; normal forms cost time
            return tag
        form = normal_form(tag)
        form = self.aliases.get(form, form)
        if form in self._displays:
            return form
        return self._spelled.get(spelled(tidy(tag)), self._spelled.get(spelled(form), form))

    def display(self, tag: str, text: str = "") -> str:
        """Returns the form that people see.

        A known tag as most authors write it; else as the article ``text`` writes it; else as it
        stands, in the vocabulary's prevailing case.
        """
        form = self.canonical(tag)
        if form in self._displays:
            return self._displays[form]
        # As it stands: the normal form of "U.S." is also that of "us".
        tidied = tidy(tag)
        surface = find_surface(tidied, text) or closed_up(tidied)
        if self.title_case and surface == surface.lower():
            return re.sub(r"(?<![\w'’.])\w", lambda match: match.group().upper(), surface)
        return surface

    def report(self) -> list[dict[str, Any]]:
        """Lists what was merged and why, by tag.

        Returns:
            ``{"tag": display, "articles": of all its forms, "merged": [...]}``, where each merged
            one is ``{"form": normal form, "articles": of this form, "reason": why}``.
        """
        merged: dict[str, list[str]] = defaultdict(list)
        for alias, form in self.aliases.items():
            merged[form].append(alias)
        return [
            {
                "tag": self._displays[form],
                "articles": self.counts.get(form, 0),
                "merged": [self._merge_entry(alias) for alias in sorted(merged[form])],
            }
            for form in sorted(merged)
        ]

    def _merge_entry(self, alias: str) -> dict[str, Any]:
        reason, articles = self._merged[alias]
        return {"form": alias, "articles": articles, "reason": reason}

    def to_json(self) -> dict[str, Any]:
        """Returns the content of ``tags.json``."""
        tags = [
            {"tag": display, "normal": form, "count": self.counts.get(form, 0)}
            for form, display in self._displays.items()
        ]
        merged = [self._merge_entry(alias) for alias in sorted(self._merged)]
        return {
            "schema": SCHEMA,
            "tags": tags,
            "aliases": dict(sorted(self.aliases.items())),
            "merged": merged,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Vocabulary:
        """Reads the content of ``tags.json``."""
        counts = {entry["normal"]: entry["count"] for entry in data["tags"] if entry["count"]}
        displays = {entry["normal"]: entry["tag"] for entry in data["tags"]}
        merged = {
            entry["form"]: (entry["reason"], entry["articles"]) for entry in data.get("merged", [])
        }
        return cls(counts, displays, dict(data["aliases"]), merged)

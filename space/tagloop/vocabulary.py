"""One tag's normal form and display form, the alias table, and generated text to tags and back.

The normal form is the only form in which tags are ever compared; the display form is the only
form that people see.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

SCHEMA = 1
SHORTEST_MERGED = 5
"""Shorter forms are never merged: too many differ in meaning by one letter (``new``/``news``)."""
NOT_PLURAL = ("ss", "us", "is", "ics", "news", "series", "species")
"""Endings in ``s`` that mark no plural: business, virus, analysis, economics."""
OUTER = " ,;:|\"'`“”‘’<>!?*_~-"
"""What no tag begins or ends with."""

_SPACED_SYMBOLS = re.compile(r"(?<=\w)\s*\+\s*\+(?!\w)|(?<=\w)\s+#(?=\s|$)|(?<=\w)\s+\+$")
# A blank after the dot is the tokenizer's; "Visual Basic .NET" has one before it alone.
_SPACED_DOT = re.compile(
    r"(?<=\w)\s*\.\s+(?=(?:js|net|io|ai|py|org|com|jl|rs|ts)\b)|(?<=\d)\s*\.\s+(?=\d)",
    re.IGNORECASE,
)
_SPACED_INITIALS = re.compile(r"(?:(?<=\b\w\.)|(?<=\bph\.))\s(?=\w(?:\.|$))", re.IGNORECASE)
_SPACED_BRACKETS = re.compile(r"(?<=[(\[{])\s+|\s+(?=[)\]}])")
_LEADING_DOT = re.compile(r"(?:^|(?<=\s))\.\s+(?=\w)")
_ACRONYM = re.compile(r"\b[^\W\d_](?:\.[^\W\d_])+\b\.?")
_ENDS_IN_INITIALS = re.compile(r"\b\w{1,2}\.\w\.$")
_FOLDED = re.compile(r"[^\w+#.]+|_+")
_LONE_DOT = re.compile(r"(?<!\w)\.(?!\w)|(?<=\w)\.(?!\w)")
_LONE_SYMBOL = re.compile(r"(?<![\w+#])[+#]+")


def tidy(tag: str) -> str:
    """Cleans one surface form without changing its words.

    NFKC, invisible characters and outer punctuation gone, blanks folded, and the blanks that a
    WordPiece tokenizer puts inside symbols taken out again (``c + +`` → ``c++``,
    ``node. js`` → ``node.js``, ``e - commerce`` → ``e-commerce``).
    """
    return _settled(_tidied, _plain(tag))


def _tidied(text: str) -> str:
    text = re.sub(r"(?<=\w)\s+([-/])\s+(?=\w)", r"\1", text)
    text = re.sub(r"(?<=\w)\s*(['’])\s+(?=(?:s|t|re|ve|ll|d|m)\b)", r"\1", text)
    text = _SPACED_SYMBOLS.sub(lambda match: match.group().replace(" ", ""), text)
    text = _SPACED_INITIALS.sub("", _LEADING_DOT.sub(".", _SPACED_DOT.sub(".", text)))
    text = _stripped(_SPACED_BRACKETS.sub("", text))
    return text.lstrip("#") if re.match(r"#\w", text) else text


def _stripped(text: str) -> str:
    """Takes outer punctuation away, but not ``U.S.``'s last dot nor one of a pair of brackets."""
    left, right = OUTER + ")]}", OUTER + ".([{"
    for opening, closing in ("()", "[]", "{}"):
        around = text.startswith(opening) and text.endswith(closing) and text.count(opening) == 1
        left += opening if around or closing not in text else ""
        right += closing if around or opening not in text else ""
    text = text.lstrip(left)
    bare = text.rstrip(right)
    initials = text[len(bare) :].startswith(".") and _ENDS_IN_INITIALS.search(f"{bare}.")
    return f"{bare}." if initials else bare


def normal_form(tag: str) -> str:
    """Gives the form in which tags are compared.

    NFKC and casefold; hyphens, underscores, slashes, apostrophes and other punctuation folded;
    what tells names apart stays (``c++``, ``c#``, ``.net``, ``node.js``). Empty when the tag has
    no letter or digit.

    >>> normal_form("Machine-Learning") == normal_form("machine  learning")
    True
    """
    form = _settled(lambda text: _folded(tidy(text)), tag)
    return form if any(char.isalnum() for char in tidy(tag)) else ""


def _folded(text: str) -> str:
    """Casefolds; initials lose their dots, sentence dots go, dots inside names stay."""
    text = _ACRONYM.sub(lambda match: match.group().replace(".", ""), text.casefold())
    text = re.sub(r"['’]", "", text).replace("&", " and ")
    text = _LONE_SYMBOL.sub(" ", _FOLDED.sub(" ", text))
    return re.sub(r"\s+", " ", _LONE_DOT.sub(" ", text)).strip()


def _plain(text: str) -> str:
    """NFKC; characters without width gone, those without ink blanks, blanks folded."""
    kinds = ((char, unicodedata.category(char)) for char in unicodedata.normalize("NFKC", text))
    shown = (" " if kind[0] in "ZC" else char for char, kind in kinds if kind != "Cf")
    return re.sub(r"\s+", " ", "".join(shown)).strip()


def _settled(step: Callable[[str], str], text: str) -> str:
    """Repeats a step until it changes nothing: what one rule takes away may uncover another."""
    while (after := step(text)) != text:
        text = after
    return text


def squeezed(tag: str) -> str:
    """Gives the normal form without its blanks: equal for ``e-commerce`` and ``ecommerce``."""
    return normal_form(tag).replace(" ", "")


def unique_tags(tags: Iterable[str]) -> list[str]:
    """Tidies the tags; drops the empty and the repeated (by normal form), keeping the order."""
    kept: dict[str, str] = {}
    for tag in map(tidy, tags):
        if form := normal_form(tag):
            kept.setdefault(form, tag)
    return list(kept.values())


def parse_tags(generated: str, separator: str = ",") -> list[str]:
    """Splits generated text into clean tags, none empty and none twice."""
    return unique_tags(generated.split(separator.strip() or separator))


def join_tags(tags: Sequence[str], separator: str = ", ") -> str:
    """Joins tags into the text that a model learns to write; a separator in a tag becomes a blank.

    ``parse_tags(join_tags(tags))`` gives the unique tags back.
    """
    mark = separator.strip() or separator
    return separator.join(unique_tags(tidy(tag).replace(mark, " ") for tag in tags))


def occurs_in(tag: str, text: str) -> bool:
    """Tells whether the tag's words stand in the text, in order, as whole words."""
    form = normal_form(tag)
    return bool(form) and f" {form} " in f" {_folded(_plain(text))} "


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
        self._written = {_written(form): form for form in reversed(list(counts))}
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
        return self._written.get(_written(form), form)

    def display(self, tag: str, text: str = "") -> str:
        """Gives the form that people see.

        A known tag as most authors write it; else as the article ``text`` writes it; else as it
        stands, in the vocabulary's prevailing case.
        """
        form = self.canonical(tag)
        if form in self._displays:
            return self._displays[form]
        # As it stands first: the normal form of "U.S." is also that of "us".
        tidied = tidy(tag)
        surface = _surface_in(tidied, text) or _surface_in(form, text) or tidied
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


def _written(form: str) -> str:
    """Gives what an uncased WordPiece model's spelling keeps of a form: no blanks, no accents."""
    parts = unicodedata.normalize("NFD", form.replace(" ", ""))
    return unicodedata.normalize("NFC", re.sub(r"[\u0300-\u036f]", "", parts))


def _surface_in(tag: str, text: str) -> str:
    """Finds how the text writes the tag most often; empty when it does not."""
    if not tag or not text:
        return ""
    pattern = r"[\s\-_/'’.]{0,2}".join(re.escape(part) for part in tag.split(" "))
    found = Counter(re.findall(rf"(?<!\w){pattern}(?!\w)", text, flags=re.IGNORECASE))
    return max(found.items(), key=lambda item: (item[1], item[0]))[0] if found else ""

"""What was decided about a whole source, in sentences with examples, for people to object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tagloop.reading.column_names import CATEGORIES, KEYWORDS, fold
from tagloop.reading.columns import Columns, listed, naming
from tagloop.reading.dates import Order
from tagloop.reading.settings import setting_name
from tagloop.reading.tag_styles import ColumnStyle

_UNUSED = 8
"""Columns that are named of those that hold nothing of an article."""


@dataclass
class Decisions:
    """What the first records showed, and what came of it in all that were read.

    Attributes:
        styles: How tags stand in one text, by folded name.
        orders: Whether day or month comes first, by folded name.
        names: The source's own names, where each record has its own.
        tags_from: Articles by the folded name that gave their tags.
        tags_in_text: Articles whose text gave their tags.
        numbers_in: Articles by the name that had numbers where tags should be.
        dates_from: Articles by the name that gave their date.
        dates_open: Articles by the name that had a date which two orders read differently.
    """

    styles: dict[str, ColumnStyle] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    tags_from: Counter[str] = field(default_factory=Counter)
    tags_in_text: int = 0
    numbers_in: Counter[str] = field(default_factory=Counter)
    dates_from: Counter[str] = field(default_factory=Counter)
    dates_open: Counter[str] = field(default_factory=Counter)
    _written: dict[str, str] = field(default_factory=dict)

    def count_tags(self, name: str) -> None:
        """Counts an article whose tags a name gave."""
        self.tags_from[fold(name)] += 1
        self._written.setdefault(fold(name), name)

    def sentences(
        self, columns: Columns | None, seen: Sequence[str], *, separator_given: bool
    ) -> Iterator[str]:
        """Yields what a person should know.

        Args:
            columns: Those of a table that hold a field; None for files.
            seen: All columns of that table.
            separator_given: A person said how tags are divided.
        """
        yield from self._about_columns(columns, seen)
        yield from self._about_tags(
            "" if separator_given else f"; {setting_name('tag_separator')} says otherwise"
        )
        yield from self._about_dates()

    def _about_columns(self, columns: Columns | None, seen: Sequence[str]) -> Iterator[str]:
        used = [
            f"{name} from '{self._date_name(names[0]) if name == 'published' else names[0]}'"
            for name, names in (columns.names.items() if columns else ())
            if names and name != "tags"
        ]
        if columns and used:
            known = {name for names in columns.names.values() for name in names}
            if rest := [name for name in seen if name and name not in known]:
                used.append(f"nothing from {listed(rest, _UNUSED)}")
            yield f"Read: {', '.join(used)}; {setting_name('columns')} says otherwise."
        if self.names and not (self.tags_from or self.tags_in_text or self.numbers_in):
            yield (
                f"No tags in any of the names {listed(self.names)}; say where they stand with "
                f"{naming('tags')}."
            )

    def _date_name(self, likeliest: str) -> str:
        """Returns which name gave the dates: ``published`` may have been a flag."""
        return self.dates_from.most_common(1)[0][0] if self.dates_from else likeliest

    def _about_tags(self, hint: str) -> Iterator[str]:
        total = self.tags_from.total() + self.tags_in_text
        if self.tags_in_text:
            yield f"Tags of {_articles(self.tags_in_text)} stand in the text."
        for key, count in self.tags_from.most_common():
            name, style = self._written[key], self.styles.get(key)
            if style and style.example:
                guessed = " split " in style.example
                yield f"Tags in '{name}' {style.example}{hint if guessed else ''}."
            if key in KEYWORDS:
                yield (
                    f"Tags of {_articles(count)} come from '{name}', which are often written for "
                    "search engines."
                )
            elif key in CATEGORIES and count < total:
                yield f"Tags of {_articles(count)} come from '{name}'."
            if style and style.numbers:
                yield f"The tags in '{name}' are numbers throughout (ids?), not names."
        for name, count in self.numbers_in.items():
            yield (
                f"The tags in '{name}' of {_articles(count)} are numbers or true and false (ids?), "
                f"not names; say where the names stand with {naming('tags')}."
            )

    def _about_dates(self) -> Iterator[str]:
        written = {fold(name): name for name in self.dates_from}
        for key, order in self.orders.items():
            if order:
                yield (
                    f"Dates such as 03/04/2021 in '{written.get(key, key)}' are read {order}, as "
                    "others there show."
                )
        for name, count in self.dates_open.items():
            yield (
                f"The dates in '{name}' of {_articles(count)} may be day/month or month/day: left "
                "out."
            )


def _articles(count: int) -> str:
    return "1 article" if count == 1 else f"{count:,} articles"

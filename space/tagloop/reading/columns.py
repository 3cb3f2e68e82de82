"""Which of a source's own names holds which field: as the person says, or by its usual name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tagloop.errors import UserError
from tagloop.limits import readable
from tagloop.reading.column_names import ADDRESSES_IN_TABLES, NAMES, SUMMARIES, fold, unnumbered
from tagloop.reading.settings import setting_name

_FIRST_ONLY = ("title", "language", "license", "source", "split", "origin")
"""Where the first name that a source has holds; of the others the next may fill in for a record."""
_NESTED = ("taxonomies", "taxonomy", "_embedded")
"""Keys whose own keys are looked at: those of Hugo and Zola, and WordPress's."""
# Blanks may part settings as well as commas do.
_BETWEEN_SETTINGS = re.compile(rf"(?<=[^,\s])\s++(?=(?:{'|'.join(NAMES)})=)")
_NAME_IN_SETTING = re.compile(
    r"""(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^,]*+))\s*+(?:,|\Z)"""
)


@dataclass(frozen=True)
class Columns:
    """Which names of a source hold what.

    Attributes:
        names: Field to the source's own names, the likeliest first; a name ``taxonomies.tags`` is
            the key ``tags`` of the mapping ``taxonomies``.
    """

    names: Mapping[str, tuple[str, ...]]

    @classmethod
    def choose(
        cls,
        seen: Sequence[str],
        given: Mapping[str, str],
        where: str,
        needed: Sequence[str] = ("title", "text", "tags"),
    ) -> Columns:
        """Finds the columns of a table, as given or else by their usual names.

        Args:
            seen: The source's columns.
            given: Field to column of the source; an empty one means "has none".
            where: The source, for the message.
            needed: Fields that must be found, or given as empty.

        Raises:
            UserError: A given column, or one that is needed, is not there.
        """
        seen = [name for name in seen if name and name.strip()]
        names = dict(_usual(tuple(seen)))
        for field, name in given.items():
            found = _named(name, seen)
            if name and not found:
                raise no_such_column(where, field, name, seen)
            names[field] = (found,) if found else ()
        if "text" not in given:  # "Summary" may be a title
            others = tuple(name for name in names["text"] if name not in names["title"])
            names["text"] = others or names["text"]
        for field in needed:
            if not names.get(field) and field not in given:
                raise no_column(where, field, seen)
        return cls(names)

    @classmethod
    def of_record(
        cls, values: Mapping[str, Any], given: Mapping[str, str], *, front_matter: bool = False
    ) -> Columns:
        """Finds the names of one record that has its own; none is needed.

        Args:
            values: The record's.
            given: Field to name; an empty one means "has none".
            front_matter: The text stands apart from the values.
        """
        seen = list(values)
        for outer in _NESTED:
            inner = values.get(outer)
            if isinstance(inner, Mapping):
                seen += [f"{outer}.{name}" for name in inner if isinstance(name, str)]
        names = dict(_usual(tuple(seen)))
        if front_matter:
            names["text"] = ()
            names["url"] = tuple(
                name for name in names["url"] if fold(name) not in ADDRESSES_IN_TABLES
            )
        for field, name in given.items():
            found = _named(name, seen) or name
            names[field] = (found,) if name else ()
        return cls(names)

    def values(self, record: Mapping[str, Any], field: str) -> Iterator[tuple[str, Any]]:
        """Yields the names of a field that a record has, with their values, the likeliest first."""
        for name in self.names.get(field, ()):
            value = value_at(record, name)
            if value is not None:
                yield name, value

    def first(self, record: Mapping[str, Any], field: str) -> Any:
        """Returns a record's first value of a field; None if there is none."""
        return next((value for _, value in self.values(record, field)), None)


def value_at(values: Mapping[str, Any], name: str) -> Any:
    """Returns the value of a name, or of a path such as ``taxonomies.tags``; None if none is."""
    if name in values or "." not in name:
        return values.get(name)
    found: Any = values
    for key in name.split(".", 4):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def no_column(where: str, field: str, seen: Sequence[str]) -> UserError:
    """Returns what is said where a source has no column for a field that is needed."""
    none = "" if field == "tags" else f", or {field}= if there is none"
    return UserError(
        f"{where}: no column for the {field} found; the columns are {listed(seen)}. "
        f"Say which one it is with {naming(field)}{none}."
    )


def no_such_column(where: str, field: str, name: str, seen: Sequence[str]) -> UserError:
    """Returns what is said where a source lacks the column that a person names."""
    return UserError(
        f"{where}: there is no column '{name}' for the {field}; the columns are {listed(seen)}."
    )


def naming(field: str) -> str:
    """Returns how a person names the column of a field, on the command line and to make."""
    return setting_name("columns", f"{field}=NAME")


def parse_mapping(settings: Sequence[str]) -> dict[str, str]:
    """Reads ``title=headline,text=Plain Content,tags="Tags, main"`` (one or several such texts).

    Raises:
        UserError: An entry has no ``=`` or names no field.
    """
    joined: list[str] = []
    for setting in settings:
        # A shell divides `text=Plain Content` where nobody quoted it.
        if joined and "=" not in setting:
            joined[-1] += f" {setting}"
        else:
            joined.append(setting)
    rest = ",".join(_BETWEEN_SETTINGS.sub(",", setting) for setting in joined).strip()
    mapping = {}
    while rest:
        field, equals, name = rest.partition("=")
        field = field.strip().casefold()
        found = _NAME_IN_SETTING.match(name.lstrip())
        if not equals or found is None or field not in NAMES:
            raise UserError(
                f"{setting_name('columns', rest.split(',')[0].strip())}: expected FIELD=COLUMN "
                "with FIELD one of "
                f"{', '.join(NAMES)}; a name with a comma stands in quotes."
            )
        quoted = found["double"] if found["double"] is not None else found["single"]
        mapping[field] = quoted if quoted is not None else found["bare"].strip()
        rest = name.lstrip()[found.end() :].strip()
    return mapping


@lru_cache(maxsize=256)
def _usual(seen: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Finds the fields by their usual names; the files of one blog mostly have the same."""
    folded: dict[str, list[str]] = {}
    for name in dict.fromkeys(seen):
        folded.setdefault(fold(name), []).append(name)
    names = {}
    for field, usual in NAMES.items():
        found = [(key, name) for key in usual for name in folded.get(key, ())]
        if field == "text" and any(key not in SUMMARIES for key, _ in found):
            found = [(key, name) for key, name in found if key not in SUMMARIES]
        names[field] = tuple(name for _, name in found)
        if field in _FIRST_ONLY:
            names[field] = names[field][:1]
    # The subject of a letter is its title, and that of news a category.
    names["tags"] = tuple(
        name for name in _with_series(names["tags"], seen) if name not in names["title"]
    )
    return names


def _with_series(found: Sequence[str], seen: Sequence[str]) -> Iterator[str]:
    """Yields the names of columns with tags, also where each of an article's tags has its own."""
    series: dict[str, list[str]] = {}
    for name in dict.fromkeys(seen):
        series.setdefault(unnumbered(name), []).append(name)
    for key in NAMES["tags"]:
        plain = [name for name in found if fold(name) == key]
        yield from dict.fromkeys([*plain, *series.get(key, ())])


def _named(name: str, seen: Sequence[str]) -> str:
    """Returns the column that a person means, however he spells it; empty if there is none."""
    if name in seen:
        return name
    if not name:
        return ""
    if "." in name and name.split(".")[0] in seen:
        return name
    return next((column for column in seen if fold(column) == fold(name)), "")


def listed(names: Sequence[str], most: int = 40) -> str:
    """Returns names in quotes, for a message."""
    shown = ", ".join(f"'{readable(name)}'" for name in names[:most])
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{shown}{more}" if names else "none"

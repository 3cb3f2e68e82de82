"""YAML front matter: between lines of dashes, as most generators have it."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from tagloop.errors import UserError
from tagloop.reading.drafts import draft_reason
from tagloop.reading.front_matter.parts import (
    KNOWN,
    MAX_CHARACTERS,
    FrontMatter,
    check_length,
)
from tagloop.reading.front_matter.yaml_repair import (
    Mended,
    mend,
    read_tags_again,
    together,
    with_blanks,
)

MAX_BRACKETS = 1_000
"""The time of libyaml grows with the square of how deep they are nested."""
MAX_VALUES = 10_000
"""With all aliases written out."""
_OPENING = re.compile(
    r"^-{3,}+[ \t]*+(?:ya?ml|js|json5)?+[ \t]*+(?:#[^\r\n]*+)?+\r?\n", re.I | re.M
)
_CLOSING = re.compile(r"^(?:-{3,}+|\.\.\.)[ \t]*+(?=\r?$)", re.MULTILINE)
"""The blank lines after it are left to the body: whoever writes the file again must keep them."""
_DASHES = re.compile(r"^-{3,}+[ \t]*+(?=\r?$)", re.MULTILINE)
_LIKE_YAML = re.compile(
    r"""\A(?:["']?+[^\W\d][\w. -]*+["']?+[ \t]*+:(?:[ \t\r]|\Z)|[ \t]++\S|-(?:[ \t\r]|\Z)"""
    r"|\#|[\]}]|[ \t\r]*+\Z)"
)
_UNPRINTABLE = re.compile(yaml.reader.Reader.NON_PRINTABLE.pattern + "|[\x85\u2028\u2029]")
"""To YAML; the latter end its lines, but not those of an editor."""
_KEY = re.compile(
    r"""^[ \t]*+["']?+([^\W\d][\w. -]*+)["']?+[ \t]*+:(?:[ \t\r\n]|\Z)""", re.MULTILINE
)
_BLANK_LINE = re.compile(r"^[ \t]*+\r?\n", re.MULTILINE)


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """Leaves every value the text that stands there (`title: 1984`, `tags: [Yes]`).

    Of a name that is given twice lists are put together, and of other values the first counts.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.twice: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for name_node, value_node in node.value:
            name = self.construct_object(name_node, deep=True)
            if not isinstance(name, Hashable):
                raise yaml.constructor.ConstructorError(
                    None, None, "found a name that is none", name_node.start_mark
                )
            value = self.construct_object(value_node, deep=True)
            if name in found:
                self.twice.append(str(name))
                value = together(found[name], value, str(name))
            found[name] = value
        return found


def find(content: str, start: int, where: str) -> FrontMatter | None:
    """Finds the front matter that begins at ``start``.

    A line of dashes may also be a rule: there is front matter only if a name and a colon follow.

    Raises:
        UserError: It cannot be read.
    """
    opening = _OPENING.match(content, start)
    if opening is None:
        return None
    begin = opening.end()
    closing = _CLOSING.search(content, begin)
    if closing is None:
        return _unclosed(content, begin, where) if _KEY.match(content, begin) else None
    lines = content[begin : closing.start()]
    if lines.strip() and not begins_like_yaml(with_blanks(lines)):
        return None
    try:
        check_length(lines, where)
        values, oddities = load(lines, where, content, begin)
    except UserError:
        if front := _up_to_blank_line(content, begin, closing.start(), where):
            return front
        if not _KEY.match(with_blanks(lines)):
            return None  # a blank line, prose, and a rule
        raise
    return FrontMatter(
        values, lines, content[closing.end() :], True, "yaml", content[:begin], closing[0], oddities
    )


def find_without_opening(content: str, start: int, where: str) -> FrontMatter | None:
    """Finds the lines of Hexo, which may leave out the dashes before them.

    Raises:
        UserError: They cannot be read.
    """
    first = _KEY.match(content, start)
    if first is None or first[1] not in KNOWN:  # a heading of Markdown may be "Title: subtitle"
        return None
    closing = _DASHES.search(content, start, start + MAX_CHARACTERS)
    if closing is None:
        return None
    lines = content[start : closing.start()]
    if not _all_like_yaml(lines):
        return None
    values, oddities = load(lines, where, content, start)
    return FrontMatter(
        values, lines, content[closing.end() :], True, "yaml", content[:start], closing[0], oddities
    )


def load(
    lines: str, where: str, content: str, begin: int
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Returns the values, and what was repaired to read them.

    Args:
        lines: The YAML.
        where: The file, for messages.
        content: The whole file.
        begin: Where the lines begin in it.

    Raises:
        UserError: It is no YAML mapping, and cannot be made one.
    """
    first = content.count("\n", 0, begin) + 1
    lines = with_blanks(_UNPRINTABLE.sub(" ", lines))
    if lines.count("[") + lines.count("{") > MAX_BRACKETS:
        raise UserError(f"{where}, line {first}: the front matter has too many brackets.")
    try:
        values, twice = load_plain(lines)
        mended: list[Mended] = []
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = first + (mark.line if mark else 0)
        problem = f" ({error.problem})" if isinstance(error, yaml.MarkedYAMLError) else ""
        found = mend(lines, load_plain)
        if found is None:
            raise UserError(
                f"{where}, line {line}: the front matter is not valid YAML{problem}; a text with "
                "': ' or a special first character needs quotes."
            ) from error
        values, twice, mended = found
    if not isinstance(values, dict):
        raise UserError(f"{where}, line {first}: the front matter must be lines of 'name: value'.")
    _check_size(values, f"{where}, line {first}")
    oddities = [f"front matter, line {first + item.line}: {item.says}" for item in mended]
    oddities += [
        f"front matter: '{name}' is given twice; {_what_counts(name, values[name])}"
        for name in dict.fromkeys(twice)
        if name in values
    ]
    oddities += read_tags_again(values, lines)
    return values, tuple(oddities)


def _what_counts(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "both are read together"
    return f"'{said}' counts" if (said := draft_reason({name: value})) else "the first counts"


def load_plain(lines: str) -> tuple[Any, list[str]]:
    """Returns what YAML makes of it, and the names that are given twice.

    Raises:
        yaml.YAMLError: It is no YAML.
        RecursionError: It is nested too deep.
    """
    loader = _Loader(lines)
    try:
        values = loader.get_single_data()
        return ({} if values in (None, "") else values), loader.twice
    finally:
        loader.dispose()


def _check_size(values: Any, where: str) -> None:
    """Counts the values with aliases written out: ten lines can name more than there are atoms."""
    sizes: dict[int, int] = {}

    def size(value: Any) -> int:
        if not isinstance(value, (dict, list)):
            return 1
        if id(value) not in sizes:
            items = value.values() if isinstance(value, dict) else value
            sizes[id(value)] = 1 + sum(map(size, items))
        return sizes[id(value)]

    if size(values) > MAX_VALUES:
        raise UserError(f"{where}: the front matter has more than {MAX_VALUES:,} values.")


def begins_like_yaml(lines: str) -> bool:
    """Tells whether the first line is a name with a colon."""
    first = next(
        (line for line in lines.split("\n") if line.strip() and not line.startswith("#")), ""
    )
    return first.startswith("{") or _KEY.match(first) is not None


def _all_like_yaml(lines: str) -> bool:
    return all(_LIKE_YAML.match(line) for line in lines.split("\n"))


def _unclosed(content: str, begin: int, where: str) -> FrontMatter:
    if front := _up_to_blank_line(content, begin, len(content), where):
        return front
    raise UserError(
        f"{where}, line {content.count(chr(10), 0, begin)}: the front matter has no end; put a "
        "line '---' after it."
    )


def _up_to_blank_line(content: str, begin: int, end: int, where: str) -> FrontMatter | None:
    """Takes the front matter to end at a blank line, if what follows is none."""
    blank = _BLANK_LINE.search(content, begin, min(end, begin + MAX_CHARACTERS))
    if blank is None or _all_like_yaml(content[blank.end() : end].rstrip("\r\n")):
        return None
    lines = content[begin : blank.start()]
    if not lines or not _all_like_yaml(lines.rstrip("\r\n")):
        return None
    try:
        values, oddities = load(lines, where, content, begin)
    except UserError:
        return None
    missing = "front matter: no line '---' closes it; it was taken to end at the first blank line"
    body = content[blank.start() :]
    return FrontMatter(values, lines, body, True, "yaml", content[:begin], "", (missing, *oddities))

"""Front matter that is no YAML, read value by value as its author meant it.

Most broken front matter has one value that needs quotes (`title: Ferries: a love story`). Each
value that is no YAML by itself is read as the text that stands there. Tags are read again from
their lines where YAML sees something else in them than their author.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from tagloop.reading.drafts import draft_reason
from tagloop.reading.front_matter.parts import KNOWN, TAG_NAMES, folded, is_empty

Load = Callable[[str], tuple[Any, list[str]]]
_MATTERS = TAG_NAMES | {"title", "date", "draft", "published", "status"}
"""Values that an article cannot do without; others are left out if they cannot be read."""
_NAME = re.compile(r"""\A["']?+([^\W\d][\w. -]*+)["']?+[ \t]*+:(?=[ \t\r]|\Z)""")
_BELONGS = re.compile(r"[ \t]|-(?!-)|\*[ \t]|\#|[\]}]|\r?\Z")
"""Lines that go on with the value before them."""
_ITEM = re.compile(r"\A[ \t]*+(?:-(?:[ \t]++|(?=[^\s-]))|\*[ \t]++)")
_BLOCK = re.compile(r"[|>][-+\d]{0,2}+(?:[ \t]|\Z)(?![ \t]*+[^\s#])")
"""What begins a text of several lines; `> 5 boats` does not."""
_COMMENT = re.compile(r"\A[ \t]*+(?:#|\Z)")
_CLOSED_BEFORE = re.compile(r"""\A(["'])(?:(?!\1).)*+(?<=\S)\1[\s,.;:!?]""")
"""`'Ferry' and 'pier'`, but not `'It's here'`, nor `"say "hi" now"`."""
_TIGHT = re.compile(
    r"^([A-Za-z]{3,12}+)(?:\uff1a[ \t\u3000]*+|:(?:[\xa0\u3000]++|(?=[^\s:/])))", re.M
)
_INDENT = re.compile(r"^ *+[\xa0\u3000][ \xa0\u3000]*+", re.MULTILINE)
_QUOTED = re.compile(r"""(?:"[^"]*+"|'[^']*+')(?=\s|\Z)""")
_HASH_TAG = re.compile(r"#[^\s#]")
_TAGGED = re.compile(r"^title[ \t]*+:[ \t]++!(?!!)", re.IGNORECASE | re.MULTILINE)
"""`title: !important`, where YAML takes the word for a type."""
_FLOW_ITEM = re.compile(r"""[ \t\n]*+("[^"]*+"|'[^']*+'|[^,]*+)[ \t\n]*+(?:,|\Z)""")


class Mended(NamedTuple):
    """What was repaired: in which line, counted from 0, and what to say of it."""

    line: int
    says: str


@dataclass
class Written:
    """A value as it stands: its line, counted from 0, its name, and what follows the colon."""

    line: int
    name: str
    first: str
    more: list[str]

    def lines(self) -> str:
        """Returns all of its lines."""
        return "\n".join([f"{self.name}:{self.first}", *self.more])

    def following(self) -> list[str]:
        """Returns the lines after its first, without comments."""
        return [line.rstrip() for line in self.more if not _COMMENT.match(line.rstrip())]


def mend(lines: str, load: Load) -> tuple[dict[str, Any], list[str], list[Mended]] | None:
    """Reads value by value.

    Returns:
        The values, the names that are given twice, and what was repaired; None if a value that
        matters cannot be read.
    """
    values: dict[str, Any] = {}
    twice: list[str] = []
    mended: list[Mended] = []
    parts = values_of(_without_indent(lines))
    if not parts:
        return None
    for part in parts:
        try:
            loaded, _ = load(part.lines())
            value = loaded[part.name]
        except (yaml.YAMLError, RecursionError, KeyError, TypeError):
            value = _meant(part)
            if value is None and folded(part.name) in _MATTERS:
                return None
            if value is None:
                says = f"the value of '{part.name}' is not valid YAML and is left out"
            else:
                says = f"the value of '{part.name}' needs quotes in YAML; it is read as it stands"
            mended.append(Mended(part.line, says))
            if value is None:
                continue
        if part.name in values:
            twice.append(part.name)
            value = together(values[part.name], value, part.name)
        values[part.name] = value
    return values, twice, mended


def values_of(lines: str) -> list[Written] | None:
    """Returns the values at the top level; None if there are lines that belong to none."""
    parts: list[Written] = []
    for number, line in enumerate(lines.split("\n")):
        line = line.removesuffix("\r")
        if found := _NAME.match(line):
            parts.append(Written(number, found[1].strip(), line[found.end() :], []))
        elif not _BELONGS.match(line):
            return None
        elif parts:
            parts[-1].more.append(line)
        elif not _COMMENT.match(line):
            return None
    return parts


def with_blanks(lines: str) -> str:
    """Puts the blank after a colon that `title:Ferries` lacks, and ASCII ones for others."""

    def blank(found: re.Match[str]) -> str:
        return f"{found[1]}: " if found[1].casefold() in KNOWN else found[0]

    return _INDENT.sub(lambda found: " " * len(found[0]), _TIGHT.sub(blank, lines))


def read_tags_again(values: dict[str, Any], lines: str) -> list[str]:
    """Reads what YAML takes for comments, for one text or for names without values.

    Returns:
        What was odd, for people.
    """
    oddities: list[str] = []
    misread = any(_may_be_misread(name, value) for name, value in values.items())
    if not misread and not _TAGGED.search(lines):
        return oddities
    for written in values_of(_without_indent(lines)) or ():
        name, value = written.name, values.get(written.name)
        if name.casefold() not in TAG_NAMES | {"title"}:
            continue
        first, following = written.first.strip(), written.following()
        if name.casefold() == "title" and first.startswith("!") and not following:
            values[name] = first
            continue
        if isinstance(value, list) and not first and _items_run_on(value, following):
            values[name] = [_text(_ITEM.sub("", line, count=1)) or line for line in following]
            oddities.append(f"front matter: the list '{name}' has lines that are not in line")
            continue
        texts = [first] if first else [line.strip()[1:].strip() for line in following]
        if texts and all(map(_HASH_TAG.match, texts)) and not (value and any(value)):
            values[name] = first or texts
            oddities.append(
                f"front matter: '#' begins a comment in YAML; '{name}' is read all the same"
            )
        elif name.casefold() != "title" and isinstance(value, dict) and not any(value.values()):
            values[name] = list(value)
        elif name.casefold() != "title" and isinstance(value, str) and not first:
            if len(following) > 1 and "," not in value and ";" not in value:
                values[name] = [line.strip() for line in following]
    return oddities


def _may_be_misread(name: str, value: Any) -> bool:
    if name.casefold() == "title":
        return not value
    if name.casefold() not in TAG_NAMES:
        return False
    if isinstance(value, list):
        return not any(value) or any(isinstance(item, str) and "-" in item for item in value)
    return True


def _items_run_on(value: list[Any], following: list[str]) -> bool:
    """Tells whether YAML reads lines of a list, indented by mistake, as one item."""
    return (
        len(following) > len(value)
        and all(isinstance(item, str) for item in value)
        and all(map(_ITEM.match, following))
    )


def _without_indent(lines: str) -> str:
    begin = next((line for line in lines.split("\n") if not _COMMENT.match(line.rstrip())), "")
    indent = begin[: len(begin) - len(begin.lstrip())]
    if not indent:
        return lines
    return "\n".join(line.removeprefix(indent) for line in lines.split("\n"))


def _meant(part: Written) -> Any:
    """Returns the value as its author meant it; None if that cannot be told."""
    first, following = part.first.strip(), part.following()
    if not first and following and all(map(_ITEM.match, following)):
        items = [_ITEM.sub("", line, count=1) for line in following]
        return [_text(item) or item for item in items]
    whole = "\n".join([first, *(line.strip() for line in following)])
    if whole.startswith("[") and whole.endswith("]") and not whole.startswith("[["):
        return _flow_items(whole[1:-1])
    if _BLOCK.match(first) or not all(line[:1] in " \t" for line in following):
        return None
    if folded(part.name) in TAG_NAMES and whole.startswith("- ") and " - " in whole:
        return [tag.strip() for tag in whole[2:].split(" - ")]
    written = " ".join(whole.split("\n"))
    if folded(part.name) == "title" and first.startswith("{"):
        return written
    return _text(written) if first else None


def _text(written: str) -> str | None:
    """Returns a value without the quotes around it."""
    written = written.strip()
    quote = written[:1]
    if quote in ("'", '"'):
        closed = len(written) > 1 and written.endswith(quote)
        if closed and not _CLOSED_BEFORE.match(written):
            return written[1:-1].replace(f"\\{quote}", quote).replace(f"{quote * 2}", quote)
        return written if closed or quote in written[1:] else written[1:]
    if quote == "{" and not written.startswith("{{"):
        return None
    if quote == "[" and "]" not in written and "," in written:
        return None  # a list that has no end
    return written


def _flow_items(written: str) -> list[str] | None:
    if re.search(r"[\[\]{}]", written):
        return None
    quoted = _QUOTED.findall(written)
    if "," not in written and len(quoted) > 1 and not _QUOTED.sub("", written).strip():
        return [item[1:-1] for item in quoted]
    items = [found[1].strip().strip("\"'") for found in _FLOW_ITEM.finditer(written)]
    return [item for item in items if item]


def together(first: Any, second: Any, name: str) -> Any:
    """Returns what holds of a name that is given twice: lists and tags together, else the first."""
    if folded(name) in TAG_NAMES and isinstance(first, str) and isinstance(second, str):
        return [text for text in (first, second) if text]
    if draft_reason({name: second}):
        return second  # what may be unpublished is
    if isinstance(first, list) or isinstance(second, list):
        lists = [value if isinstance(value, list) else [value] for value in (first, second)]
        return lists[0] + [item for item in lists[1] if item not in ("", *lists[0])]
    return second if is_empty(first) else first

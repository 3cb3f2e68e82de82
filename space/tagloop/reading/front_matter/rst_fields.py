"""Fields under the title of a reStructuredText file: `:tags: boats, harbour` (Pelican, Sphinx)."""

from __future__ import annotations

import re

from tagloop.reading.front_matter.headers import FIELD, lines_from, read_lines
from tagloop.reading.front_matter.parts import FrontMatter

_ADORNMENT = re.compile(r"\A([!-/:-@\[-`{-~])\1*+[ \t]*+\Z")
_POST = re.compile(r"^\.\. post::[ \t]*+([^\n]*+)\n(?=[ \t]++:)", re.MULTILINE)


def find(content: str, start: int, where: str) -> FrontMatter | None:
    """Finds the fields, and the options of ablog's `.. post::`."""
    title, begin = title_of(content, start)
    read = read_lines(content, begin, FIELD)
    if read is not None:
        values = {name.casefold(): value for name, value in read.values.items()}
        if title:
            values.setdefault("title", title)
        return FrontMatter(
            values, content[begin : read.end], content[read.end :], True, "rst", content[:begin]
        )
    return _post(content, title)


def title_of(content: str, start: int) -> tuple[str, int]:
    """Returns the title at the top, if there is one, and where what follows it begins."""
    lines = []
    for text, after in lines_from(content, start):
        lines.append((text, after))
        if len(lines) == 3:
            break
    texts = [text for text, _ in lines]
    if len(texts) == 3 and _ADORNMENT.match(texts[0]) and texts[2].strip() == texts[0].strip():
        title, after = texts[1].strip(), lines[2][1]
    elif len(texts) > 1 and _underlines(texts[1], texts[0]):
        title, after = texts[0].strip(), lines[1][1]
    else:
        return "", start
    return title, _after_blank_lines(content, after)


def _underlines(adornment: str, title: str) -> bool:
    # docutils takes four for enough.
    long = len(adornment.strip()) >= min(4, len(title.strip()))
    return long and bool(title.strip() and _ADORNMENT.match(adornment))


def _after_blank_lines(content: str, at: int) -> int:
    for text, after in lines_from(content, at):
        if text.strip():
            return after - len(text)
    return len(content)


def _post(content: str, title: str) -> FrontMatter | None:
    found = _POST.search(content, 0, 20_000)
    if found is None:
        return None
    values: dict[str, str] = {"title": title} if title else {}
    if found[1].strip():
        values["date"] = found[1].strip()
    end = found.end()
    for text, after in lines_from(content, found.end()):
        name, colon, value = text.strip()[1:].partition(":")
        if not colon or not text.strip().startswith(":"):
            break
        values[name.strip()] = value.strip()
        end = after
    return FrontMatter(
        dict(values),
        content[found.end() : end],
        content[end:],
        True,
        "ablog",
        content[: found.end()],
    )

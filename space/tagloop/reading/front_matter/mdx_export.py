"""Values that an MDX file exports: `export const meta = { title: 'Ferries', tags: ['boats'] }`."""

from __future__ import annotations

import re

import yaml

from tagloop.reading.front_matter.parts import MAX_CHARACTERS, FrontMatter
from tagloop.reading.front_matter.yaml_block import MAX_BRACKETS, load_plain

_EXPORT = re.compile(
    r"^export[ \t]++const[ \t]++(?:meta|metadata|front[mM]atter)[ \t]*+(?::[^=\n]{1,80}+)?+=[ \t]*+"
    r"(?=\{)",
    re.MULTILINE,
)
_TOKEN = re.compile(r"""[{}]|"(?:[^"\\\n]|\\.)*+"?+|'(?:[^'\\\n]|\\.)*+'?+""")
"""A quote that is never closed takes its line: looking on from each further one costs a square."""
_END = re.compile(r"[ \t]*+;?+")


def find(content: str, start: int, where: str) -> FrontMatter | None:
    """Finds the object that is exported, which is read as YAML: that takes names without quotes."""
    export = _EXPORT.search(content, start, start + MAX_CHARACTERS)
    if export is None:
        return None
    depth = 0
    for token in _TOKEN.finditer(content, export.end(), export.end() + MAX_CHARACTERS):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return _read(content, export.end(), token.end())
    return None


def _read(content: str, begin: int, end: int) -> FrontMatter | None:
    lines = content[begin:end]
    if lines.count("[") + lines.count("{") > MAX_BRACKETS:
        return None
    try:
        values, _ = load_plain(lines)
    except (yaml.YAMLError, RecursionError):
        return None  # it may be any JavaScript
    tail = _END.match(content, end)
    body = tail.end() if tail else end
    parts = (content[begin:end], content[body:], True, "mdx", content[:begin], content[end:body])
    return FrontMatter(values, *parts) if isinstance(values, dict) else None

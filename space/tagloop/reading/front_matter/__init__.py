"""The front matter of an article file, as each generator writes it, and tags added to it.

A dialect is one module: it finds its front matter at the top of a file and takes it apart, and
`adding` puts values into it where the generator expects them.
"""

from __future__ import annotations

import re
from dataclasses import replace

from tagloop.reading.front_matter import (
    headers,
    json_block,
    mdx_export,
    org_keywords,
    rst_fields,
    toml_block,
    yaml_block,
)
from tagloop.reading.front_matter.parts import MAX_CHARACTERS, FrontMatter

__all__ = ["MAX_CHARACTERS", "FrontMatter", "after_front_matter", "split_front_matter"]

_LEADING = re.compile(r"\A(?:[ \t]*+\r?\n)*+")
_FENCES = re.compile(
    r"\A(?P<mark>---|\+\+\+|;;;)[^\n]*+\n(?:(?!(?P=mark)[ \t]*+\r?$)[^\n]*+\n)*+"
    r"(?P=mark)[ \t]*+\r?\n",
    re.MULTILINE,
)
_ANYWHERE = (
    yaml_block.find,
    toml_block.find,
    json_block.find,
    yaml_block.find_without_opening,
    headers.find,
)
_BY_ENDING = {
    ".mdx": (mdx_export.find, headers.find_under_heading),
    ".org": (org_keywords.find,),
    ".rst": (rst_fields.find,),
}
_MARKDOWN = (headers.find_under_heading,)


def split_front_matter(content: str, where: str, ending: str = ".md") -> FrontMatter:
    """Takes a file apart.

    Args:
        content: The whole file.
        where: The file, for messages.
        ending: Of the file, in lower case: some dialects belong to one.

    Raises:
        UserError: There is front matter, and it cannot be read.
    """
    mark = "\ufeff" if content.startswith("\ufeff") else ""
    content = content.removeprefix(mark)
    start = _begin(content)
    for find in (*_ANYWHERE, *_BY_ENDING.get(ending, _MARKDOWN)):
        if front := find(content, start, where):
            return replace(front, head=mark + front.head) if mark else front
    return FrontMatter({}, "", content, False)


def after_front_matter(content: str) -> str | None:
    """Returns the text after front matter that cannot be read; None if it has no end."""
    content = content.removeprefix("\ufeff")
    content = content[_begin(content) :]
    fences = _FENCES.match(content)
    return content[fences.end() :] if fences else None


def _begin(content: str) -> int:
    """Returns where the first line is that is not blank."""
    blank = _LEADING.match(content)
    return blank.end() if blank else 0

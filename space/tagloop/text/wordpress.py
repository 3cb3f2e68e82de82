"""The text of a WordPress post as HTML: paragraphs that blank lines make, shortcodes."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLOCKS = "<!-- wp:"
"""Begins every block of the editor since 2018, which writes its paragraphs itself."""
_PRE = re.compile(r"<(/?)(?:pre|script|style|textarea|svg)\b[^<>]*>", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*+\n)++")
_BLOCK_TAG = (
    "address|article|aside|blockquote|center|col|dd|details|div|dl|dt|fieldset|figcaption|figure|"
    "footer|form|h[1-6]|header|hr|legend|li|main|nav|ol|p|pre|script|section|style|summary|table|"
    "tbody|td|tfoot|th|thead|tr|ul"
)
_BEGINS_BLOCK = re.compile(rf"\A\s*+</?(?:{_BLOCK_TAG})\b", re.IGNORECASE)
_ENDS_BLOCK = re.compile(rf"</?(?:{_BLOCK_TAG})\b[^<>]*>\Z", re.IGNORECASE)
_SHORTCODE = re.compile(r"(\[?)\[(/?)([A-Za-z][\w-]{1,48}+)(?:(\s[^\[\]]*+))?\](\]?)")
_ATTRIBUTE = re.compile(r"""[\w-]{1,48}+=["'\w&]|/\Z""")
_CODE = frozenset(
    (
        "code", "sourcecode", "source", "php", "html", "css", "js", "javascript", "python", "java",
        "bash", "shell", "sql", "xml", "ruby", "cpp", "csharp", "crayon", "cc", "codeblock",
    )
)  # fmt: skip
"""Shortcodes of code, of WordPress.com and of the usual plugins."""
_MEDIA = frozenset(
    (
        "audio", "video", "embed", "embedyt", "playlist", "youtube", "vimeo", "googlemaps",
        "soundcloud", "gallery", "dailymotion", "flickr", "instagram", "spotify", "tweet",
        "slideshare", "slideshow", "wpvideo", "ted", "twitter", "contact-form", "contact-form-7",
        "polldaddy", "poll",
    )
)  # fmt: skip
"""Shortcodes that hold an address or a form, nothing to read."""


_SIGNS = re.compile(
    r"<!-- wp:|/wp-content/|\bwp-(?:image|caption|block)-"
    r"|\[/(?:caption|embed)\]|\[gallery [\w-]{1,40}="
)


def is_wordpress(html: str) -> bool:
    """Tells a post's content, wherever it was copied to, by what only WordPress writes."""
    return _SIGNS.search(html) is not None


def post_html(content: str) -> str:
    """Returns the HTML that a post's content stands for.

    What the classic editor saved has no paragraphs: WordPress makes them of blank lines when it
    shows the post (``wpautop``), outside of what is preformatted.
    """
    content = _without_shortcodes(content.replace("\r\n", "\n").replace("\r", "\n"))
    if _BLOCKS in content:
        return content
    return "".join(text if fixed else _paragraphs(text) for text, fixed in _by_pre(content))


def _by_pre(content: str) -> Iterator[tuple[str, bool]]:
    """Yields the content in parts, with whether line ends are to stay as they are."""
    begin, depth = 0, 0
    for tag in _PRE.finditer(content):
        if tag[1]:
            if depth == 1:
                yield content[begin : tag.end()], True
                begin = tag.end()
            depth = max(0, depth - 1)
            continue
        if depth == 0:
            yield content[begin : tag.start()], False
            begin = tag.start()
        depth += 1
    yield content[begin:], depth > 0


def _paragraphs(text: str) -> str:
    parts = _BLANK_LINES.split(text)
    for at, part in enumerate(parts):
        if not _BEGINS_BLOCK.match(part) and not _ENDS_BLOCK.search(part[-300:]):
            parts[at] = part.strip("\n").replace("\n", "<br>\n")
        if at and not _BEGINS_BLOCK.match(part) and not _ENDS_BLOCK.search(parts[at - 1][-300:]):
            parts[at] = f"<p>{parts[at]}"
    return "\n\n".join(parts)


def _without_shortcodes(content: str) -> str:
    """Takes shortcodes away and keeps what stands between them; code becomes ``<pre>``.

    A word in brackets is a shortcode where it has attributes or an end, or is one of media.
    """
    if "[" not in content:
        return content
    closed = {found[3].lower() for found in _SHORTCODE.finditer(content) if found[2]}
    parts, at, silent = [], 0, ""
    for found in _SHORTCODE.finditer(content):
        name = found[3].lower()
        known = name in closed or name in _MEDIA or bool(found[4] and _ATTRIBUTE.search(found[4]))
        if silent and not (found[2] and name == silent):
            continue
        if not known or (found[1] and found[5]):
            escaped = known and found[1] and found[5]
            parts += [content[at : found.start()], found[0][1:-1] if escaped else found[0]]
        else:
            parts.append("" if silent else content[at : found.start()] + found[1])
            parts.append(f"<{found[2]}pre>" if name in _CODE and name in closed else "")
            parts.append(found[5])
            silent = name if name in _MEDIA and name in closed and not found[2] else ""
        at = found.end()
    return "".join(parts) + content[at:]

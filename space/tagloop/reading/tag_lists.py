"""Tags of one article, in whatever way they stand in one value, as a list."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from ftfy.fixes import fix_surrogates

from tagloop.reading.missing import is_missing
from tagloop.text.markup import html_to_text

MAX_TAGS = 200
"""An article with more was not tagged by a person: a text was taken for the tags, most likely."""
MAX_CHARACTERS = MAX_TAGS * 400
"""Of all tags in one text: ten times what the most and longest tags need."""
MAX_VALUES = 10 * MAX_TAGS
"""In lists in lists: YAML can write a list that holds another a hundred times, and so on."""
MAX_DEPTH = 6
"""Of lists in lists: Hexo's categories have two, the API of WordPress four."""

SEPARATORS = {
    "comma": ",\uff0c\u3001\u060c\uff64",
    "semicolon": ";\uff1b\u061b",
    "pipe": "|\uff5c",
    "line": "\n\r",
    "blank": " ",
    "slash": "/\uff0f",
    "none": "",
}
"""Names that a person may give for what stands between tags in one text: signs of one kind, those
of Chinese, Japanese and Arabic too."""
WEAK = {"slash": SEPARATORS["slash"], "dot": "·•・"}
"""Signs that stand in tags as well (``TCP/IP``): they divide only where a whole column shows it."""

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_CALL = re.compile(r"\A(?:frozenset|set|array|list|tuple|Index|Series)\s?\((.*)\)\Z", re.DOTALL)
_ARRAY_TYPE = re.compile(r",\s*+dtype=[^,\[\]]{1,40}\Z")
_QUOTED = re.compile(
    r"""[uUbB]?(?:"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)|'((?:[^'\\]|\\.)*+)(?:'|\\?\Z))\s*+,?\s*+(?:\.{3},?\s*+)?+""",
    re.DOTALL,
)
"""And ``...``, with which numpy shortens a list."""
_IN_ANGLES = re.compile(r"<[^<>\n]++>(?:\s*+,?\s*+<[^<>\n]++>)*+")
_ANGLES = re.compile(r"<([^<>\n]++)>")
_WIKI = re.compile(r"(?:[\"']?\[\[[^\[\]\n]++\]\][\"']?\s*+[,;]?\s*+(?:-\s*+)?)++")
_WIKI_LINK = re.compile(r"\[\[([^\[\]\n]++)\]\]")
_TIDDLY = re.compile(r"\[\[([^\[\]\n]++)\]\]|(?<!\S)([^\s\[\]]++)(?!\S)")
"""``[[old piers]] boats`` of TiddlyWiki."""
_HASHTAGS = re.compile(r"#[^\s#,;|]++(?:\s*+#[^\s#,;|]++)++")
_WORDS = re.compile(r'"[^"]++"|\S++')
"""Divided by blanks, but for those in quotes: ``"old piers" boats``."""
_IN_COLONS = re.compile(r":(?:[^:\s]++:)++")
"""``:piers:boats:`` of Org."""
_BEFORE_HASH = re.compile(r"(?<!\s)\s++(?=#)")
_BULLET = re.compile(r"\A(?:[-*+•–·]|\d{1,3}[.)])\s++")
_PAGE_OF_NOTION = re.compile(r"\s\(https?://[^\s()]{1,2000}\)")
_THOUSANDS = re.compile(r"(?<![\d,])(\d{1,3}),(?=\d{3}\s[^\W\d])")
_PATH = re.compile("(?<=[^\\W_])\\s?[>»\u203a]\\s?(?=[^\\W_])")
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»"}
_WIDE_HASH = "\uff03"
_WIDE_BLANK = "\u3000"
"""Between words of Chinese and Japanese, which have no blanks within."""
_MOST_QUOTED = 400
"""Characters of a tag in quotes; a quote without an end is one of the tag's own signs."""
_OBJECTS_IN_OBJECTS = ("attributes", "node", "fields", "data")
"""Where Strapi, GraphQL and Contentful keep what an object is, beside its id."""
_NAMES_IN_OBJECTS = (
    "name", "label", "title", "value", "term", "text", "tag", "rendered", "display_name",
    "displayName", "tag_name", "category", "slug", "#text", "$t", "_", "$value", "en",
)  # fmt: skip
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_SIGN_ESCAPES = {"n": "\n", "r": "\n", "t": "\t"}
_LINE_END_IN_LETTERS = re.compile(r"(?<=[^\s\\])(?:\\r)?\\n(?=[^\s\\])")
_IN_ELEMENTS = re.compile(r"<(?:a|li)(?:\s[^<>]*+)?+>", re.IGNORECASE)
_LINE_BREAK = re.compile(r"<br\s*+/?>", re.IGNORECASE)
_PHP = re.compile(r"\Aa:\d{1,4}:\{")
_PHP_TEXT = re.compile(r's:\d{1,4}:"([^"]{0,400}+)";')
"""What WordPress keeps in its tables: ``a:1:{i:0;s:5:"Boats";}``."""
_LABEL = re.compile(r"\A(?:tags|keywords|hashtags|schlagworte)\s?[:：]\s*+(?=\S)", re.IGNORECASE)
_BETWEEN_HASHES = re.compile(r"(?:#[^#\n]++#\s*+)++")
"""``#boats# #old harbour#`` of Weibo."""


@dataclass(frozen=True, slots=True)
class TagStyle:
    """How the tags of a column stand in one text.

    Attributes:
        signs: The kinds of separators, the strongest first: a text is divided at the first that it
            has. The signs of one kind mean the same.
        blanks: Whether a text without any of them is divided at blanks.
        commas_in_lists: Whether a list's items have commas of their own: then a list of one item
            with a comma is one tag.
        known: Items of lists without a comma, in lower case: an item made of them is a list
            that its author wrote as one text.
        given: A person said it: nothing else divides a text.
    """

    signs: tuple[str, ...] = (SEPARATORS["pipe"], SEPARATORS["semicolon"], SEPARATORS["comma"])
    blanks: bool = False
    commas_in_lists: bool = False
    known: frozenset[str] = frozenset()
    given: bool = False


PLAIN = TagStyle()


@dataclass(frozen=True, slots=True)
class TagList:
    """The tags in a value.

    Attributes:
        tags: Each by itself, nowhere empty.
        numbers: There were numbers or true and false where names should be.
        too_many: More than a person gives: none was read.
    """

    tags: tuple[str, ...] = ()
    numbers: bool = False
    too_many: bool = False


def given_style(separator: str) -> TagStyle | None:
    """Returns the style that a person asks for: a name in `SEPARATORS`, or the sign itself."""
    if not separator:
        return None
    name = separator.strip().casefold()
    signs = SEPARATORS.get(name, separator.strip() or " ")
    known = next((group for group in SEPARATORS.values() if signs and signs in group), signs)
    if known == " ":
        return TagStyle((), blanks=True, given=True)
    return TagStyle((known,) if known else (), given=True)


def tags_of(value: Any, style: TagStyle = PLAIN) -> TagList:
    """Returns the tags in a value: a text, a list, an object, or any of them in another.

    Args:
        value: As it stands in the source.
        style: How tags stand in one text there.
    """
    if isinstance(value, str) and len(value) > MAX_CHARACTERS:
        return TagList(too_many=True)
    found = _Found(style)
    found.add(value, 0)
    if found.too_many:
        return TagList(too_many=True)
    # A year in a list of names is a name; numbers alone are ids.
    tags = found.tags if found.named else []
    return TagList(tuple(tags), bool(found.numbers) and not tags)


def whole_text(value: str) -> str | None:
    """Returns a text of tags as it stands, repaired, if it is no written list; else None.

    What decides how a whole column is divided reads these.
    """
    text = _repaired(value)
    if is_missing(text) or next(_written(text), None) is not None:
        return None
    return text


class _Found:
    """Collects the tags of a value."""

    def __init__(self, style: TagStyle) -> None:
        self.style = style
        self.tags: list[str] = []
        self.named = False
        self.numbers = 0
        self.looked_at = 0

    @property
    def too_many(self) -> bool:
        return len(self.tags) > MAX_TAGS or self.looked_at > MAX_VALUES

    def add(self, value: Any, depth: int, *, in_list: bool = False) -> None:
        self.looked_at += 1
        if depth > MAX_DEPTH or self.too_many or is_missing(value):
            return
        if isinstance(value, str):
            if not in_list and value.strip().casefold() in ("true", "false"):
                self.numbers += 1
            elif in_list and value.lstrip().startswith('{"') and (items := _parsed(value.strip())):
                self.add(items, depth + 1)
            elif in_list:
                whole = not _consists_of(value, self.style.known)
                for part in [value] if whole else _at_signs(value, SEPARATORS["comma"]):
                    self._add_tag(_repaired(part))
            else:
                self._add_text(value, depth)
        elif isinstance(value, bool):
            self.numbers += 1
        elif isinstance(value, int | float):
            self.numbers += 1
            if in_list:
                self.tags.append(str(value))
        elif isinstance(value, Mapping):
            self._add_object(value, depth)
        elif isinstance(value, Iterable) and not isinstance(value, bytes):
            self._add_list(list(value), depth)

    def _add_list(self, items: list[Any], depth: int) -> None:
        items = [item for item in items if not is_missing(item)]
        if len(items) == 1 and isinstance(items[0], str):
            # "boats, harbour" as the only item: its author wrote a text where a list should be.
            style = self.style
            if style.commas_in_lists and not _consists_of(items[0], style.known):
                self._add_tag(_repaired(items[0]))
            else:
                signs = tuple(group for group in style.signs if group not in WEAK.values())
                self._add_text(items[0], depth, TagStyle(signs, given=style.given))
        else:
            for item in items:
                self.add(item, depth + 1, in_list=True)

    def _add_object(self, value: Mapping[Any, Any], depth: int) -> None:
        name = next((value[key] for key in _NAMES_IN_OBJECTS if value.get(key)), None)
        if isinstance(name, str):
            self._add_tag(_repaired(name))
        elif name is not None:
            self.add(name, depth + 1, in_list=True)
        elif inner := [value[key] for key in _OBJECTS_IN_OBJECTS if value.get(key)]:
            self.add(inner, depth + 1)
        elif any(str(key).casefold().endswith("id") for key in value):
            self.numbers += 1
        elif all(
            isinstance(item, bool | int | float) or item in (None, "") for item in value.values()
        ):
            # {"boats": true, "harbour": true}
            for key, item in value.items():
                if item is not False and item != 0:
                    self._add_tag(_repaired(str(key)))
        else:
            for item in value.values():
                self.add(item, depth + 1, in_list=True)

    def _add_text(self, text: str, depth: int, style: TagStyle | None = None) -> None:
        style = style or self.style
        text = _repaired(text)
        items = next(_written(text), None)
        if items is not None and not (style.given and not style.signs and not style.blanks):
            for item in items:
                self.add(item, depth + 1, in_list=len(items) > 1 or not isinstance(item, str))
            return
        for part in split_text(text, style):
            self._add_tag(part)

    def _add_tag(self, text: str) -> None:
        for part in _PATH.split(text):
            tag = _tidy(part)
            if not is_missing(tag):
                self.named = True
                self.tags.append(tag)


def split_text(text: str, style: TagStyle) -> list[str]:
    """Divides a text that is no written list, by its column's style."""
    if style.given:
        if style.blanks:
            return [part.strip(",;") for part in text.split()]
        if style.signs and style.signs[0] not in SEPARATORS.values():
            return text.split(style.signs[0])
        return _at_signs(text, style.signs[0]) if style.signs else [text]
    if "\n" in text or "\r" in text:
        return _lines(text, style)
    if _BETWEEN_HASHES.fullmatch(text) or _HASHTAGS.fullmatch(text):
        return text.split("#")
    if text.startswith("•"):
        return text.split("•")
    for signs in style.signs:
        if any(sign in text for sign in signs):
            parts = _at_signs(text, signs)
            if len(parts) > 1 or signs not in WEAK.values():
                return [tag for part in parts for tag in _hashtags(part)]
    if style.blanks:
        return _WORDS.findall(text)
    if _WIDE_BLANK in text:
        return text.split(_WIDE_BLANK)
    return _hashtags(text)


def _consists_of(text: str, known: frozenset[str]) -> bool:
    """Tells whether a text with commas has nothing but known tags between them."""
    if not known or not any(sign in text for sign in SEPARATORS["comma"]):
        return False
    parts = (part.casefold() for part in _at_signs(text, SEPARATORS["comma"]) if part)
    return all(part in known for part in parts)


def _hashtags(text: str) -> list[str]:
    """Divides ``#boats #old harbour`` before each ``#``; any other text stays."""
    return _BEFORE_HASH.split(text) if text.lstrip().startswith("#") else [text]


def _lines(text: str, style: TagStyle) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(_BULLET.match(line) for line in lines):
        return [_BULLET.sub("", line) for line in lines]
    # A long list that was wrapped, or one tag a line: commas divide in both.
    return [part for line in lines for part in split_text(line, style)]


def _at_signs(text: str, signs: str) -> list[str]:
    """Divides a text at any of the signs, but not within quotes around a whole tag."""
    text = text.replace('""', '"')
    if signs == SEPARATORS["comma"]:
        text = _THOUSANDS.sub("\\1\ue000", text)  # "10,000 steps" is one
        text = text.replace("\\,", "\ue000")  # as calendars and Mailchimp write it
    parts, place = [], 0
    ends = [index for index, sign in enumerate(text) if sign in signs] + [len(text)]
    number = 0
    while number < len(ends):
        begin = place
        while begin < ends[number] and text[begin].isspace():
            begin += 1
        if begin < len(text) and text[begin] in _QUOTES:
            number = _end_of_quoted(text, begin, ends, number)
        parts.append(text[place : ends[number]].strip().replace("\ue000", ","))
        place = ends[number] + 1
        number += 1
    return parts


def _end_of_quoted(text: str, begin: int, ends: list[int], number: int) -> int:
    """Returns the number of the separator after a quoted tag; the next one if it has no end."""
    close = text.find(_QUOTES[text[begin]], begin + 1, begin + _MOST_QUOTED)
    if close < 0:
        return number
    after = close + 1
    while after < len(text) and text[after].isspace():
        after += 1
    for later in range(number, len(ends)):
        if ends[later] >= after:
            return later if ends[later] == after else number
    return number


def _written(text: str) -> Iterator[list[Any]]:
    """Yields, once, the items of a list that a program wrote as a text."""
    inner = text
    if call := _CALL.match(text):
        inner = _ARRAY_TYPE.sub("", call[1].strip()) or "[]"
    if _IN_ANGLES.fullmatch(text) and "</" not in text:
        yield _ANGLES.findall(text)
        return
    if "</" in text and _ANGLES.search(text):
        elements = _IN_ELEMENTS.split(text)[1:]
        parts = [html_to_text(part).strip(" ,;|·•\n") for part in elements or [text]]
        yield [part for part in parts if part]
        return
    if _LINE_BREAK.search(text):
        yield _LINE_BREAK.split(text)
        return
    if _PHP.match(text):
        yield _PHP_TEXT.findall(text)
        return
    if _WIKI.fullmatch(text.lstrip("- ")):
        yield [link.rpartition("|")[2] for link in _WIKI_LINK.findall(text)]
        return
    if "[[" in text and "," not in text and (tags := _TIDDLY.findall(text))[1:]:
        yield [link or word for link, word in tags]
        return
    if _IN_COLONS.fullmatch(text):
        yield text.strip(":").split(":")
        return
    if inner[:2] in ('"[', "'[") or inner[:3] == '[\\"':
        # A list within quotes, or one that was written twice.
        inner = inner.strip("\"'").replace('\\"', '"')
    if inner[:1] not in ("[", "(", "{"):
        items = _all_quoted(inner) if inner[:1] in "'\"" else None
        if items and len(items) > 1:
            yield items
        return
    closed = inner[-1] == {"[": "]", "(": ")", "{": "}"}[inner[0]]
    body = inner[1:-1] if closed else inner[1:]
    if (items := _parsed(inner)) is not None:
        yield items
    elif (items := _all_quoted(body)) is not None:
        yield items
    elif closed and inner[0] in "[{" and not any(sign in body for sign in "[]{}"):
        yield list(_unquoted(body))


def _parsed(text: str) -> list[Any] | None:
    """Reads JSON, or a Python literal that is no list of texts side by side (numpy's)."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if _all_quoted(text[1:-1]) is not None:
            return None
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
    if isinstance(value, Mapping):
        return [value] if value else []
    return list(value) if isinstance(value, list | tuple | set | frozenset) else None


def _all_quoted(text: str) -> list[Any] | None:
    """Returns the texts in quotes of which a text consists, with commas between them or none."""
    items, place = [], len(text) - len(text.lstrip())
    while place < len(text) and (found := _QUOTED.match(text, place)):
        quoted = found[1] if found[1] is not None else found[2]
        items.append(_ESCAPE.sub(_unescaped, quoted) if "\\" in quoted else quoted)
        place = found.end()
    return None if text[place:].strip(" ,\n\r\t") or not items else items


def _unescaped(found: re.Match[str]) -> str:
    if code := found[1] or found[2]:
        return chr(int(code, 16))
    return _SIGN_ESCAPES.get(found[3], found[3])


def _unquoted(body: str) -> Iterator[str]:
    yield from _at_signs(body, SEPARATORS["comma"] if "," in body else SEPARATORS["semicolon"])


def _repaired(text: str) -> str:
    text = fix_surrogates(text).replace("\u00a0", " ").replace("\ufeff", "").replace("\t", "\n")
    text = text.strip()
    for _ in range(2):  # exports of exports escape twice
        if "&" not in text:
            break
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    if "\\n" in text and text[:1] not in "[({'\"":
        text = _LINE_END_IN_LETTERS.sub("\n", text)
    if text.startswith(_WIDE_HASH):
        text = text.replace(_WIDE_HASH, "#")
    text = _LABEL.sub("", text)
    return _PAGE_OF_NOTION.sub("", text) if "(http" in text else text


def _tidy(tag: str) -> str:
    tag = tag.strip()
    if _WIKI.fullmatch(tag):
        tag = "".join(_WIKI_LINK.findall(tag)[:1]).rpartition("|")[2].strip()
    if len(tag) > 1 and tag[-1] == (_QUOTES | {"'": "'", "`": "`"}).get(tag[0]):
        tag = tag[1:-1].strip()
    elif tag[:1] in ('"', "“") and tag.count('"') == 1:
        tag = tag[1:].strip()
    return tag.lstrip("#").strip() or tag

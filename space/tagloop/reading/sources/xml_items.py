"""The items of an XML export or feed, one after the other, each parsed by itself.

Exports are broken in many ways: control characters that XML forbids, an ``&`` or ``<`` that begins
no markup, entities of HTML, a download that ended half-way. So a file is cut into its items as a
text (outside of CDATA, where anything may stand), and each is parsed alone: a broken one never
stops the next, and no parser ever sees a document type, so there are no entities to expand and
nothing to fetch.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from lxml import etree

from tagloop.errors import UserError
from tagloop.reading.record import Limits
from tagloop.reading.sources.files import HEAD_BYTES, InputFile
from tagloop.text.encodings import codec_of

PROLOG = (
    rb"\A(?:\xef\xbb\xbf)?(?:\s++|<\?[^>]*+>|<!--(?:[^-]++|-(?!->))*+-->"
    rb"|<!DOCTYPE[^>\[]*+(?:\[[^\]]*+\]\s*+)?>)*+"
)
"""What may stand before the first element, so that an article about feeds is not taken for one."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""\A\s*+<\?xml[^>]*?encoding\s*+=\s*+["']([\w.:-]+)""")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""Characters that XML does not allow."""
_NO_MARKUP = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|&(?!(?:amp|lt|gt|quot|apos);)(?:(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)?"
    r"|<(?![A-Za-z/!?_])",
    re.DOTALL,
)
_CHUNK = 1 << 18
_TAG = 200
"""Longer than any tag that counts; it may be divided between two pieces."""


@dataclass(frozen=True)
class Layout:
    """How a kind of file holds its items.

    Attributes:
        item: Name of the elements, without a prefix.
        tokens: Finds what opens or closes an item or the outermost element, and what may hold text
            that looks like it: groups 1 (it closes) and 2 (it is an item).
        outermost: The opening tag of the outermost element.
    """

    item: str
    tokens: re.Pattern[str]
    outermost: re.Pattern[str]


_ANY = r"<!\[CDATA\[|<!--|<(/?)(?:[A-Za-z][\w.-]*+:)?(?:"
RSS = Layout(
    "item",
    re.compile(_ANY + r"(item)|rss|RDF)(?=[\s>/])"),
    re.compile(r"<(?:rss|rdf:RDF|RDF)(?=[\s>/])[^>]*+>"),
)
ATOM = Layout(
    "entry", re.compile(_ANY + r"(entry)|feed)(?=[\s>/])"), re.compile(r"<feed(?=[\s>/])[^>]*+>")
)
ROWS = Layout(
    "row", re.compile(_ANY + r"(row)|posts)(?=[\s>/])"), re.compile(r"<posts(?=[\s>/])[^>]*+>")
)


@dataclass(frozen=True)
class Item:
    """An item of a file.

    Attributes:
        number: The first is 1.
        line: Where it begins.
        element: Its tree; None if it cannot be read.
        problem: Why not.
        oddity: What was repaired to read it.
    """

    number: int
    line: int
    element: etree._Element | None
    problem: str = ""
    oddity: str = ""


class XmlItems:
    """The items of an XML file.

    Attributes:
        root: The opening tag of the outermost element, with its namespaces; known with the first
            item.
        root_end: Its closing tag.
        around: What stands before the first item and after the last, as a tree; complete when all
            items are read.
        position: Tells how many bytes have been read.
    """

    def __init__(self, file: InputFile, limits: Limits, layout: Layout) -> None:
        """Opens a file.

        Args:
            file: The file.
            limits: What its items may take.
            layout: How it holds them.

        Raises:
            UserError: It cannot be read.
        """
        self._file, self._limits, self._layout = file, limits, layout
        self._stream, self.position = file.open_counted()
        self._before, self._after = "", ""
        self.root = self.root_end = ""
        self._parser = etree.XMLParser(**self._settings(), recover=False)
        self._mender = etree.XMLParser(**self._settings(), recover=True)

    def _settings(self) -> dict[str, bool]:
        return {
            "resolve_entities": False,
            "no_network": True,
            "load_dtd": False,
            "huge_tree": self._limits.record_characters is None,
            "remove_comments": True,
            "remove_pis": True,
        }

    @property
    def around(self) -> etree._Element:
        """Returns what stands around the items."""
        text = self._before + self._after
        found = self._layout.outermost.search(text)
        mended = _mended(text[found.start() :] if found else text)
        tree = etree.fromstring(mended.encode(), self._mender) if mended.strip() else None
        return etree.Element("nothing") if tree is None else tree

    def __iter__(self) -> Iterator[Item]:
        with self._stream:
            cutter = _Cutter(_reader(self._stream), self._layout.tokens)
            for number, (text, line) in enumerate(cutter.items(), 1):
                self._open(cutter.before)
                yield self._parsed(text, number, line, whole=not cutter.unfinished)
            self._open(cutter.before)
            self._after = cutter.after

    def _open(self, before: str) -> None:
        if self.root:
            return
        self._before = _without_comments(before)
        found = self._layout.outermost.search(self._before)
        if found is None:
            raise UserError(f"{self._file.name}: nothing of such a file was found in it.")
        self.root = found[0].removesuffix("/>").removesuffix(">") + ">"
        self.root_end = f"</{self.root[1:-1].split()[0]}>"

    def _parsed(self, text: str, number: int, line: int, whole: bool) -> Item:
        most = self._limits.record_characters
        if most is not None and len(text) > most:
            return Item(number, line, None, f"it has more than {most:,} characters")
        if not whole:
            return Item(number, line, None, "the file ends within it: export it again")
        opening, closing = self.root, self.root_end
        try:
            return Item(number, line, self._item(opening + text + closing, self._parser))
        except etree.XMLSyntaxError as error:
            reason = str(error.msg).partition(", line ")[0]
        try:
            element = self._item(opening + _mended(text) + closing, self._mender)
        except etree.XMLSyntaxError:
            element = None
        if element is None:
            return Item(number, line, None, f"it is no XML ({reason})")
        return Item(number, line, element, oddity=f"its XML was repaired ({reason})")

    def _item(self, text: str, parser: etree.XMLParser) -> etree._Element | None:
        root = etree.fromstring(text.encode(), parser)
        if root is None:
            return None
        name = self._layout.item
        return next((child for child in root.iter() if local_name(child) == name), None)


class _Cutter:
    """Cuts a text that comes in pieces into items; nothing of it is searched twice.

    Attributes:
        before: What stands before the first item.
        after: What stands after the last.
        unfinished: Whether the text ended within the item that came last.
    """

    def __init__(self, read: Callable[[int], str], tokens: re.Pattern[str]) -> None:
        self.before, self.after, self.unfinished = "", "", False
        self._read, self._tokens = read, tokens
        self._text = ""
        self._start = 0  # of what has not been given out; of the item, when inside one
        self._at = 0  # where to look on
        self._until = ""  # what ends the CDATA section or comment that it is in
        self._inside = self._begun = False
        self._line = 1  # of the start

    def items(self) -> Iterator[tuple[str, int]]:
        """Yields each item with its line."""
        # Pieces grow with an item, so that one of any size is copied only a few times.
        while piece := self._read(max(_CHUNK, len(self._text) - self._start)):
            self._text = self._text[self._start :] + piece
            self._at, self._start = self._at - self._start, 0
            while (found := self._token()) is not None:
                line = self._line
                if (item := self._after_token(found)) is not None:
                    yield item, line
        rest = self._text[self._start :]
        if self._inside:
            self.unfinished = True
            yield rest, self._line
        elif self._begun:
            self.after = rest
        else:
            self.before = rest

    def _token(self) -> re.Match[str] | None:
        """Finds the next tag that counts; None where this piece has no more."""
        while True:
            if self._until:
                end = self._text.find(self._until, self._at)
                if end < 0:
                    self._at = max(self._at, len(self._text) - len(self._until) + 1)
                    return None
                self._at, self._until = end + len(self._until), ""
            found = self._tokens.search(self._text, self._at)
            if found is None or (found[1] and ">" not in self._text[found.end() :][:_TAG]):
                last = len(self._text) - _TAG if found is None else found.start()
                self._at = max(self._at, last)
                return None
            self._at = found.end()
            if not found[0].startswith("<!"):
                return found
            self._until = "-->" if found[0] == "<!--" else "]]>"

    def _after_token(self, found: re.Match[str]) -> str | None:
        """Opens or closes an item; returns the one that ends here."""
        closes, is_item = bool(found[1]), bool(found[2])
        if not self._inside:
            if closes or not is_item:
                return None
            if not self._begun:
                self.before = self._text[: found.start()]
            self._begun = self._inside = True
            self._go_on(found.start())
            return None
        if not closes and not is_item:
            return None
        # An item that has no end of its own ends where the next begins, or all of them end.
        end = self._text.find(">", found.end()) + 1 if closes and is_item else found.start()
        item = self._text[self._start : end]
        self._go_on(end)
        self._inside = not closes
        self._at = max(self._at, end)
        return item

    def _go_on(self, start: int) -> None:
        self._line += self._text.count("\n", self._start, start)
        self._start = start


def _reader(stream: IO[bytes]) -> Callable[[int], str]:
    """Returns what reads a stream as text, without the characters that XML forbids."""
    head = stream.read(HEAD_BYTES)
    mark, codec = next(
        ((mark, codec) for mark, codec in _MARKS if head.startswith(mark)), (b"", "")
    )
    declared = _DECLARED.match(head)
    codec = codec or (codec_of(declared[1].decode()) if declared else None) or "utf-8"
    decoder = codecs.getincrementaldecoder(codec)("replace")
    waiting = head[len(mark) :]

    def read(size: int) -> str:
        nonlocal waiting
        while data := waiting or stream.read(size):
            waiting = b""
            if text := _FORBIDDEN.sub("", decoder.decode(data)):
                return text
        return ""

    return read


def _without_comments(text: str) -> str:
    begun, *others = text.split("<!--")
    return begun + "".join(other.partition("-->")[2] for other in others)


def _mended(text: str) -> str:
    """Returns XML in which every ``&`` and ``<`` that begins no markup is escaped."""
    return _NO_MARKUP.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    if found[0].startswith("<!["):
        return found[0] if found[0].endswith("]]>") else found[0] + "]]>"
    character = html.unescape(found[0])
    if found[1] and character != found[0]:
        return html.escape(_FORBIDDEN.sub("", character), quote=False)
    return html.escape(found[0], quote=False)


def local_name(element: etree._Element) -> str:
    """Returns an element's name without its namespace, or without a prefix that means nothing."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def name_in(element: etree._Element, prefixes: dict[str, str]) -> str:
    """Returns an element's name with the prefix that its namespace usually has.

    Args:
        element: The element.
        prefixes: By what their namespaces begin with, the longest first.
    """
    namespace, _, name = str(element.tag).rpartition("}")
    usual = next((it for start, it in prefixes.items() if namespace[1:].startswith(start)), "")
    return f"{usual}:{name}" if usual else name


def text_of(element: etree._Element | None) -> str:
    """Returns all text of an element, without white space around it."""
    return "" if element is None else "".join(map(str, element.itertext())).strip()

"""Which encoding a text file is in: what it says itself, else UTF-8, else Windows-1252."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from tagloop.errors import UserError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 4096
_UNDEFINED = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that stand for nothing in Windows-1252."""
_NOT_ASCII = bytes(range(0x80, 0x100))
_MAX_ACCENTS = 0.2
"""Share of bytes beyond ASCII: Western European texts have a tenth at most, other alphabets in
their own single-byte encodings nearly all of their letters."""
_GOOD_PER_BAD = 4
"""So many whole UTF-8 characters a broken one, and the file is UTF-8 with a flaw; in
Windows-1252 two bytes beyond ASCII hardly ever make one."""
_DECLARED = re.compile(rb"""<meta[^<>]+charset\s*+=\s*+["']?+\s*+([\w-]+)""", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_LATIN_1 = {"iso8859-1", "ascii"}


def find_encoding(blocks: Iterable[bytes], name: str, declared: str | None = None) -> str:
    """Returns the name of the codec, to be used with ``errors="replace"``.

    Args:
        blocks: The file's bytes, one piece after the other.
        name: The file, for the message.
        declared: The encoding that the file says it is in; trusted only if it is not UTF-8.

    Raises:
        UserError: The file is not a text, or its encoding cannot be told.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    size = high = good = bad = 0
    undefined = False
    for block in blocks:
        if size == 0 and (found := _marked(block) or _without_mark(block[:_SAMPLE], name)):
            return found
        size += len(block)
        if b"\0" in block:
            raise _not_text(name)
        text = decoder.decode(block)
        broken = text.count("\ufffd")
        bad += broken
        good += len(text) - len(text.encode("ascii", "ignore")) - broken
        high += len(block) - len(block.translate(None, _NOT_ASCII))
        undefined = undefined or len(block.translate(None, _UNDEFINED)) < len(block)
    if not bad or good >= _GOOD_PER_BAD * bad:
        return "utf-8"
    if declared:
        return declared
    if undefined or high > size * _MAX_ACCENTS:
        raise UserError(
            f"{name}: it cannot be told how its letters are encoded; save it as UTF-8 and try "
            "again."
        )
    return "cp1252"


def decode(data: bytes, name: str, *, html: bool = False, declared: str | None = None) -> str:
    r"""Returns a text file's text, with line ends as ``\n``.

    Args:
        data: Its bytes.
        name: The file, for the message.
        html: Whether it may name its encoding itself.
        declared: The encoding that came with it, which goes before its own word.

    Raises:
        UserError: It is not a text, or its encoding cannot be told.
    """
    declared = declared or (declared_encoding(data) if html else None)
    encoding = find_encoding([data], name, declared)
    text = data.decode(encoding, errors="replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def declared_encoding(data: bytes) -> str | None:
    """Returns the codec that an HTML file names, if there is one of that name."""
    found = _DECLARED.search(data[:_SAMPLE])
    return None if found is None else codec_of(found[1].decode("ascii"))


def codec_of(name: str) -> str | None:
    """Returns the codec of text that goes by a name, as browsers understand it."""
    try:
        codec = codecs.lookup(name).name
        b"a".decode(codec)  # refuses codecs that are none of text, such as "hex"
    except (LookupError, ValueError):
        return None
    # Browsers read Latin-1 as Windows-1252, and so do people who write it.
    return "cp1252" if codec in _LATIN_1 else codec


def _marked(block: bytes) -> str | None:
    return next((codec for mark, codec in _MARKS if block.startswith(mark)), None)


def _without_mark(sample: bytes, name: str) -> str | None:
    """Tells UTF-16 by the zeros of its Latin letters."""
    if b"\0" not in sample:
        return None
    zeros = [sample[first::2].count(0) / max(1, len(sample) // 2) for first in (0, 1)]
    for codec, high, low in (("utf-16-le", zeros[1], zeros[0]), ("utf-16-be", zeros[0], zeros[1])):
        text = sample.decode(codec, errors="ignore")
        if high > 0.4 and low < 0.05 and not _CONTROL.search(text):
            return codec
    raise _not_text(name)


def _not_text(name: str) -> UserError:
    return UserError(
        f"{name} is not a text file, whatever its name says; give the file its right ending, or "
        "paste the text."
    )

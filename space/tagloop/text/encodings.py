"""Which encoding a text file is in: what it says itself, else UTF-8, else what its letters show.

UTF-8 is told by its bytes: all of a file is looked at, since one accent may be its only one. What
is not UTF-8 is told from a sample of the lines with letters beyond ASCII by charset-normalizer,
which is kept up: it decodes the sample by each of the usual codecs and takes the text with the
fewest odd sequences and the commonest letters of a language. Of texts in Latin letters it takes one
codec for the other, as Windows-1250 and Windows-1257 give letters for nearly all bytes of
Windows-1252: that one, by far the commonest, is preferred where the text it gives is as good.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable

from charset_normalizer import CharsetMatch, from_bytes

from tagloop.errors import UserError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 4096
_NOT_ASCII = bytes(range(0x80, 0x100))
_ASCII = bytes(range(0x80))
_CONTROLS = bytes((*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F))
"""Without tab, line ends, form feed and escape, which texts have."""
_MAX_CONTROLS = 0.05
"""Share of control characters in a text that a program has damaged (a NUL here and there); what
is packed or runs has a tenth and more."""
_FEW_CONTROLS = 3
_NO_TEXT = {"Cc", "Cn", "Co", "Cs"}
"""Categories of Unicode that a sample of a text has none of, and of other bytes many."""
_MAX_ACCENTS = 0.2
"""Share of bytes beyond ASCII: Western European texts have a tenth at most, other alphabets in
their own single-byte encodings nearly all of their letters."""
_GOOD_PER_BAD = 4
"""So many bytes that go on with a character for one that is broken, and the file is UTF-8 with a
flaw; in Windows-1252 two bytes beyond ASCII hardly ever make a character."""
_DECLARED = re.compile(rb"""<meta[^<>]+charset\s*+=\s*+["']?+\s*+([\w-]+)""", re.IGNORECASE)
_LATIN_1 = {"iso8859-1", "ascii"}
_TRIED = (
    "cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp1257", "cp874", "cp932", "euc_jp", "gb18030", "big5", "cp949", "mac_roman",
)  # fmt: skip
"""What people's files are in; the library knows eighty more, some of which fit nearly anything."""
_MORE_ODDITY = 0.1
"""So much more mess than in the best may be in the text by Windows-1252: French with apostrophes
has 0.07, and Turkish, Polish or Czech taken for it more."""
_SYMBOL_IN_WORD = re.compile(r"[£¥ª³¹º¼¾][a-zß-ÿ]")
"""What Windows-1252 makes of letters of Eastern Europe, and no text has often."""
_LETTERS_SAMPLE = 16_384
"""Bytes of lines with letters beyond ASCII: the library looks at five pieces of 512, and decodes
all of it by each codec of East Asia."""
_CONTEXT = 200
"""Bytes before and after such a letter in a long line."""
_HIRAGANA = re.compile("[\u3041-\u3096]")
_MIN_HIRAGANA = 0.2
"""Share of letters beyond ASCII: Japanese has a third and more, what is taken for it none."""
_NAMES = {
    "iso8859-2": "ISO 8859-2",
    "koi8-r": "KOI8-R",
    "cp874": "Windows-874",
    "cp932": "Shift-JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp949": "EUC-KR",
    "mac-roman": "Mac Roman",
}


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
    first = True
    sample = b""
    for block in blocks:
        if first and (found := _by_first_bytes(block, name)):
            return found
        first = False
        text = decoder.decode(block)
        good += len(block) - len(text)  # bytes that go on with a character
        # Where a program has put the sign itself into the file, nothing is broken.
        broken = text.count("\ufffd") - block.count(b"\xef\xbf\xbd")
        if broken > 0:
            bad += broken
            size += len(block)
            high += len(block) - len(block.translate(None, _NOT_ASCII))
            if len(sample) < _LETTERS_SAMPLE:
                sample += _lines_with_letters(block, _LETTERS_SAMPLE - len(sample))
    if not bad or good >= _GOOD_PER_BAD * bad:
        return "utf-8"
    if declared:
        return declared
    found = _japanese(sample) or _by_letters(sample)
    if found is None and high > size * _MAX_ACCENTS:
        raise UserError(
            f"{name}: it cannot be told how its letters are encoded; save it as UTF-8 and try "
            "again."
        )
    return found or "cp1252"


def decode(data: bytes, name: str, *, html: bool = False, declared: str | None = None) -> str:
    r"""Returns a text file's text, with line ends as ``\n`` and without NULs.

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
    text = data.decode(encoding, errors="replace").removeprefix("\ufeff").replace("\0", "")
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


def encoding_note(encoding: str) -> str | None:
    """Returns the sentence that says what was taken for a file's encoding; None for UTF-8."""
    codec = codecs.lookup(encoding).name
    if codec.startswith("utf-8"):
        return None
    shown = _NAMES.get(codec) or codec.replace("cp125", "Windows-125").replace("utf", "UTF")
    return (
        f"It is not in UTF-8; its letters are read as {shown}: if they look wrong, save it as "
        "UTF-8."
    )


def _by_first_bytes(block: bytes, name: str) -> str | None:
    """Returns the codec that the file's mark or its NULs tell.

    Raises:
        UserError: It is no text.
    """
    if found := next((codec for mark, codec in _MARKS if block.startswith(mark)), None):
        return found
    sample = block[:_SAMPLE]
    if found := _without_mark(sample):
        return found
    if _is_binary(sample):
        raise UserError(
            f"{name} is not a text file, whatever its name says; give the file its right ending, "
            "or paste the text."
        )
    return None


def _without_mark(sample: bytes) -> str | None:
    """Tells UTF-16 by the zeros of its Latin letters, or of its commas and line ends."""
    if b"\0" not in sample:
        return None
    zeros = [sample[first::2].count(0) / max(1, len(sample) // 2) for first in (0, 1)]
    for codec, high, low in (("utf-16-le", zeros[1], zeros[0]), ("utf-16-be", zeros[0], zeros[1])):
        if high > max(0.01, low) and (_is_binary(sample) or not _is_utf8(sample)):
            signs = {*sample.decode(codec, errors="replace")[:-1]}  # the last may be cut off
            kinds = {unicodedata.category(sign) for sign in signs - {*"\t\n\r\f"}}
            if "\ufffd" not in signs and not kinds & _NO_TEXT:
                return codec
    return None


def _is_binary(sample: bytes) -> bool:
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls > max(_FEW_CONTROLS, len(sample) * _MAX_CONTROLS)


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # its last character may be cut off
    except UnicodeDecodeError:
        return False
    return True


def _lines_with_letters(block: bytes, room: int) -> bytes:
    """Returns lines with bytes beyond ASCII; of a long one what stands around the first of them.

    It is cut at blanks alone, which are no part of any character in the encodings that are tried.
    """
    found = bytearray()
    for line in block.splitlines(keepends=True):
        if line.isascii():
            continue
        if len(line) > 2 * _CONTEXT:
            place = len(line) - len(line.lstrip(_ASCII))
            start = line.rfind(b" ", 0, max(place - _CONTEXT, 0)) + 1
            end = line.find(b" ", place + _CONTEXT)
            line = line[start : end if end >= 0 else None]
        found += line
        if len(found) >= room:
            break
    return bytes(found[: room * 4])


def _japanese(sample: bytes) -> str | None:
    """Tells Japanese by its hiragana, of which few sentences are enough."""
    for codec in ("cp932", "euc_jp"):
        text = codecs.getincrementaldecoder(codec)("replace").decode(sample)
        beyond = len(text) - len(text.encode("ascii", "ignore"))
        if "\ufffd" not in text and len(_HIRAGANA.findall(text)) > beyond * _MIN_HIRAGANA:
            return codec
    return None


def _by_letters(sample: bytes) -> str | None:
    """Returns the codec whose letters a sample has; None if none gives a text."""
    for cut in range(4):  # the last character may be cut off
        matches = from_bytes(
            sample[: len(sample) - cut], cp_isolation=list(_TRIED), preemptive_behaviour=False
        )
        best = matches.best()
        if best is not None:
            western = next((match for match in matches if "cp1252" in _fitting(match)), None)
            if western and western.chaos <= best.chaos + _MORE_ODDITY and _is_western(sample):
                return "cp1252"
            return codecs.lookup(best.encoding).name
    return None


def _fitting(match: CharsetMatch) -> list[str]:
    return [match.encoding, *match.could_be_from_charset]


def _is_western(sample: bytes) -> bool:
    text = sample.decode("cp1252", errors="replace")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return len(_SYMBOL_IN_WORD.findall(text)) * 10 < beyond

"""Word documents (.docx) to a title and a text."""

from __future__ import annotations

import zipfile
from enum import Enum, auto
from io import BytesIO
from xml.parsers import expat

import mammoth

from tagloop.errors import UserError
from tagloop.reading.damage import DAMAGE
from tagloop.reading.documents import read_html_fragment
from tagloop.reading.documents.plain_text import read_text

MAX_XML_BYTES = 20_000_000
"""Of all XML in the document, unpacked; 50,000 characters take about a tenth of it."""
MAX_PARTS = 2_000
MAX_PROLOG_BYTES = 64 * 1024
"""Before the first element, where programs write a line."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of an old .doc, and of a .docx that is encrypted ([MS-CFB])."""
_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"


def read_word(data: bytes, name: str) -> tuple[str, str]:
    """Returns title (the title or first heading, if there is one) and text, pictures left out.

    Raises:
        UserError: The file is no .docx, is locked, or unpacks to more than a document should.
    """
    if data.startswith(_OLE):
        raise UserError(
            f"{name} is locked with a password, or an old Word file (.doc): save it as .docx "
            "without a password and try again."
        )
    found = mammoth.convert_to_html(
        _checked(data, name),
        style_map=_STYLES,
        # A document's own style map could make anything of its paragraphs.
        include_embedded_style_map=False,
        convert_image=lambda image: [],
    )
    if not found.value.strip():
        return "", ""
    title, text = read_html_fragment(found.value, name)
    return (title, text) if title else read_text(text, name)


def _checked(data: bytes, name: str) -> BytesIO:
    """Returns the document with its XML alone, once that has been looked at.

    A document's own relations say which of its parts are read, so a part is XML if its bytes are,
    whatever it is called; all others (pictures, fonts) stay away. Python's zipfile gives no byte
    more than the archive says of a part.
    """
    checked = BytesIO()
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, zipfile.ZipFile(checked, "w") as target:
            if "word/document.xml" not in archive.namelist():
                raise UserError(f"{name} is not a Word document; save it as .docx in Word.")
            # Of two parts with the same name the last counts, for zipfile as for Word.
            parts = list({part.filename: part for part in archive.infolist()}.values())
            _check_size([part for part in parts if _is_named_xml(part)], parts, name)
            kinds = [(part, _kind(archive, part)) for part in parts]
            if any(kind is _Kind.FORBIDDEN and _is_named_xml(part) for part, kind in kinds):
                raise UserError(f"{name} is not a proper Word document; paste its text.")
            read = [part for part, kind in kinds if kind is _Kind.XML]
            _check_size(read, parts, name)
            for part in read:
                target.writestr(part.filename, archive.read(part))
    except DAMAGE as error:
        raise UserError(
            f"{name} is not a Word document, or damaged; open it in Word, save it as .docx and "
            "try again."
        ) from error
    return checked


def _check_size(read: list[zipfile.ZipInfo], parts: list[zipfile.ZipInfo], name: str) -> None:
    size = sum(part.file_size for part in read)
    if len(parts) > MAX_PARTS or size > MAX_XML_BYTES:
        raise UserError(
            f"{name} unpacks to {size / 1e6:,.0f} MB in {len(parts):,} parts, more than "
            "a document should; paste its text instead."
        )


def _is_named_xml(part: zipfile.ZipInfo) -> bool:
    return part.filename.lower().endswith((".xml", ".rels"))


class _Kind(Enum):
    """What a part is by its first bytes."""

    XML = auto()
    FORBIDDEN = auto()
    OTHER = auto()


class _RootReached(Exception):
    """The first element: a document type can only stand before it."""


def _kind(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> _Kind:
    """Tells what a part is, by the parser and in the encodings that it will be read with.

    ECMA-376 part 2 forbids document types; entities, which they define, are how XML bombs are made.
    Looking for ``<!DOCTYPE`` in the bytes would miss one in UTF-16.
    """
    found = _Kind.OTHER

    def forbid(*_: object) -> None:
        nonlocal found
        found = _Kind.FORBIDDEN
        raise _RootReached

    def reach(*_: object) -> None:
        nonlocal found
        found = _Kind.XML
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = forbid
    parser.StartElementHandler = reach
    try:
        with archive.open(part) as file:
            begin = file.read(MAX_PROLOG_BYTES)
        parser.Parse(begin, part.file_size <= len(begin))
    except _RootReached:
        return found
    except (expat.ExpatError, ValueError, LookupError):
        return _Kind.XML if _is_named_xml(part) else _Kind.OTHER  # the reader says what is wrong
    except DAMAGE:
        if _is_named_xml(part):
            raise
        return _Kind.OTHER  # a damaged picture is no matter
    # Neither a picture nor what any program writes goes on like this.
    return _Kind.FORBIDDEN

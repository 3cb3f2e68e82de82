"""Word documents (.docx) to a title and a text."""

from __future__ import annotations

import zipfile
from io import BytesIO

import mammoth

from tagloop.errors import UserError
from tagloop.reading.markup import read_html, read_text

MAX_XML_BYTES = 20_000_000
"""Of all XML in the document, unpacked; 50,000 characters take about a tenth of it."""
MAX_PARTS = 2_000
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
    _check_parts(data, name)
    found = mammoth.convert_to_html(
        BytesIO(data),
        style_map=_STYLES,
        # A document's own style map could make anything of its paragraphs.
        include_embedded_style_map=False,
        convert_image=lambda image: [],
    )
    if not found.value.strip():
        return "", ""
    title, text = read_html(f"<body>{found.value}</body>", name)
    return (title, text) if title else read_text(text, name)


def _check_parts(data: bytes, name: str) -> None:
    """Looks at what the archive says of its parts; Python's zipfile gives no byte more."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            if "word/document.xml" not in archive.namelist():
                raise UserError(f"{name} is not a Word document; save it as .docx in Word.")
            size = sum(part.file_size for part in parts if _is_xml(part.filename))
            if len(parts) > MAX_PARTS or size > MAX_XML_BYTES:
                raise UserError(
                    f"{name} unpacks to {size / 1e6:,.0f} MB in {len(parts):,} parts, more than "
                    "a document should; paste its text instead."
                )
            for part in parts:
                # ECMA-376 part 2 forbids document types; entities are how XML bombs are made.
                if _is_xml(part.filename) and b"<!DOCTYPE" in archive.read(part):
                    raise UserError(f"{name} is not a proper Word document; paste its text.")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UserError(
            f"{name} is not a Word document, or damaged; open it in Word, save it as .docx and "
            "try again."
        ) from error


def _is_xml(part: str) -> bool:
    return part.lower().endswith((".xml", ".rels"))

"""PDFs to a title and a text."""

from __future__ import annotations

import re
from io import BytesIO

from pypdf import PasswordType, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError

from tagloop.errors import UserError
from tagloop.limits import MAX_TEXT_CHARACTERS

MAX_PAGES = 500
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]\n(?=[a-zß-ÿ])")
_NO_TITLE = re.compile(
    r"^(?:untitled|document\d*|microsoft \w+ - .*|.*\.(?:docx?|pdf|tex|indd|odt|rtf|pptx?))$",
    re.IGNORECASE,
)
"""What programs write as a title when nobody gave one."""


def read_pdf(data: bytes, name: str) -> tuple[str, str]:
    """Returns title (the document's own property, if it is one) and text, pages by blank line.

    Raises:
        UserError: The file is no PDF, is locked, a scan, or longer than an article.
    """
    if b"%PDF-" not in data[:1024]:  # where readers look for it (ISO 32000, Annex H)
        raise UserError(f"{name} is not a PDF, whatever its name says; paste the text instead.")
    reader = PdfReader(BytesIO(data))
    _unlock(reader, name)
    if len(reader.pages) > MAX_PAGES:
        raise UserError(
            f"{name} has {len(reader.pages):,} pages; the limit is {MAX_PAGES}. Give only the "
            "pages of the article."
        )
    pages: list[str] = []
    length = 0
    for page in reader.pages:
        pages.append(page.extract_text())
        length += len(pages[-1].strip())
        if length > MAX_TEXT_CHARACTERS:
            break  # the caller says that it is too long
    text = _BROKEN_WORD.sub("", "\n\n".join(pages))
    if not any(character.isalnum() for character in text):
        raise UserError(
            f"{name} has pictures of its pages but no text (a scan): run text recognition (OCR) "
            "on it first, or paste the text."
        )
    return _title(reader), text


def _unlock(reader: PdfReader, name: str) -> None:
    """Opens what anyone may open: many PDFs are encrypted only so that they are not changed."""
    locked = UserError(f"{name} is locked with a password: save it without one and try again.")
    if not reader.is_encrypted:
        return
    try:
        if reader.decrypt("") is PasswordType.NOT_DECRYPTED:
            raise locked
    except (FileNotDecryptedError, DependencyError, NotImplementedError) as error:
        raise locked from error


def _title(reader: PdfReader) -> str:
    given = reader.metadata.title if reader.metadata else None
    title = " ".join(given.split()) if isinstance(given, str) else ""
    return "" if _NO_TITLE.match(title) else title

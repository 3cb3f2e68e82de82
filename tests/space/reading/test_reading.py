"""Files as visitors have them, made here by hand or by the libraries that write them."""

import io
import os
import subprocess
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from tagloop.errors import UserError
from tagloop.limits import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS
from tagloop.rate_limits import FairSlots
from tagloop.reading import sandbox
from tagloop.reading.documents import ENDINGS
from tagloop.reading.documents.markdown import read_markdown
from tagloop.reading.documents.word import read_word
from tagloop.service.background import Stopped
from tagloop.text.encodings import decode

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package'
    '.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument'
    '/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)
STYLES = (
    f'<w:styles xmlns:w="{WORD}"><w:style w:type="paragraph" w:styleId="Titel">'
    '<w:name w:val="Title"/></w:style></w:styles>'
)
Save = Callable[[str, bytes | str], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def read_file(path: Path) -> tuple[str, str]:
    """Title and text of a file of which there is nothing else to say."""
    article = sandbox.read_file(path)
    assert article.note == ""
    return article.title, article.text


def problem(path: Path) -> str:
    """The sentence that says why a file cannot be read."""
    with pytest.raises(UserError) as caught:
        sandbox.read_file(path)
    message = str(caught.value)
    assert path.name in message and "Traceback" not in message and "\n" not in message
    assert str(path.parent) not in message
    return message


def word(*paragraphs: tuple[str, str], extra: dict[str, bytes] | None = None) -> bytes:
    """A .docx of (style, text) paragraphs."""
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELATIONS,
        "word/document.xml": document,
        "word/styles.xml": STYLES,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | (extra or {})).items():
            archive.writestr(name, content)
    return file.getvalue()


def pdf(*pages: str, title: str | None = None, password: tuple[str, str] | None = None) -> bytes:
    """A PDF with a line of Helvetica for each line of each page."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(595, 842)
        if not text:
            continue
        lines = " ".join(f"({line}) Tj 0 -14 Td" for line in text.split("\n"))
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 50 800 Td {lines} ET".encode("cp1252"))
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        page[NameObject("/Contents")] = writer._add_object(stream)
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password[0], password[1], algorithm="AES-256")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


# Markdown, text, HTML


def test_markdown_takes_the_title_of_its_front_matter(save: Save) -> None:
    path = save("a.md", "---\ntitle: '1984: a review'\n---\n\n## Part\n\nIt is *good*,\nreally.\n")
    title, text = read_file(path)
    assert title == "1984: a review"
    assert text.split() == "Part It is good, really.".split()


def test_markdown_without_front_matter_takes_its_heading_once(save: Save) -> None:
    assert read_file(save("a.markdown", "# On *tea*\n\nWater first.\n")) == (
        "On tea",
        "Water first.",
    )
    front = "---\ntitle: On tea\n---\n# On tea\n\nWater first."
    assert read_file(save("b.md", front)) == ("On tea", "Water first.")


def test_broken_front_matter_is_said_and_the_text_read(save: Save) -> None:
    article = sandbox.read_file(
        save("a.md", "---\ntitle: x\n" + "b: c\n" * 5_000 + "---\nThe text.\n")
    )
    assert article[:2] == ("", "The text.")
    assert "a.md: the front matter has 25,009 characters" in article.note


def test_front_matter_of_any_generator(save: Save) -> None:
    assert read_file(save("c.md", "+++\ntitle = 'x'\n+++\ntext")) == ("x", "text")
    assert read_file(save("d.md", "Title: x\nDate: 2024-05-06\n\ntext")) == ("x", "text")
    assert read_file(save("e.org", "#+TITLE: x\n\ntext")) == ("x", "text")
    assert read_file(save("f.rst", "x\n=\n\ntext\n")) == ("x", "text")
    assert read_file(save("g.mdx", "import A from 'a'\n\n# x\n\ntext")) == ("x", "text")


def test_text_takes_a_line_that_stands_alone_as_its_title(save: Save) -> None:
    assert read_file(save("a.txt", "Why bread?\r\n\r\nIt rises.")) == ("Why bread?", "It rises.")
    assert read_file(save("b.txt", "It rises.\n\nIt falls.")) == ("", "It rises.\n\nIt falls.")
    assert read_file(save("c.txt", "one\ntwo\n\nthree"))[0] == ""


def test_html_gives_the_article_and_nothing_around_it(save: Save) -> None:
    page = """<?xml version="1.0" encoding="utf-8"?><!doctype html><html><head>
    <title>Tea | My site</title><style>p{}</style></head><body><nav>Home Shop</nav>
    <main><article><h1>How to make  tea</h1><p>Water <b>first</b>.</p><script>alert(1)</script>
    <aside>Read also: coffee</aside><p>Then leaves &amp; time.</p></article></main>
    <footer>Imprint</footer></body></html>"""
    title, text = read_file(save("a.html", page))
    assert title == "How to make tea"
    assert text == "Water first.\n\nThen leaves & time."


def test_html_of_a_whole_page_without_an_article(save: Save) -> None:
    page = "<html><head><title>Tea</title></head><body><p>One</p><p>Two</p></body></html>"
    assert read_file(save("a.htm", page)) == ("Tea", "One\n\nTwo")


# Encodings

GERMAN = "Der Käse aus dem Süden – „sehr gut“, sagt René."


@pytest.mark.parametrize(
    "data",
    [
        GERMAN.encode("utf-8"),
        GERMAN.encode("utf-8-sig"),
        GERMAN.encode("utf-16"),
        GERMAN.encode("utf-32"),
        GERMAN.encode("utf-16-le"),
        GERMAN.encode("utf-16-be"),
        GERMAN.encode("cp1252"),
    ],
)
def test_every_usual_encoding(save: Save, data: bytes) -> None:
    assert read_file(save("a.txt", data)) == ("", GERMAN)


def test_html_says_its_encoding() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>Привет'
    assert "Привет" in decode(page.encode("cp1251"), "a.html", html=True)
    latin = "<meta charset=iso-8859-1><p>„Käse“"
    assert "„Käse“" in decode(latin.encode("cp1252"), "a.html", html=True)
    wrong = "<meta charset=hex><p>Käse".encode("cp1252")
    assert "Käse" in decode(wrong, "a.html", html=True)


def test_one_broken_byte_does_not_make_mojibake() -> None:
    data = "Käse, Süden, René, naïve, Öl".encode() + b"\xff"
    assert decode(data, "a.txt") == "Käse, Süden, René, naïve, Öl\ufffd"


def test_an_encoding_that_cannot_be_told_is_not_guessed(save: Save) -> None:
    assert "UTF-8" in problem(save("a.txt", bytes(range(128, 256)) * 3))


def test_characters_that_no_file_can_hold_go(save: Save) -> None:
    assert read_file(save("a.txt", "a\x07b\x1bc\n\n\n\nd  \ne\xa0f")) == ("abc", "d\ne f")


# Word


def test_word_with_its_title_lists_and_entities(save: Save) -> None:
    data = word(
        ("Titel", "On bread"), ("", "Salt &amp; water."), ("Heading1", "Then"), ("", "Rest.")
    )
    title, text = read_file(save("a.docx", data))
    assert title == "On bread"
    assert text == "Salt & water.\n\nThen\n\nRest."


def test_word_without_a_heading(save: Save) -> None:
    assert read_file(save("a.docx", word(("", "It is late.")))) == ("", "It is late.")
    assert "no text" in problem(save("b.docx", word(("", ""))))


def test_word_that_is_none(save: Save) -> None:
    assert "not a Word document" in problem(save("a.docx", b"PK\x03\x04 broken"))
    assert "not a Word document" in problem(save("b.docx", "only text"))
    assert ".docx" in problem(save("c.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)))
    assert ".docx" in problem(save("d.doc", "old"))
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    assert "not a Word document" in problem(save("e.docx", other.getvalue()))
    cut = word(("", "Some text"))
    assert "not a Word document" in problem(save("f.docx", cut[: len(cut) // 2]))


def test_a_zip_bomb_is_not_unpacked(save: Save) -> None:
    path = save("a.docx", word(("", "x"), extra={"word/comments.xml": b" " * 60_000_000}))
    assert path.stat().st_size < 200_000
    begun = time.monotonic()
    assert "unpacks to 60 MB" in problem(path)
    assert time.monotonic() - begun < 5


def test_an_xml_bomb_is_not_expanded(save: Save) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><w:document xmlns:w="{WORD}">&e11;'
    path = save("a.docx", word(extra={"word/document.xml": f"{bomb}</w:document>".encode()}))
    assert "not a proper Word document" in problem(path)


BOMB = (
    '<!DOCTYPE x [<!ENTITY e0 "ha">'
    + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 5))
    + f']><w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>&e4;</w:t></w:r></w:p></w:body>'
    "</w:document>"
)
"""Small enough to be expanded, so that a text shows if it was."""


@pytest.mark.parametrize(
    "part", ["word/document.xml", "word/styles.xml", "_rels/.rels", "[Content_Types].xml"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_a_document_type_is_seen_in_every_part_and_encoding(part: str, encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding == "latin-1" else ""
    data = word(("", "Text."), extra={part: (declared + BOMB).encode(encoding)})
    with pytest.raises(UserError, match=r"a\.docx is not a proper Word document"):
        read_word(data, "a.docx")


def test_a_document_is_xml_whatever_its_part_is_called() -> None:
    elsewhere = RELATIONS.replace("word/document.xml", "word/media/image1.png").encode()
    bomb = {"_rels/.rels": elsewhere, "word/media/image1.png": BOMB.encode("utf-16")}
    assert read_word(word(("", "Text."), extra=bomb), "a.docx")[1].strip() == "Text."
    large = {**bomb, "word/media/image1.png": b"<x>" + b" " * 60_000_000}
    with pytest.raises(UserError, match="unpacks to 60 MB"):
        read_word(word(("", "Text."), extra=large), "a.docx")
    padded = {"word/document.xml": b" " * 70_000 + BOMB.encode()}
    with pytest.raises(UserError, match="not a proper Word document"):
        read_word(word(extra=padded), "a.docx")


def test_pictures_that_are_xml_or_damaged_do_not_matter() -> None:
    drawing = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd"><svg/>'
    data = word(("", "Text."), extra={"word/media/a.svg": drawing, "word/media/b.png": b"12345678"})
    damaged = data.replace(b"b.png" + zlib.compress(b"12345678", wbits=-15), b"b.png" + bytes(10))
    assert damaged != data
    assert read_word(damaged, "a.docx")[1].strip() == "Text."


def test_many_nested_elements_end_in_a_sentence(save: Save) -> None:
    deep = f'<w:document xmlns:w="{WORD}">{"<w:sdt>" * 100_000}{"</w:sdt>" * 100_000}</w:document>'
    problem(save("a.docx", word(extra={"word/document.xml": deep.encode()})))


def test_pictures_are_neither_read_nor_shown(save: Save) -> None:
    data = word(("", "Text."), extra={"word/media/image1.png": os.urandom(300_000)})
    assert read_file(save("a.docx", data)) == ("", "Text.")


# PDF


def test_pdf_with_title_pages_and_broken_words(save: Save) -> None:
    data = pdf("Bread is a mat-\nter of time.", "Second page: Käse.", title="On bread")
    title, text = read_file(save("a.pdf", data))
    assert title == "On bread"
    assert "matter of time." in text
    assert text.endswith("\n\nSecond page: Käse.")


def test_titles_that_programs_write_are_none(save: Save) -> None:
    data = pdf("Text.", title="Microsoft Word - final.docx")
    assert read_file(save("a.pdf", data))[0] == ""


def test_a_pdf_that_needs_a_password(save: Save) -> None:
    assert "password" in problem(save("a.pdf", pdf("Secret.", password=("user", "owner"))))


def test_a_pdf_that_only_may_not_be_changed_is_read(save: Save) -> None:
    data = pdf("Open to all.", password=("", "owner"))
    assert PdfReader(io.BytesIO(data)).is_encrypted
    assert read_file(save("a.pdf", data))[1] == "Open to all."


def test_a_scan_is_called_a_scan(save: Save) -> None:
    assert "OCR" in problem(save("a.pdf", pdf("", "", "")))


def test_a_pdf_that_is_none(save: Save) -> None:
    assert "not a PDF" in problem(save("a.pdf", "Only text, really."))
    assert "damaged" in problem(save("b.pdf", b"%PDF-1.7\nnothing of the kind"))


def test_thousands_of_pages_are_refused_at_once(save: Save) -> None:
    begun = time.monotonic()
    assert "2,000 pages" in problem(save("a.pdf", pdf(*[""] * 2_000)))
    assert time.monotonic() - begun < 10


def test_reading_stops_at_the_limit(save: Save) -> None:
    page = "\n".join(["word " * 20] * 50)
    article = sandbox.read_file(save("a.pdf", pdf(*[page] * 30)))
    assert 0.99 * MAX_TEXT_CHARACTERS < len(article.text) <= MAX_TEXT_CHARACTERS
    assert f"{MAX_TEXT_CHARACTERS:,}" in article.note


# Limits of all


def test_text_limits(save: Save) -> None:
    assert len(read_file(save("a.txt", "x" * MAX_TEXT_CHARACTERS))[1]) == MAX_TEXT_CHARACTERS
    article = sandbox.read_file(save("b.txt", "words of it " * 9_000))
    assert len(article.text) <= MAX_TEXT_CHARACTERS and article.text.endswith(" words")
    assert article.note == "b.txt has more than 50,000 characters of text: its beginning is here."
    title, _ = read_file(save("c.md", f"# {'word ' * 200}\n\ntext"))
    assert 0 < len(title) <= MAX_TITLE_CHARACTERS


def test_size_limits_are_named(save: Save) -> None:
    message = problem(save("a.md", b" " * (sandbox.MAX_TEXT_BYTES + 1)))
    assert "5.0 MB" in message and "5 MB" in message
    assert "empty" in problem(save("b.pdf", b""))


def test_a_wrong_ending_is_said(save: Save) -> None:
    for ending in (".txt", ".md", ".html"):
        assert "not a text file" in problem(save(f"a{ending}", word(("", "text"))))
        assert "not a text file" in problem(save(f"b{ending}", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"))
    assert ".docx" in problem(save("c.odt", "x"))
    assert "give it to the Batch tab" in problem(save("c.csv", "title,text\n"))
    assert "give it to the Batch tab" in problem(save("feed.xml", "<rss/>"))
    assert all(ending.startswith(".") for ending in ENDINGS)


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    assert "choose it again" in problem(tmp_path / "gone.md")


def test_a_reader_that_never_ends_is_stopped(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_SECONDS", 0.01)
    assert "too long" in problem(save("a.md", "text"))


def test_reading_ends_when_nobody_waits(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    start = subprocess.Popen

    def remember(*arguments: Any, **options: Any) -> Any:
        started.append(start(*arguments, **options))
        return started[0]

    def nobody_waits(done: int, total: int) -> None:
        raise Stopped

    monkeypatch.setattr(subprocess, "Popen", remember)
    with pytest.raises(Stopped):
        sandbox.read_file(save("a.md", "text"), nobody_waits)
    assert started[0].poll() is not None, "its process goes on"


def test_a_turn_is_waited_for_and_not_for_ever(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_readers", FairSlots(0))
    monkeypatch.setattr(sandbox, "POLL_SECONDS", 0.01)

    def nobody_waits(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        sandbox.read_file(save("a.md", "text"), nobody_waits)
    monkeypatch.setattr(sandbox, "MAX_SECONDS", 0.05)
    assert "Other files are being read" in problem(save("a.md", "text"))


def test_brackets_without_end_are_refused_at_once(save: Save) -> None:
    """The parser reads on to the end of a paragraph for every bracket that is open."""
    for nested in ("[" * 1_000_000, "[a ![b" * 100_000, "[" * 5_000 + "]" * 5_000 + "\n\ntext"):
        with pytest.raises(UserError, match=r"a\.md has a paragraph with too many brackets"):
            read_markdown(nested, "a.md")
    links = "- [x] see [a](https://a.example), [b] and [0, 1)\n" * 200
    assert "see a, [b] and [0, 1)" in read_markdown(links, "a.md")[1]


def test_hostile_markdown_is_done_with_in_time(save: Save) -> None:
    begun = time.monotonic()
    path = save("a.md", "> " * 2_000_000)
    try:
        read_file(path)
    except UserError as error:
        assert path.name in str(error)
    assert time.monotonic() - begun < sandbox.MAX_SECONDS + 2


def test_the_reading_process_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert "hf_secret" not in str(sandbox.environment())


def test_long_names_are_cut_in_messages(save: Save) -> None:
    with pytest.raises(UserError) as caught:
        read_file(save("n" * 200 + ".xyz", "x"))
    assert len(str(caught.value)) < 250

"""A folder or zip of article files, or one such file: one article each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from tagloop.errors import UserError
from tagloop.reading.documents import ENDINGS, read_document
from tagloop.reading.record import Limits, Record, Source
from tagloop.reading.sources.files import InputFile, Tree, shown

__all__ = ["ENDINGS", "MEMBER", "open_file", "open_tree"]

MEMBER = re.compile(rf"(?:{'|'.join(map(re.escape, ENDINGS))})\Z", re.IGNORECASE)
MAX_DOCUMENT_BYTES = 25_000_000
"""Of a visitor's Word or PDF file, which may hold pictures."""
_BYTES_A_CHARACTER = 4
TEMPLATE_FOLDERS = frozenset(
    (
        "scaffolds", "archetypes", "_templates", "templates", "layouts", "_layouts", "_includes",
        "_sass", "themes", "_themes", "partials", "shortcodes", ".vuepress",
    )
)  # fmt: skip
"""Where site generators and note programs keep what articles are made from, in lower case."""
DRAFT_FOLDERS = frozenset(("_drafts", "drafts"))
"""Of Jekyll and Hexo; of people."""
OUTPUT_FOLDERS = frozenset(("public", "output", "docs", "build", "dist"))
"""Where they put the pages that they make of the articles, …"""
_SETTINGS_OF_SITE = re.compile(
    r"(?:_?config|hugo|pelicanconf|conf|gatsby-config|mkdocs|_quarto|astro\.config|eleventy)"
    r"\.(?:ya?ml|toml|json|py|m?js|ts)\Z"
)
"""… which such a folder is taken for if one of these lies beside it."""
_SOURCES = frozenset(ENDINGS) - {".html", ".htm", ".xhtml"}
_FILLED_IN = re.compile(
    r"\A\s*+(?:\{\{[^{}]*+\}\}|<%(?:[^<>%]|%(?!>))*+%>|\{%(?:[^{}%]|%(?!\}))*+%\})\s*+\Z"
)
"""A whole title or date that a program fills in."""
TEXTS_NOT_READ = (
    ".adoc", ".asciidoc", ".textile", ".mediawiki", ".wiki", ".creole", ".tex", ".typ", ".ipynb",
    ".rtf", ".odt", ".doc", ".pages", ".epub",
)  # fmt: skip
"""Endings of articles that would have to be converted first."""
BESIDE_MARKDOWN = (".rst", ".org", ".txt")
"""Endings of files that, few among others, are seldom articles (LICENSE.txt, notes.org), unless
they state something in their own markup's way."""
_VAULT = "in .obsidian"
"""What was left out of Obsidian's notes, whose titles are their names."""
_FENCE = re.compile(rb"\A(?:\xef\xbb\xbf)?+\s*+(?:---|\+\+\+|\{)")
_LISTED = 5
"""Endings that are named of those that are not read."""


def open_tree(tree: Tree, limits: Limits) -> Source:
    """Opens a folder or a zip; its files are read in the order of their names.

    Raises:
        UserError: The tree cannot be read, or holds too many articles.
    """
    source = Source("markdown", tree.name, iter(()), unit="file")
    paths = _article_paths(tree, source)
    if limits.records is not None and len(paths) > limits.records:
        raise UserError(
            f"{tree.name} has {len(paths):,} articles; the limit is {limits.records:,}. Split it."
        )
    source.total = len(paths)
    read = 0
    few = _few_among_others(paths)

    def records() -> Iterator[Record]:
        nonlocal read
        for path in paths:
            read += 1
            record = _read(tree, path, limits, of_few=path.suffix.lower() in few)
            if _is_template(record):
                source.left_out["templates"] += 1
            elif source.left_out[_VAULT]:
                yield replace(record, fallbacks={"title": path.stem, **record.fallbacks})
            else:
                yield record

    source.records = records()
    source.position = lambda: read
    return source


def open_file(file: InputFile, limits: Limits) -> Source:
    """Opens one article file.

    Raises:
        UserError: It cannot be read, or is too large.
    """
    most = _most_bytes(file.ending, limits)
    with file.open() as stream:
        data = stream.read() if most is None else stream.read(most + 1)
    if most is not None and len(data) > most:
        raise UserError(f"{file.name} has more than {most:,} bytes, which is the limit.")
    return Source("markdown", file.name, iter((read_document(data, file.name),)), total=1)


def _few_among_others(paths: Sequence[PurePosixPath]) -> frozenset[str]:
    """Returns which of `BESIDE_MARKDOWN` are not what the tree is mainly written in."""
    counts = Counter(path.suffix.lower() for path in paths)
    return frozenset(ending for ending in BESIDE_MARKDOWN if 2 * counts[ending] < len(paths))


def _read(tree: Tree, path: PurePosixPath, limits: Limits, *, of_few: bool) -> Record:
    where = f"{tree.name}/{shown(path)}"
    try:
        data = tree.read(path, _most_bytes(path.suffix.lower(), limits))
    except UserError as error:
        return Record(where, {}, problem=str(error).removeprefix(where).strip(), given=path)
    record = read_document(data, where)
    drafts = next((part for part in path.parts[:-1] if part.casefold() in DRAFT_FOLDERS), "")
    states_nothing = _FENCE.match(data) or not (record.values or record.problem)
    return replace(
        record,
        draft=f"it lies in {drafts}" if drafts else "",
        aside=path.suffix.lower() if of_few and states_nothing else "",
        given=path,
    )


def _most_bytes(ending: str, limits: Limits) -> int | None:
    if limits.record_characters is None:
        return None
    packed = ending in (".docx", ".pdf")
    return MAX_DOCUMENT_BYTES if packed else limits.record_characters * _BYTES_A_CHARACTER


def _is_template(record: Record) -> bool:
    values = [record.values.get(name) for name in ("title", "Title", "date", "created")]
    return any(isinstance(value, str) and _FILLED_IN.match(value) for value in values)


def _article_paths(tree: Tree, source: Source) -> list[PurePosixPath]:
    """Chooses the articles, and counts all others."""
    paths = tree.paths()
    source.left_out.update(tree.left_out)
    outputs = _output_folders(paths)
    chosen: list[PurePosixPath] = []
    others: dict[str, int] = {}
    for path in paths:
        folder = _left_out_folder(path, outputs)
        ending = path.suffix.lower()
        if folder:
            source.left_out[folder] += 1
        elif ending in ENDINGS and not path.name.startswith("."):
            chosen.append(path)
        else:
            others[ending] = others.get(ending, 0) + 1
    for ending, count in others.items():
        source.left_out[f"ending {ending}" if ending else "without an ending"] += count
    texts = {ending: count for ending, count in others.items() if ending in TEXTS_NOT_READ}
    if texts:
        source.notes.append(f"{_not_read(texts)} They may hold articles: convert them to Markdown.")
    return chosen


def _left_out_folder(path: PurePosixPath, outputs: frozenset[PurePosixPath]) -> str:
    for part in path.parts[:-1]:
        if part.casefold() in TEMPLATE_FOLDERS:
            return f"in {part} (templates)"
    if outputs and (found := next((folder for folder in path.parents if folder in outputs), None)):
        return f"in {found.name} (made by the site's generator)"
    return ""


def _output_folders(paths: Sequence[PurePosixPath]) -> frozenset[PurePosixPath]:
    """Finds the folders with a site's pages: its settings lie beside, its articles elsewhere."""
    sites = {path.parent for path in paths if _SETTINGS_OF_SITE.match(path.name)}
    if not sites:
        return frozenset()
    with_sources = {
        parent for path in paths if path.suffix.lower() in _SOURCES for parent in path.parents
    }
    folders = {site / name for site in sites & with_sources for name in OUTPUT_FOLDERS}
    return frozenset(folders - with_sources)


def _not_read(others: Mapping[str, int]) -> str:
    count = sum(others.values())
    most = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{ending} {number:,}" for ending, number in most[:_LISTED])
    more = f" and {len(most) - _LISTED} more endings" if len(most) > _LISTED else ""
    files = "1 file of another kind is" if count == 1 else f"{count:,} files of other kinds are"
    return f"{files} not read: {named}{more}."

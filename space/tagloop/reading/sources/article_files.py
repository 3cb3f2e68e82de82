"""A folder or zip of article files, or one such file: one article each."""

from __future__ import annotations

import re

from tagloop.reading.record import Limits, Source
from tagloop.reading.sources.files import InputFile, Tree

ENDINGS = (
    ".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdx", ".qmd", ".rmd", ".rmarkdown",
    ".html", ".htm", ".xhtml", ".rst", ".org", ".txt", ".docx", ".pdf",
)  # fmt: skip
MEMBER = re.compile(rf"(?i)(?:{'|'.join(map(re.escape, ENDINGS))})\Z")


def open_tree(tree: Tree, limits: Limits) -> Source:
    """Opens a folder or a zip; its files are read in the order of their names."""
    raise NotImplementedError


def open_file(file: InputFile, limits: Limits) -> Source:
    """Opens one article file."""
    raise NotImplementedError

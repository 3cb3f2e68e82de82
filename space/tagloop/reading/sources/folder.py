"""A folder of Markdown files, one article each, with YAML front matter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ftfy.fixes import fix_surrogates

from tagloop.errors import UserError
from tagloop.reading.front_matter import split_front_matter
from tagloop.text.markup import markdown_to_text
from tagloop.reading.columns import Columns
from training.data.sources.source import Row, Source
from tagloop.reading.sources.table import utf8_lines

SUFFIXES = (".md", ".markdown")


def open_markdown(folder: Path) -> Source:
    """Opens a folder; files are read in the order of their names, subfolders included.

    Front matter: ``title`` and ``tags`` (a list, or one text with commas), optionally ``url``,
    ``date``, ``license`` and ``source``. A file without front matter gives a row without tags.

    Raises:
        UserError: The folder holds no Markdown file.
    """
    name = fix_surrogates(folder.resolve().name)
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    paths = [path for path in paths if path.is_file()]
    if not paths:
        raise UserError(f"{folder}: the folder holds no Markdown file ({', '.join(SUFFIXES)}).")
    return Source("markdown", name, _rows(folder, name, paths), "file", len(paths))


def _rows(folder: Path, name: str, paths: list[Path]) -> Iterator[Row]:
    for position, path in enumerate(paths, 1):
        where = f"{name}/{path.relative_to(folder).as_posix()}"
        front = split_front_matter("".join(utf8_lines(path, where)), where)
        columns = Columns.choose(list(front.values), {"text": ""}, where, needed=())
        fields = columns.fields(front.values, where)
        yield Row(where, position, fields | {"text": markdown_to_text(front.body)})

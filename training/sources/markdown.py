"""A folder of Markdown files, one article each, with YAML front matter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from frontmatter.default_handlers import YAMLHandler

from tagloop.errors import UserError
from tagloop.plain_text import markdown_to_text
from training.sources.columns import Columns
from training.sources.source import Row, Source
from training.sources.table import utf8_lines

SUFFIXES = (".md", ".markdown")


def open_markdown(folder: Path) -> Source:
    """Opens a folder; files are read in the order of their names, subfolders included.

    Front matter: ``title`` and ``tags`` (a list, or one text with commas), optionally ``url``,
    ``date``, ``license`` and ``source``. A file without front matter gives a row without tags.

    Raises:
        UserError: The folder holds no Markdown file.
    """
    name = folder.resolve().name
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    paths = [path for path in paths if path.is_file()]
    if not paths:
        raise UserError(f"{folder}: the folder holds no Markdown file ({', '.join(SUFFIXES)}).")
    return Source("markdown", name, _rows(folder, name, paths), "file", len(paths))


def _rows(folder: Path, name: str, paths: list[Path]) -> Iterator[Row]:
    for position, path in enumerate(paths, 1):
        where = f"{name}/{path.relative_to(folder).as_posix()}"
        front, body = _front_matter("".join(utf8_lines(path, where)), where)
        columns = Columns.choose(list(front), {"text": ""}, where, needed=())
        yield Row(where, position, columns.fields(front, where) | {"text": markdown_to_text(body)})


def _front_matter(content: str, where: str) -> tuple[dict[str, Any], str]:
    """Splits a file into its front matter and its Markdown."""
    handler = YAMLHandler()
    if not handler.detect(content):
        return {}, content
    try:
        front, body = handler.split(content)
    except ValueError as error:
        raise UserError(
            f"{where}, line 1: the front matter has no end; put a line '---' after it."
        ) from error
    try:
        # BaseLoader leaves every value the text that stands there: `title: 1984`, `tags: [Yes]`.
        values = handler.load(front, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        before = content[: content.find(front)].count("\n")
        line = before + (error.problem_mark.line if error.problem_mark else 0) + 1
        raise UserError(
            f"{where}, line {line}: the front matter is not valid YAML ({error.problem}); "
            "a text with ': ' or a special first character needs quotes."
        ) from error
    except yaml.YAMLError as error:
        raise UserError(f"{where}: the front matter is not valid YAML ({error}).") from error
    if not isinstance(values or {}, dict):
        raise UserError(f"{where}, line 2: the front matter must be lines of 'name: value'.")
    return values or {}, body

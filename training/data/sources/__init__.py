"""Input kinds: each gives raw rows in the dataset's columns, or one clear error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tagloop.errors import UserError
from training.data.sources.hub import open_hub
from tagloop.reading.sources.folder import SUFFIXES, open_markdown
from training.data.sources.source import Row, Source
from tagloop.reading.sources.table import FORMATS, open_table, table_suffix

__all__ = ["Row", "Source", "open_source"]


def open_source(
    location: str,
    columns: Mapping[str, str] | None = None,
    *,
    streaming: bool = False,
    text_needed: bool = True,
) -> Source:
    """Opens an input: an existing folder as Markdown, a file as a table, else a Hub dataset.

    Args:
        location: Folder, file, or ``owner/name[:config][@revision]``; with the prefix ``hub:``
            never taken for a path.
        columns: Column of the dataset to column of the source (tables and Hub datasets).
        streaming: Read Hub datasets row by row.
        text_needed: False where articles may have a title only.

    Raises:
        UserError: There is no such input, or it is broken.
    """
    needed = ("title", "text", "tags") if text_needed else ("title", "tags")
    if location.startswith("hub:"):
        return open_hub(
            location.removeprefix("hub:"), columns or {}, streaming=streaming, needed=needed
        )
    path = Path(location).expanduser()
    if path.is_dir():
        return open_markdown(path)
    if path.is_file():
        return open_table(path, columns or {}, needed=needed)
    looks_like_path = location.startswith((".", "/", "~")) or location.count("/") > 1
    if looks_like_path or table_suffix(path) in (*FORMATS, *SUFFIXES):
        raise UserError(f"{location}: there is no such file or folder.")
    return open_hub(location, columns or {}, streaming=streaming, needed=needed)

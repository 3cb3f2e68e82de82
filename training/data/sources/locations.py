"""Where articles come from, in a person's words: one place or several in one text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from glob import glob
from pathlib import Path, PurePath

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name
from tagloop.reading.sources.address import is_address
from training.data.sources.hub import PATTERN

FILE_ENDINGS = frozenset(
    ".csv .tsv .json .jsonl .ndjson .parquet .xlsx .xls .ods .xml .md .html .txt .rst .org .zip "
    ".xz .gz .bz2".split()
)
"""With these a name is a file's, not that of a dataset on the Hub."""


def locations(given: Sequence[str]) -> list[str]:
    """Splits texts with several places at their blanks, but none inside the name of a file.

    ``a.csv my posts/b.csv`` are two if there is a folder ``my posts``; the longest name that is
    there wins. ``shards/*.jsonl`` are all files that it matches, by name. A text that is no place
    at all stays whole, so that the message about it does.

    Raises:
        UserError: One is empty.
    """
    if not all(text.strip() for text in given):
        raise UserError(
            f"{setting_name('source')} is empty: name a folder, a file or a dataset on the Hub."
        )
    return [match for text in given for place in _places(text) for match in _matches(place)]


def looks_like_path(location: str) -> bool:
    """Tells whether a name that is not there can only have been meant for a file or folder."""
    if (
        location.startswith((".", "/", "~"))
        or "*" in location
        or location.count("/") > 1
        or re.search(r"\s", location)
    ):
        return True
    return PurePath(location).suffix.lower() in FILE_ENDINGS


def _places(text: str) -> list[str]:
    if is_there(text) or not re.search(r"\s", text.strip()):
        return [text if is_there(text) else text.strip()]
    ends = [match.start() for match in re.finditer(r"(?<=\S)(?=\s|$)", text)]
    places, start = [], 0
    while rest := text[start:].strip():
        begin = text.index(rest, start)
        # The whole rest first, then less and less of it.
        stop = next((end for end in reversed(ends) if is_there(text[begin:end])), 0)
        if stop <= begin:
            stop = next(end for end in ends if end > begin)
            word = text[begin:stop]
            if not _is_named(word):
                return [text.strip()]
        places.append(text[begin:stop])
        start = stop
    return places


def _matches(place: str) -> list[str]:
    """Returns the files that a pattern matches, and the place itself where it is none."""
    if "*" not in place or is_address(place) or is_there(place):
        return [place]
    try:
        return sorted(glob(str(Path(place).expanduser()), recursive=True)) or [place]
    except (OSError, ValueError, RuntimeError):  # NUL, no home folder
        return [place]


def _is_named(word: str) -> bool:
    """Tells whether a word among others is an address, a pattern or a dataset on the Hub."""
    if is_address(word) or word.startswith("hub:") or _matches(word) != [word]:
        return True
    return "/" in word and bool(PATTERN.fullmatch(word)) and not looks_like_path(word)


def is_there(location: str) -> bool:
    """Tells whether there is a file or folder of that name."""
    try:
        return bool(location.strip()) and Path(location).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long, NUL, no home folder
        return False

"""Opens what a test gives as files, as a person's file, folder or zip would be."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tagloop.reading.record import UNLIMITED, Limits, Record, Source
from tagloop.reading.sources import open_path

Opened = Callable[..., tuple[Source, list[Record]]]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Returns what writes a file (a text) or a zip (texts by path), and reads it whole."""

    def open_it(
        name: str, content: str | bytes | Mapping[str, str | bytes], limits: Limits = UNLIMITED
    ) -> tuple[Source, list[Record]]:
        path = tmp_path / name
        if isinstance(content, Mapping):
            with zipfile.ZipFile(path, "w") as archive:
                for member, text in content.items():
                    archive.writestr(member, text)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        source = open_path(path, limits)
        return source, list(source.records)

    return open_it

"""Files of tables that the tests open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tagloop.errors import UserError
from tagloop.reading.record import UNLIMITED, Limits
from tagloop.reading.sources import open_path
from tagloop.reading.sources.tables import TableSource

Open = Callable[..., TableSource]


@pytest.fixture
def table(tmp_path: Path) -> Open:
    """Opens a text or bytes as a file of a name, as every door does."""

    def write(content: str | bytes, name: str = "a.csv", limits: Limits = UNLIMITED) -> TableSource:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        source = open_path(path, limits)
        assert isinstance(source, TableSource) and source.kind == "table"
        return source

    return write


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], str]:
    """Returns the one sentence that opening or reading a file gives."""

    def read(call: Callable[[], object]) -> str:
        with pytest.raises(UserError) as caught:
            source = call()
            if isinstance(source, TableSource):
                list(source.records)
        message = str(caught.value)
        assert message.startswith("a.") and message.endswith(".") and "\n" not in message
        return message

    return read

"""The JSON files that stations leave to one another and to people."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagloop.limits import readable


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds no JSON object, or one that is nested too deeply.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(content, dict):
        raise ValueError(f"a JSON {type(content).__name__}")
    return content


def write_json(path: Path, content: Mapping[str, Any], *, indent: int = 2) -> None:
    """Writes readable JSON so that a kill leaves the whole file or the old one; refuses NaN."""
    # A file's name or a person's setting may hold what UTF-8 cannot.
    text = readable(json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False))
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)

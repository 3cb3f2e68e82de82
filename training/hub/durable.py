"""Files that are whole or absent, whatever moment the process or the machine stops at."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any


def sync_directory(directory: Path) -> None:
    """Makes the names in a directory durable, which fsync of the files alone does not."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replaces a file atomically and durably."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    move_into_place(temporary, path)


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:
    """Replaces a JSON file atomically and durably."""
    write_file(path, json.dumps(value, indent=1, ensure_ascii=False).encode(), mode)


def move_into_place(temporary: Path, target: Path) -> None:
    """Renames a complete file or folder to its final name, durably."""
    os.replace(temporary, target)
    sync_directory(target.parent)

"""An export in JSON, read as a whole."""

from __future__ import annotations

import json
from typing import Any

from tagloop.errors import UserError
from tagloop.reading.record import Limits
from tagloop.reading.sources.files import InputFile
from tagloop.text.encodings import decode


def read_json(file: InputFile, limits: Limits) -> Any:
    """Returns what a file in JSON holds.

    Raises:
        UserError: It is no JSON, or larger than may be.
    """
    with file.open() as stream:
        most = limits.unpacked_bytes
        data = stream.read() if most is None else stream.read(most + 1)
    if most is not None and len(data) > most:
        raise UserError(f"{file.name} has more than {most:,} bytes, which is the limit.")
    try:
        return json.loads(decode(data, file.name), strict=False)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{file.name}:{error.lineno}: it is no JSON ({error.msg}); export it again."
        ) from error
    except RecursionError as error:
        raise UserError(f"{file.name} is nested too deeply to be read.") from error


def mappings(value: Any) -> list[dict[str, Any]]:
    """Returns the objects of a list; none if it is no list."""
    return [it for it in value if isinstance(it, dict)] if isinstance(value, list) else []

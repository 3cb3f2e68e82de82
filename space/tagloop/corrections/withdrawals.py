"""A visitor takes a correction back: a record of its own that names the correction.

Nothing that was stored is changed: the next dataset revision leaves out what was withdrawn. An id
is 122 random bits that only the visitor was told, so who knows it may withdraw.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from tagloop.corrections.record import utc_now
from tagloop.errors import UserError

SCHEMA = 1
FEATURES: list[dict[str, Any]] = [
    {"name": "id", "dtype": "string"},
    {"name": "created_at", "dtype": "string"},
    {"name": "correction_id", "dtype": "string"},
    {"name": "schema", "dtype": "int64"},
]
_NAMESPACE = UUID("8d9f6a5e-7f0e-5c0b-9c54-2f5f3f9a2b61")  # any constant: ids of one kind


def withdrawal(correction_id: str) -> dict[str, Any]:
    """Makes the record; the same correction always gets the same one, so it is stored once.

    Raises:
        UserError: ``correction_id`` is no correction's id.
    """
    try:
        wanted = UUID(correction_id.strip().removeprefix("#"))
    except (ValueError, AttributeError):
        raise UserError(
            "That is no correction's id: it looks like 1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b and "
            "was shown when the correction was saved."
        ) from None
    return {
        "id": str(uuid5(_NAMESPACE, str(wanted))),
        "created_at": utc_now(),
        "correction_id": str(wanted),
        "schema": SCHEMA,
    }

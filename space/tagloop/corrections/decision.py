"""One review: what a reviewer decided about one correction.

A record of its own that names the correction; neither is ever changed once it is written. The
latest review of a correction is in force, and an "undo" opens the correction again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast, get_args
from uuid import UUID, uuid4

from tagloop.corrections.record import utc_now
from tagloop.errors import UserError
from tagloop.limits import MAX_NOTE_CHARACTERS, MAX_TAGS, check_length
from tagloop.vocabulary.length import check_tag
from tagloop.vocabulary.vocabulary import unique_tags

Decision = Literal["accept", "edit", "reject", "undo"]
WITH_TAGS = ("accept", "edit")
SCHEMA = 1
FEATURES: list[dict[str, Any]] = [
    {"name": "id", "dtype": "string"},
    {"name": "created_at", "dtype": "string"},
    {"name": "correction_id", "dtype": "string"},
    {"name": "decision", "dtype": "string"},
    {"name": "tags", "list": "string"},
    {"name": "reviewer", "dtype": "string"},
    {"name": "note", "dtype": "string"},
    {"name": "schema", "dtype": "int64"},
]
_COLUMNS = {feature["name"]: list if "list" in feature else str for feature in FEATURES} | {
    "schema": int
}


@dataclass(frozen=True)
class Review:
    """One decision on one correction; the fields are the columns of the stored rows.

    Make a new one with `Review.create`, which checks it; read a stored one with
    `Review.from_json`.

    Attributes:
        tags: The tags that count: for "accept" the corrected ones, for "edit" the reviewer's,
            for the others none.
    """

    correction_id: str
    decision: Decision
    tags: tuple[str, ...]
    reviewer: str
    note: str = ""
    id: str = field(default_factory=lambda: str(uuid4()))
    created_at: str = field(default_factory=utc_now)
    schema: int = SCHEMA

    @classmethod
    def create(
        cls,
        correction_id: str,
        decision: str,
        *,
        reviewer: str,
        tags: Sequence[str] = (),
        note: str = "",
    ) -> Review:
        """Checks a decision and makes the record of it.

        Raises:
            UserError: The decision is unknown, the id is no correction's, or tags are missing.
        """
        if decision not in get_args(Decision):
            raise UserError(f"The decision must be accept, edit, reject or undo, not {decision!r}.")
        try:
            correction_id = str(UUID(correction_id))
        except (ValueError, AttributeError, TypeError):
            raise UserError(f"{correction_id!r} is no correction's id.") from None
        kept: tuple[str, ...] = ()
        if decision in WITH_TAGS:
            if len(tags) > MAX_TAGS:
                raise UserError(f"There are {len(tags):,} tags; the limit is {MAX_TAGS}.")
            kept = tuple(unique_tags([check_tag("tag", tag) for tag in tags]))
            if not kept:
                raise UserError("There are no tags to keep: edit them first, or reject it.")
        return cls(
            correction_id,
            cast(Decision, decision),
            kept,
            reviewer,
            check_length("note", note, MAX_NOTE_CHARACTERS).strip(),
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the record as plain JSON values, keys in the order of `FEATURES`."""
        row = asdict(self) | {"tags": list(self.tags)}
        return {feature["name"]: row[feature["name"]] for feature in FEATURES}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Review:
        """Reads a stored record.

        Raises:
            UserError: The schema is another, a column is missing, unknown or of another kind, or
                the decision is unknown.
        """
        if row.get("schema") != SCHEMA:
            raise UserError(
                f"Review {row.get('id')!r} has schema {row.get('schema')!r}; "
                f"this version reads {SCHEMA}."
            )
        wrong = set(_COLUMNS).symmetric_difference(row)
        wrong |= {name for name, kind in _COLUMNS.items() if not isinstance(row.get(name), kind)}
        if wrong:
            raise UserError(
                f"Review {row.get('id')!r} has missing, unknown or wrong columns: "
                f"{', '.join(sorted(wrong))}."
            )
        if row["decision"] not in get_args(Decision):
            raise UserError(f"Review {row['id']!r} has no decision: {row['decision']!r}.")
        if len(row["tags"]) > MAX_TAGS:
            raise UserError(f"Review {row['id']!r} has {len(row['tags']):,} tags, too many.")
        if not all(isinstance(tag, str) for tag in row["tags"]) or (
            bool(row["tags"]) != (row["decision"] in WITH_TAGS)
        ):
            raise UserError(f"Review {row['id']!r} has tags that do not fit its decision.")
        return cls(**{**row, "tags": tuple(row["tags"])})

"""One correction: what a visitor says about the tags that the model gave.

A record says everything that a later training needs (article, tags before and after, the model
and its commit) and is never changed once it is written. `tagloop.corrections.delivery.outbox` takes
it to the Hub.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args
from uuid import UUID, uuid4

from tagloop.errors import UserError
from tagloop.limits import (
    MAX_NOTE_CHARACTERS,
    MAX_TAGS,
    check_article,
    check_length,
)
from tagloop.vocabulary.length import check_tag
from tagloop.vocabulary.vocabulary import unique_tags

Verdict = Literal["good", "fixed", "bad"]
SCHEMA = 2
NEW_COLUMNS = {1: {"visitor": None}}
"""What a record of an older schema lacks, and what it reads as."""

# The columns of the corrections dataset. Declared in its card, because a reader that infers them
# from the rows is wrong as soon as a file holds only nulls or only empty lists.
FEATURES: list[dict[str, Any]] = [
    {"name": "id", "dtype": "string"},
    {"name": "created_at", "dtype": "string"},
    {"name": "model_repo", "dtype": "string"},
    {"name": "model_revision", "dtype": "string"},
    {"name": "title", "dtype": "string"},
    {"name": "text", "dtype": "string"},
    {
        "name": "predicted",
        "list": [{"name": "tag", "dtype": "string"}, {"name": "confidence", "dtype": "float64"}],
    },
    {"name": "corrected", "list": "string"},
    {"name": "verdict", "dtype": "string"},
    {"name": "note", "dtype": "string"},
    {"name": "user", "dtype": "string"},
    {"name": "visitor", "dtype": "string"},
    {"name": "schema", "dtype": "int64"},
]


def utc_now() -> str:
    """Returns the time as ISO 8601 in UTC, always with microseconds.

    The fraction is never left out: Arrow's JSON reader takes a column of whole seconds for
    timestamps and writes them back in another form.
    """
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class PredictedTag:
    """A tag as the model gave it, with its confidence in 0..1."""

    tag: str
    confidence: float


@dataclass(frozen=True)
class Correction:
    """One verdict on one article's tags; the fields are the columns of the dataset.

    Make a new one with `Correction.create`, which checks what a visitor sent; read a stored one
    with `Correction.from_json`.
    """

    title: str
    text: str
    predicted: tuple[PredictedTag, ...]
    corrected: tuple[str, ...]
    verdict: Verdict
    model_repo: str
    model_revision: str | None
    note: str = ""
    user: str | None = None
    visitor: str | None = None
    id: str = field(default_factory=lambda: str(uuid4()))
    created_at: str = field(default_factory=utc_now)
    schema: int = SCHEMA

    @classmethod
    def create(
        cls,
        *,
        title: str,
        text: str,
        predicted: Sequence[Mapping[str, Any]],
        corrected: Sequence[str],
        verdict: str,
        note: str = "",
        model_repo: str,
        model_revision: str | None,
        user: str | None = None,
        visitor: str | None = None,
        id: str | None = None,
    ) -> "Correction":
        """Checks what a visitor or a client sent and makes the record of it.

        "good" vouches for the predicted tags, so it stores them whatever ``corrected`` says.
        "bad" keeps the edited tags where they were edited, and none otherwise: nobody vouches
        for the predicted ones.

        Raises:
            UserError: A part is too long or not of its form, or "fixed" changes nothing.
        """
        if verdict not in get_args(Verdict):
            raise UserError(f"The verdict must be good, fixed or bad, not {verdict!r}.")
        title, text = check_article(title, text)
        before = tuple(_predicted_tag(entry) for entry in _at_most("predicted tags", predicted))
        names = tuple(entry.tag for entry in before)
        after = _clean_tags(corrected)
        changed = after != tuple(unique_tags(names))
        if verdict == "good":
            after = names
        elif verdict == "fixed":
            _check_fixed(after, changed)
        elif not changed:
            after = ()
        return cls(
            title=title,
            text=text,
            predicted=before,
            corrected=after,
            verdict=cast(Verdict, verdict),
            model_repo=model_repo,
            model_revision=model_revision,
            note=check_length("note", note, MAX_NOTE_CHARACTERS).strip(),
            user=user,
            visitor=visitor,
            id=str(UUID(id)) if id else str(uuid4()),
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the record as plain JSON values, keys in the order of the dataset's columns."""
        row = asdict(self)
        row |= {"predicted": list(row["predicted"]), "corrected": list(row["corrected"])}
        return {feature["name"]: row[feature["name"]] for feature in FEATURES}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Correction":
        """Reads a stored record, of this schema or an older one.

        Raises:
            UserError: A column is missing, unknown or of another kind, or the record has a
                schema that is not known here.
        """
        schema = row.get("schema")
        if not isinstance(schema, int) or not (schema == SCHEMA or schema in NEW_COLUMNS):
            raise UserError(
                f"Correction {row.get('id')!r} has schema {schema!r}; "
                f"this version reads up to {SCHEMA}."
            )
        row = NEW_COLUMNS.get(schema, {}) | dict(row)
        wrong = {feature["name"] for feature in FEATURES}.symmetric_difference(row)
        wrong |= {name for name in set(row) - wrong if not isinstance(row[name], _kinds(name))}
        if wrong:
            raise UserError(
                f"Correction {row.get('id')!r} has missing, unknown or wrong columns: "
                f"{', '.join(sorted(wrong))}."
            )
        for name in ("predicted", "corrected"):
            if len(row[name]) > MAX_TAGS:
                raise UserError(
                    f"Correction {row['id']!r} has {len(row[name]):,} {name} tags; the limit is "
                    f"{MAX_TAGS}."
                )
        if not all(isinstance(tag, str) for tag in row["corrected"]):
            raise UserError(f"Correction {row['id']!r} has a tag that is no text.")
        if row["verdict"] not in get_args(Verdict):
            raise UserError(f"Correction {row['id']!r} has no verdict: {row['verdict']!r}.")
        predicted = tuple(_predicted_tag(entry) for entry in row["predicted"])
        return cls(**{**row, "predicted": predicted, "corrected": tuple(row["corrected"])})


def _kinds(column: str) -> type | tuple[type, ...]:
    """Returns the Python types that a stored column may have."""
    if column in ("predicted", "corrected"):
        return list
    if column == "schema":
        return int
    return (str, type(None)) if column in ("model_revision", "user", "visitor") else str


def _check_fixed(corrected: tuple[str, ...], changed: bool) -> None:
    if not corrected:
        raise UserError("No tags are left: add the right ones, or say that the tags are bad.")
    if not changed:
        raise UserError(
            "Nothing is changed yet: what should be fixed? Add, remove or rename a tag first, "
            "or say that the tags are good."
        )


def _at_most(what: str, values: Sequence[Any]) -> Sequence[Any]:
    if not isinstance(values, list | tuple):
        raise UserError(f"The {what} must be a list, not {type(values).__name__}.")
    if len(values) > MAX_TAGS:
        raise UserError(f"There are {len(values)} {what}; the limit is {MAX_TAGS}.")
    return values


def _clean_tags(tags: Sequence[str]) -> tuple[str, ...]:
    checked = [check_tag("tag", tag) for tag in _at_most("tags", tags)]
    return tuple(unique_tags(checked))


def _predicted_tag(entry: Mapping[str, Any]) -> PredictedTag:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("tag"), str):
        raise UserError('Each predicted tag must be of the form {"tag": text, "confidence": 0..1}.')
    confidence = entry.get("confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float):
        raise UserError(f"The confidence of {entry['tag']!r} must be a number from 0 to 1.")
    if not (math.isfinite(confidence) and 0 <= confidence <= 1):
        raise UserError(f"The confidence of {entry['tag']!r} is {confidence}, not within 0 to 1.")
    return PredictedTag(check_tag("tag", entry["tag"]), float(confidence))

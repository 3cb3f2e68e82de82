"""Datasets on a Hub: any that has columns for title, text and tags."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import datasets
import httpx2
import pyarrow
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tagloop.errors import UserError
from tagloop.reading.record import Record
from tagloop.reading.sources.tables import TableSource

PATTERN = re.compile(
    r"(?P<repo_id>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[^@:/]+))?(?:@(?P<revision>[^@]+))?"
)
"""``owner/name[:config][@revision]``."""
MEDIA = (datasets.Image, datasets.Audio, datasets.Video, datasets.Pdf, datasets.Nifti)
"""Features that hold no text."""


@dataclass(frozen=True)
class HubShard:
    """A file of a dataset on a Hub, or what its format has for one.

    Attributes:
        split: Of the dataset.
        number: From 0.
        total: So many the split has.
    """

    split: str
    number: int
    total: int


def hub_shards(location: str) -> list[HubShard]:
    """Returns the shards of a Hub dataset, in the order in which it is read; none is fetched.

    Raises:
        UserError: There is no such dataset, or it cannot be reached or read.
    """
    splits, *_ = _load(location, streaming=True)
    return [
        HubShard(name, number, split.num_shards)
        for name, split in splits.items()
        for number in range(split.num_shards)
    ]


def open_hub(
    location: str, *, streaming: bool = False, shard: HubShard | None = None
) -> TableSource:
    """Opens a Hub dataset at the commit that its revision names now.

    The name of the split is each record's ``split``, unless a column says it. Pictures, sounds and
    the like are not read.

    Args:
        location: ``owner/name[:config][@revision]``.
        streaming: Read row by row instead of storing everything first.
        shard: Read nothing but this, row by row; None for all.

    Raises:
        UserError: There is no such dataset, or it cannot be reached or read.
    """
    splits, repo_id, commit = _load(location, streaming=streaming or shard is not None)
    where = f"{repo_id}@{commit[:12]}"
    if shard:
        splits = {shard.split: splits[shard.split].shard(shard.total, shard.number)}
        where += f" shard {shard.number + 1} of {shard.total}"
    with _readable(where):
        first = next(iter(splits.values()))
        # Streamed formats without a schema show their columns in the first row.
        features: Mapping[str, Any] = first.features or next(iter(first), {})
    total = None if streaming or shard else sum(split.num_rows for split in splits.values())
    return TableSource(
        "hub",
        f"{repo_id}@{commit}",
        _records(splits, where),
        columns=list(features),
        total=total,
        schema=_schema(first.features),
    )


def _load(location: str, *, streaming: bool) -> tuple[dict[str, Any], str, str]:
    """Returns the splits of a Hub dataset, its id, and its commit."""
    match = PATTERN.fullmatch(location)
    if match is None:
        raise UserError(f"{location}: expected a Hub dataset as owner/name[:config][@revision].")
    repo_id, config, revision = match["repo_id"], match["config"], match["revision"]
    commit = dataset_commit(repo_id, revision)
    with _readable(f"{repo_id}@{commit[:12]}"):
        splits = datasets.load_dataset(repo_id, config, revision=commit, streaming=streaming)
        splits = {name: _without_media(split) for name, split in splits.items()}
    return splits, repo_id, commit


def dataset_commit(repo_id: str, revision: str | None) -> str:
    """Returns the commit that a revision (default: ``main``) of a Hub dataset names now.

    Raises:
        UserError: It does not exist, may not be read with this token, or the Hub does not answer.
    """
    try:
        sha = HfApi().dataset_info(repo_id, revision=revision).sha
    except GatedRepoError as error:
        raise UserError(
            f"{repo_id}: the dataset is gated; accept its terms on its page and set HF_TOKEN."
        ) from error
    except RevisionNotFoundError as error:
        raise UserError(f"{repo_id}: the dataset has no revision '{revision}'.") from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise UserError(
            f"{repo_id}: neither a file or folder here nor a dataset on the Hub "
            "(a private one needs HF_TOKEN)."
        ) from error
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise UserError(
            f"{repo_id}: no file or folder here, and the Hub did not answer "
            f"({type(error).__name__}); check the spelling, the network and HF_ENDPOINT."
        ) from error
    return str(sha)


def _without_media(split: Any) -> Any:
    """Returns a split without the columns that would have to be decoded and hold no text."""
    media = [name for name, kind in (split.features or {}).items() if isinstance(kind, MEDIA)]
    return split.remove_columns(media) if media else split


def _records(splits: Mapping[str, Any], where: str) -> Iterator[Record]:
    for name, split in splits.items():
        labels = _label_columns(split.features or {})
        for number, values in _numbered(split, f"{where}:{name}"):
            place = f"{where}:{name}:{number}"
            if isinstance(values, str):
                yield Record(place, {}, problem=values)
                continue
            named = {column: _named(values[column], names) for column, names in labels.items()}
            yield Record(place, {**values, **named}, fallbacks={"split": name})


def _numbered(split: Any, where: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yields the rows of a split with their numbers, instead of a broken one what is wrong.

    Behind a broken row of a stream, which may also be a line that went down, nothing can be read.

    Raises:
        UserError: A stream breaks.
    """
    number, total = 0, getattr(split, "num_rows", None)
    rest = iter(split)
    while True:
        number += 1
        try:
            with _readable(f"{where}:{number}"):
                values = next(rest, None)
        except UserError as error:
            if total is None:
                raise
            yield number, f"not readable: {error}"
            rest = iter(split.select(range(number, total)))
            continue
        if values is None:
            return
        yield number, values


def _named(value: Any, names: list[str]) -> Any:
    """Returns the names behind label numbers; -1 is none, as in every dataset without labels."""
    if isinstance(value, list):
        return [_named(label, names) for label in value]
    known = isinstance(value, int) and 0 <= value < len(names)
    return names[value] if known else None


@contextlib.contextmanager
def _readable(where: str) -> Iterator[None]:
    """Turns what reading a dataset can raise into one sentence."""
    try:
        yield
    except (
        ValueError,
        RuntimeError,
        OSError,
        pyarrow.ArrowException,
        httpx2.HTTPError,
        datasets.exceptions.DatasetsError,
    ) as error:
        lines = str(error).strip().splitlines() or [""]
        # An address in it could be a signed one.
        reason = re.sub(r"https?://\S+", "(address)", lines[0])[:300].rstrip(".")
        raise UserError(
            f"{where}: cannot be read as a dataset ({reason or type(error).__name__})."
        ) from error


def _schema(features: Mapping[str, Any] | None) -> pyarrow.Schema | None:
    """Returns the types of what the records have: of labels their names; None if none are known."""
    if not features:
        return None
    schema = datasets.Features(features).arrow_schema.remove_metadata()
    for column in _label_columns(features):
        place = schema.get_field_index(column)
        alone = isinstance(features[column], datasets.ClassLabel)
        kind = pyarrow.string() if alone else pyarrow.list_(pyarrow.string())
        schema = schema.set(place, pyarrow.field(column, kind))
    return schema


def _label_columns(features: Mapping[str, Any]) -> dict[str, list[str]]:
    """Returns the names of the labels (`ClassLabel`, alone or in a list) by column."""
    inner = {column: getattr(kind, "feature", kind) for column, kind in features.items()}
    return {
        column: kind.names
        for column, kind in inner.items()
        if isinstance(kind, datasets.ClassLabel)
    }

"""Datasets on a Hub: any that has columns for title, text and tags."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping
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
from tagloop.reading.columns import Columns
from training.data.sources.source import Row, Source

PATTERN = re.compile(
    r"(?P<repo_id>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[^@:/]+))?(?:@(?P<revision>[^@]+))?"
)
"""``owner/name[:config][@revision]``."""


def open_hub(
    location: str, given: Mapping[str, str], *, streaming: bool, needed: tuple[str, ...]
) -> Source:
    """Opens a Hub dataset at the commit that its revision names now.

    The name of the split is each row's ``split``, unless a column says it.

    Args:
        location: ``owner/name[:config][@revision]``.
        given: Column of the dataset to column of the source, where the names do not say it.
        streaming: Read row by row instead of storing everything first.
        needed: Columns of the dataset that it must have.

    Raises:
        UserError: There is no such dataset, it cannot be reached or read, or lacks a column.
    """
    match = PATTERN.fullmatch(location)
    if match is None:
        raise UserError(f"{location}: expected a Hub dataset as owner/name[:config][@revision].")
    repo_id, config, revision = match["repo_id"], match["config"], match["revision"]
    commit = dataset_commit(repo_id, revision)
    where = f"{repo_id}@{commit[:12]}"
    with _readable(where):
        splits = datasets.load_dataset(repo_id, config, revision=commit, streaming=streaming)
        first = next(iter(splits.values()))
        # Streamed formats without a schema show their columns in the first row.
        features: Mapping[str, Any] = first.features or next(iter(first), {})
    columns = Columns.choose(list(features), given, where, needed)
    total = None if streaming else sum(split.num_rows for split in splits.values())
    rows = _rows(splits, columns, where)
    return Source("hub", f"{repo_id}@{commit}", rows, "row", total)


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


def _rows(splits: Mapping[str, Any], columns: Columns, where: str) -> Iterator[Row]:
    position = 0
    for name, split in splits.items():
        tags = columns.names.get("tags", "")
        names = _label_names((split.features or {}).get(tags))
        records = iter(split)
        for number in itertools.count(1):
            place = f"{where}:{name}:{number}"
            with _readable(place):
                record = next(records, None)
            if record is None:
                break
            position += 1
            if names and record[tags] is not None:
                labels = record[tags] if isinstance(record[tags], list) else [record[tags]]
                record = {**record, tags: [names[label] for label in labels if label is not None]}
            fields = columns.fields(record, place)
            if not fields.get("split"):
                fields["split"] = name
            yield Row(place, position, fields)


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


def _label_names(feature: Any) -> list[str]:
    """Returns the names behind label numbers (`ClassLabel`, alone or in a list)."""
    inner = getattr(feature, "feature", feature)
    return inner.names if isinstance(inner, datasets.ClassLabel) else []

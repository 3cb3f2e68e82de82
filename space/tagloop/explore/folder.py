"""Where the dataset's files are: a folder here, or fetched from the Hub, at which version."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import httpx2
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import DatasetInfo
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from tagloop.errors import UserError
from tagloop.explore.parquet import count_rows, reading_order

_again = retry(
    # Such as a connection that was kept open, and that the Hub has closed meanwhile.
    retry=retry_if_exception_type(httpx2.TransportError),
    stop=stop_after_attempt(3),
    wait=wait_fixed(0.2),
    reraise=True,
)
PATTERN = "data/*.parquet"
"""Where `datasets`' ``push_to_hub`` and Tagloop's builder put the rows."""


class DatasetWithheldError(UserError):
    """The dataset is gone, or private: what was read of it before must not be shown any more."""


@dataclass(frozen=True)
class Version:
    """What the dataset is at now.

    Attributes:
        key: Differs whenever the files do.
        commit: None of a folder.
        megabytes: Size of the Parquet files.
        names: Of these files, as they are read; empty of a folder.
        stated: Articles, as the card counts them; None where it does not.
    """

    key: str
    commit: str | None
    megabytes: float
    names: tuple[str, ...] = ()
    stated: int | None = None


@dataclass(frozen=True)
class Fetched:
    """The dataset's Parquet files that are here.

    Attributes:
        files: Where they are.
        rest: Files that are not here.
    """

    files: Sequence[Path]
    rest: int = 0


def display_name(repo: str) -> str:
    """Returns the dataset's id on the Hub; of a local folder only its name, never where it lies."""
    return Path(repo).resolve().name if Path(repo).is_dir() else repo


def look_up(repo: str) -> Version:
    """Asks what the dataset is at now; one small request.

    Raises:
        UserError: There is no such dataset, or this Space must not show it.
    """
    if Path(repo).is_dir():
        return _version_of_folder(Path(repo))
    try:
        info = _again(HfApi().dataset_info)(repo, files_metadata=True)
    except (HfHubHTTPError, HFValidationError, OSError, httpx2.HTTPError) as error:
        raise _sentence(repo, error) from None
    _refuse_to_leak(repo, info)
    sizes = {
        file.rfilename: file.size or 0 for file in info.siblings or [] if _is_data(file.rfilename)
    }
    if not sizes:
        raise UserError(_no_files(repo))
    names = sorted(sizes, key=lambda name: reading_order(PurePosixPath(name)))
    megabytes = sum(sizes.values()) / 1e6
    return Version(str(info.sha), info.sha, megabytes, tuple(names), _stated(info))


def fetch(repo: str, version: Version, most: int) -> Fetched:
    """Brings the dataset's Parquet files here, unless they are, and lists them.

    Args:
        repo: Dataset id on the Hub, or a folder.
        version: What `look_up` has found.
        most: So many articles are wanted: of a larger dataset the first files that have them are
            fetched, and no others.

    Raises:
        UserError: The dataset cannot be fetched, or holds no Parquet file.
    """
    if version.commit is None:
        return Fetched(_files(repo, Path(repo)))
    if len(version.names) < 2 or (version.stated is not None and version.stated <= most):
        return Fetched(_files(repo, _download(repo, version.commit, PATTERN)))
    files: list[Path] = []
    rows = 0
    for name in version.names:
        files.append(_download(repo, version.commit, name) / name)
        rows += count_rows(files[-1])
        if rows >= most:
            break
    return Fetched(files, len(version.names) - len(files))


def _download(repo: str, commit: str, pattern: str) -> Path:
    try:
        folder = _again(snapshot_download)(
            repo, repo_type="dataset", revision=commit, allow_patterns=[pattern]
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, httpx2.HTTPError) as error:
        raise _sentence(repo, error) from None
    return Path(folder)


def _stated(info: DatasetInfo) -> int | None:
    """Returns how many articles the card counts in all splits, as `datasets` writes it."""
    given: Any = info.card_data.to_dict().get("dataset_info") if info.card_data else None
    entries = given if isinstance(given, list) else [given]
    try:
        counts: list[int] = [
            int(split["num_examples"]) for entry in entries for split in entry["splits"]
        ]
        return sum(counts)
    except (TypeError, KeyError, ValueError):  # a card may say anything
        return None


def _files(repo: str, folder: Path) -> list[Path]:
    files = sorted(folder.glob(PATTERN))
    if not files:
        raise UserError(_no_files(repo))
    return files


def _version_of_folder(folder: Path) -> Version:
    states = [(path.name, path.stat()) for path in sorted(folder.glob(PATTERN))]
    written = repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in states])
    key = hashlib.sha256(written.encode()).hexdigest()
    return Version(key, None, sum(stat.st_size for _, stat in states) / 1e6)


def _is_data(name: str) -> bool:
    return name.startswith("data/") and name.endswith(".parquet")


def _refuse_to_leak(repo: str, info: DatasetInfo) -> None:
    """Refuses what the Space's token may read and its visitors may not.

    On the Hub, a private or gated dataset is shown only by a Space that is private itself.
    """
    space = os.environ.get("SPACE_ID")
    if not space or not (info.private or info.gated):
        return
    try:
        open_to_all = not HfApi().space_info(space).private
    except (HfHubHTTPError, OSError, httpx2.HTTPError):
        open_to_all = True  # for all we know
    if open_to_all:
        kind = "private" if info.private else "gated"
        raise DatasetWithheldError(
            f"The dataset {repo} is {kind} and this Space is not, so its articles are not shown "
            "here."
        )


def _no_files(repo: str) -> str:
    return (
        f"{display_name(repo)} holds no {PATTERN}: publish the dataset with Tagloop or with "
        "datasets' push_to_hub."
    )


def _sentence(repo: str, error: Exception) -> UserError:
    if isinstance(error, RepositoryNotFoundError | HFValidationError):
        return DatasetWithheldError(
            f"No dataset {display_name(repo)!r}: neither a folder here nor a dataset of the Hub "
            "that this Space may read; set DATASET_REPO to its id, and the secret HF_TOKEN if it "
            "is private."
        )
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        return UserError(_no_files(repo))
    # Only the kind: an exception's text may hold a signed address.
    return UserError(
        f"The dataset {repo} could not be fetched from the Hub ({type(error).__name__}); open "
        "this tab again in a while."
    )

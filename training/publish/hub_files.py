"""Reads from the Hub what Tagloop published there: commits, and the files that say what is what."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import (
    EntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tagloop.errors import UserError
from tagloop.files import BUILD_REPORT, EVALUATION_REPORT, MERGED_CORRECTIONS, TAGGING
from training.data.build_report import BuildReport, read_build_report
from training.data.corpus import DataSource
from training.data.corrections_file import CorrectionsFile, read_corrections_file
from training.evaluation.report import EvaluationReport, read_report
from training.json_files import read_json
from training.publish.errors import clear_errors


def head(api: HfApi, repo_id: str, repo_type: str) -> str | None:
    """Returns the commit that ``main`` is at; None when there is no such repository."""
    with clear_errors(repo_id):
        try:
            return str(api.repo_info(repo_id, repo_type=repo_type).sha)
        except RepositoryNotFoundError:
            return None


def trained_on(api: HfApi, model: str, revision: str | None) -> DataSource | None:
    """Reads from the model's files which dataset at which commit it learned from.

    Raises:
        UserError: The Hub refuses, or the model was not made by Tagloop.
    """
    with clear_errors(model):
        try:
            path = api.hf_hub_download(model, TAGGING, revision=revision)
        except EntryNotFoundError:
            raise UserError(
                f"{model} has no {TAGGING}: it was not made by Tagloop; publish one first "
                "with make publish."
            ) from None
    return read_json(Path(path)).get("dataset") or None


def merged_corrections(api: HfApi, dataset: str, revision: str) -> CorrectionsFile | None:
    """Reads a dataset's ``corrections.json``; None where there is none (any more).

    Raises:
        UserError: The Hub refuses.
    """
    with clear_errors(dataset):
        try:
            path = api.hf_hub_download(
                dataset, MERGED_CORRECTIONS, repo_type="dataset", revision=revision
            )
        except (EntryNotFoundError, RevisionNotFoundError):
            return None
    return read_corrections_file(Path(path))


def build_report(api: HfApi, dataset: str, revision: str) -> BuildReport:
    """Reads how a dataset was built.

    Raises:
        UserError: The Hub refuses, or the dataset was not made by Tagloop.
    """
    with clear_errors(dataset):
        try:
            path = api.hf_hub_download(
                dataset, BUILD_REPORT, repo_type="dataset", revision=revision
            )
        except EntryNotFoundError:
            raise UserError(
                f"{dataset} has no {BUILD_REPORT}: it was not made by Tagloop; build and publish "
                "it with make publish."
            ) from None
    return read_build_report(Path(path))


def evaluation_report(api: HfApi, model: str, revision: str) -> EvaluationReport:
    """Reads how good a published model is.

    Raises:
        UserError: The Hub refuses.
    """
    with clear_errors(model):
        path = api.hf_hub_download(model, EVALUATION_REPORT, revision=revision)
    return read_report(Path(path))

"""The model's half of a retrain: candidate, comparison, and what the gate lets through."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, snapshot_download

from tagloop.generation.settings import TaggingSettings
from training.cards.cards import write_model_card
from training.cards.changelog import (
    JSON_FILE,
    RETRAIN_REPORT,
    TEXT_FILE,
    entry_of,
    entry_text,
    read_changelog,
    write_changelog,
)
from training.data.corpus import Corpus
from training.evaluation.evaluation import REPORT_FILE
from training.finetune.adaptation import AdaptConfig
from training.finetune.training_log import LOG_FILE
from training.json_files import write_json
from training.publish.errors import clear_errors
from training.publish.publish import NOT_FOR_MODEL
from training.publish.repo_names import Names
from training.publish.repository import Published, Repository

Learn = Callable[[Path, Corpus, Collection[str], Path, AdaptConfig], dict[str, Any]]
"""`training.finetune.adaptation.adapt`, or what stands in for it."""
RETRAIN_TEXT = "retrain_report.md"
MARKER = "tagging.json"
SETTINGS_CHARACTERS = 6


def current_folder(names: Names, revision: str) -> Path:
    """Returns the folder of the model in use, at its commit.

    Raises:
        UserError: The Hub refuses.
    """
    with clear_errors(names.model):
        return Path(snapshot_download(names.model, revision=revision))


def finish_candidate(
    folder: Path, corpus: Corpus, log: dict[str, Any], command: str, report: dict[str, Any]
) -> None:
    """Says in the candidate's files how it was made and how good it is.

    The whole train split counts as its examples: the version before learned from it, and the
    adaptation from what is new in it. No validation article chose among several candidates.
    """
    settings = TaggingSettings.load(folder).to_json() | {"dataset": corpus.source}
    write_json(folder / MARKER, settings)
    examples = {"train": len(corpus.splits["train"])}
    said = {"command": command, "dataset": corpus.source, "examples": examples}
    write_json(folder / LOG_FILE, log | said)
    write_json(folder / REPORT_FILE, report)


def upload_folder(candidate: Path, target: Path) -> Path:
    """Copies what belongs in the repository."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(candidate, target, ignore=NOT_FOR_MODEL)
    return target


def renderer(
    folder: Path, current: Path, names: Names, report: dict[str, Any]
) -> Callable[[str], object]:
    """Returns what writes card, changelog and retrain report into a folder for a version."""
    earlier = read_changelog(current)

    def render(version: str) -> str:
        write_json(folder / RETRAIN_REPORT, report | {"version": version})
        write_changelog(folder, earlier, entry_of(report, version))
        return write_model_card(
            folder,
            names.model,
            dataset_repo=names.dataset,
            dataset_revision=report["dataset"]["revision"],
            version=version,
            space_repo=names.space,
        )

    return render


def publish_candidate(
    api: HfApi, folder: Path, current: Path, names: Names, report: dict[str, Any], parent: str
) -> Published:
    """Makes the candidate the model's ``main`` and tags it.

    Raises:
        UserError: The Hub refuses.
        training.publish.repository.Moved: Somebody else's commit came between.
    """
    learned = report["learned"]
    return Repository(api, names.model, "model", MARKER).push(
        folder,
        renderer(folder, current, names, report),
        f"Retrained on {learned} correction{'' if learned == 1 else 's'}",
        parent,
    )


def propose_candidate(
    api: HfApi,
    folder: Path,
    current: Path,
    names: Names,
    report: dict[str, Any],
    settings: dict[str, Any],
) -> str:
    """Opens a pull request with the candidate and the comparison; returns its address.

    Raises:
        UserError: The Hub refuses.
    """
    repository = Repository(api, names.model, "model", MARKER)
    renderer(folder, current, names, report)(repository.next_version())
    title = pull_request_title(names.dataset, report["dataset"]["revision"], settings)
    return repository.propose(folder, title, report_text(report, "this candidate"))


def pull_request_title(dataset: str, revision: str, settings: dict[str, Any]) -> str:
    """Returns the title that tells later runs that this revision was tried with these settings."""
    text = json.dumps(settings, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:SETTINGS_CHARACTERS]
    return f"Retrained on {dataset}@{revision[:10]} (settings {digest}): a person decides"


def tag_merged(api: HfApi, names: Names, revision: str) -> str | None:
    """Tags a candidate that a person merged from a pull request; returns the version, if one was.

    Raises:
        UserError: The Hub refuses.
    """
    repository = Repository(api, names.model, "model", MARKER)
    version = repository.next_version()
    with clear_errors(names.model):
        if not api.file_exists(names.model, TEXT_FILE, revision=revision):
            return None
        path = api.hf_hub_download(names.model, JSON_FILE, revision=revision)
        newest = json.loads(Path(path).read_text(encoding="utf-8"))["versions"][0]["version"]
        if newest != version:
            return None
        api.create_tag(names.model, tag=version, revision=revision, exist_ok=True)
    return version


def report_text(report: dict[str, Any], version: str) -> str:
    """Returns the retrain report for people, as Markdown."""
    counts = report["merged"]
    lines = [
        entry_text(entry_of(report, version)),
        "",
        f"Merged: {counts['corrections']:,} accepted corrections in {counts['rows']:,} articles "
        f"({counts['train']:,} train, {counts['validation']:,} validation, {counts['test']:,} "
        f"test); {counts['replaced']:,} of them were in the dataset and got new tags. "
        f"{counts['by_reviewer']:,} were decided by reviewers, {counts['by_agreement']:,} by "
        f"agreement. Not merged: {counts['frozen']:,} of frozen test articles, "
        f"{counts['dropped']:,} that make no article, {counts['rejected']:,} rejected, "
        f"{counts['pending']:,} not reviewed yet, {counts['withdrawn']:,} withdrawn.",
        "",
        f"Replayed for each corrected article: {report['adaptation'].get('replay_ratio', 0):g} old "
        "ones.",
    ]
    return "\n".join(lines)

"""The candidate of a retrain: its files are finished, then it is published or proposed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download

from tagloop.files import CHANGELOG, CHANGELOG_TEXT, EVALUATION_REPORT, TAGGING, TRAINING_LOG
from training.cards.cards import write_model_card
from training.cards.changelog import read_changelog, write_changelog
from training.cards.repo_names import Names
from training.data.corpus import Corpus
from training.evaluation.report import EvaluationReport
from training.finetune.adaptation import AdaptConfig
from training.finetune.training_log import TrainingLog, read_log
from training.json_files import write_json
from training.publish.errors import clear_errors
from training.publish.model_upload import name_dataset
from training.publish.repository import Published, Repository
from training.retrain.config import Settings
from training.retrain.report import RetrainReport, entry_of, report_text, write_retrain_report

Learn = Callable[[Path, Corpus, Collection[str], Path, AdaptConfig], TrainingLog]
"""`training.finetune.adaptation.adapt`, or what stands in for it."""
SETTINGS_CHARACTERS = 6


def current_folder(names: Names, revision: str) -> Path:
    """Returns the folder of the model in use, at its commit.

    Raises:
        UserError: The Hub refuses.
    """
    with clear_errors(names.model):
        return Path(snapshot_download(names.model, revision=revision))


def finish_candidate(
    folder: Path,
    current: Path,
    corpus: Corpus,
    log: TrainingLog,
    command: str,
    report: EvaluationReport,
) -> None:
    """Says in the candidate's files how it was made and how good it is.

    Its base stays that of the version before, and so does the fingerprint.

    The whole train split counts as its examples: the version before learned from it, and the
    adaptation from what is new in it. No validation article chose among several candidates.
    """
    examples = {"train": len(corpus.splits["train"])}
    base = {"base_fingerprint": read_log(current / TRAINING_LOG)["base_fingerprint"]}
    said = {**log, **base, "command": command, "examples": examples}
    write_json(folder / TRAINING_LOG, said)
    write_json(folder / EVALUATION_REPORT, report)
    name_dataset(folder, corpus.source)


def renderer(
    folder: Path, current: Path, names: Names, report: RetrainReport
) -> Callable[[str], object]:
    """Returns what writes card, changelog and retrain report into a folder for a version."""
    earlier = read_changelog(current)

    def render(version: str) -> str:
        write_retrain_report(folder, {**report, "version": version})
        write_changelog(folder, earlier, entry_of(report, version))
        return write_model_card(folder, names, version, report["dataset"]["revision"])

    return render


def publish_candidate(
    api: HfApi, folder: Path, current: Path, names: Names, report: RetrainReport, parent: str
) -> Published:
    """Makes the candidate the model's ``main`` and tags it.

    Raises:
        UserError: The Hub refuses.
        training.publish.repository.Moved: Somebody else's commit came between.
    """
    learned = report["learned"]
    return Repository(api, names.model, "model", TAGGING).push(
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
    report: RetrainReport,
    settings: Settings,
) -> str:
    """Opens a pull request with the candidate and the comparison; returns its address.

    Raises:
        UserError: The Hub refuses.
    """
    repository = Repository(api, names.model, "model", TAGGING)
    renderer(folder, current, names, report)(repository.next_version())
    title = pull_request_title(names.dataset, report["dataset"]["revision"], settings)
    return repository.propose(folder, title, report_text(report, "this candidate"))


def pull_request_title(dataset: str, revision: str, settings: Settings) -> str:
    """Returns the title by which later runs know that this was tried with these settings."""
    text = json.dumps(settings, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:SETTINGS_CHARACTERS]
    return f"Retrained on {dataset}@{revision[:10]} (settings {digest}): a person decides"


def tag_merged(api: HfApi, names: Names, revision: str) -> str | None:
    """Tags a candidate that a person merged from a pull request; returns the version, if one was.

    Raises:
        UserError: The Hub refuses.
    """
    repository = Repository(api, names.model, "model", TAGGING)
    version = repository.next_version()
    with clear_errors(names.model):
        if not api.file_exists(names.model, CHANGELOG_TEXT, revision=revision):
            return None
        path = api.hf_hub_download(names.model, CHANGELOG, revision=revision)
        if read_changelog(Path(path).parent)[0]["version"] != version:
            return None
        api.create_tag(names.model, tag=version, revision=revision, exist_ok=True)
    return version

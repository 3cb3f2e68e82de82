"""What retrains made of a project, which a publication from the sources keeps.

What was merged into the published dataset is merged into the one built anew, as it is accepted now;
a tagger that a retrain made of these very articles is not replaced by one that starts again; and
the changelog of a tagger that is replaced goes on.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import EntryNotFoundError

from tagloop.corrections.dataset import read_records
from tagloop.corrections.review.accepted import accepted
from tagloop.files import BUILD_REPORT, CHANGELOG, RETRAIN_REPORT
from training.cards.changelog import (
    ChangelogEntry,
    VersionedDataset,
    read_changelog,
    today,
    write_changelog,
)
from training.cards.repo_names import Names
from training.data.build_report import read_build_report
from training.data.corpus import DataSource, load_corpus
from training.data.corrections_file import MergeRecord
from training.data.corrections_merge import digest, merge
from training.data.merged_dataset import merge_counts, write_merged
from training.publish.errors import clear_errors
from training.publish.hub_files import head, merged_corrections, trained_on
from training.publish.repository import Published, Repository


def merge_again(api: HfApi, names: Names, built: Path, folder: Path) -> int | None:
    """Writes the dataset once more, with the corrections that the published one has.

    Args:
        api: Client with a token that may read both repositories.
        names: The project's.
        built: The dataset's folder, from the sources alone.
        folder: To write.

    Returns:
        How many articles are corrected; None, and nothing is written, where no retrain has merged
        any yet, or the corrections are gone.

    Raises:
        UserError: The Hub refuses, or a folder cannot be read or written.
    """
    shutil.rmtree(folder, ignore_errors=True)
    revision = head(api, names.dataset, "dataset")
    earlier = merged_corrections(api, names.dataset, revision) if revision else None
    corrections = head(api, names.corrections, "dataset") if earlier else None
    if not (earlier and revision and corrections):
        return None
    corpus = load_corpus(str(built))
    with clear_errors(names.corrections):
        records = read_records(names.corrections, corrections)
    decided = accepted(records, earlier.get("agreement") or None, corpus.known_tags())
    rows = {split: part.to_list() for split, part in corpus.splits.items()}
    more = (decided.accepted, names.corrections, corpus.merges, corpus.overrides)
    merged = merge(rows, earlier, *more, anew=True)
    record = MergeRecord(
        repo_id=earlier["repo_id"],
        revision=earlier["revision"],
        dataset=earlier["dataset"],
        agreement=earlier["agreement"],
        counts=earlier["counts"],
    )
    now = (digest(decided.accepted), merged.corrected)
    if now != (earlier["accepted"], earlier["rows"]):
        record["revision"] = corrections
        record["dataset"] = {"repo_id": names.dataset, "revision": revision}
        record["counts"] = merge_counts(merged, decided, records.damaged_count)
    write_merged(folder, merged, read_build_report(built / BUILD_REPORT), record, decided)
    return len(merged.corrected)


def retrained_model(api: HfApi, model: str, wanted: DataSource) -> Published | None:
    """Returns the tagger on the Hub, if a retrain made it of these articles.

    Args:
        api: Client with a token that may read it.
        model: Its id.
        wanted: The articles. At another commit they may be the same: a card has other words.

    Raises:
        UserError: The Hub refuses.
    """
    commit = head(api, model, "model")
    with clear_errors(model):
        if not commit or not api.file_exists(model, RETRAIN_REPORT, revision=commit):
            return None
    source = trained_on(api, model, commit)
    if not source or not (
        source["fingerprint"] == wanted["fingerprint"] or source["revision"] == wanted["revision"]
    ):
        return None
    version = Repository(api, model, "model").version()
    return Published(model, "model", commit, version, False)


def carry_changelog(
    api: HfApi, repo_id: str, folder: Path, dataset: Published, version: str
) -> None:
    """Takes the changelog over into the folder of a model that was trained anew.

    Args:
        api: Client with a token that may read the repository.
        repo_id: The model's.
        folder: What will be published.
        dataset: What it was trained on.
        version: That it will get; one that has no entry yet gets one.

    Raises:
        UserError: The Hub refuses, or the changelog cannot be read.
    """
    with clear_errors(repo_id):
        try:
            path = Path(api.hf_hub_download(repo_id, CHANGELOG))
        except EntryNotFoundError:
            return  # no version was ever retrained
    earlier = read_changelog(path.parent)
    data = VersionedDataset(
        repo_id=dataset.repo_id, revision=dataset.revision, version=dataset.version
    )
    entry = ChangelogEntry(version=version, date=today(), dataset=data, anew=True)
    write_changelog(folder, earlier, *([] if earlier[0]["version"] == version else [entry]))

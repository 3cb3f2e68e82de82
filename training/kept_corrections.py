"""A publication from the sources keeps what readers corrected.

What was merged into the published dataset is merged into the one built anew, as it is accepted now;
and a tagger that a retrain made of these very articles is not replaced by one that starts again.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from huggingface_hub import HfApi

from tagloop.review.accepted import accepted
from tagloop.review.records import read_records
from training.build_dataset import REPORT
from training.corpus import load_corpus
from training.merging import digest, put_in
from training.names import Names
from training.refusals import clear_errors
from training.repository import Published, Repository, version_tag
from training.retrain_data import (
    Pulled,
    corrections_file,
    head,
    known_tags,
    merge_result,
    trained_on,
    write_merged,
)

RETRAIN_REPORT = "retrain_report.json"
PROVENANCE = ("repo_id", "revision", "dataset", "agreement", "counts")


def with_corrections(api: HfApi, names: Names, built: Path, folder: Path) -> int | None:
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
    earlier = corrections_file(names.dataset, revision) if revision else {}
    corrections = head(api, names.corrections, "dataset") if earlier else None
    if not corrections:
        return None
    corpus = load_corpus(str(built))
    with clear_errors(names.corrections):
        records = read_records(names.corrections, corrections)
    agreement = earlier.get("agreement") or None
    decided = accepted(records, agreement, known_tags(corpus))
    rows = {split: part.to_list() for split, part in corpus.splits.items()}
    more = (decided.accepted, names.corrections, corpus.merges, corpus.overrides)
    merged = put_in(rows, earlier, *more)
    provenance = {name: earlier[name] for name in PROVENANCE}
    now = digest(decided.accepted)
    if (now, merged.corrected) != (earlier["accepted"], earlier["rows"]):
        result = merge_result(Pulled(corpus, earlier, {}, records, decided), merged)
        provenance |= {"revision": corrections, "counts": result["counts"]}
        provenance["dataset"] = {"repo_id": names.dataset, "revision": revision}
    report = json.loads((built / REPORT).read_text(encoding="utf-8"))
    write_merged(folder, merged, report, provenance, now)
    return len(merged.corrected)


def retrained(api: HfApi, model: str, revision: str) -> Published | None:
    """Gives the tagger on the Hub, if a retrain made it of the dataset at this commit.

    Args:
        api: Client with a token that may read it.
        model: Its id.
        revision: The dataset's commit.

    Raises:
        UserError: The Hub refuses.
    """
    commit = head(api, model, "model")
    with clear_errors(model):
        if not commit or not api.file_exists(model, RETRAIN_REPORT, revision=commit):
            return None
    if trained_on(api, model, commit).get("revision") != revision:
        return None
    latest = Repository(api, model, "model", "").latest_version() or (1, 0, 0)
    return Published(model, "model", commit, version_tag(latest), False)

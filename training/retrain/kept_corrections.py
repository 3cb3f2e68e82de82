"""A publication from the sources keeps what readers corrected.

What was merged into the published dataset is merged into the one built anew, as it is accepted now;
and a tagger that a retrain made of these very articles is not replaced by one that starts again.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from tagloop.corrections.dataset import read_records
from tagloop.corrections.review.accepted import accepted
from training.cards.changelog import RETRAIN_REPORT
from training.data.build_dataset import REPORT
from training.data.corpus import load_corpus
from training.data.corrections_merge import digest, merge
from training.evaluation.evaluation import REPORT_FILE
from training.publish.errors import clear_errors
from training.publish.repo_names import Names
from training.publish.repository import Published, Repository
from training.retrain.data import (
    Pulled,
    corrections_file,
    head,
    known_tags,
    merge_result,
    trained_on,
    write_merged,
)

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
    merged = merge(rows, earlier, *more, anew=True)
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
    """Returns the tagger on the Hub, if a retrain made it of the dataset at this commit.

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
    version = Repository(api, model, "model", "").version()
    return Published(model, "model", commit, version, False)


def report_of(api: HfApi, model: Published) -> dict[str, Any]:
    """Reads how good a published tagger is.

    Raises:
        UserError: The Hub refuses.
    """
    with clear_errors(model.repo_id):
        path = api.hf_hub_download(model.repo_id, REPORT_FILE, revision=model.revision)
    return dict(json.loads(Path(path).read_text(encoding="utf-8")))

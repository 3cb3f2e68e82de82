"""A project on the Hub to retrain: dataset, model, corrections; models that answer from a table.

A model here is a stock folder whose ``answers.json`` says which tags Tagloop gives to which text,
and ``alone.json`` which ones its checkpoint gives, so a test decides how good a candidate is, in
milliseconds; everything else is the real thing.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from tagloop.corrections.decision import Review
from tagloop.corrections.record import Correction
from tagloop.corrections.withdrawals import withdrawal
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tag
from training.cards import cards
from training.cards.repo_names import Names
from training.data.articles import article_id
from training.data.corpus import Corpus
from training.data.splits import hashed_split
from training.finetune.adaptation import AdaptConfig
from training.json_files import write_json
from training.retrain import compare, run_state
from training.retrain.config import RetrainConfig
from training.retrain.data import publish_revision
from training.retrain.pipeline import Retrain, RetrainResult
from training.retrain.rest import CLOCK, Clock

LOG = {
    "schema": 1,
    "command": "python -m training.train",
    "base_model": "none",
    "base_fingerprint": "x",
    "base_revision": None,
    "prompt_template": "{title}\n{text}",
    "hyperparameters": {"epochs": 1},
    "examples": {"train": 10, "validation": 2},
    "log": [{"step": 1, "epoch": 1.0, "loss": 2.0}],
    "best": {"step": 1, "metric": "f1@m", "value": 0.4},
    "seconds": 5.0,
    "parameters": {"total": 1000, "embeddings": 400, "encoder": 300, "decoder": 300},
    "device": "cpu",
    "precision": "fp32",
    "versions": {"python": "3.11"},
}
CHARTS = ("tags_chart", "lengths_chart", "training_chart", "reliability_chart")
Answers = dict[str, list[str]]


class TableTagger:
    """What retraining asks of a tagger, answered from ``answers.json``."""

    def __init__(self, folder: Path) -> None:
        self.model_repo, self.model_revision, self.engine = str(folder), None, "table"
        self.settings = TaggingSettings.load(folder)
        self._answers: Answers = json.loads((folder / "answers.json").read_text())

    @classmethod
    def from_pretrained(cls, model: str) -> TableTagger:
        return cls(Path(model))

    def tag_batch(
        self,
        rows: Sequence[Mapping[str, str]],
        threshold: float,
        max_tags: int,
        progress: Callable[[int], object],
    ) -> list[list[Tag]]:
        progress(len(rows))
        return [
            [Tag(tag, 0.9, False) for tag in self._answers.get(row["text"], ["Nothing"])]
            for row in rows
        ]


class TableCheckpoint:
    """What retraining asks of a checkpoint alone, answered from ``alone.json``."""

    def __init__(self, folder: Path) -> None:
        self._answers: Answers = json.loads((folder / "alone.json").read_text())

    @classmethod
    def from_pretrained(cls, model: str, settings: TaggingSettings) -> TableCheckpoint:
        return cls(Path(model))

    def answer_each(
        self, articles: Sequence[Mapping[str, str]], progress: Callable[[int], object]
    ) -> list[list[str]]:
        return [self._answers.get(row["text"], ["nothing", "nothing", ""]) for row in articles]


def learn_all(
    current: Path, corpus: Corpus, new_ids: Collection[str], output: Path, config: AdaptConfig
) -> dict[str, Any]:
    """A candidate that answers every correction rightly, and the rest as before."""
    answers = json.loads((current / "answers.json").read_text())
    for rows in corpus.splits.values():
        answers |= {row["text"]: row["tags"] for row in rows if row["origin"] == "correction"}
    return _candidate(current, output, answers, corpus)


def forget_all(
    current: Path, corpus: Corpus, new_ids: Collection[str], output: Path, config: AdaptConfig
) -> dict[str, Any]:
    """A candidate that answers corrections rightly and has forgotten everything else."""
    rows = [row for part in corpus.splits.values() for row in part]
    answers = {row["text"]: row["tags"] for row in rows if row["origin"] == "correction"}
    return _candidate(current, output, answers, corpus)


def forget_alone(
    current: Path, corpus: Corpus, new_ids: Collection[str], output: Path, config: AdaptConfig
) -> dict[str, Any]:
    """A candidate that is good with Tagloop, and whose checkpoint has forgotten everything."""
    log = learn_all(current, corpus, new_ids, output, config)
    (output / "alone.json").write_text("{}")
    return log


def _candidate(current: Path, output: Path, answers: Answers, corpus: Corpus) -> dict[str, Any]:
    shutil.copytree(current, output, dirs_exist_ok=True)
    (output / "answers.json").write_text(json.dumps(answers))
    adaptation = {"corrections": 1, "replay_ratio": 3.0, "new_tags": ["Sourdough Rye"]}
    # What it was adapted from is the version before, whose fingerprint this is.
    return LOG | {"dataset": corpus.source, "adaptation": adaptation, "base_fingerprint": "y"}


def no_chart(*arguments: Any) -> None:
    """Stands in for a chart."""
    (path,) = [part for part in arguments if isinstance(part, Path)]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"no chart")


def answer_from_tables(patch: pytest.MonkeyPatch) -> None:
    """Lets retraining measure by `TableTagger` and `TableCheckpoint`."""
    patch.setattr(compare, "Tagger", TableTagger)
    patch.setattr(compare, "Checkpoint", TableCheckpoint)


def draw_no_charts(patch: pytest.MonkeyPatch) -> None:
    """Leaves the charts of cards out: drawing takes most of a card's time."""
    for chart in CHARTS:
        patch.setattr(cards, chart, no_chart)


@dataclass
class Project:
    """The repositories of one project.

    Attributes:
        names: Their ids.
        work: Folder of its runs.
        articles: Rows of its dataset as first published.
        said: What its retrains told.
    """

    names: Names
    work: Path
    articles: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def config(self, **changes: Any) -> RetrainConfig:
        return RetrainConfig(**{"model": self.names.model, "work": str(self.work), **changes})

    def retrain(
        self, learn: Any = learn_all, clock: Clock = CLOCK, **changes: Any
    ) -> RetrainResult:
        config = self.config(**changes)
        return Retrain(config, learn=learn, say=self.said.append, clock=clock).run()

    def head(self, kind: str) -> str:
        repo_type = "model" if kind == "model" else "dataset"
        return str(HfApi().repo_info(getattr(self.names, kind), repo_type=repo_type).sha)

    def file(self, kind: str, path: str, revision: str | None = None) -> Any:
        repo_type = "model" if kind == "model" else "dataset"
        repo_id = getattr(self.names, kind)
        local = HfApi().hf_hub_download(repo_id, path, repo_type=repo_type, revision=revision)
        text = Path(local).read_text(encoding="utf-8")
        return json.loads(text) if path.endswith(".json") else text

    def add(self, *corrections: Correction, decision: str | None = "accept") -> list[Correction]:
        """Stores corrections as the Space does, reviewed if a decision is given."""
        files = {"data": [one.to_json() for one in corrections]}
        if decision:
            files["reviews"] = [review(one, decision).to_json() for one in corrections]
        self.store(files)
        return list(corrections)

    def withdraw(self, correction: Correction) -> None:
        self.store({"withdrawals": [withdrawal(correction.id)]})

    def store(self, files: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        operations = [
            CommitOperationAdd(
                f"{folder}/2026-01-01/{uuid4()}.jsonl",
                "".join(json.dumps(row) + "\n" for row in rows).encode(),
            )
            for folder, rows in files.items()
        ]
        HfApi().create_commit(
            self.names.corrections, operations, commit_message="rows", repo_type="dataset"
        )


def review(correction: Correction, decision: str) -> Review:
    tags = correction.corrected if decision == "accept" else ()
    return Review.create(correction.id, decision, reviewer="rita", tags=tags)


def correct(title: str, text: str, tags: Sequence[str], **changes: Any) -> Correction:
    values: dict[str, Any] = {
        "predicted": [{"tag": "Nothing", "confidence": 0.5}],
        "verdict": "fixed",
    }
    values |= {"model_repo": "me/x-tagger", "model_revision": None}
    return Correction.create(title=title, text=text, corrected=tags, **(values | changes))


def new_article(split: str, number: int = 0) -> tuple[str, str]:
    """Returns title and text of an article that its hash puts into a split."""
    for attempt in range(1000):
        words = [f"word{number}x{attempt}x{place}" for place in range(30)]
        title, text = f"Article {number}", " ".join(words) + "."
        if hashed_split(article_id(title, text)) == split:
            return title, text
    raise AssertionError("no such article")


def new_corrections(train: int, held_out: int, first: int = 0) -> list[Correction]:
    """Makes corrections of new articles, so many of them for training and for measuring."""
    wanted = ["train"] * train + ["test", "validation"] * held_out
    chosen = wanted[: train + held_out]
    return [
        correct(*new_article(split, first + number), ["Sourdough Rye", f"Subject {number}"])
        for number, split in enumerate(chosen)
    ]


def publish_project(namespace: str, dataset: Path, folder: Path) -> Project:
    """Puts a dataset, a model that knows its articles, and an empty corrections dataset there."""
    names = Names.of(namespace, f"blog{uuid4().hex[:8]}")
    api = HfApi()
    for kind in ("dataset", "model", "corrections"):
        repo_type = "model" if kind == "model" else "dataset"
        private = kind == "corrections"
        api.create_repo(getattr(names, kind), repo_type=repo_type, private=private)
    shutil.copytree(dataset, folder / "dataset")
    head = str(api.dataset_info(names.dataset).sha)
    made = publish_revision(api, folder / "dataset", names, head, "articles")
    project = Project(names, folder / "work")
    from datasets import load_dataset

    splits = load_dataset(names.dataset, revision=made.revision)
    project.articles = {split: rows.to_list() for split, rows in splits.items()}
    source = {"repo_id": names.dataset, "revision": made.revision, "fingerprint": "x"}
    model = _model(folder / "model", project.articles, source)
    api.upload_folder(repo_id=names.model, folder_path=model, commit_message="model")
    api.create_tag(names.model, tag="v1.0.0")
    return project


def _model(folder: Path, articles: Mapping[str, Any], source: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    TaggingSettings(base_model="none", dataset=source).save(folder)
    answers = {row["text"]: row["tags"][:2] for rows in articles.values() for row in rows}
    write_json(folder / "answers.json", answers)
    write_json(folder / "alone.json", {text: tags[:1] for text, tags in answers.items()})
    write_json(folder / "config.json", {"model_type": "bart"})
    write_json(folder / "training_log.json", LOG | {"dataset": source})
    return folder


def killed_runs(project: Project, kills: Sequence[str]) -> int:
    """Runs the same retrain again and again, killed each time; then once to its end.

    Forks, so this is for a process without threads. A kill is a step, whose marker is about to be
    written, or a number of seconds.

    Returns:
        Exit status of the last one.
    """
    for kill in [*kills, ""]:
        child = os.fork()
        if child == 0:
            if kill and not kill[0].isdigit():
                _die_before(kill)
            elif kill:
                signal.setitimer(signal.ITIMER_REAL, float(kill))
                signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            outcome = project.retrain()
            print(outcome.kind, outcome.version, flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        ended = "killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}"
        print(kill or "last", ended, flush=True)
    return os.waitstatus_to_exitcode(status)


def _die_before(step: str) -> None:
    def deadly(path: Path, content: Mapping[str, Any]) -> None:
        if path.stem == step:
            os.kill(os.getpid(), signal.SIGKILL)
        write_json(path, content)

    vars(run_state)["write_json"] = deadly


if __name__ == "__main__":
    here = pytest.MonkeyPatch()
    answer_from_tables(here)
    draw_no_charts(here)
    model, work, *when = sys.argv[1:]
    stem = model.removesuffix("-tagger").split("/")
    raise SystemExit(killed_runs(Project(Names.of(*stem), Path(work)), when))

"""The steps of a retrain, from what the Hub holds to what becomes of the candidate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from huggingface_hub import HfApi

from tagloop.errors import UserError
from tagloop.files import ONNX, TAGGING
from training import console
from training.cards.changelog import VersionedDataset, today
from training.data.corpus import Corpus, load_corpus
from training.data.corrections_file import RepoCommit
from training.finetune.adaptation import adapt
from training.finetune.training_log import Replay, TrainingLog
from training.publish.errors import check_access
from training.publish.hub_files import head, trained_on
from training.publish.model_upload import copy_for_upload
from training.publish.repository import Moved, Published, Repository
from training.publish.static.station import StaticSpace, graphs_station
from training.retrain.candidate import (
    Learn,
    current_folder,
    finish_candidate,
    propose_candidate,
    publish_candidate,
    pull_request_title,
    tag_merged,
)
from training.retrain.compare import compare
from training.retrain.config import RetrainConfig
from training.retrain.data import (
    MergeResult,
    agreement_of,
    merge_pulled,
    merge_result,
    publish_revision,
    pull,
    write_revision,
)
from training.retrain.gate import BothSystems, decide
from training.retrain.hub_lock import Locked, RetrainLock
from training.retrain.report import (
    RETRAIN_TEXT,
    SCHEMA,
    GateSettings,
    RetrainReport,
    report_text,
    write_retrain_report,
)
from training.retrain.rest import CLOCK, Clock, rest
from training.retrain.run_state import Run, Start, only_one_here
from training.retrain.suggestions.merging import merge_suggestions, take_merged

PUBLISHED, PROPOSED, NOTHING, MERGED = "published", "proposed", "nothing", "merged"


@dataclass(frozen=True)
class RetrainResult:
    """What a retrain came to.

    Attributes:
        kind: ``published``, ``proposed`` (a pull request), ``merged`` (a dataset revision that
            gives the model nothing to learn) or ``nothing``.
        said: In a sentence.
        version: Of the model, where it was published.
        revision: Its commit, where it was published.
        url: Of the pull request, where one was made.
    """

    kind: str
    said: str
    version: str | None = None
    revision: str | None = None
    url: str | None = None


class Retrain:
    """One retrain of one tagger, from what the Hub holds now."""

    def __init__(
        self,
        config: RetrainConfig,
        *,
        learn: Learn = adapt,
        say: Callable[[str], object] = console.say,
        command: str = "",
        clock: Clock = CLOCK,
    ) -> None:
        """Names what is to be done; nothing is asked of the Hub yet.

        Args:
            config: The settings.
            learn: Makes the candidate's folder.
            say: Tells a person how it goes.
            command: That a card says the model was made with.
            clock: For the rest before a run.
        """
        self.config, self.learn, self.say, self.clock = config, learn, say, clock
        self.command = command or f"python -m training.retrain --model {config.model}"
        self.api, self.names = HfApi(), config.names
        name = self.names.model.split("/")[1].removesuffix("-tagger")
        self.static_space = StaticSpace(self.api, self.names)
        self.work = Path(config.work or Path("build") / name / "retrain")

    def run(self) -> RetrainResult:
        """Retrains under the lock until nothing is new; a dry run only tells what there is.

        Raises:
            UserError: The Hub refuses, another run holds the lock, or a model cannot be loaded.
        """
        check_access(self.api, self.names.model.split("/")[0])
        if self.config.suggestions:
            dry_run = self.config.dry_run
            said = merge_suggestions(self.api, self.names, self.say, dry_run=dry_run)
            return RetrainResult(NOTHING, said)
        if missing := self._missing():
            return missing
        if self.config.agreement is None:
            self.config.agreement = agreement_of(self.api, self.names.space)
        if self.config.dry_run:
            return self._plan()
        with only_one_here(self.work):
            return self._until_nothing_is_new()

    def _until_nothing_is_new(self) -> RetrainResult:
        """Retrains once more as long as corrections came in meanwhile.

        It looks for them when it has given the lock back, not before: a run that ended at once
        since this one held the lock did so before that look, so nothing falls between the two.
        """
        best: RetrainResult | None = None
        while True:
            try:
                outcome, seen = self._round(take_over=self.config.break_lock and best is None)
            except Locked:
                if best is None and not self.config.rest:
                    raise
                said = (
                    f"Nothing to do here: another retrain holds the lock in "
                    f"{self.names.corrections}, and looks again for new corrections when it ends."
                )
                return best or RetrainResult(NOTHING, said)
            best = outcome if best is None or outcome.kind != NOTHING else best
            try:
                if head(self.api, self.names.corrections, "dataset") in (seen, None):
                    return best
            except UserError:
                self.say(outcome.said)
                raise
            self.say(f"{outcome.said}\nCorrections came in meanwhile: once more from the start.")

    def _round(self, *, take_over: bool) -> tuple[RetrainResult, str]:
        """Retrains once under the lock.

        Returns:
            What it came to, and the commit of the corrections that it read.
        """
        corrections = self.names.corrections
        with RetrainLock(self.api, corrections, self.work, take_over=take_over) as lock:
            if self.config.rest:
                rest(self.api, corrections, self.config.rest, self.say, self.clock)
                lock.check()
            take_merged(self.api, self.names)
            return self._locked(lock)

    def _missing(self) -> RetrainResult | None:
        """Takes the dataset's name from the model; says it where there is nothing to begin with."""
        source = trained_on(self.api, self.names.model, None)
        if not self.config.dataset and source and "/" in source.get("repo_id", ""):
            self.config.dataset = source["repo_id"]
            self.names = self.config.names
        if head(self.api, self.names.dataset, "dataset") is None:
            raise UserError(
                f"There is no dataset {self.names.dataset}: name the model's with --dataset."
            )
        if not self.config.dry_run and self._without_corrections():
            take_merged(self.api, self.names)  # the first of them may be a suggestion
        if self._without_corrections():
            said = (
                f"Nothing to do: nobody has corrected anything yet (no {self.names.corrections})."
            )
            return RetrainResult(NOTHING, said)
        return None

    def _without_corrections(self) -> bool:
        return head(self.api, self.names.corrections, "dataset") is None

    def _start(self) -> Start:
        return Start(
            head(self.api, self.names.model, "model") or "",
            head(self.api, self.names.dataset, "dataset") or "",
            head(self.api, self.names.corrections, "dataset") or "",
            self.config.decisive(),
            today(),
        )

    def _plan(self) -> RetrainResult:
        pulled = pull(self.api, self.names, self._start(), self.config.agreement or None)
        result = merge_result(pulled, merge_pulled(pulled, self.names.corrections))
        self.say(merged_text(result))
        verb = "would be made" if result["changed"] else "is not needed"
        learned = len(result["new_ids"])
        return RetrainResult(
            NOTHING,
            f"A new revision of {self.names.dataset} {verb}; {learned} corrected articles would be "
            f"learned by {self.names.model}. Nothing was changed.",
        )

    def _locked(self, lock: RetrainLock) -> tuple[RetrainResult, str]:
        start = self._start()
        if version := tag_merged(self.api, self.names, start.model):
            self.say(f"{self.names.model} is at a candidate that a person merged: it is {version}")
        self._catch_up(start.model)
        run = Run.unfinished(self.work, start.model, start.dataset, start.settings)
        if run:
            self.say(f"going on with the run that was started on {run.start.date}")
        else:
            run = Run.begin(self.work, start)
        try:
            outcome = self._steps(run, lock)
        except Moved:
            run.end({"kind": "overtaken"})  # the next run starts from what is there now
            raise
        run.end(asdict(outcome))
        return outcome, run.start.corrections

    def _steps(self, run: Run, lock: RetrainLock) -> RetrainResult:
        with console.station("corrections") as station:
            merged = run.step("merge", lambda: self._merge(run))
            station.result = merged_text(merged)
        title = pull_request_title(self.names.dataset, run.start.dataset, run.start.settings)
        if not merged["changed"]:
            if not (merged["new_ids"] or merged["forget"]):
                return RetrainResult(
                    NOTHING, "Nothing to do: nothing was accepted or withdrawn since."
                )
            repository = Repository(self.api, self.names.model, "model", TAGGING)
            tried = None if run.done("decision") else repository.proposed(title)
            if tried:
                said = f"Nothing new since the pull request {tried}: it waits for a person."
                return RetrainResult(NOTHING, said, url=tried)
        lock.check()
        with console.station("dataset") as station:
            step = run.step("dataset", lambda: asdict(self._publish_data(run, merged)))
            dataset = Published(**step)
            station.result = f"{dataset.repo_id} {dataset.version} {dataset.revision[:10]}"
        if not (merged["new_ids"] or merged["forget"]):
            said = "The new corrections are held out to measure by; the model has nothing to learn."
            return RetrainResult(MERGED, said)
        with console.station("learn") as station:
            corpus = load_corpus(f"{dataset.repo_id}@{dataset.revision}")
            current = current_folder(self.names, run.start.model)
            log = self._learn(run, corpus, current, merged["new_ids"])
            station.result = f"{len(merged['new_ids'])} corrected articles"
        with console.station("compare") as station:
            report = run.step(
                "decision", lambda: self._decide(run, merged, dataset, corpus, current, log)
            )
            station.result = "passed" if report["decision"]["passed"] else "not passed"
        if self.static_space.pinned():
            with console.station("make graphs") as station:
                station.result = graphs_station(run.folder / "candidate", corpus, "")
        return self._release(run, lock, current, report)

    def _merge(self, run: Run) -> MergeResult:
        pulled = pull(self.api, self.names, run.start, self.config.agreement or None)
        for line in pulled.records.damage():
            self.say(f"not read, damaged: {line}")
        merged = merge_pulled(pulled, self.names.corrections)
        result = merge_result(pulled, merged)
        if result["changed"]:
            folder, counts = run.folder / "dataset", result["counts"]
            write_revision(self.api, folder, pulled, merged, self.names, run.start, counts)
        return result

    def _publish_data(self, run: Run, merged: MergeResult) -> Published:
        if merged["changed"]:
            counts = merged["counts"]
            message = f"{counts['rows']} corrected articles, {counts['removed']} taken out again"
            folder, parent = run.folder / "dataset", run.start.dataset
            return publish_revision(self.api, folder, self.names, parent, message)
        repository = Repository(self.api, self.names.dataset, "dataset", "")
        version, revision = repository.version(), run.start.dataset
        return Published(self.names.dataset, "dataset", revision, version, False)

    def _learn(self, run: Run, corpus: Corpus, current: Path, new_ids: list[str]) -> TrainingLog:
        candidate = run.folder / "candidate"

        def make() -> TrainingLog:
            return self.learn(current, corpus, new_ids, candidate, self.config.adaptation)

        return run.step("learned", make)

    def _decide(
        self,
        run: Run,
        merged: MergeResult,
        dataset: Published,
        corpus: Corpus,
        current: Path,
        log: TrainingLog,
    ) -> RetrainReport:
        start, candidate = run.start, run.folder / "candidate"
        compared, evaluated = compare(current, candidate, corpus)
        finish_candidate(candidate, current, corpus, log, self.command, evaluated)
        tolerance, least_held_out = self.config.tolerance, self.config.least_held_out
        decision = decide(
            BothSystems.from_report(compared["frozen_test"]),
            BothSystems.from_report(compared["held_out"]),
            tolerance=tolerance,
            least_held_out=least_held_out,
        )
        adaptation = log.get("adaptation", {})
        replay = {key: value for key, value in adaptation.items() if key != "new_tags"}
        return RetrainReport(
            schema=SCHEMA,
            date=start.date,
            model=RepoCommit(repo_id=self.names.model, revision=start.model),
            dataset=VersionedDataset(
                repo_id=dataset.repo_id, revision=dataset.revision, version=dataset.version
            ),
            corrections=RepoCommit(repo_id=self.names.corrections, revision=start.corrections),
            merged=merged["counts"],
            learned=len(merged["new_ids"]),
            new_tags=adaptation.get("new_tags", []),
            adaptation=cast(Replay, replay),
            compared=compared,
            gate=GateSettings(tolerance=tolerance, least_held_out=least_held_out),
            decision=decision,
        )

    def _release(
        self, run: Run, lock: RetrainLock, current: Path, report: RetrainReport
    ) -> RetrainResult:
        write_retrain_report(run.folder, report)
        text = report_text(report, "this candidate")
        (run.folder / RETRAIN_TEXT).write_text(text + "\n", encoding="utf-8")
        self.say(text)
        folder = copy_for_upload(run.folder / "candidate", run.folder / "upload")
        lock.check()
        if not report["decision"]["passed"]:
            settings = run.start.settings
            url = propose_candidate(self.api, folder, current, self.names, report, settings)
            said = f"The gate did not let it through; {self.names.model} stays as it is: {url}"
            return RetrainResult(PROPOSED, said, url=url)
        parent = run.start.model
        made = publish_candidate(self.api, folder, current, self.names, report, parent)
        if self.static_space.pinned():
            self._pin(made, run.folder / "candidate")
        said = f"Published: {made.repo_id} {made.version} {made.revision[:10]}"
        return RetrainResult(PUBLISHED, said, version=made.version, revision=made.revision)

    def _catch_up(self, revision: str) -> None:
        """Pins the static Space, if there is one, to a model that it does not run yet.

        A person may have merged a candidate, or a run been killed before it did so.
        """
        if self.static_space.pinned() in (None, revision):
            return
        folder = current_folder(self.names, revision)
        if not (folder / ONNX).is_dir():
            return  # published by hand, without graphs
        version = Repository(self.api, self.names.model, "model", TAGGING).version()
        self._pin(Published(self.names.model, "model", revision, version, True), folder)

    def _pin(self, model: Published, folder: Path) -> None:
        """Lets the static Space run a published model, whose files are in the folder, too."""
        try:
            pushed = self.static_space.push(model, folder)
            self.say(f"{pushed.repo_id} {pushed.version} runs {model.version}")
        except UserError as error:
            # The model is published: that its page stays with the one before is no failure of it.
            self.say(f"{self.names.static_space} stays with the model before: {error}")


def merged_text(merged: MergeResult) -> str:
    """Says how many corrections count, and why the others do not."""
    counts = merged["counts"]
    return (
        f"{counts['corrections']} accepted in {counts['rows']} articles ({counts['train']} "
        f"train, {counts['validation']} validation, {counts['test']} test), "
        f"{counts['replaced']} of them in the dataset before; {counts['pending']} not reviewed "
        f"yet, {counts['rejected']} rejected, {counts['withdrawn']} withdrawn, "
        f"{counts['frozen']} of frozen test articles, {counts['dropped']} that make no article"
    )

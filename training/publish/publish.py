"""Publishes dataset, model and Space to the Hub, in this order, and a Collection of them.

    python -m training.publish --namespace me --name blog --source articles.csv
    python -m training.publish --namespace me --name blog --source articles.csv --dry_run
    python -m training.publish --namespace me --base google/flan-t5-small --private
    python -m training.publish --namespace me --name blog --auto_retrain 1   # 0 removes the webhook

Which Hub and who you are is for ``HF_ENDPOINT`` and the token to say; the embedded Hub and the
public one take the same path. A second run without changes makes no commit. The Space writes
corrections with the token in ``CORRECTIONS_TOKEN`` (best a fine-grained one that may write to the
corrections dataset and nothing else); without it the Space tags but takes no corrections.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from huggingface_hub import HfApi, RepoCard, constants

from tagloop.errors import UserError
from tagloop.files import BEFORE, BUILD_REPORT, CARD, TAGGING
from training import console
from training.cards.cards import write_dataset_card, write_model_card
from training.cards.model_snippets import space_address
from training.cards.repo_names import Names
from training.command import command
from training.config import PublishConfig, parse_config
from training.data.corpus import load_corpus
from training.evaluation.report import EvaluationReport
from training.evaluation.table import show
from training.publish.auto_retrain import AutoRetrain, plan_lines
from training.publish.collection import collect, title_of
from training.publish.errors import NeedsPlan, check_access, clear_errors
from training.publish.hub_files import evaluation_report
from training.publish.model_upload import add_base, copy_for_upload, name_dataset
from training.publish.pipeline import (
    build_result,
    build_station,
    evaluate_result,
    evaluate_station,
    is_trained_with,
    train_config,
    train_result,
    train_station,
)
from training.publish.repository import Published, Repository
from training.publish.retrained import carry_changelog, merge_again, retrained_model
from training.publish.static.site import SITE
from training.publish.static.station import StaticSpace, graphs_station, wanted_spaces
from training.publish.static.vendor import fetch_vendored
from training.publish.suggestions import check_suggestions, make_suggestions

SPACE = Path(__file__).parents[2] / "space"
INTEGRATIONS = "integrations"
"""Folder of what people copy to their sites."""
NOT_FOR_SPACE = shutil.ignore_patterns("__pycache__", "outbox", "static", "*.pyc", ".*")
MARKERS = {
    "dataset": (BUILD_REPORT,),
    "model": (TAGGING,),
    "space": ("tagloop/web/app.py", "tagloop/app.py"),
    "static_space": (SITE,),
}
"""One of these files is in every repository of a kind; a Space had its second before."""
CORRECTIONS_TOKEN = "CORRECTIONS_TOKEN"


@dataclass
class PublishResult:
    """What a publication did.

    Attributes:
        repos: ``dataset``, ``model``, ``space`` and ``static_space`` to what became of each.
        seconds: Seconds by station.
        report: How good the model is; unset before it is measured.
        names: The repositories' ids.
    """

    names: Names
    repos: dict[str, Published] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    report: EvaluationReport = field(init=False, repr=False)


class Publication:
    """One run of the whole way from articles to a Space on the Hub."""

    def __init__(self, config: PublishConfig, build_dir: Path = Path("build")) -> None:
        """Checks who is publishing; nothing is written yet.

        Raises:
            UserError: No valid token, no permission in the namespace, or a name that is taken.
        """
        self.config = config
        self.api = HfApi()
        self.project = build_dir / config.name
        self.outcome = PublishResult(Names.of(config.namespace, config.name))
        self.retrained: Published | None = None  # a model that needs no training
        self.spaces = wanted_spaces(config.space, config.private)
        check_access(self.api, config.namespace)
        names = self.outcome.names
        self.repositories = {
            kind: Repository(self.api, getattr(names, kind), kind.removeprefix("static_"), *markers)
            for kind, markers in MARKERS.items()
        }
        for repository in self.repositories.values():
            repository.check_name()
        check_suggestions(self.api, names)
        self.auto_retrain = AutoRetrain(self.api, names)
        if config.auto_retrain:
            self.auto_retrain.check()

    def run(self) -> PublishResult:
        """Builds, trains, evaluates and publishes; what is up to date is left alone.

        Raises:
            UserError: A station or the Hub refuses.
        """
        self._timed("build", self._build)
        self._timed("publish dataset", self._publish_dataset)
        self._timed("train", self._train)
        self._timed("evaluate", self._evaluate)
        self.spaces = self.spaces or self._allowed_spaces()
        if "static" in self.spaces:
            self._timed("make graphs", self._make_graphs)
        self._timed("publish model", self._publish_model)
        if "gradio" in self.spaces:
            self._timed("publish space", self._publish_space)
        if "static" in self.spaces:
            self._timed("publish static space", self._publish_static_space)
        self._timed("collection", self._collect)
        if self.config.auto_retrain is not None:
            self._timed("auto retrain", self._auto_retrain)
        return self.outcome

    def _timed(self, name: str, run: Callable[[], str]) -> None:
        with console.station(name) as station:
            station.result = run()
        self.outcome.seconds[name] = station.seconds

    def _build(self) -> str:
        result = build_result(build_station(self.config, self.project / "dataset"))
        self.dataset = self.project / "dataset"
        merged = self.project / "dataset-with-corrections"
        corrected = merge_again(self.api, self.outcome.names, self.dataset, merged)
        if corrected is None:
            return result
        self.dataset = merged
        return f"{result}; {corrected:,} corrected articles of the published dataset are kept"

    def _publish_dataset(self) -> str:
        render = partial(write_dataset_card, self.dataset, self.outcome.names)
        return self._push("dataset", self.dataset, render)

    def _train(self) -> str:
        published = self.outcome.repos["dataset"]
        self.corpus = load_corpus(f"{published.repo_id}@{published.revision}")
        found = retrained_model(self.api, self.outcome.names.model, self.corpus.source)
        if found and is_trained_with(self.config, self.project / "model"):
            self.retrained = found
            return f"left as it is: retrained from corrections since, {found.version}"
        model = self.project / "model"
        return train_result(train_station(self.config, self.corpus, model), model)

    def _evaluate(self) -> str:
        if self.retrained:
            model = self.retrained
            self.outcome.report = evaluation_report(self.api, model.repo_id, model.revision)
        else:
            folder = self.project / "model"
            self.outcome.report = evaluate_station(self.config, self.corpus, folder)
        return evaluate_result(self.outcome.report)

    def _allowed_spaces(self) -> tuple[str, ...]:
        """Asks the Hub for a Gradio Space; a static one is free for everyone."""
        try:
            self.repositories["space"].create(private=self.config.private, space_sdk="gradio")
        except NeedsPlan as refusal:
            if self.config.private:
                raise
            console.say(f"A static Space instead of a Gradio Space: {refusal}")
            return wanted_spaces("static", self.config.private)
        return wanted_spaces("gradio", self.config.private)

    def _make_graphs(self) -> str:
        if self.retrained:
            return "left as they are, as the model is"
        model = self.project / "model"
        return graphs_station(model, self.corpus, train_config(self.config, model).encoder)

    def _publish_static_space(self) -> str:
        if self.retrained:
            return "left as it is, as the model is"
        try:
            fetch_vendored()
        except UserError as error:
            return f"not published: {error} The rest is."
        model = self.outcome.repos["model"]
        make_suggestions(self.api, self.outcome.names)
        space = StaticSpace(self.api, self.outcome.names)
        return self._note("static_space", space.push(model, self.project / "model"))

    def _publish_model(self) -> str:
        if self.retrained:
            return self._note("model", self.retrained)
        names, dataset = self.outcome.names, self.outcome.repos["dataset"]
        source = self.corpus.source
        source["repo_id"], source["revision"] = dataset.repo_id, dataset.revision
        name_dataset(self.project / "model", source)
        folder = copy_for_upload(self.project / "model", self.project / "upload-model")
        add_base(self.project / BEFORE, folder)

        def render(version: str) -> str:
            carry_changelog(self.api, names.model, folder, dataset, version)
            return write_model_card(folder, names, version, dataset.revision)

        result = self._push("model", folder, render)
        shutil.rmtree(folder)
        return result

    def _publish_space(self) -> str:
        names = self.outcome.names
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "space"
            shutil.copytree(SPACE, target, ignore=NOT_FOR_SPACE)
            card = RepoCard.load(target / CARD, ignore_metadata_errors=True)
            for key, value in space_metadata(names).items():
                card.data[key] = value
            card.save(target / CARD)
            for path in (target / CARD, *(target / INTEGRATIONS).iterdir()):
                text = filled_in(path.read_text(encoding="utf-8"), names)
                path.write_text(text, encoding="utf-8", newline="\n")
            result = self._push("space", target, lambda version: None)
        self._configure_space(names)
        return result

    def _configure_space(self, names: Names) -> None:
        variables = {
            "MODEL_REPO": names.model,
            "DATASET_REPO": names.dataset,
            "CORRECTIONS_REPO": names.corrections,
        }
        with clear_errors(names.space):
            for key, value in variables.items():
                self.api.add_space_variable(names.space, key, value)
            if token := os.environ.get(CORRECTIONS_TOKEN):
                self.api.add_space_secret(names.space, "HF_TOKEN", token)
            else:
                console.say(
                    "The Space takes no corrections yet: give it a token that may write to "
                    f"{names.corrections}, as {CORRECTIONS_TOKEN}=… here or as the secret "
                    "HF_TOKEN in its settings."
                )

    def _collect(self) -> str:
        published = self.outcome.repos.values()
        private = self.config.private
        try:
            return collect(self.api, self.outcome.names, published, private=private)
        except UserError as error:
            # Everything is published by now; where it stands together is a nicety.
            return f"not made: {error}"

    def _auto_retrain(self) -> str:
        if self.config.auto_retrain:
            return self.auto_retrain.switch_on()
        return self.auto_retrain.switch_off()

    def _push(self, kind: str, folder: Path, render: Callable[[str], object]) -> str:
        repository = self.repositories[kind]
        sdk = "gradio" if kind == "space" else None
        repository.create(private=self.config.private, space_sdk=sdk)
        return self._note(kind, repository.push(folder, render, f"Tagloop publishes the {kind}"))

    def _note(self, kind: str, published: Published) -> str:
        """Keeps what became of a repository; returns it as a line."""
        self.outcome.repos[kind] = published
        state = "" if published.changed else "unchanged: "
        return f"{state}{published.page} {published.version} {published.revision[:8]}"


def filled_in(text: str, names: Names) -> str:
    """Returns a document of the Space with the names of this one's repositories."""
    filled = {
        "owner/space": names.space,
        "owner/tagger": names.model,
        "https://owner-space.hf.space": space_address(names.space),
    }
    for example, own in filled.items():
        text = text.replace(example, own)
    return text


def space_metadata(names: Names) -> dict[str, str | list[str]]:
    """Returns the front matter that says what the Space runs on: the Hub links and preloads it."""
    return {
        "title": names.space.split("/")[1].replace("-", " ").capitalize(),
        "models": [names.model],
        "datasets": [names.dataset],
        "preload_from_hub": [names.model],
    }


def plan(config: PublishConfig) -> list[str]:
    """Says what a publication would do, asking the Hub but changing nothing.

    Raises:
        UserError: It could not be done: no token, no permission, a name that is taken.
    """
    publication = Publication(config)
    visibility = "private" if config.private else "public"
    lines = [f"On {constants.ENDPOINT}, {visibility}:"]
    spaces = publication.spaces or ("gradio",)
    left = {"space": "gradio" not in spaces, "static_space": "static" not in spaces}
    for kind, repository in publication.repositories.items():
        if left.get(kind):
            continue
        exists = repository.remote_files() is not None
        verb = "update, if its content changed," if exists else "create"
        lines.append(f"  {verb} the {kind.replace('_', ' ')} {repository.repo_id}")
    names = publication.outcome.names
    if not left["static_space"]:
        lines.append(f"  create {names.suggestions} (public), for suggestions by pull request")
    lines.append(f"  create {names.corrections} (private) with a first correction")
    lines.append(f"  put them into the collection {title_of(names)!r}")
    lines += plan_lines(config.auto_retrain, names)
    sources = ", ".join(config.source) or "the starter corpus"
    base = config.base or "the bundled base"
    return [*lines, f"from {sources}, fine-tuning {base}. Nothing was changed."]


@command("interrupted; the same command goes on where it stopped")
def main(words: list[str]) -> None:
    """Runs the command line."""
    config = parse_config(PublishConfig, words, "python -m training.publish")
    if config.dry_run:
        print("\n".join(plan(config)))
        return
    with console.quiet(console.log_file(config.name), config.verbose):
        outcome = Publication(config).run()
    print(f"\n{show(outcome.report)}")

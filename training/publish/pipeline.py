"""The stations build, train and evaluate for one project name, each skipped when it is up to date.

python -m training.publish.pipeline --source articles.csv --name blog       # make train SOURCE=…

What libraries print goes into ``build/<name>/log.txt``; ``--verbose`` (``make train V=1``) shows
it.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from dataset_card.starter_corpus import STARTER, STARTER_LICENSE
from tagloop.files import EVALUATION_REPORT, TRAINING_LOG
from training import console
from training.command import command
from training.config import (
    BuildConfig,
    EvaluateConfig,
    ReadingConfig,
    StationsConfig,
    TrainConfig,
    command_line,
    parse_config,
    read_settings,
)
from training.data.build_dataset import build
from training.data.build_report import BuildReport
from training.data.corpus import Corpus, load_corpus
from training.data.summary import summary
from training.evaluation.evaluation import evaluate_tagger
from training.evaluation.measures import SYSTEMS
from training.evaluation.report import EvaluationReport, read_report
from training.evaluation.table import show
from training.finetune.base_languages import foreign_warnings, sampled_languages
from training.finetune.preprocess import base_fingerprint, base_name
from training.finetune.train import train
from training.finetune.training_log import hyperparameters, read_log
from training.json_files import read_json, write_json


def build_station(config: StationsConfig, folder: Path) -> BuildReport:
    """Builds the dataset folder.

    Returns:
        Its build report.

    Raises:
        UserError: A source is missing or broken.
    """
    license_ = config.license or (None if config.source else STARTER_LICENSE)
    said = {entry.name: getattr(config, entry.name) for entry in fields(ReadingConfig)}
    wanted = BuildConfig(
        **(said | {"license": license_}),
        source=config.source or [str(STARTER)],
        name=config.name,
        output_dir=str(folder),
    )
    words = [word for source in wanted.source for word in ("--source", source)]
    words += wanted.reading_words()
    built = build(wanted, command_line("training.build_dataset", words))
    if config.source:  # the starter corpus is no news
        console.say("\n".join(summary(built)))
    return built.report


def build_result(report: BuildReport) -> str:
    """Says in a line what a build report tells."""
    counts = ", ".join(f"{count:,} {split}" for split, count in report["splits"].items())
    dropped = sum(report["dropped_counts"].values())
    return f"{counts}; {dropped:,} rows dropped"


def train_station(config: StationsConfig, corpus: Corpus, folder: Path) -> bool:
    """Trains the model folder unless it has been trained on this very data with these settings.

    Returns:
        Whether it trained; an interrupted training is resumed.

    Raises:
        UserError: The base or the settings file is wrong.
    """
    wanted = train_config(config, folder)
    if _is_trained(folder, wanted, corpus):
        return False
    languages = sampled_languages(corpus.splits["train"])
    for warning in foreign_warnings(base_name(wanted.base), wanted.encoder, languages):
        console.say(warning)
    if any((folder / "checkpoints").glob("checkpoint-*")) and _same_run(folder, wanted, corpus):
        wanted.resume = True
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "checkpoints.json", _run_key(wanted, corpus))
    # Before, not after: a kill in between must not leave the old model's figures to the new one.
    (folder / EVALUATION_REPORT).unlink(missing_ok=True)
    train(wanted, corpus)
    (folder / "checkpoints.json").unlink()
    return True


def train_config(config: StationsConfig, folder: Path) -> TrainConfig:
    """Returns the training's settings: defaults, then the settings file, then the base.

    Raises:
        UserError: The settings file is broken.
    """
    values = read_settings(Path(config.training), TrainConfig) if config.training else {}
    values |= {"name": config.name, "output_dir": str(folder)}
    given = {"base": config.base, "encoder": config.encoder}
    return TrainConfig(**(values | {name: value for name, value in given.items() if value}))


def evaluate_station(config: StationsConfig, corpus: Corpus, folder: Path) -> EvaluationReport:
    """Measures the model folder on the test split, unless that is done.

    Returns:
        Its evaluation report.

    Raises:
        UserError: The model cannot be loaded.
    """
    path = folder / EVALUATION_REPORT
    if path.is_file():
        report = read_report(path)
        # An earlier version's has no figures of the checkpoint alone.
        measured = "checkpoint" in report.get("systems", {})
        if measured and report["dataset"]["fingerprint"] == corpus.fingerprint:
            return report
    base = train_config(config, folder).base
    wanted = EvaluateConfig(model=str(folder), name=config.name, before=base)
    report = evaluate_tagger(wanted, corpus)
    write_json(path, report)
    return report


def train_result(trained: bool, folder: Path) -> str:
    """Says in a line what came of ``train_station``."""
    if not trained:
        return "already trained on these articles with these settings"
    log = read_log(folder / TRAINING_LOG)
    best = log["best"]["value"]
    scored = f"; checkpoint's F1@M {best:.3f} on validation" if best is not None else ""
    epochs = max((entry.get("epoch", 0) for entry in log["log"]), default=0)
    return f"{log['examples']['train']:,} articles, epochs: {epochs:g}{scored}"


def evaluate_result(report: EvaluationReport) -> str:
    """Says in a line what an evaluation found."""
    measured = ", ".join(
        f"{report['systems'][name]['f1@m']['value']:.3f} {label}"
        for name, label in SYSTEMS.items()
        if name in report["systems"] and name != "most_frequent"
    )
    return f"F1@M {measured}, on {report['articles']:,} articles"


def _run_key(wanted: TrainConfig, corpus: Corpus) -> dict[str, object]:
    """Returns what tells one training from another, so that checkpoints go to the right one."""
    return {
        "base": wanted.base,
        "fingerprint": corpus.fingerprint,
        "hyperparameters": hyperparameters(wanted),
    }


def _same_run(folder: Path, wanted: TrainConfig, corpus: Corpus) -> bool:
    path = folder / "checkpoints.json"
    return path.is_file() and read_json(path) == _run_key(wanted, corpus)


def is_trained_with(config: StationsConfig, folder: Path) -> bool:
    """Tells whether the model folder was trained with these settings, on whatever articles.

    Raises:
        UserError: The base or the settings file is wrong.
    """
    return _has_settings(folder, train_config(config, folder))


def _is_trained(folder: Path, wanted: TrainConfig, corpus: Corpus) -> bool:
    if not _has_settings(folder, wanted):
        return False
    log = read_log(folder / TRAINING_LOG)
    return log["dataset"]["fingerprint"] == corpus.fingerprint


def _has_settings(folder: Path, wanted: TrainConfig) -> bool:
    path = folder / TRAINING_LOG
    if not path.is_file():
        return False
    log = read_log(path)
    same = log["hyperparameters"] == hyperparameters(wanted)
    return same and log["base_fingerprint"] == base_fingerprint(wanted.base)


def run_stations(config: StationsConfig, project: Path) -> EvaluationReport:
    """Builds, trains and evaluates, a line each.

    Returns:
        The content of ``report.json``.

    Raises:
        UserError: A station fails.
    """
    model = project / "model"
    with console.station("build") as station:
        station.result = build_result(build_station(config, project / "dataset"))
    with console.station("train") as station:
        corpus = load_corpus(str(project / "dataset"))
        station.result = train_result(train_station(config, corpus, model), model)
    with console.station("evaluate") as station:
        report = evaluate_station(config, corpus, model)
        station.result = evaluate_result(report)
    return report


@command("interrupted; the same command goes on from the last checkpoint")
def main(words: list[str]) -> None:
    """Runs the command line: build, train, evaluate."""
    config = parse_config(StationsConfig, words, "training.publish.pipeline")
    with console.quiet(console.log_file(config.name), config.verbose):
        report = run_stations(config, project := Path("build") / config.name)
    print(show(report))
    print(f"\ndataset, model and report are in {project}")


if __name__ == "__main__":
    raise SystemExit(main())

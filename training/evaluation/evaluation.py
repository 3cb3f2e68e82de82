"""Measures both systems of a model folder on a split, and writes report.json.

    python -m training.evaluation                                   # build/tagloop, test split
    python -m training.evaluation --model me/blog-tagger --dataset me/blog-articles
    python -m training.evaluation --split validation --limit 200

The checkpoint alone, as the card's snippet runs it, and Tagloop stand side by side, between the
base as it was before fine-tuning (alone, too) and the most frequent training tags.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from datasets import Dataset

from tagloop.errors import UserError
from tagloop.files import BEFORE, EVALUATION_REPORT
from tagloop.tagger.tagger import Tagger
from training import console
from training.command import command
from training.config import EvaluateConfig, parse_config
from training.data.corpus import Corpus, load_corpus
from training.evaluation.checkpoint import Checkpoint
from training.evaluation.measuring import Measuring
from training.evaluation.report import EvaluationReport, example_places, report_of
from training.evaluation.table import show
from training.json_files import write_json


def evaluate_tagger(config: EvaluateConfig, corpus: Corpus) -> EvaluationReport:
    """Scores Tagloop, its checkpoint alone, its base and the most frequent tags on one split.

    The base's conversion is left beside the model's folder: the Space shows what it says.

    Returns:
        The content of ``report.json``.

    Raises:
        UserError: A model cannot be loaded, or the split is empty.
    """
    model = config.model or f"build/{config.name}/model"
    tagger = Tagger.from_pretrained(model)
    articles = _articles(corpus, config)
    examples = example_places(len(articles), config.examples)
    measuring = Measuring(articles, corpus.train_vocabulary(), examples)
    base = _before(config, tagger, _folder_for_before(model, config))
    alone = {"before": measuring.alone(base, "before fine-tuning")}
    checkpoint = Checkpoint.from_pretrained(model, tagger.settings, tagger.model_revision)
    alone["checkpoint"] = measuring.alone(checkpoint, "checkpoint alone")
    after = measuring.tagloop(tagger, "with Tagloop")
    return report_of(config, corpus, tagger, measuring, after, alone, _command(config))


def _before(config: EvaluateConfig, tagger: Tagger, folder: Path) -> Checkpoint:
    # Its probabilities are not calibrated: no threshold of another model fits them.
    settings = replace(tagger.settings, threshold=0.0)
    base = Checkpoint.of_base(config.before or _base_of(tagger), settings)
    base.save(folder)
    return base


def _folder_for_before(model: str, config: EvaluateConfig) -> Path:
    beside = Path(model).parent if Path(model).is_dir() else Path("build") / config.name
    return beside / BEFORE


def _articles(corpus: Corpus, config: EvaluateConfig) -> Dataset:
    if config.split not in corpus.splits:
        raise UserError(
            f"{corpus.repo_id} has no split {config.split!r}; it has {', '.join(corpus.splits)}."
        )
    articles = corpus.splits[config.split]
    if not len(articles):
        raise UserError(
            f"The split {config.split} of {corpus.repo_id} is empty: add articles, or measure on "
            "another split with --split."
        )
    return articles.select(range(min(config.limit or len(articles), len(articles))))


def _base_of(tagger: Tagger) -> str:
    base = tagger.settings.base_model
    if not base:
        raise UserError(
            f"{tagger.model_repo}/tagging.json does not say what the model was tuned from; name it "
            "with --before."
        )
    return base


def _command(config: EvaluateConfig) -> str:
    words = ["python -m training.evaluation", f"--name {config.name}", f"--split {config.split}"]
    return " ".join(words + ([f"--limit {config.limit}"] if config.limit else []))


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    config = parse_config(EvaluateConfig, words, "training.evaluation")
    with console.quiet(console.log_file(config.name), config.verbose):
        corpus = load_corpus(config.dataset or f"build/{config.name}/dataset")
        report = evaluate_tagger(config, corpus)
    folder = Path(config.model or f"build/{config.name}/model")
    beside = folder if folder.is_dir() else Path("build")
    output = Path(config.output or beside / EVALUATION_REPORT)
    write_json(output, report)
    print(show(report))
    print(f"\nwritten to {output}")

"""Measures a tagger on a split, before and after fine-tuning side by side, and writes report.json.

    python -m training.evaluation                                   # build/tagloop, test split
    python -m training.evaluation --model me/blog-tagger --dataset me/blog-articles
    python -m training.evaluation --split validation --limit 200

Beside the fine-tuned model stand its base as it was and the most frequent training tags.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from datasets import Dataset

from tagloop.errors import UserError
from tagloop.files import BEFORE, EVALUATION_REPORT
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tagger
from training import console
from training.command import command
from training.config import EvaluateConfig, parse_config
from training.console import progress_bar
from training.data.corpus import Corpus, load_corpus
from training.evaluation.report import EvaluationReport, Predictions, report_of
from training.finetune.ctranslate2_conversion import convert
from training.finetune.preprocess import BUNDLED_BASE, decoding_defaults, load_base
from training.json_files import write_json


def evaluate_tagger(config: EvaluateConfig, corpus: Corpus) -> EvaluationReport:
    """Scores the tagger, its base and the most frequent tags on one split.

    Returns:
        The content of ``report.json``.

    Raises:
        UserError: A model cannot be loaded, or the split is empty.
    """
    model = config.model or f"build/{config.name}/model"
    tagger = Tagger.from_pretrained(model)
    articles = _articles(corpus, config)
    base = config.before or _base_of(tagger)
    before = untrained_tagger(base, tagger.settings, _folder_for_before(model, config))
    ranked = {
        "before": predict(before, articles, "before"),
        "after": predict(tagger, articles, "after"),
    }
    return report_of(config, corpus, tagger, articles, ranked, _command(config))


def untrained_tagger(base: str, settings: TaggingSettings, folder: Path) -> Tagger:
    """Makes a tagger of the base as it is, with the same prompt and decoding, in ``folder``.

    Raises:
        UserError: The base cannot be loaded or converted.
    """
    model, tokenizer, _ = load_base("" if base == "tagloop-base" else base)
    model.generation_config = decoding_defaults(model.generation_config, settings)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # Its probabilities are not calibrated: no threshold of another model fits them.
    replace(settings, threshold=0.0).save(folder)
    convert(folder)
    return Tagger.from_pretrained(folder)


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
    return str(BUNDLED_BASE) if base == "tagloop-base" else base


def predict(tagger: Tagger, articles: Dataset, name: str) -> Predictions:
    """Tags every article: all tags, the surest first; ``name`` is for the progress bar."""
    rows = [{"title": row["title"], "text": row["text"]} for row in articles]
    with progress_bar(total=len(rows), desc=f"tagging, {name}", unit="article") as bar:
        return tagger.tag_batch(rows, threshold=0.0, progress=bar.update)


def _command(config: EvaluateConfig) -> str:
    words = ["python -m training.evaluation", f"--name {config.name}", f"--split {config.split}"]
    return " ".join(words + ([f"--limit {config.limit}"] if config.limit else []))


def show(report: EvaluationReport) -> str:
    """Renders the report for a terminal: the table, the paired difference, the examples."""
    measures = list(report["systems"]["after"])
    width = max(map(len, measures))
    names = ("before", "after", "most_frequent")
    lines = [
        f"{report['split']} split of {report['dataset']['repo_id']}: "
        f"{report['articles']} articles, "
        f"means with {report['bootstrap']['confidence']:.0%} bootstrap intervals",
        " " * width + "".join(f"{name.replace('_', ' '):>24}" for name in names),
    ]
    for measure in measures:
        cells = [report["systems"][name][measure] for name in names]
        lines.append(
            f"{measure:<{width}}"
            + "".join(f"{c['value']:>10.3f} [{c['low']:.3f}-{c['high']:.3f}]" for c in cells)
        )
    for measure, gain in report["paired"].items():
        change = f"{gain['difference']:+.3f} [{gain['low']:+.3f} to {gain['high']:+.3f}]"
        lines.append(f"after - before, {measure}: {change}")
    for example in report["examples"]:
        lines += [
            "",
            f"  {example['title'] or example['text'][:80]}",
            f"    authors  {', '.join(example['tags'])}",
            f"    before   {', '.join(example['before'])}",
            f"    after    {', '.join(tag['tag'] for tag in example['after'])}",
        ]
    return "\n".join(lines)


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

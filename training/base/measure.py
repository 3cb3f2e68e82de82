"""Measures the bundled base on the human-tagged articles and titles of the recipe's data.

    python -m training.base.measure --data DATA MORE                    # test split, and the card
    python -m training.base.measure --data DATA MORE --split validation # for choices; no card

Blogs of the first folder, general articles and titles are measured apart, and two systems of each:
the checkpoint alone, as the card's snippet runs it, and Tagloop's tagger on the same weights, which
has no training articles here and so neither neighbours nor a ranking. On the test split it writes
``measured.json`` beside itself and renders the base's card, ``weights/README.md``
(``training.base.card``).
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from datasets import Dataset
from tqdm.auto import tqdm

from tagloop.files import CARD
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.base.card import write_card
from training.base.examples import MEASURED_KINDS, Row, read_rows
from training.base.measured import KindMeasured, Measured, write_measured
from training.command import command
from training.config import option, parse_config
from training.evaluation.checkpoint import Checkpoint
from training.evaluation.report import Figure
from training.evaluation.scores import CUT, article_scores, bootstrap
from training.finetune.ctranslate2_conversion import convert
from training.finetune.preprocess import BUNDLED_BASE

SAMPLES = 1000
CHECKPOINT, TAGLOOP, FREQUENT = "checkpoint alone", "Tagloop, untrained", "most frequent tags"
"""How the systems are called in ``measured.json`` and in the card."""


@dataclass
class MeasureSettings:
    """Flags of the measurement."""

    data: list[str] = option([], "folders with the data of the recipe")
    split: str = option("test", "validation or test")
    weights: str = option(str(BUNDLED_BASE), "model folder to measure")
    limit: int | None = option(None, "only so many rows of each kind")


def measure(settings: MeasureSettings) -> Measured:
    """Tags the split's articles and titles and scores them, next to the most frequent tags.

    Returns:
        ``{kind: {"articles": n, "systems": {name: {measure: {"value", "low", "high"}}}}}``.

    Raises:
        UserError: A data file is missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "base"
        shutil.copytree(settings.weights, copy)
        convert(copy)
        return {
            kind: _measure_kind(copy, read_rows(settings.data, kind), settings)
            for kind in MEASURED_KINDS
        }


def _measure_kind(folder: Path, rows: list[Row], settings: MeasureSettings) -> KindMeasured:
    chosen = [row for row in rows if row.split == settings.split and row.tags]
    # Evenly over the split: the files are sorted by source.
    chosen = chosen[:: max(len(chosen) // (settings.limit or len(chosen)), 1)][: settings.limit]
    vocabulary = Vocabulary.from_tag_lists([row.tags for row in rows if row.split == "train"])
    articles = [{"title": row.title, "text": row.text} for row in chosen]
    with tqdm(total=len(articles), desc=chosen[0].kind, unit="article") as bar:
        tags = Tagger.from_pretrained(folder).tag_batch(articles, progress=bar.update)
    alone = Checkpoint.from_pretrained(str(folder), TaggingSettings.load(folder))
    lists = {
        CHECKPOINT: alone.answer(Dataset.from_list(articles), chosen[0].kind),
        TAGLOOP: [[tag.tag for tag in found] for found in tags],
        FREQUENT: [_most_frequent(rows, vocabulary)] * len(chosen),
    }
    known = frozenset(vocabulary.counts) | frozenset(vocabulary.aliases)
    systems = {}
    for name, predicted in lists.items():
        scores = [
            article_scores(ours, row.tags, f"{row.title}\n{row.text}", known)
            for ours, row in zip(predicted, chosen, strict=True)
        ]
        intervals = bootstrap(scores, samples=SAMPLES)
        systems[name] = {
            key: Figure(value=mean.value, low=mean.low, high=mean.high)
            for key, mean in intervals.items()
        }
    return {"articles": len(chosen), "systems": systems}


def _most_frequent(rows: list[Row], vocabulary: Vocabulary) -> list[str]:
    """Returns the k most frequent training tags, k chosen on validation."""
    top = vocabulary.tags[:CUT]
    wanted = [row.tags for row in rows if row.split == "validation"]
    totals = [
        sum(article_scores(top[:k], tags)["f1@m"] for tags in wanted) for k in range(1, CUT + 1)
    ]
    return top[: totals.index(max(totals)) + 1]


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(MeasureSettings, words, "python -m training.base.measure")
    measured = measure(settings)
    for kind, part in measured.items():
        print(f"{kind}, {settings.split}: {part['articles']}")
        for name, row in part["systems"].items():
            cells = "  ".join(
                f"{key} {v['value']:.3f} [{v['low']:.3f}-{v['high']:.3f}]" for key, v in row.items()
            )
            print(f"  {name:<20} {cells}")
    if settings.split == "test" and not settings.limit:
        write_measured(measured)
        write_card(Path(settings.weights) / CARD)


if __name__ == "__main__":
    raise SystemExit(main())

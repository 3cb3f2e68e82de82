"""Given a list of tags and no training data: Tagloop next to MiniLM's cosine.

    python -m training.bench.given_list --data DATA DATA2                 # validation
    python -m training.bench.given_list --data DATA DATA2 --split test    # at last
    python -m training.bench.given_list --data DATA DATA2 --limit 5       # a try
    python -m training.bench.given_list --data DATA DATA2 --weights FOLDER

DATA and DATA2 have the files between them. Each source's own most
frequent tags are its list, 300 at the most. Nobody sees an article of it with tags but the last two
systems, which have 100 (``kNN`` and Tagloop with neighbours and ranker of them, without
fine-tuning). Scores are against those of the authors' tags that the list has: F1 of the top three
tags, F1@5, precision@1; means over articles. The mean over sources counts every source alike.

Unseen are sources that no base has learned from; of the others it knows other articles (the bundled
base of all that its card names).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from tqdm.auto import tqdm

from tagloop.allowlist.preferences import LEAST_SURE
from tagloop.errors import UserError
from tagloop.tagger.selection import Tag
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import normal_form
from training.bench.given_list import systems
from training.bench.given_list.sources import Choice, Source, measured_sources
from training.bench.given_list.tables import GivenListReport, SourceResult, mean_of_sources, render
from training.bench.means import intervals
from training.bench.peers.minilm_embedding import load_minilm
from training.bench.reporting import ReportSettings, benchmark
from training.config import option
from training.evaluation.scores import Values, answer_scores, article_scores, paired_difference
from training.finetune.calibration import reliability
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.untrained import make_untrained

TOP = 3
"""So many tags a person takes of a list."""
MEASURES = ("f1@3", "f1@5", "precision@1")


@dataclass
class GivenListSettings(ReportSettings):
    """Flags of the benchmark."""

    report: ClassVar[str] = "given-list-{split}"
    split: str = option("validation", "validation or test")
    tags: int = option(300, "tags of a list at the most")
    articles: int = option(60, "articles of a source at the most")
    weights: str = option(str(BUNDLED_BASE), "seq2seq model's folder")
    examples: int = option(100, "articles with tags for the last two systems; 0 leaves them out")
    only: list[str] = option([], "only these sources")
    limit: int = option(0, "articles of a source, for a try; 0 is all")

    @property
    def is_try(self) -> bool:
        """Tells whether the report is no result."""
        other = Path(self.weights).resolve() != BUNDLED_BASE.resolve()
        return self.limit > 0 or bool(self.only) or not self.examples or other


def score(ranked: systems.Answers, source: Source) -> list[Values]:
    """Scores a system's ranking of the list, an entry an article."""
    found = []
    for tags, row in zip(ranked, source.rows, strict=True):
        values = answer_scores(tags, tags[:TOP], source.theirs(row))
        found.append({**values, "f1@3": values["f1@m"]})
    return [{name: values[name] for name in MEASURES} for values in found]


class Measurement:
    """Runs every system on every source."""

    def __init__(self, weights: Path, folder: Path) -> None:
        self._weights = weights
        model = make_untrained(folder / "untrained", weights)
        self._untrained = Tagger.from_pretrained(model, engine="ctranslate2")
        self._minilm = load_minilm()
        self.confidences: list[float] = []
        self.right: list[bool] = []

    def measure(self, source: Source) -> tuple[SourceResult, dict[str, list[Values]]]:
        """Returns a source's result, and every article's scores by system."""
        ours = systems.tag_by_list(
            self._untrained, source, threshold=0.0, max_tags=len(source.tags)
        )
        ranked = {
            systems.OURS: [[tag.tag for tag in tags] for tags in ours],
            systems.COSINE: systems.cosine(self._minilm, source),
            systems.YAKE: systems.yake(source),
        }
        if source.examples:
            ranked[systems.KNN] = systems.nearest_neighbours(source)
            ranked[systems.OURS_TAUGHT] = systems.taught(source, self._weights)
        scores = {name: score(answers, source) for name, answers in ranked.items()}
        for tags, row in zip(ours, source.rows, strict=True):
            theirs = source.theirs(row)
            self.confidences += [tag.confidence for tag in tags]
            self.right += [normal_form(tag.tag) in theirs for tag in tags]
        return self._result(source, ours, scores), scores

    def _result(
        self, source: Source, ours: Sequence[list[Tag]], scores: dict[str, list[Values]]
    ) -> SourceResult:
        settings = self._untrained.settings
        least = max(settings.threshold, LEAST_SURE)
        answers = [
            [tag.tag for tag in tags[: settings.max_tags] if tag.confidence >= least]
            for tags in ours
        ]
        shown = [
            article_scores(tags, source.theirs(row))["f1@m"]
            for tags, row in zip(answers, source.rows, strict=True)
        ]
        lead = paired_difference(scores[systems.COSINE], scores[systems.OURS], "f1@3")
        return {
            "source": source.name,
            "unseen": source.unseen,
            "tags": len(source.tags),
            "articles": len(source.rows),
            "systems": {name: intervals(values) for name, values in scores.items()},
            "lead": asdict(lead),
            "default_f1": sum(shown) / len(shown),
            "default_tags": sum(map(len, answers)) / len(answers),
        }


def run(settings: GivenListSettings) -> GivenListReport:
    """Measures all sources."""
    least = min(settings.limit or 30, 30)
    most = settings.limit or settings.articles
    choice = Choice(settings.split, settings.tags, most, least, settings.examples)
    sources = measured_sources(settings.data, choice)
    sources = [source for source in sources if not settings.only or source.name in settings.only]
    if not sources:
        raise UserError("No source is left: --only names none that has enough articles.")
    results, scores = [], []
    with tempfile.TemporaryDirectory() as folder:
        measurement = Measurement(Path(settings.weights), Path(folder))
        for source in tqdm(sources, desc="sources", unit="source"):
            result, of_systems = measurement.measure(source)
            results.append(result)
            scores.append(of_systems)
    return {
        "split": settings.split,
        "sources": results,
        "means": means(results, scores),
        "calibration": reliability(measurement.confidences, measurement.right),
    }


def means(
    results: Sequence[SourceResult], scores: Sequence[dict[str, list[Values]]]
) -> list[dict[str, Any]]:
    """Returns the means over unseen sources, over the others, and over all."""
    found = []
    for name, wanted in (("unseen", (True,)), ("other articles known", (False,))):
        of = [s for r, s in zip(results, scores, strict=True) if r["unseen"] in wanted]
        if of:
            found.append({"sources": name, **mean_of_sources(of, MEASURES)})
    return [*found, {"sources": "all", **mean_of_sources(scores, MEASURES)}]


main = benchmark("training.bench.given_list", GivenListSettings, run, render)

if __name__ == "__main__":
    raise SystemExit(main())

"""Do windows pay? Long articles cut off, read twice as far, and read in two, three or four windows.

    python -m training.bench.studies.windows --data DATA                    # validation, 10 minutes
    python -m training.bench.studies.windows --data DATA --split test
    python -m training.bench.studies.windows --data DATA --limit 40         # tries the command out

Measured are the articles whose prompt is longer than the model reads at once. Each way of reading
is ranked without a ranker (the model's own probabilities, merged over the windows), with ranking
weights fitted on articles that were cut off (as a model has them that was made for one window),
and with weights fitted on articles that were read this way. Weights learn from the validation
split; the validation articles are ranked by weights of folds that have not seen them. How many
tags are kept is chosen on validation, too. Speeds are of the whole tagger, ranking included.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from tqdm import tqdm

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.model_folder import load_tokenizer
from training.bench.data import SUITES, Row, Suite, load_suites
from training.bench.peers.tagloop_system import prepare_model
from training.bench.reporting import ReportSettings, benchmark
from training.bench.studies.windows.windowing import Model, Windowing, is_long
from training.bench.tables import markdown_table, with_interval
from training.bench.timing import machine
from training.bench.tuning import Cut, Ranking, choose_cut, sample
from training.config import option
from training.evaluation.scores import Values, answer_scores, bootstrap, paired_difference
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.ranker_examples import Candidates
from training.finetune.ranker_weights import FOLDS, fit_weights

MEASURES = ("f1@5", "f1@m")
STRENGTH = 10.0
"""Of the prior that draws the weights to 0: what validation chose for the bundled base."""
TIMED = 48
"""Articles on which every reading is timed."""
NO_RANKER, AS_IS, REFITTED = "no ranker", "weights of one window", "weights of its own"


@dataclass
class WindowsSettings(ReportSettings):
    """Flags of the benchmark."""

    report: ClassVar[str] = "windows-{split}"
    split: str = option("validation", "validation or test")
    suites: list[str] = option(list(SUITES), "tables")
    weights: str = option(str(BUNDLED_BASE), "model folder to measure")
    limit: int = option(0, "rows of each kind, for a try; 0 is all")

    @property
    def is_try(self) -> bool:
        """Tells whether the report is no result."""
        return self.limit > 0


class Learned:
    """Ranking weights of validation articles as one reading found them."""

    def __init__(self, fit: Candidates) -> None:
        self._all = fit_weights(fit.features, fit.right, STRENGTH)
        self._folds = []
        for fold in range(FOLDS):
            others = fit.article % FOLDS != fold
            weights = fit_weights(fit.features[others], fit.right[others], STRENGTH)
            self._folds.append(weights)

    def chances(self, on: Candidates, seen: bool) -> np.ndarray:
        """Scores candidates by weights that have not learned from their article.

        Args:
            on: To rank.
            seen: Whether they are of the articles that were learned from, in the same order: then
                each is ranked by weights of the other folds.
        """
        if not seen:
            return self._all.probabilities(on.features)
        found = np.zeros(len(on.right))
        for fold, weights in enumerate(self._folds):
            mine = on.article % FOLDS == fold
            found[mine] = weights.probabilities(on.features[mine])
        return found


class Tuning:
    """What is chosen on validation for every reading: ranking weights, and how many tags stay."""

    def __init__(self, model: Model, rows: Sequence[Row]) -> None:
        self.model = model
        self.rows = rows
        self.parts = model.read(rows, "validation")
        self.learned: dict[Windowing, Learned] = {}
        self.cuts: dict[Windowing, Cut] = {}
        self.plain_cuts: dict[Windowing, Cut] = {}
        for reading, part in tqdm(self.parts.items(), desc="fitting", unit="reading"):
            found = part.candidates(model.tagger)
            self.learned[reading] = Learned(found)
            ranking = part.ranking(self.learned[reading].chances(found, seen=True))
            self.cuts[reading] = self._cut(ranking)
            self.plain_cuts[reading] = self._cut(part.plain_ranking())

    def _cut(self, ranking: Ranking) -> Cut:
        """Chooses how many tags are kept: on the articles, not the titles, as the peers do."""
        chosen = [index for index, row in enumerate(self.rows) if row.kind == "articles"]
        return choose_cut([ranking[i] for i in chosen], [self.rows[i].forms for i in chosen])[0]


class Comparison:
    """One suite's long articles in all readings and rankings, beside those that are cut off."""

    def __init__(self, tuning: Tuning, suite: Suite) -> None:
        model = tuning.model
        self._tuning = tuning
        self._seen = suite.measured == tuning.rows
        self._parts = tuning.parts if self._seen else model.read(suite.measured, suite.name)
        self._rows = suite.measured
        self._first = model.readings[0]
        self._long = [index for index, row in enumerate(self._rows) if model.is_long(row)]

    def report(self) -> dict[str, Any]:
        """Scores and times everything."""
        long = [self._rows[index] for index in self._long]
        timed = long[:: -(-len(long) // TIMED)]
        return {
            "articles": len(long),
            "entries": self._entries(),
            "timed_articles": len(timed),
            "articles_per_second": self._tuning.model.speeds(timed),
        }

    def _entries(self) -> list[dict[str, Any]]:
        """Returns one entry a ranking and a reading, with its difference from the cut-off one."""
        ways: dict[str, Callable[[Windowing], list[Values]]] = {
            NO_RANKER: self._plain,
            AS_IS: lambda reading: self._with_weights(self._first, reading),
            REFITTED: lambda reading: self._with_weights(reading, reading),
        }
        entries = []
        for way, score in ways.items():
            cut_off = score(self._first)
            for reading in self._parts:
                scores = score(reading)
                differences = {
                    name: asdict(paired_difference(cut_off, scores, name)) for name in MEASURES
                }
                entries.append(
                    {
                        "ranking": way,
                        "reading": reading.name,
                        "scores": {name: asdict(of) for name, of in bootstrap(scores).items()},
                        "differences": differences,
                    }
                )
        return entries

    def _plain(self, reading: Windowing) -> list[Values]:
        cut = self._tuning.plain_cuts[reading]
        return self._scores(self._parts[reading].plain_ranking(), cut)

    def _with_weights(self, learned_on: Windowing, reading: Windowing) -> list[Values]:
        part, tuning = self._parts[reading], self._tuning
        found = tuning.learned[learned_on].chances(part.candidates(tuning.model.tagger), self._seen)
        return self._scores(part.ranking(found), tuning.cuts[learned_on])

    def _scores(self, ranking: Ranking, cut: Cut) -> list[Values]:
        scores = []
        for index in self._long:
            ranked = [entry.tag for entry in ranking[index]]
            values = answer_scores(ranked, cut.kept(ranking[index]), self._rows[index].tags)
            scores.append({name: values[name] for name in MEASURES})
        return scores


def run(settings: WindowsSettings) -> dict[str, Any]:
    """Measures all suites.

    Raises:
        UserError: The data are missing or a suite has no long articles.
    """
    suites = load_suites(settings.data, settings.suites, settings.split)
    if settings.limit:
        suites = [_sampled(suite, settings.limit) for suite in suites]
    weights = Path(settings.weights)
    tokenizer, reads = load_tokenizer(weights), TaggingSettings.load(weights)
    for suite in suites:
        if not any(is_long(row, tokenizer, reads) for row in suite.measured):
            raise UserError(f"The suite {suite.name} has no long articles to measure.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        validation = suites[0].validation
        prepare_model(folder, suites[0].train, validation, weights)
        tuning = Tuning(Model(folder), validation)
        found = {suite.name: Comparison(tuning, suite).report() for suite in suites}
    return {"split": settings.split, "machine": machine(), "suites": found}


def _sampled(suite: Suite, most: int) -> Suite:
    return replace(
        suite, validation=sample(suite.validation, most), measured=sample(suite.measured, most)
    )


def table(report: Mapping[str, Any]) -> str:
    """Renders the report as Markdown, one table a suite."""
    blocks = []
    for name, suite in report["suites"].items():
        lines = []
        for entry in suite["entries"]:
            cells = [entry["ranking"], entry["reading"]]
            for measure in MEASURES:
                cells.append(with_interval(entry["scores"][measure]))
                cells.append(with_interval(entry["differences"][measure], "+.3f"))
            speed = suite["articles_per_second"][entry["reading"]]["median"]
            lines.append([*cells, f"{speed:.3g}"])
        heads = ["ranking", "reading", "F1@5", "difference", "F1@M", "difference", "articles/s"]
        head = f"{name}, {report['split']}: {suite['articles']} long articles"
        blocks.append(f"**{head}**\n\n{markdown_table(heads, lines)}")
    return "\n\n".join(blocks)


main = benchmark("training.bench.studies.windows", WindowsSettings, run, table)

if __name__ == "__main__":
    raise SystemExit(main())

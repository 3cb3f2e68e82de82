"""Fits the weights by which tags of a list are known that no article taught, in some minutes.

    python -m training.bench.given_list.fit --data DATA DATA2
    python -m training.bench.given_list.fit --data DATA DATA2 --weights FOLDER

A logistic regression of whether the author gave the tag, over all pairs of an article and a tag of
its source's list, every source alike. Learned from are the validation articles of the sources whose
texts may train weights that are shipped. Printed are the constants of
``tagloop.allowlist.zero_shot``; for each source the F1 of the top three tags by weights that were
fitted on the other sources, beside the cosine's; and by threshold how many tags an answer has and
their F1, for ``LEAST_SURE`` of ``tagloop.allowlist.preferences``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from tqdm.auto import tqdm

from tagloop.allowlist.zero_shot import FEATURES
from tagloop.generation.candidates import Generated, ScoredTag
from tagloop.generation.decoding import Decoding
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.normal_form import normal_form
from training.bench.given_list.sources import Choice, Source, open_sources
from training.bench.tables import markdown_table
from training.command import command
from training.config import option, parse_config
from training.finetune.calibration import reliability
from training.finetune.preprocess import BUNDLED_BASE
from training.finetune.untrained import make_untrained

MODULE = "training.bench.given_list.fit"
STRENGTH = 0.3
"""Inverse strength of the regularisation (scikit-learn's C); from 0.03 to 10 they are the same."""
LEAST = 10
"""Sources with fewer articles are left out."""
PAIRS = 10_000
"""Every source weighs as much as so many pairs."""
THRESHOLDS = (0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3)
TOP, MOST = 3, 5


@dataclass
class FitSettings:
    """Flags of the fit."""

    data: list[str] = option([], "folders with the labelled files")
    weights: str = option(str(BUNDLED_BASE), "seq2seq model's folder")
    articles: int = option(60, "articles of a source at the most")


@dataclass(frozen=True)
class Pairs:
    """The pairs of a source's articles and its list.

    Attributes:
        name: Of the source.
        features: (articles, tags, features).
        right: Whether the author gave the tag, (articles, tags).
    """

    name: str
    features: np.ndarray
    right: np.ndarray

    def f1(self, scores: np.ndarray) -> float:
        """Returns the mean F1 of the tags with the greatest scores, (articles, tags)."""
        shown = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
        hits = np.take_along_axis(self.right, shown, axis=1).sum(axis=1)
        return float((2 * hits / (TOP + self.right.sum(axis=1))).mean())


@dataclass(frozen=True)
class Weights:
    """The logistic regression over ``FEATURES``."""

    columns: np.ndarray
    bias: float

    def probabilities(self, of: Pairs) -> np.ndarray:
        """Returns each pair's probability, (articles, tags)."""
        return np.asarray(1 / (1 + np.exp(-(of.features @ self.columns + self.bias))))


class GeneratedCollector:
    """Collects what the model generates for each article instead of ranking it.

    Attributes:
        by_article: By the article's ``index``.
    """

    def __init__(self) -> None:
        """Begins with no article."""
        self.by_article: dict[int, Generated] = {}

    def rank(
        self, generated: Sequence[Generated], required: Mapping[str, str] | None = None
    ) -> list[list[ScoredTag]]:
        """Collects; ranks nothing."""
        self.by_article |= {one.article["index"]: one for one in generated}
        return [[] for _ in generated]


def collect(tagger: Tagger, source: Source) -> Pairs:
    """Takes what is known of each tag of the list for each article.

    Args:
        tagger: Its ranker is replaced.
        source: With its list.
    """
    tagger.ranker = collector = GeneratedCollector()
    tagger.tag_batch(
        [{"title": row.title, "text": row.text, "index": i} for i, row in enumerate(source.rows)]
    )
    allowed = tagger.allowlist.preferences(source.tags, None, Decoding()).allowed
    assert allowed is not None
    places = sorted(collector.by_article)  # an article without a word has nothing
    features = [tagger.allowlist.features(allowed, collector.by_article[i]) for i in places]
    theirs = [source.theirs(source.rows[i]) for i in places]
    right = [[normal_form(tag) in of for tag in allowed.displays] for of in theirs]
    return Pairs(source.name, np.array(features), np.array(right))


def fit(sources: Sequence[Pairs]) -> Weights:
    """Fits the logistic regression, every source alike."""
    features = np.concatenate([of.features.reshape(-1, len(FEATURES)) for of in sources])
    right = np.concatenate([of.right.ravel() for of in sources])
    weights = np.concatenate([np.full(of.right.size, PAIRS / of.right.size) for of in sources])
    scaler, regression = StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=500)
    regression.fit(scaler.fit_transform(features), right, sample_weight=weights)
    columns = regression.coef_[0] / scaler.scale_
    return Weights(columns, float(regression.intercept_[0] - columns @ scaler.mean_))


def constants(weights: Weights) -> str:
    """Returns the lines of ``tagloop.allowlist.zero_shot``."""
    values = ", ".join(f"{value:.3f}" for value in weights.columns)
    return f"BIAS = {weights.bias:.3f}\nWEIGHTS = ({values})"


def sources_table(collected: Sequence[Pairs], left_out: Sequence[np.ndarray]) -> str:
    """Renders each source's F1 by weights of the other sources, beside the cosine's."""
    alike = FEATURES.index("stands_out")
    rows = [
        (of.name, of.f1(chances), of.f1(of.features[:, :, alike]))
        for of, chances in zip(collected, left_out, strict=True)
    ]
    means = [float(np.mean([row[place] for row in rows])) for place in (1, 2)]
    heads = ["source", "by the other sources' weights", "cosine alone"]
    lines = [[name, f"{ours:.3f}", f"{theirs:.3f}"] for name, ours, theirs in rows]
    return markdown_table(heads, [*lines, ["mean", *(f"{mean:.3f}" for mean in means)]])


def thresholds_table(collected: Sequence[Pairs], left_out: Sequence[np.ndarray]) -> str:
    """Renders how many tags reach each threshold, and the F1 of these, means over articles."""
    lines = []
    for threshold in THRESHOLDS:
        numbers, scores = [], []
        for of, chances in zip(collected, left_out, strict=True):
            order = np.argsort(-chances, axis=1, kind="stable")[:, :MOST]
            shown = np.take_along_axis(chances, order, axis=1) >= threshold
            hits = (np.take_along_axis(of.right, order, axis=1) & shown).sum(axis=1)
            numbers.append(shown.sum(axis=1))
            scores.append(2 * hits / (numbers[-1] + of.right.sum(axis=1)))
        tags, f1 = np.concatenate(numbers), np.concatenate(scores)
        none = float((tags == 0).mean())
        lines.append([f"{threshold:.2f}", f"{tags.mean():.2f}", f"{none:.3f}", f"{f1.mean():.3f}"])
    return markdown_table(["threshold", "tags", "articles without", "F1@M"], lines)


def calibration_table(collected: Sequence[Pairs], left_out: Sequence[np.ndarray]) -> str:
    """Renders how often tags of a confidence are right."""
    chances = np.concatenate([of.ravel() for of in left_out]).tolist()
    right = np.concatenate([of.right.ravel() for of in collected]).tolist()
    lines = [
        [f"{one['low']:.1f}", str(one["tags"]), f"{one['confidence']:.3f}", f"{one['right']:.3f}"]
        for one in reliability(chances, right)["bins"]
    ]
    return markdown_table(["confidence from", "tags", "mean", "right"], lines)


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(FitSettings, words, f"python -m {MODULE}")
    choice = Choice("validation", articles=settings.articles, least=LEAST)
    sources = open_sources(settings.data, choice)
    with tempfile.TemporaryDirectory() as folder:
        tagger = Tagger.from_pretrained(
            make_untrained(Path(folder, "model"), Path(settings.weights)), engine="ctranslate2"
        )
        bar = tqdm(sources, desc="reading sources", unit="source")
        collected = [collect(tagger, source) for source in bar]
    left_out = [
        fit([other for other in collected if other is not of]).probabilities(of) for of in collected
    ]
    print(constants(fit(collected)))
    for table in (sources_table, thresholds_table, calibration_table):
        print(f"\n{table(collected, left_out)}")


if __name__ == "__main__":
    raise SystemExit(main())

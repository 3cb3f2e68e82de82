"""Does evidence matter? Deletes each tag's evidence, and as many random words, from the article.

    python -m training.bench.studies.evidence --data DATA                      # validation split
    python -m training.bench.studies.evidence --data DATA --split test --limit 100

What is measured is the drop of the tag's score: the log-probability with which the model would
generate it as the first tag (teacher-forced). Both deletions happen in what the model reads of the
article; the random words stand in the same place (title or text) if it has enough others, in one
run a span, and are drawn several times. The intervals are over tags, of the paired difference.
The sentence of an inferred tag is the one of a few whose deletion costs most, so it is also
compared with the costliest of as many random deletions: what is left is the attention's merit.
Source of the measure: the "comprehensiveness" of DeYoung et al., "ERASER: A Benchmark to Evaluate
Rationalized NLP Models" (ACL 2020), against random deletions of the same size.
"""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tqdm.auto import tqdm

from tagloop.errors import UserError
from tagloop.generation.evidence import INFERRED, PRESENT, SHORTLIST, Evidence
from tagloop.tagger.tagger import Tagger
from tagloop.text.sentences import Span
from training.base.examples import Row, read_rows
from training.bench.reporting import ReportSettings, benchmark
from training.bench.tables import markdown_table, with_interval
from training.config import option
from training.evaluation.scores import Values, bootstrap
from training.finetune.ctranslate2_conversion import convert
from training.finetune.preprocess import BUNDLED_BASE

MIN_WORDS = 60
"""Shorter articles have no room for random deletions."""
KINDS = (PRESENT, INFERRED)
HEADS = {
    "evidence": "evidence gone",
    "random": "random words gone",
    "difference": "difference",
    "costliest": "from the costliest random words",
}
"""What a tag loses, in nats, and the names of that."""
Article = dict[str, str]


@dataclass
class EvidenceSettings(ReportSettings):
    """Flags of the measurement."""

    report: ClassVar[str] = "evidence-{split}"
    split: str = option("validation", "validation or test")
    weights: str = option(str(BUNDLED_BASE), "model folder to measure")
    limit: int = option(40, "articles, evenly over the split")
    max_tags: int = option(5, "tags of an article at the most")
    draws: int = option(SHORTLIST, "random deletions a tag")
    seed: int = option(20, "of the random deletions")


def measure(
    tagger: Tagger, rows: Sequence[Row], settings: EvidenceSettings
) -> dict[str, list[Values]]:
    """Measures all tags of the rows.

    Returns:
        Kind of evidence to one dict a tag: ``evidence`` and ``random``, the drops in nats, their
        ``difference``, and ``costliest``, the difference from the costliest random deletion.
    """
    chance = random.Random(settings.seed)
    drops: dict[str, list[Values]] = {kind: [] for kind in KINDS}
    for row in tqdm(rows, desc="deleting evidence", unit="article"):
        article = {"title": row.title, "text": tagger.read_part(row.title, row.text)}
        for tag in tagger.tag(**article, max_tags=settings.max_tags, evidence=True):
            if tag.evidence is None:
                continue
            found = _drops(tagger, article, tag.tag, tag.evidence, settings.draws, chance)
            if found:
                drops[tag.evidence.kind].append(found)
    return drops


def _drops(
    tagger: Tagger,
    article: Article,
    tag: str,
    evidence: Evidence,
    draws: int,
    chance: random.Random,
) -> Values | None:
    """Scores a tag without its evidence and without random words; None where there is no room."""
    spans = {"title": list(evidence.title), "text": list(evidence.text)}
    others = [drawn for _ in range(draws) if (drawn := elsewhere(article, spans, chance))]
    if not others or not any(spans.values()):
        return None
    versions = [article, *(without(article, gone) for gone in (spans, *others))]
    whole, bare, *rest = tagger.log_probs(versions, [tag] * len(versions))
    random_drop = whole - sum(rest) / len(rest)
    return {
        "evidence": whole - bare,
        "random": random_drop,
        "difference": whole - bare - random_drop,
        "costliest": min(rest) - bare,
    }


def without(article: Article, spans: dict[str, list[Span]]) -> Article:
    """Returns the article with the spans of its title and text taken out."""
    bare = dict(article)
    for name, gone in spans.items():
        for begin, end in sorted(gone, reverse=True):
            bare[name] = f"{bare[name][:begin]} {bare[name][end:]}"
    return bare


def elsewhere(
    article: Article, spans: dict[str, list[Span]], chance: random.Random
) -> dict[str, list[Span]] | None:
    """Draws for each span a run of as many words that touches no span; None if there is no room."""
    taken = {name: list(part) for name, part in spans.items()}
    drawn: dict[str, list[Span]] = {"title": [], "text": []}
    for name, part in spans.items():
        for begin, end in part:
            count = len(article[name][begin:end].split())
            for place in (name, "text"):
                if runs := list(_free_runs(article[place], taken[place], count)):
                    run = chance.choice(runs)
                    drawn[place].append(run)
                    taken[place].append(run)
                    break
            else:
                return None
    return drawn


def _free_runs(text: str, taken: Sequence[Span], count: int) -> Iterator[Span]:
    words = [match.span() for match in re.finditer(r"\S+", text)]
    for first in range(len(words) - count + 1):
        begin, end = words[first][0], words[first + count - 1][1]
        if all(end <= one or other <= begin for one, other in taken):
            yield begin, end


def load_tagger(weights: str, folder: Path) -> Tagger:
    """Loads a tagger of a copy of the weights with a fresh int8 conversion."""
    copy = Path(shutil.copytree(weights, folder / "model", dirs_exist_ok=True))
    convert(copy)
    return Tagger.from_pretrained(copy)


def choose_rows(settings: EvidenceSettings) -> list[Row]:
    """Takes articles evenly over the split.

    Raises:
        UserError: The data are missing or the split has no long enough articles.
    """
    rows = read_rows(settings.data, "articles")
    rows = [r for r in rows if r.split == settings.split and len(r.text.split()) >= MIN_WORDS]
    if not rows:
        raise UserError(f"{', '.join(settings.data)}: no articles in the split {settings.split!r}.")
    return rows[:: max(len(rows) // settings.limit, 1)][: settings.limit]


def report_of(
    drops: Mapping[str, Sequence[Values]], settings: EvidenceSettings, articles: int
) -> dict[str, Any]:
    """Returns the report: means over tags with their 95 % bootstrap intervals."""
    return {
        "split": settings.split,
        "articles": articles,
        "kinds": {
            kind: {
                "tags": len(rows),
                **{
                    name: {key: round(value, 4) for key, value in vars(mean).items()}
                    for name, mean in bootstrap(list(rows), seed=settings.seed).items()
                },
            }
            for kind, rows in drops.items()
            if rows
        },
    }


def table(report: Mapping[str, Any]) -> str:
    """Renders the report as Markdown."""
    lines = [
        [kind, str(row["tags"]), *(with_interval(row[name]) for name in HEADS)]
        for kind, row in report["kinds"].items()
    ]
    head = f"**{report['split']}: {report['articles']} articles**"
    return f"{head}\n\n{markdown_table(['evidence', 'tags', *HEADS.values()], lines)}"


def run(settings: EvidenceSettings) -> dict[str, Any]:
    """Measures evenly chosen articles.

    Raises:
        UserError: The data are missing or the split has no long enough articles.
    """
    rows = choose_rows(settings)
    with tempfile.TemporaryDirectory() as folder:
        drops = measure(load_tagger(settings.weights, Path(folder)), rows, settings)
    return report_of(drops, settings, len(rows))


main = benchmark("training.bench.studies.evidence", EvidenceSettings, run, table)

if __name__ == "__main__":
    raise SystemExit(main())

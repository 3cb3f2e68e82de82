"""What a person is told of a build: what was understood, what was left out, what came of it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tagloop.files import BUILD_REPORT
from tagloop.reading.settings import setting_name
from tagloop.text.languages import language_name
from training.data.articles import Article
from training.data.build_dataset import Built
from training.data.build_report import BuildReport, SourceEntry

TEXT_CHARACTERS = 80
"""Shown of an article's text, and of all else that stands beside it."""
ODDITIES = 5
"""Kinds of repairs that are told; the report has all."""
LANGUAGES = 8
"""Languages that are told; the report has all."""


def summary(built: Built) -> Iterator[str]:
    """Yields the lines that tell a person what was built."""
    report = built.report
    yield from first_articles(built.first)
    for source in report["sources"]:
        yield from _source_lines(source)
    yield from _left_out(report)
    yield from _oddities(report)
    if report.get("drafts"):
        yield f"not published, but taken in: {report['drafts']:,} ({setting_name('drafts')})"
    if report["unreadable_dates"]:
        yield f"dates that could not be read: {report['unreadable_dates']:,}"
    yield from report["notes"]
    yield from _what_came_of_it(report)
    if built.folder is None:
        yield f"nothing was written: {setting_name('dry_run')}"
    else:
        yield f"written to {built.folder} (details in {BUILD_REPORT})"


def first_articles(articles: Sequence[Article]) -> Iterator[str]:
    """Yields articles as they were understood, for a person to judge."""
    if not articles:
        return
    are = "article is" if len(articles) == 1 else f"{len(articles)} articles are"
    yield f"the first {are} understood as:"
    for article in articles:
        yield ""
        fields = {
            "title": article.title,
            "date": article.published or "",
            "tags": ", ".join(article.tags),
            "text": " ".join(article.text[: 5 * TEXT_CHARACTERS].split()),
        }
        for name, value in fields.items():
            yield f"  {name:<6} {_shortened(value) or '(none)'}"
    yield ""


def _shortened(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS else f"{text[: TEXT_CHARACTERS - 1].rstrip()}…"


def _source_lines(source: SourceEntry) -> Iterator[str]:
    yield (
        f"{source['kind']} {source['location']}: "
        f"{source['read']:,} rows read, {source['kept']:,} kept"
    )
    if left_out := source.get("left_out"):
        number = sum(left_out.values())
        yield f"  not read: {number:,} file{'s'[: number > 1]} ({_counts(left_out)})"
    for decision in source.get("decisions", []):
        yield textwrap.indent(decision, "  ")


def _left_out(report: BuildReport) -> Iterator[str]:
    """Yields a line about the rows that make no article."""
    if not report["dropped"]:
        return
    number, first = len(report["dropped"]), report["dropped"][0]
    yield (
        f"left out: {number:,} row{'s'[: number > 1]} ({_counts(report['dropped_counts'])}); "
        f"the first: {first['where']}: {first['reason']}"
    )


def _oddities(report: BuildReport) -> Iterator[str]:
    """Yields a line a kind of repair."""
    oddities = report.get("oddities", [])
    for odd in oddities[:ODDITIES]:
        where = (
            f"{odd['rows']:,} rows, the first {odd['first']}" if odd["rows"] > 1 else odd["first"]
        )
        yield f"{odd['what']} ({where})"
    if len(oddities) > ODDITIES:
        yield f"{len(oddities) - ODDITIES:,} more kinds of repairs are in {BUILD_REPORT}"


def _what_came_of_it(report: BuildReport) -> Iterator[str]:
    near, tags = report["near_duplicates"], report["tags"]
    reasons = Counter(merge["reason"] for entry in tags["merged"] for merge in entry["merged"])
    ranked = dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    why = f" ({_counts(ranked)})" if reasons else ""
    yield (
        f"near-duplicates (Jaccard >= {near['threshold']}): "
        f"{near['articles']:,} articles in {near['groups']:,} groups, each within one split"
    )
    yield (
        f"tags: {tags['distinct']:,} distinct, {reasons.total():,} merged into others{why}, "
        f"{sum(entry['count'] for entry in tags['dropped']):,} left out"
    )
    if languages := report.get("languages"):
        shown = {
            language_name(code): number for code, number in list(languages.items())[:LANGUAGES]
        }
        more = f" and {len(languages) - LANGUAGES:,} more" if len(languages) > LANGUAGES else ""
        yield f"languages: {_counts(shown)}{more}"
    yield f"splits: {_counts(report['splits'])}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())

"""What a person is told of a build: what was understood, what was left out, what came of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tagloop.files import BUILD_REPORT
from tagloop.limits import readable
from tagloop.reading.settings import setting_name
from tagloop.text.languages import language_name
from training.data.articles import Article
from training.data.build_dataset import Built
from training.data.build_report import BuildReport, SourceEntry

TEXT_CHARACTERS = 80
"""Shown of an article's text, and of all else that stands beside it."""
KINDS = {
    "markdown": ("article files", "file"),
    "table": ("table", "row"),
    "hub": ("Hub dataset", "row"),
    "files": ("several files", "row"),
}
"""What a kind of source is called, and what it counts, if not by its own name and articles."""
REASON_CHARACTERS = 200
REASONS = 5
"""Further reasons to leave rows out that get an instance; the report has all."""
ODDITIES = 5
"""Kinds of repairs that are told; the report has all."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What in a title or a name would move the cursor, or turn the rest of the line around."""
LANGUAGES = 8
"""Languages that are told; the report has all."""


def summary(built: Built) -> Iterator[str]:
    """Yields the lines that tell a person what was built."""
    return (_CONTROLS.sub(" ", line) for line in _lines(built))


def _lines(built: Built) -> Iterator[str]:
    report = built.report
    yield from first_articles(built.first)
    for source in report["sources"]:
        yield from _source_lines(source)
    yield from _left_out(report)
    yield from _oddities(report)
    if report.get("drafts"):
        yield f"not published, but taken in: {report['drafts']:,} ({setting_name('drafts')})"
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


def _shortened(text: str, most: int = TEXT_CHARACTERS) -> str:
    text = readable(text)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _many(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'s'[: number != 1]}"


def _source_lines(source: SourceEntry) -> Iterator[str]:
    kind, unit = KINDS.get(source["kind"], (source["kind"], "article"))
    yield (
        f"{source['location']} ({kind}): {_many(source['read'], unit)} read, "
        f"{source['kept']:,} kept"
    )
    if left_out := source.get("left_out"):
        yield f"  not read: {_many(sum(left_out.values()), 'file')} ({_counts(left_out)})"
    for decision in source.get("decisions", []):
        yield f"  {decision}"


def _left_out(report: BuildReport) -> Iterator[str]:
    """Yields a line about the rows that make no article, and the first of each further reason."""
    if not report["dropped"]:
        return
    by_kind: dict[str, str] = {}
    for row in report["dropped"]:
        said = _shortened(f"{row['where']}: {row['reason']}", REASON_CHARACTERS)
        by_kind.setdefault(row.get("kind", row["reason"]), said)
    first, *others = by_kind.values()
    number = _many(len(report["dropped"]), "row")
    yield f"left out: {number} ({_counts(report['dropped_counts'])}); the first: {first}"
    yield from (f"  {said}" for said in others[:REASONS])


def _oddities(report: BuildReport) -> Iterator[str]:
    """Yields a line a kind of repair."""
    oddities = report.get("oddities", [])
    for odd in oddities[:ODDITIES]:
        where = (
            f"{odd['rows']:,} rows, the first {odd['first']}" if odd["rows"] > 1 else odd["first"]
        )
        yield f"repaired: {odd['what']} ({where})"
    if len(oddities) > ODDITIES:
        yield f"{len(oddities) - ODDITIES:,} more kinds of repairs are in {BUILD_REPORT}"


def _what_came_of_it(report: BuildReport) -> Iterator[str]:
    near, tags = report["near_duplicates"], report["tags"]
    reasons = Counter(merge["reason"] for entry in tags["merged"] for merge in entry["merged"])
    ranked = dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    why = f" ({_counts(ranked)})" if reasons else ""
    found = (
        f"{_many(near['articles'], 'article')} in {_many(near['groups'], 'group')}, each within "
        "one split"
    )
    yield (
        f"near-duplicates (Jaccard >= {near['threshold']}): {found if near['articles'] else 'none'}"
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

"""How well the article in a page is found: words of it, words of anything else, its beginning.

    python -m training.bench.pages                          # 2 minutes on 2 cores
    python -m training.bench.pages --quick                  # tries the command out
    npm install --prefix FOLDER @mozilla/readability jsdom
    python -m training.bench.pages --node FOLDER            # Mozilla's Readability as well

The pages are made: articles of our own sentences in the structures of the usual themes, with menus,
banners, teasers, boxes, sidebars and comments around them; in half of them classes and ids say
nothing. All is drawn from the seed.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict

from training.bench.pages.extractors import extractors
from training.bench.pages.scores import average, score
from training.bench.pages.texts import Article, make_article
from training.bench.pages.themes import THEMES, without_names
from training.bench.reporting import QuickSettings, benchmark
from training.bench.tables import markdown_table
from training.bench.timing import machine
from training.config import option

PAGES = 20
"""Of each theme."""


class PagesReport(TypedDict):
    """What was measured.

    Attributes:
        machine: Where.
        pages: How many.
        seed: Of the pages.
        extractors: By name, the means of all pages.
        themes: By extractor and theme, F1.
    """

    machine: dict[str, Any]
    pages: int
    seed: int
    extractors: dict[str, dict[str, float]]
    themes: dict[str, dict[str, float]]


@dataclass
class PagesSettings(QuickSettings):
    """Flags of the benchmark."""

    report: ClassVar[str] = "pages"
    node: str = option("", "folder with Mozilla's Readability")
    seed: int = option(7, "of the pages")


def made_pages(count: int, seed: int) -> dict[str, list[tuple[Article, str]]]:
    """Makes so many pages of each theme; returns articles with their pages by theme."""
    made: dict[str, list[tuple[Article, str]]] = {}
    for theme in THEMES:
        rng = random.Random(f"{seed} {theme.__name__}")
        articles = [make_article(rng) for _ in range(count)]
        pages = [theme(article, rng) for article in articles]
        # Half of them without names, which no list of names can help with.
        pages[::2] = map(without_names, pages[::2])
        made[theme.__name__] = list(zip(articles, pages, strict=True))
    return made


def run(settings: PagesSettings) -> PagesReport:
    """Measures all extractors on the same pages.

    Raises:
        UserError: The folder has no Readability.
    """
    pages = made_pages(2 if settings.quick else PAGES, settings.seed)
    report: PagesReport = {
        "machine": machine(),
        "pages": sum(map(len, pages.values())),
        "seed": settings.seed,
        "extractors": {},
        "themes": {},
    }
    for name, extract in extractors(settings.node).items():
        begun, scores = time.process_time(), []
        themes: dict[str, float] = {}
        for theme, given in pages.items():
            found = extract([page for _, page in given])
            of_theme = [
                score(article, text) for (article, _), text in zip(given, found, strict=True)
            ]
            themes[theme] = average(of_theme)["f1"]
            scores += of_theme
        seconds = time.process_time() - begun
        report["extractors"][name] = average(scores) | {"milliseconds": 1e3 * seconds / len(scores)}
        report["themes"][name] = themes
    return report


def table(report: PagesReport) -> str:
    """Renders the report."""
    here = report["machine"]
    heads = ("extractor", "recall", "precision", "F1", "begins right", "ms a page")
    lines = [
        (
            name,
            *(f"{values[measure]:.3f}" for measure in ("recall", "precision", "f1", "begins")),
            # Another process does the work.
            "-" if name.startswith("Mozilla") else f"{values['milliseconds']:.1f}",
        )
        for name, values in report["extractors"].items()
    ]
    by_name = report["themes"]
    names = list(next(iter(by_name.values())))
    by_theme = [
        (theme, *(f"{values[theme]:.3f}" for values in by_name.values())) for theme in names
    ]
    return (
        f"{here['processor']}; {report['pages']} pages, seed {report['seed']}\n\n"
        f"{markdown_table(heads, lines)}\n\nF1 by theme:\n\n"
        f"{markdown_table(('theme', *by_name), by_theme)}"
    )


main = benchmark("training.bench.pages", PagesSettings, run, table)


if __name__ == "__main__":
    raise SystemExit(main())

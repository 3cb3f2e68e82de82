"""Measures a static Space in headless Chromium: bytes, seconds, memory, answers.

    python -m training.bench.browser --model build/blog/model --data build/blog/dataset
    python -m training.bench.browser --model FOLDER --data owner/blog-articles --parity 20

Of a tagger's folder a Space is made as `make publish SPACE=static` makes it, served from two
origins on this machine, and visited: first over a line of 50 Mbit/s, then again, offline. Then its
answers on the test split are held against those of Python on the same graphs, and of CTranslate2.
Processor time is what a busy machine leaves comparable: on an idle one a warm answer takes about
as long as its processor time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page

from tagloop.files import ONNX, ONNX_ENCODER
from tagloop.tagger.tagger import Tagger
from training.bench.browser.chromium import ask, chromium, cpu_seconds, peak_megabytes, renderer
from training.bench.browser.server import StaticServer
from training.command import command
from training.data.corpus import load_corpus
from training.evaluation.scores import answer_scores
from training.publish.static.graphs import load_onnx_tagger, write_graphs
from training.publish.static.site import Model, write_site

LINE = 50.0
WORDS = 500
ROUNDS = 5
COLUMNS = ("MB sent", "s to ready", "s to first tags", "peak MB", "processor s")


@dataclass(frozen=True)
class Place:
    """Where a Space is served, and the browser's profile."""

    hub: StaticServer
    site: StaticServer
    profile: Path


def visit(place: Place, article: dict[str, Any], *, offline: bool = False) -> dict[str, float]:
    """Opens the page and waits for an article's tags."""
    place.hub.sent.clear()
    place.site.sent.clear()
    with chromium(place.profile) as context:
        context.set_offline(offline)
        page = context.new_page()
        began = time.monotonic()
        page.goto(place.site.url)
        page.evaluate("() => tagger.ready")
        ready = time.monotonic() - began
        ask(page, article["title"], article["text"])
        first = time.monotonic() - began
        process = renderer(place.profile)
        sent = sum(place.hub.sent.values()) + sum(place.site.sent.values())
        if not offline:
            page.evaluate("() => navigator.serviceWorker.ready")
        peak, processor = peak_megabytes(process), cpu_seconds(process)
    return dict(zip(COLUMNS, (sent / 1e6, ready, first, peak, processor), strict=True))


def warm(page: Page, profile: Path, article: dict[str, Any]) -> tuple[float, float]:
    """Returns the milliseconds of an answer, and of the processor, medians of several."""
    process = renderer(profile)
    walls, processors = [], []
    for _ in range(ROUNDS):
        before = cpu_seconds(process)
        walls.append(ask(page, article["title"], article["text"])["ms"])
        processors.append(1000 * (cpu_seconds(process) - before))
    return statistics.median(walls), statistics.median(processors)


def answers(page: Page, articles: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Returns the tags of each article, from the browser."""
    found = (ask(page, row["title"], row["text"])["tags"] for row in articles)
    return [[tag["tag"] for tag in tags] for tags in found]


def f1_at_m(found: Sequence[list[str]], articles: Sequence[dict[str, Any]]) -> float:
    """Returns the mean F1@M of answers."""
    scores = [
        answer_scores(tags, tags, row["tags"], "", frozenset())["f1@m"]
        for tags, row in zip(found, articles, strict=True)
    ]
    return sum(scores) / len(scores)


def same(ours: Sequence[list[str]], theirs: Sequence[list[str]]) -> str:
    """Says how many answers are equal."""
    pairs = zip(ours, theirs, strict=True)
    return f"{sum(one == other for one, other in pairs)} of {len(ours)}"


def of_python(tagger: Tagger, articles: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Returns the tags of each article, from Python."""
    found = (tagger.tag(row["text"], row["title"]) for row in articles)
    return [[tag.tag for tag in tags] for tags in found]


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser("python -m training.bench.browser")
    parser.add_argument("--model", required=True, help="a tagger's folder")
    parser.add_argument("--data", required=True, help="its dataset, a folder or owner/dataset")
    parser.add_argument("--parity", type=int, default=100, help="so many articles of all splits")
    asked = parser.parse_args(words)
    folder = Path(asked.model)
    if not (folder / ONNX / ONNX_ENCODER).is_file():
        write_graphs(folder)
    corpus = load_corpus(asked.data)
    test = list(corpus.splits["test"])
    rows = [*test, *corpus.splits["validation"], *corpus.splits["train"]]
    rows = rows[: max(asked.parity, len(test))]
    tagger = load_onnx_tagger(folder)
    with TemporaryDirectory() as scratch:
        site = Path(scratch) / "space"
        with StaticServer(folder, LINE).running() as hub:
            write_site(site, Model(folder, "me/tagger", "commit", hub.url), tagger)
            with StaticServer(site, LINE).running() as page:
                hub.share(page)
                measure(Place(hub, page, Path(scratch) / "profile"), rows, len(test), tagger)
    served = of_python(Tagger.from_pretrained(folder), test)
    print(f"F1@M of CTranslate2 on the test split: {f1_at_m(served, test):.4f}")


def measure(place: Place, rows: Sequence[dict[str, Any]], tests: int, tagger: Tagger) -> None:
    """Visits, compares and prints."""
    article = {"title": rows[0]["title"], "text": _words(rows)}
    for name, offline in (("first visit", False), ("second visit", False), ("offline", True)):
        figures = visit(place, article, offline=offline)
        print(f"{name}: {json.dumps({key: round(it, 2) for key, it in figures.items()})}")
    with chromium(place.profile) as context:
        page = context.new_page()
        page.goto(place.site.url)
        page.evaluate("() => tagger.ready")
        wall, processor = warm(page, place.profile, article)
        print(f"warm, {WORDS} words: {wall:.0f} ms, {processor:.0f} ms of the processor")
        browser, python = answers(page, rows), of_python(tagger, rows)
    print(f"same answers as Python on the same graphs: {same(browser, python)}")
    print(f"F1@M in the browser on the test split: {f1_at_m(browser[:tests], rows[:tests]):.4f}")


def _words(rows: Sequence[dict[str, Any]]) -> str:
    """Returns a text of ``WORDS`` words."""
    return " ".join(" ".join(row["text"] for row in rows).split()[:WORDS])


if __name__ == "__main__":
    raise SystemExit(main())

"""Tagloop, its parts and its peers on corpora of 100, 200 and 400 articles.

    python -m training.bench.small --data DATA MORE                    # to choose by: validation
    python -m training.bench.small --data DATA MORE --split test       # for the last measurement
    python -m training.bench.small --data DATA MORE --sizes 100 --seeds 0 --only knn tagloop
    python -m training.bench.small --data DATA MORE --sources starter --limit 10   # tries it out

Every blog that no base has learned from, and the starter corpus, is learned three times from other
articles of it. ``tagloop`` is fine-tuned with every default, as ``make train`` does it;
``checkpoint`` is the same folder's checkpoint alone, ``tagloop-untrained`` the bundled base with
the corpus's neighbours and ranker. The peers are tuned on the same validation articles.

On 2 quiet cores a corpus of 100 articles takes about 4 minutes for all systems, one of 200 about 6,
one of 400 about 10, half of it the fine-tuning: some 8 hours in all. So each result is kept in
``build/bench/small-<split>/<corpus>-<size>-<seed>/`` and made again only where its rows, its code
or the base are others; the command may be stopped at any time, run for parts, and run several
times at once. The first seed of all comes first. The tables are of the systems that have all of
what was asked for.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tqdm.auto import tqdm

from tagloop.errors import UserError
from training.bench.reporting import RESULTS, TRIES, write_report
from training.bench.small.cells import missing, run_process
from training.bench.small.corpora import Cell, SmallCorpus, draw, load_sources
from training.bench.small.results import fingerprint, read_result, result_path
from training.bench.small.systems import SYSTEMS
from training.bench.small.tables import Results, render, summarise
from training.command import command
from training.config import command_line, option, parse_config

SIZES = [100, 200, 400]
SEEDS = [0, 1, 2]


@dataclass
class SmallSettings:
    """Flags of the benchmark."""

    data: list[str] = option([], "folders with the labelled files")
    split: str = option("validation", "validation or test")
    sizes: list[int] = option(SIZES, "training articles")
    seeds: list[int] = option(SEEDS, "draws of the training articles")
    sources: list[str] = option([], "only these corpora")
    only: list[str] = option([], "only these systems")
    limit: int = option(0, "measured articles of each, for a try; 0 is all")
    summary: bool = option(False, "only sum up what is there")
    out: str = option("build/bench", "folder of the results")
    summaries: str = option("", "folder of the tables; default results/, in build/bench for a part")

    @property
    def is_part(self) -> bool:
        """Tells whether the tables lack something of the whole benchmark."""
        whole = sorted(self.sizes) == SIZES and sorted(self.seeds) == SEEDS
        return not whole or bool(self.limit or self.sources)


def corpora(settings: SmallSettings) -> list[SmallCorpus]:
    """Draws all corpora that were asked for, the first seed of all first.

    Raises:
        UserError: A source or a system is unknown, a file is missing, or no source is so large.
    """
    for name in settings.only:
        if name not in SYSTEMS:
            raise UserError(f"No system is called {name!r}: take {', '.join(SYSTEMS)}.")
    starter = Path(settings.out) / "small-starter"
    sources = load_sources(settings.data, starter, settings.sources)
    drawn = [
        draw(sources[name], Cell(name, size, seed), settings.split, settings.limit)
        for seed in settings.seeds
        for size in settings.sizes
        for name in sources
    ]
    found = [corpus for corpus in drawn if corpus is not None]
    if not found:
        raise UserError("No corpus has so many articles: --sizes takes fewer.")
    return found


def run(settings: SmallSettings, found: list[SmallCorpus]) -> list[str]:
    """Measures what has no result yet.

    Returns:
        One sentence a failure; the rest has been measured all the same.
    """
    out, names = Path(settings.out), settings.only or list(SYSTEMS)
    failures = []
    # Time goes with the articles.
    with tqdm(total=sum(corpus.cell.size for corpus in found), unit="article") as bar:
        for corpus in found:
            bar.set_description(str(corpus.cell))
            if wanted := missing(out, settings.split, corpus, names):
                failures += run_process(out, settings.split, corpus, wanted)
                bar.update(corpus.cell.size)
            else:
                bar.total -= corpus.cell.size
                bar.refresh()
    return failures


def read_results(settings: SmallSettings, found: list[SmallCorpus]) -> Results:
    """Reads the results that are there, of all systems."""
    results = {}
    for corpus in found:
        for name in SYSTEMS:
            path = result_path(Path(settings.out), settings.split, corpus.cell, name)
            if result := read_result(path, fingerprint(name, corpus)):
                results[corpus.cell, name] = result
    return results


@command("interrupted; the same command goes on")
def main(words: list[str]) -> int:
    """Runs the command line."""
    settings = parse_config(SmallSettings, words, "python -m training.bench.small")
    found = corpora(settings)
    failures = [] if settings.summary else run(settings, found)
    cells = [corpus.cell for corpus in found]
    shown_as = command_line("training.bench.small", words)
    summary = summarise(read_results(settings, found), cells, settings.split, shown_as)
    if summary["sizes"]:
        folder = Path(settings.summaries or (TRIES if settings.is_part else RESULTS))
        print(write_report(folder / f"small-{settings.split}.json", summary, render))
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())

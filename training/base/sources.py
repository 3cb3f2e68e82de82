"""What trained the weights: every source with its licence and the rows that were learned from.

    python -m training.base.sources --data DATA MORE    # writes sources.json; its card is rendered

Counted from the data, not typed: a row is counted where the recipe makes an example of it, under
the licence that the row itself states. Names and links are for attribution, as CC BY and CC BY-SA
ask; a source or licence without one is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

from tagloop.errors import UserError
from training.base.examples import FILES, SHARES, data_file, read_records
from training.command import command
from training.config import option, parse_config
from training.json_files import read_json, write_json

SOURCES = Path(__file__).with_name("sources.json")
NAMES = {
    "18f": ("18F, the blog", "https://18f.gsa.gov"),
    "bssw": ("Better Scientific Software", "https://bssw.io"),
    "carpentries": ("The Carpentries, the blog", "https://carpentries.org"),
    "datagov": ("Data.gov", "https://data.gov"),
    "digitalgov": ("Digital.gov", "https://digital.gov"),
    "fsm": ("Free Software Magazine", "http://freesoftwaremagazine.com"),
    "recipes": ("free recipes, by their cooks", ""),
    "roweb3": ("rOpenSci, the blog", "https://ropensci.org"),
    "tidyverse": ("the tidyverse blog", "https://www.tidyverse.org"),
    "adho_dh": (
        "abstracts of ADHO's Digital Humanities conferences, by their authors",
        "https://github.com/ADHO",
    ),
    "cc_opensource_blog": (
        "Creative Commons, the open source blog",
        "https://opensource.creativecommons.org",
    ),
    "chriskrycho": ("Chris Krycho", "https://github.com/chriskrycho/v5.chriskrycho.com"),
    "citizenscience_gov": ("CitizenScience.gov", "https://www.citizenscience.gov"),
    "congress_crs": (
        "summaries of bills by the Congressional Research Service",
        "https://www.congress.gov",
    ),
    "digihist_ch24": (
        "Digital History Switzerland 2024, by its authors",
        "https://github.com/digihistch24/digihistch24.github.io",
    ),
    "elife_digest": ("eLife digests, by their authors", "https://elifesciences.org"),
    "harvard_lil": (
        "Harvard Library Innovation Lab",
        "https://github.com/harvard-lil/website-static",
    ),
    "ror_site": ("Research Organization Registry", "https://github.com/ror-community/ror-site"),
    "rubenerd": ("Rubenerd, by Ruben Schade", "https://github.com/rubenerd/rubenerd.com"),
    "rufuspollock": ("Rufus Pollock", "https://github.com/rufuspollock/rufuspollock.com"),
    "se_coffee_beer_matheducators": (
        "questions of Stack Exchange (Coffee; Beer, Wine & Spirits; Mathematics Educators), by its "
        "contributors",
        "https://stackexchange.com",
    ),
    "walshbr": ("Brandon Walsh", "https://github.com/walshbr/walshbr.github.io"),
    "medium190k": ("titles of Medium, all subjects", "https://medium.com"),
    "medium_ds": ("titles of Medium, data science", "https://medium.com"),
    "openstax": ("OpenStax, the textbooks", "https://openstax.org"),
    "wiki": ("English Wikipedia, by its contributors", "https://en.wikipedia.org"),
}
"""Source to what people call it and where it is."""
LICENCES = {
    "CC BY": "https://creativecommons.org/licenses/",
    "CC BY-SA": "https://creativecommons.org/licenses/",
    "CC BY 3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC BY 3.0 / BSD-3-Clause": "https://creativecommons.org/licenses/by/3.0/",
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC BY-SA 3.0": "https://creativecommons.org/licenses/by-sa/3.0/",
    "CC BY-SA 3.0/4.0 (Stack Exchange terms)": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "GFDL": "https://www.gnu.org/licenses/fdl-1.3.html",
    "MIT (repo)": "https://opensource.org/license/mit",
    "Public domain / CC0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "Public domain (US Government work)": "",
    "free reuse with attribution (own policy)": "",
    "public domain (CC0)": "https://creativecommons.org/publicdomain/zero/1.0/",
    "public domain (Unlicense)": "https://unlicense.org",
    "unknown": "",
}
"""Licence, as rows state it, to its text."""


class SourceRows(TypedDict):
    """Rows of one source under one licence; ``share`` of them is drawn in each round (0..1)."""

    kind: str
    source: str
    name: str
    link: str
    licence: str
    licence_link: str
    rows: int
    share: float


@dataclass
class SourcesSettings:
    """Flags of the count."""

    data: list[str] = option([], "folders with the data of the recipe")
    out: str = option(str(SOURCES), "file to write")


def count_sources(folders: Sequence[str]) -> list[SourceRows]:
    """Counts the rows that the recipe makes examples of, by kind, source and licence.

    Raises:
        UserError: A file is missing, or a source or licence has no name here.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for kind, name in FILES.items():
        for record in read_records(data_file(folders, name)):
            learned = record["title"] and record["text"] if kind == "wiki" else record["tags"]
            if learned and (record.get("split") or "train") == "train":
                counts[kind, record["source"], record["license"]] += 1
    kinds = list(FILES)
    ordered = sorted(counts, key=lambda key: (kinds.index(key[0]), -counts[key], key))
    return [_rows(*key, counts[key]) for key in ordered]


def _rows(kind: str, source: str, licence: str, rows: int) -> SourceRows:
    if source not in NAMES or licence not in LICENCES:
        raise UserError(
            f"The source {source!r} under {licence!r} has no name in training.base.sources: add "
            "who is to be named, and the licence's text."
        )
    name, link = NAMES[source]
    return SourceRows(
        kind=kind,
        source=source,
        name=name,
        link=link,
        licence=licence,
        licence_link=LICENCES[licence],
        rows=rows,
        share=SHARES.get(source, 1.0),
    )


def read_sources(path: Path = SOURCES) -> list[SourceRows]:
    """Reads what the command wrote."""
    return cast("list[SourceRows]", read_json(path)["sources"])


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(SourcesSettings, words, "python -m training.base.sources")
    found = count_sources(settings.data)
    write_json(Path(settings.out), {"sources": found})
    for row in found:
        print(f"{row['kind']:<9} {row['rows']:>6,} {row['source']:<30} {row['licence']}")


if __name__ == "__main__":
    raise SystemExit(main())

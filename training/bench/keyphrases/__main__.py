"""F1@5 and F1@10 on standard sets of keyphrases, next to extractors and to published figures.

    python -m training.bench.keyphrases --data DATA MORE                # validation
    python -m training.bench.keyphrases --data DATA MORE --split test   # for the last measurement
    python -m training.bench.keyphrases --data DATA MORE --only yake
    python -m training.bench.keyphrases --data DATA MORE --limit 20     # tries it out

A tagger is no keyphrase extractor: it says what an article is about in words that other articles
share, three or four of them; these sets ask for the five to fifteen phrases of a paper that its
readers underlined. So this says where Tagloop is not for, and KeyBERT or YAKE are. All systems are
of the bundled base, which has learned from no document of these sets, and has no neighbours here:

* ``checkpoint, greedy``: the checkpoint alone, as the card's snippet runs it;
* ``checkpoint, 10 beams``: the checkpoint alone under stock beam search, phrases of all beams;
* ``tagloop-base``: Tagloop's tagger on the base, with its candidates, without training articles.

About 40 minutes on 2 cores with all 2,432 test documents, half of it the beams. A system's result
is kept in ``build/bench/keyphrases-<split>/`` and made again when the documents or the base are
others.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import normal_form
from training.base.examples import data_file, read_records
from training.bench.data import MEASURED_SPLITS, Row
from training.bench.keyphrases.published import PROTOCOLS, PUBLISHED, SOURCES
from training.bench.keyphrases.scoring import MEASURES, keyphrase_scores
from training.bench.keyphrases.systems import OF_BASE, SYSTEMS
from training.bench.means import intervals
from training.bench.quality.results import base_digest
from training.bench.reporting import TRIES, ReportSettings, benchmark
from training.bench.tables import markdown_table, with_interval
from training.config import option

FILE = "keyphrases.jsonl.xz"


@dataclass
class KeyphraseSettings(ReportSettings):
    """Flags of the benchmark."""

    report: ClassVar[str] = "keyphrases-{split}"
    split: str = option("validation", "validation or test")
    only: list[str] = option([], "only these systems")
    limit: int = option(0, "documents of each set, for a try; 0 is all")

    @property
    def is_try(self) -> bool:
        """Tells whether the report is no result."""
        return bool(self.limit)


def read_sets(settings: KeyphraseSettings) -> tuple[list[Row], list[Row]]:
    """Reads the documents, each a row whose part is its set.

    Returns:
        Those that are measured, and those that settings are tuned on.

    Raises:
        UserError: The split is unknown, or the file is missing.
    """
    if settings.split not in MEASURED_SPLITS:
        raise UserError(f"Cannot measure on {settings.split!r}: take validation or test.")
    rows = [_row(record) for record in read_records(data_file(settings.data, FILE))]
    parts = dict.fromkeys(row.part for row in rows)
    by_split = {
        split: [
            row
            for part in parts
            for row in [row for row in rows if (row.part, row.split) == (part, split)][
                : settings.limit or None
            ]
        ]
        for split in MEASURED_SPLITS
    }
    return by_split[settings.split], by_split["validation"]


def _row(record: Mapping[str, Any]) -> Row:
    title, text, source = record["title"] or "", record["text"] or "", record["source"]
    phrases = tuple({normal_form(each): each for each in record["tags"]}.values())
    return Row("articles", source, title, text, phrases, record["split"], source)


def measure(settings: KeyphraseSettings) -> dict[str, Any]:
    """Ranks phrases by every system that has no result yet, and scores all that have one.

    Raises:
        UserError: A system is unknown, or something that it needs is missing.
    """
    for name in settings.only:
        if name not in SYSTEMS:
            raise UserError(f"No system is called {name!r}: take {'; '.join(SYSTEMS)}.")
    rows, validation = read_sets(settings)
    found = {}
    for name in SYSTEMS:
        wanted = not settings.only or name in settings.only
        if lists := _kept(settings, name, rows, validation, wanted):
            found[name] = lists
    sets: dict[str, Any] = {}
    for part in dict.fromkeys(row.part for row in rows):
        places = [place for place, row in enumerate(rows) if row.part == part]
        sets[part] = {
            "documents": len(places),
            "keyphrases": sum(len(rows[place].tags) for place in places) / len(places),
            "systems": {
                name: _figures(
                    [rows[place] for place in places], [lists[place] for place in places]
                )
                for name, lists in found.items()
            },
        }
    return {"split": settings.split, "sets": sets}


def _kept(
    settings: KeyphraseSettings,
    name: str,
    rows: Sequence[Row],
    validation: Sequence[Row],
    wanted: bool,
) -> list[list[str]] | None:
    """Returns a system's phrases from its last run on these documents, or by a run if wanted."""
    base = base_digest() if name in OF_BASE else ""
    digest = hashlib.sha256(repr((rows, validation, base)).encode("utf-8", "surrogatepass"))
    path = TRIES / f"keyphrases-{settings.split}" / f"{name}.json"
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["fingerprint"] == digest.hexdigest():
            return list(kept["phrases"])
    if not wanted:
        return None
    print(f"{name}: {len(rows)} documents", file=sys.stderr)
    lists = SYSTEMS[name](rows, validation)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"fingerprint": digest.hexdigest(), "phrases": lists}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return lists


def _figures(rows: Sequence[Row], lists: Sequence[list[str]]) -> dict[str, Any]:
    scores = [
        keyphrase_scores(phrases, row.tags, f"{row.title}\n{row.text}")
        for row, phrases in zip(rows, lists, strict=True)
    ]
    return dict(intervals(scores))


def table(report: Mapping[str, Any]) -> str:
    """Renders a table a set, with what others have published on it below the line."""
    blocks = []
    for part, entry in report["sets"].items():
        head = f"{part}, {report['split']}: {entry['documents']} documents"
        lines = [
            [name, *(with_interval(figures[measure]) for measure in MEASURES)]
            for name, figures in entry["systems"].items()
        ]
        lines += [
            [one.system, _plain(one.f1_at_5), _plain(one.f1_at_10), *[""] * (len(MEASURES) - 2)]
            for one in PUBLISHED
            if one.set_name == part
        ]
        heads = ["system", *(measure.replace("f1", "F1") for measure in MEASURES)]
        phrases = f"{entry['keyphrases']:.1f} keyphrases each"
        blocks += [f"**{head}, {phrases}**", markdown_table(heads, lines)]
    sources = [f"* {name}: {source}." for name, source in SOURCES.items()]
    return "\n\n".join([*blocks, PROTOCOLS, "\n".join(sources)])


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


main = benchmark("training.bench.keyphrases", KeyphraseSettings, measure, table)

if __name__ == "__main__":
    raise SystemExit(main())

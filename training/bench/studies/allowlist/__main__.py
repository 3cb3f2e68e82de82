"""How good tags of a given list are: constrained answers against free ones filtered to the list.

    python -m training.bench.studies.allowlist --data DATA      # validation
    python -m training.bench.studies.allowlist --data DATA --split test  # for the last measurement
    python -m training.bench.studies.allowlist --data DATA --quick  # tries the command out

The list holds the most frequent tags of the train rows. Both engines tag the same articles, freely
and with ``allowed_tags``: as a published model does (ranked), and as a plain checkpoint does, which
has neither ranker nor sentence encoder, so that the list is searched, by a trie under transformers,
as a shortlist of scored tags in CTranslate2. Scores are against those of the authors' tags that the
list has, over articles that have one. Filtered are the free answers, as a person would get them,
and all candidates of the free answers: of these, as of a list, five that reach the default
threshold are kept. The other articles tell how often a tag comes out where the author gave none.

Then tags that no training article has join the list, and the articles whose authors gave such tags
show what can be guessed of them: from what they mean (``tagloop.allowlist.zero_shot``), and as a
plain checkpoint does, with the model's input embeddings and by presence alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tagloop.allowlist.preferences import LEAST_SURE
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.selection import Tag
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import normal_form
from training.bench.data import KINDS, Row, Suite, load_suites
from training.bench.peers.tagloop_system import prepare_model
from training.bench.reporting import QuickSettings, benchmark
from training.bench.studies.allowlist.articles import (
    Allowlist,
    Answers,
    choose,
    keep,
    summarise,
    tag_all,
)
from training.bench.studies.allowlist.never_seen import measure_never
from training.bench.studies.allowlist.tables import Agreement, AllowlistReport, render
from training.config import option
from training.finetune.preprocess import BUNDLED_BASE

ENGINES = ("ctranslate2", "transformers")
RANKERS = ("ranked", "model alone")
ANSWER, CANDIDATES, LIST = "answer, filtered", "candidates, filtered", "list"


@dataclass
class AllowlistSettings(QuickSettings):
    """Flags of the measurement."""

    report: ClassVar[str] = "allowlist-{split}"
    split: str = option("validation", "validation or test")
    tags: int = option(300, "tags of the list")
    limit: int = option(150, "articles of each kind, over the split")
    engines: list[str] = option(list(ENGINES), "engines")
    weights: str = option(str(BUNDLED_BASE), "seq2seq model")
    model: str = option("", "finished model folder, not to be made")

    def __post_init__(self) -> None:
        """Shortens a try."""
        if self.quick:
            self.limit = 2


def measure(suite: Suite, model: Path, settings: AllowlistSettings) -> AllowlistReport:
    """Tags the articles in all ways."""
    allowlist = choose(suite, model, settings.tags, settings.limit)
    systems: list[dict[str, Any]] = []
    agreement: list[Agreement] = []
    for ranker in RANKERS:
        lists = {}
        for engine in settings.engines:
            tagger = Tagger.from_pretrained(allowlist.model, engine=engine)
            least = max(tagger.settings.threshold, LEAST_SURE)
            if ranker != RANKERS[0]:
                tagger.ranker, tagger.allowlist.sentence_encoder = None, None
                least = LEAST_SURE
            entry = {"ranker": ranker, "engine": engine}
            free, speed = tag_all(tagger, allowlist, None, f"free, {ranker}, {engine}")
            shown = [free_answer(tags, tagger.settings, least) for tags in free]
            for way, answers, lowest in ((ANSWER, shown, 0.0), (CANDIDATES, free, least)):
                kinds = summarise(allowlist, [in_list(tags, allowlist) for tags in answers], lowest)
                systems.append({"way": way, **entry, "articles/s": speed, "kinds": kinds})
            listed, speed = tag_all(tagger, allowlist, allowlist.tags, f"list, {ranker}, {engine}")
            kinds = summarise(allowlist, listed, least)
            systems.append({"way": LIST, **entry, "articles/s": speed, "kinds": kinds})
            lists[engine] = listed, least
        if len(lists) == 2:
            agreement += agreements(allowlist.rows, ranker, *lists.values())
    return {
        "split": settings.split,
        "tags": len(allowlist.tags),
        "systems": systems,
        "agreement": agreement,
        "never": measure_never(allowlist),
    }


def free_answer(tags: Sequence[Tag], settings: TaggingSettings, least: float) -> list[Tag]:
    """Returns what the tagger answers by default, without a list."""
    sure = sum(tag.confidence >= least for tag in tags)
    return list(tags[: min(max(sure, settings.min_tags), settings.max_tags)])


def in_list(tags: Sequence[Tag], allowlist: Allowlist) -> list[Tag]:
    """Returns the tags that the list has."""
    forms = set(map(normal_form, allowlist.tags))
    return [tag for tag in tags if normal_form(tag.tag) in forms]


def agreements(
    rows: Sequence[Row], ranker: str, one: tuple[Answers, float], other: tuple[Answers, float]
) -> list[Agreement]:
    """Counts the articles for which both engines show the same tags, and the same first tag."""
    entries: list[Agreement] = []
    for kind in KINDS:
        places = [place for place, row in enumerate(rows) if row.kind == kind]
        kept = [[keep(answers[i], least) for i in places] for answers, least in (one, other)]
        firsts = [
            [[tag.tag for tag in answers[i][:1]] for i in places] for answers, _ in (one, other)
        ]
        if places:
            entries.append(
                {
                    "ranker": ranker,
                    "kind": kind,
                    "articles": len(places),
                    "same_set": sum(map(lambda a, b: set(a) == set(b), *kept)),
                    "same_first": sum(map(lambda a, b: a == b, *firsts)),
                }
            )
    return entries


def run(settings: AllowlistSettings) -> AllowlistReport:
    """Makes the model, if need be, and measures."""
    suite = load_suites(settings.data, ["in-domain"], settings.split)[0]
    if settings.model:
        return measure(suite, Path(settings.model), settings)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model")
        prepare_model(model, suite.train, suite.validation, Path(settings.weights))
        return measure(suite, model, settings)


main = benchmark("training.bench.studies.allowlist", AllowlistSettings, run, render)

if __name__ == "__main__":
    raise SystemExit(main())

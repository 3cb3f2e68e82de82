"""How good tags of a given list are: constrained answers against free ones filtered to the list.

    python -m training.bench.house --data DATA                         # validation
    python -m training.bench.house --data DATA --split test            # for the last measurement
    python -m training.bench.house --data DATA --quick                 # tries the command out

The list holds the most frequent tags of the train rows. Both engines tag the same articles, freely
and with ``allowed_tags``, as a published model does (ranked) and without its ranker, where the list
is searched: by a trie under transformers, as a shortlist of scored tags in CTranslate2. Scores are
against those of the authors' tags that the list has, over articles that have one; what is kept is
what reaches the default threshold with a list, for free answers as well, so that only the list
makes the difference. The other articles tell how often a tag comes out where none fits.

Then tags that no training article has join the list, and the articles whose authors gave such tags
show what can be guessed of them: with the model's input embeddings, and by presence alone.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from tagloop.answers import Tag
from tagloop.embeddings import FILE_NAME as WEIGHTS_FILE
from tagloop.tagger import Tagger
from tagloop.vocabulary import Vocabulary, normal_form
from tagloop.wishes import LEAST_SURE
from training.bench.data import KINDS, Row, Suite, load_suites
from training.bench.house_table import MEASURES, render
from training.bench.measuring import WARM_UP, intervals
from training.bench.peers.tagloop_system import BATCH, prepare_model
from training.bench.reporting import Report, finish, report_file
from training.config import command_line, parse_config
from training.preprocess import BUNDLED_BASE
from training.scores import Values, answer_scores

MODULE = "training.bench.house"
ENGINES = ("ctranslate2", "transformers")
RANKERS = ("ranked", "model alone")
FREE, LIST = WAYS = ("free, filtered", "list")
SHOWN = 5
"""Tags an answer shows at the most."""
MOST = 200
"""More than a ranker scores freely: all of them are filtered."""
Answers = list[list[Tag]]


@dataclass
class HouseSettings:
    """Flags of the measurement."""

    data: str = field(default="", metadata={"help": "folder with the labelled files"})
    split: str = field(default="validation", metadata={"help": "validation or test"})
    tags: int = field(default=300, metadata={"help": "tags of the list"})
    limit: int = field(default=150, metadata={"help": "articles of each kind, over the split"})
    engines: list[str] = field(default_factory=lambda: list(ENGINES), metadata={"help": "engines"})
    weights: str = field(default=str(BUNDLED_BASE), metadata={"help": "seq2seq model"})
    model: str = field(default="", metadata={"help": "finished model folder, not to be made"})
    quick: bool = field(default=False, metadata={"help": "few articles, for trying it out"})
    output: str = field(default="", metadata={"help": "JSON; default house-SPLIT.json in results"})


@dataclass(frozen=True)
class House:
    """What the measurements share.

    Attributes:
        model: Folder of the finished model.
        tags: The list, display forms.
        rows: Articles that are tagged.
        vocabulary: Of the train rows.
        never: Normal form of tags that no training article has to their authors' spelling.
        with_never: Articles whose authors gave such tags.
    """

    model: Path
    tags: list[str]
    rows: list[Row]
    vocabulary: Vocabulary
    never: dict[str, str]
    with_never: list[Row]

    def canonical(self, tag: str) -> str:
        """Gives the normal form of a tag as the list has it."""
        return normal_form(self.vocabulary.display(tag))


def choose(suite: Suite, model: Path, settings: HouseSettings) -> House:
    """Takes the list from the train rows and articles evenly over the measured ones."""
    vocabulary = Vocabulary.from_tag_lists([row.tags for row in suite.train])
    never: dict[str, str] = {}
    for row in suite.measured:
        for tag in row.tags:
            if tag not in vocabulary:
                never.setdefault(normal_form(tag), tag)
    rows = [row for kind in KINDS for row in _evenly(suite.of_kind(kind), settings.limit)]
    having = [row for row in suite.measured if any(form in never for form in row.forms)]
    chosen = _evenly(having, 2 * settings.limit)
    tags = vocabulary.tags[: settings.tags]
    return House(model, tags, rows, vocabulary, never, chosen)


def _evenly(rows: Sequence[Row], limit: int) -> list[Row]:
    return list(rows[:: max(len(rows) // limit, 1)][:limit])


def measure(suite: Suite, model: Path, settings: HouseSettings) -> Report:
    """Tags the articles in all ways.

    Returns:
        ``split``, number of ``tags``; ``systems``, an entry a way of tagging with its scores by
        kind of article; ``agreement``, an entry a ranker and kind; ``never``, of tags never seen.
    """
    house = choose(suite, model, settings)
    systems: list[dict[str, Any]] = []
    agreement: list[dict[str, Any]] = []
    for ranker in RANKERS:
        lists = {}
        for engine in settings.engines:
            tagger = Tagger.from_pretrained(house.model, engine=engine)
            least = max(tagger.settings.threshold, LEAST_SURE)
            if ranker != RANKERS[0]:
                tagger.ranker, least = None, LEAST_SURE
            for way in WAYS:
                name = f"{way}, {ranker}, {engine}"
                answers, speed = tag_all(tagger, house, way, name)
                entry = {"way": way, "ranker": ranker, "engine": engine, "articles/s": speed}
                systems.append(entry | {"kinds": summarise(house, answers, least)})
                if way == LIST:
                    lists[engine] = answers, least
        if len(lists) == 2:
            agreement += agreements(house.rows, ranker, *lists.values())
    return {
        "split": settings.split,
        "tags": len(house.tags),
        "systems": systems,
        "agreement": agreement,
        "never": measure_never(house),
    }


def tag_all(tagger: Tagger, house: House, way: str, name: str) -> tuple[Answers, float]:
    """Tags all articles; what comes out freely is filtered to the list.

    Returns:
        The tags of the list for each article, the surest first, and articles a second.
    """
    allowed = house.tags if way == LIST else None
    rows = [{"title": row.title, "text": row.text} for row in house.rows]
    options: dict[str, Any] = {"allowed_tags": allowed, "batch_size": BATCH}
    tagger.tag_batch(rows[:WARM_UP], **options)
    started = time.perf_counter()
    with tqdm(total=len(rows), desc=name, unit="article") as bar:
        found = tagger.tag_batch(
            rows, max_tags=MOST, min_tags=0, threshold=0.0, progress=bar.update, **options
        )
    speed = len(rows) / (time.perf_counter() - started)
    forms = set(map(normal_form, house.tags))
    kept = [[tag for tag in tags if normal_form(tag.tag) in forms] for tags in found]
    return kept, round(speed, 2)


def keep(tags: Sequence[Tag], least: float) -> list[str]:
    """Gives what an answer shows by default: at most five tags that reach the threshold."""
    return [tag.tag for tag in tags if tag.confidence >= least][:SHOWN]


def summarise(house: House, answers: Answers, least: float) -> dict[str, Any]:
    """Scores answers against the authors' tags of the list, by kind of article."""
    forms = set(map(normal_form, house.tags))
    kinds = {}
    for kind in KINDS:
        scores: list[Values] = []
        false, without = 0, 0
        for row, tags in zip(house.rows, answers, strict=True):
            if row.kind != kind:
                continue
            theirs = [tag for tag in row.tags if house.canonical(tag) in forms]
            if not theirs:
                without += 1
                false += bool(keep(tags, least))
                continue
            theirs = [house.canonical(tag) for tag in theirs]
            ranked = [tag.tag for tag in tags]
            values = answer_scores(ranked, keep(tags, least), theirs)
            scores.append({name: values[name] for name in MEASURES})
        if scores:
            kinds[kind] = {
                "articles": len(scores),
                "scores": intervals(scores),
                "without": without,
                "answered_without": false,
            }
    return kinds


def agreements(
    rows: Sequence[Row], ranker: str, one: tuple[Answers, float], other: tuple[Answers, float]
) -> list[dict[str, Any]]:
    """Counts the articles for which both engines show the same tags, and the same first tag."""
    entries = []
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


def measure_never(house: House) -> dict[str, Any]:
    """Tags articles with tags that no training article has, these tags on the list."""
    names = [*house.tags, *house.never.values()]
    articles = [{"title": row.title, "text": row.text} for row in house.with_never]
    systems = {}
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "model"
        shutil.copytree(house.model, bare, ignore=shutil.ignore_patterns(WEIGHTS_FILE))
        for name, model in (("with embeddings", house.model), ("by presence alone", bare)):
            tagger = Tagger.from_pretrained(model, engine=ENGINES[0])
            least = max(tagger.settings.threshold, LEAST_SURE)
            with tqdm(total=len(articles), desc=f"never seen, {name}", unit="article") as bar:
                found = tagger.tag_batch(
                    articles,
                    allowed_tags=names,
                    max_tags=len(names),
                    threshold=0.0,
                    batch_size=BATCH,
                    progress=bar.update,
                )
            scores = [
                never_scores(tags, set(house.never), set(row.forms), least)
                for tags, row in zip(found, house.with_never, strict=True)
            ]
            systems[name] = intervals(scores)
    return {"tags": len(house.never), "articles": len(articles), "systems": systems}


def never_scores(tags: Sequence[Tag], never: set[str], theirs: set[str], least: float) -> Values:
    """Scores the never-seen tags of one article's answer.

    Returns:
        ``precision@1`` of the surest of them, ``recall@5`` of the five surest, ``recall`` of those
        that are shown by default, among the known tags of the list.
    """
    ours = [form for tag in tags if (form := normal_form(tag.tag)) in never]
    shown_forms = set(map(normal_form, keep(tags, least)))
    wanted = never & theirs
    return {
        "precision@1": float(ours[0] in wanted) if ours else 0.0,
        "recall@5": len(wanted & set(ours[:SHOWN])) / len(wanted),
        "recall": len(wanted & shown_forms) / len(wanted),
    }


def run(settings: HouseSettings) -> Report:
    """Makes the model, if need be, and measures."""
    suite = load_suites(Path(settings.data), ["in-domain"], settings.split)[0]
    if settings.model:
        return measure(suite, Path(settings.model), settings)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model")
        prepare_model(model, suite.train, suite.validation, Path(settings.weights))
        return measure(suite, model, settings)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    words = list(sys.argv[1:] if argv is None else argv)

    def measured() -> tuple[Report, Path]:
        settings = parse_config(HouseSettings, words, f"python -m {MODULE}")
        if settings.quick:
            settings.limit = 4
        report = {"command": command_line(MODULE, words)} | run(settings)
        name = f"house-{settings.split}.json"
        return report, report_file(settings.output, name, settings.quick)

    return finish(measured, render)


if __name__ == "__main__":
    raise SystemExit(main())

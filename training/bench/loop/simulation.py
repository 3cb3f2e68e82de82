"""One round of the loop: corrections are learned, the candidate is measured, the gate decides."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file

from tagloop.files import WEIGHTS
from tagloop.generation.engine import Engine
from tagloop.ranking.features import FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.ranking.ranker import Ranker
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.bench.data import Row
from training.bench.loop.active_learning import choose
from training.bench.loop.editor import Correction, correct, held_out, reviewed
from training.bench.loop.methods import METHODS, NEIGHBOURS, Method
from training.bench.loop.results import Change, PartChange, RoundResult
from training.bench.loop.scenario import Scenario, article
from training.evaluation.scores import CUT, Values, answer_scores, paired_difference
from training.finetune.adaptation import lessons_of, teach
from training.finetune.ctranslate2_conversion import convert
from training.finetune.fit_neighbours import ReadArticles, index_arrays
from training.retrain.gate import BothSystems, Compared, decide


@dataclass(frozen=True)
class Round:
    """What is simulated.

    Attributes:
        corrections: How many articles are corrected.
        bad: Share of bad corrections, 0..1.
        review: Whether a reviewer stands between.
        choice: How the articles are chosen; ``old`` takes extra articles of the old kind.
        learns: Of ``METHODS``.
        seed: Of everything random.
    """

    corrections: int
    bad: float = 0.0
    review: bool = False
    choice: str = "random"
    learns: str = NEIGHBOURS
    seed: int = 1

    @property
    def name(self) -> str:
        """Names the file of its result."""
        parts = [self.choice, f"{self.corrections:03}", f"bad{round(self.bad * 100):02}"]
        parts += ["reviewed" if self.review else "raw", re.sub(r"\W+", "-", self.learns)]
        return "_".join([*parts, f"seed{self.seed}"])


class Simulation:
    """Runs rounds in one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._before: dict[str, list[Values]] = {}

    def run(self, simulated: Round) -> RoundResult:
        """Simulates one round."""
        kept = self._corrections(simulated)
        learned, kept_back = held_out(kept, simulated.seed)
        source = "spare" if simulated.choice == "old" else "pool"
        rows = getattr(self._scenario, source)
        new = [(rows[one.place], one.tags) for one in learned]
        with tempfile.TemporaryDirectory() as folder:
            tagger = self._candidate(simulated, source, learned, new, Path(folder) / "model")
            parts = {"new": self._scenario.new_test, "old": self._scenario.old_test}
            parts |= {"gate": self._scenario.gate}
            parts |= {"held out": [rows[one.place] for one in kept_back]}
            tags = {"held out": [one.tags for one in kept_back]}
            named = ("new", "held out") if METHODS[simulated.learns].names_source else ()
            result = {
                name: self._compared(name, tagger, rows, tags.get(name), named=name in named)
                for name, rows in parts.items()
            }
        decision = decide(*(_for_gate(result[name]) for name in ("gate", "held out")))
        return {
            "round": asdict(simulated),
            "kept": len(kept),
            "kept_bad": sum(one.bad for one in kept),
            "learned": len(learned),
            "measures": result,
            "passed": decision["passed"],
            "reasons": decision["reasons"],
        }

    def _corrections(self, simulated: Round) -> list[Correction]:
        scenario = self._scenario
        if simulated.choice == "old":
            spare = [Correction(place, row.tags, False) for place, row in enumerate(scenario.spare)]
            order = np.random.default_rng(simulated.seed).permutation(len(spare))
            return [spare[place] for place in order[: simulated.corrections]]
        sure = (
            scenario.sureness if simulated.choice == "uncertainty" else [0.0] * len(scenario.pool)
        )
        vectors = scenario.indexed["pool"].vectors / 400.0
        places = choose(simulated.choice, simulated.corrections, sure, vectors, simulated.seed)
        corrections = correct(scenario.pool, places, simulated.bad, simulated.seed)
        return reviewed(corrections, simulated.seed) if simulated.review else corrections

    def _candidate(
        self,
        simulated: Round,
        source: str,
        learned: Sequence[Correction],
        new: Sequence[tuple[Row, Sequence[str]]],
        folder: Path,
    ) -> Tagger:
        scenario, method = self._scenario, METHODS[simulated.learns]
        indexed = new if method.neighbours else []
        tags = [list(row.tags) for row in scenario.old] + [list(tags) for _, tags in indexed]
        vocabulary = Vocabulary.from_tag_lists(tags)
        places = [one.place for one in learned] if method.neighbours else []
        both = _joined(scenario.indexed["old"], scenario.indexed[source].of(places))
        tokenizer = scenario.tagger.tokenizer
        arrays = index_arrays(both, tags, len(tokenizer), vocabulary, scenario.sentence_encoder)
        engine = scenario.tagger.generator
        if method.config and new:
            engine = self._taught(new, method, folder)
        extractor = FeatureExtractor(
            Neighbours(arrays),
            vocabulary,
            tokenizer,
            scenario.sentence_encoder,
        )
        ranker = Ranker(extractor, vocabulary, scenario.weights)
        return Tagger(engine, tokenizer, scenario.tagger.settings, vocabulary, ranker=ranker)

    def _taught(
        self, new: Sequence[tuple[Row, Sequence[str]]], method: Method, folder: Path
    ) -> Engine:
        """Trains the weights as a retrain does and returns the engine that runs them."""
        assert method.config is not None
        if method.names_source:
            new = [(_named(row), tags) for row, tags in new]
        corpus = self._scenario.lessons_corpus(new)
        ids = [row_id for row_id in corpus.splits["train"]["id"] if row_id.startswith("new")]
        lessons = lessons_of(corpus.splits["train"], ids, method.config)
        teach(self._scenario.current, corpus, lessons, folder, method.config, method.trainer)
        if method.share < 1:
            _mix(self._scenario.current, folder, method.share)
        convert(folder)
        return Tagger.from_pretrained(folder, engine="ctranslate2").generator

    def _compared(
        self,
        name: str,
        tagger: Tagger,
        rows: Sequence[Row],
        tags: Sequence[Sequence[str]] | None,
        *,
        named: bool = False,
    ) -> PartChange:
        """Measures candidate and tagger in use on the same articles, against these tags.

        Args:
            name: Of the part.
            tagger: The candidate.
            rows: The articles.
            tags: What is right; None takes the rows' own.
            named: Whether the candidate is told whose articles these are.
        """
        wanted = tags or [row.tags for row in rows]
        after = _scores(tagger, [_named(row) for row in rows] if named else rows, wanted)
        if name == "held out":
            before = _scores(self._in_use, rows, wanted)
        else:
            if name not in self._before:
                self._before[name] = _scores(self._in_use, rows, wanted)
            before = self._before[name]
        return {
            "articles": len(rows),
            "f1@m": _difference(before, after, "f1@m"),
            "f1@5": _difference(before, after, "f1@5"),
        }

    @property
    def _in_use(self) -> Tagger:
        """Returns the tagger in use with the old rows alone as neighbours."""
        if not hasattr(self, "_kept_in_use"):
            nothing = Round(0)
            self._kept_in_use = self._candidate(nothing, "pool", [], [], Path())
        return self._kept_in_use


def _named(row: Row) -> Row:
    return replace(row, title=f"{row.source}: {row.title}")


def _mix(old: Path, new: Path, share: float) -> None:
    """Puts the new weights back towards the old ones, in place."""
    before, after = (load_file(folder / WEIGHTS) for folder in (old, new))
    mixed = {
        name: (before[name].float() * (1 - share) + after[name].float() * share).contiguous()
        for name in after
    }
    save_file(mixed, new / WEIGHTS, metadata={"format": "pt"})


def _scores(tagger: Tagger, rows: Sequence[Row], wanted: Sequence[Sequence[str]]) -> list[Values]:
    """Scores what is shown by default (F1@M), and the five surest tags (F1@5)."""
    settings = tagger.settings
    most, least = settings.max_tags, settings.min_tags
    ranked = tagger.tag_batch(
        [article(row) for row in rows], max_tags=max(most, CUT), min_tags=CUT, threshold=0.0
    )
    scores = []
    for tags, theirs in zip(ranked, wanted, strict=True):
        # As the tagger chooses by default, but tagged only once.
        shown = [
            tag.tag
            for place, tag in enumerate(tags[:most])
            if place < least or tag.confidence >= settings.threshold
        ]
        scores.append(answer_scores([tag.tag for tag in tags[:CUT]], shown, theirs))
    return scores


def _difference(before: Sequence[Values], after: Sequence[Values], measure: str) -> Change:
    if not before:
        return {"before": 0.0, "after": 0.0, "difference": 0.0, "low": 0.0, "high": 0.0}
    interval = paired_difference(before, after, measure)
    return {
        "before": float(np.mean([values[measure] for values in before])),
        "after": float(np.mean([values[measure] for values in after])),
        "difference": interval.value,
        "low": interval.low,
        "high": interval.high,
    }


def _for_gate(part: PartChange) -> BothSystems:
    # Tagloop alone is measured here; most methods leave the checkpoint as it was.
    figures = part["f1@m"]
    tagloop = Compared(figures["difference"], figures["low"], figures["high"])
    return BothSystems(part["articles"], tagloop, Compared(0.0, 0.0, 0.0))


def _joined(first: ReadArticles, second: ReadArticles) -> ReadArticles:
    return ReadArticles(
        np.concatenate([first.digests, second.digests]),
        first.tokens.followed_by(second.tokens),
        np.concatenate([first.vectors, second.vectors]),
    )

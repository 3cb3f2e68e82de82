"""One turn of the loop: corrections are learned, the candidate is measured, the gate decides."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file, save_file

from tagloop.generation.engine import Engine
from tagloop.ranking.features import FeatureExtractor
from tagloop.ranking.neighbours import Neighbours
from tagloop.ranking.ranker import Ranker
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.bench.data import Row
from training.bench.loop.choice import choose
from training.bench.loop.editor import Correction, correct, held_out, reviewed
from training.bench.loop.ways import WAYS, Way
from training.bench.loop.world import World, article
from training.evaluation.scores import CUT, Values, answer_scores, paired_difference
from training.finetune.adaptation import lessons_of, teach
from training.finetune.ctranslate2_conversion import convert
from training.finetune.fit_neighbours import ReadArticles, index_arrays
from training.retrain.gate import Compared, decide

MEASURES = ("f1@m", "f1@5")


@dataclass(frozen=True)
class Turn:
    """What is simulated.

    Attributes:
        corrections: How many articles are corrected.
        bad: Share of bad corrections, 0..1.
        review: Whether a reviewer stands between.
        choice: How the articles are chosen; ``old`` takes extra articles of the old kind.
        learns: Of ``WAYS``.
        seed: Of everything random.
    """

    corrections: int
    bad: float = 0.0
    review: bool = False
    choice: str = "random"
    learns: str = "memory"
    seed: int = 1

    @property
    def name(self) -> str:
        """Names the file of its result."""
        parts = [self.choice, f"{self.corrections:03}", f"bad{round(self.bad * 100):02}"]
        parts += ["reviewed" if self.review else "raw", re.sub(r"\W+", "-", self.learns)]
        return "_".join([*parts, f"seed{self.seed}"])


class Simulation:
    """Runs turns in one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._before: dict[str, list[Values]] = {}

    def run(self, turn: Turn) -> dict[str, Any]:
        """Simulates one turn.

        Returns:
            The turn, how many corrections came through and how many of them were bad, the
            measures before and after on both tests, and the gate's decision.
        """
        kept = self._corrections(turn)
        learned, kept_back = held_out(kept, turn.seed)
        source = "spare" if turn.choice == "old" else "pool"
        rows = getattr(self._world, source)
        new = [(rows[one.place], one.tags) for one in learned]
        with tempfile.TemporaryDirectory() as folder:
            tagger = self._candidate(turn, source, learned, new, Path(folder) / "model")
            parts = {"new": self._world.new_test, "old": self._world.old_test}
            parts |= {"gate": self._world.gate}
            parts |= {"held out": [rows[one.place] for one in kept_back]}
            tags = {"held out": [one.tags for one in kept_back]}
            named = ("new", "held out") if WAYS[turn.learns].says_source else ()
            result = {
                name: self._compared(name, tagger, rows, tags.get(name), named=name in named)
                for name, rows in parts.items()
            }
        decision = decide(*(_for_gate(result[name]) for name in ("gate", "held out")))
        return {
            "turn": asdict(turn),
            "kept": len(kept),
            "kept_bad": sum(one.bad for one in kept),
            "learned": len(learned),
            "measures": result,
            "passed": decision.passed,
            "reasons": decision.reasons,
        }

    def _corrections(self, turn: Turn) -> list[Correction]:
        world = self._world
        if turn.choice == "old":
            spare = [Correction(place, row.tags, False) for place, row in enumerate(world.spare)]
            order = np.random.default_rng(turn.seed).permutation(len(spare))
            return [spare[place] for place in order[: turn.corrections]]
        sure = world.sureness if turn.choice == "uncertainty" else [0.0] * len(world.pool)
        vectors = world.remembered["pool"].vectors / 400.0
        places = choose(turn.choice, turn.corrections, sure, vectors, turn.seed)
        corrections = correct(world.pool, places, turn.bad, turn.seed)
        return reviewed(corrections, turn.seed) if turn.review else corrections

    def _candidate(
        self,
        turn: Turn,
        source: str,
        learned: Sequence[Correction],
        new: Sequence[tuple[Row, Sequence[str]]],
        folder: Path,
    ) -> Tagger:
        world, way = self._world, WAYS[turn.learns]
        remembered = new if way.memory else []
        tags = [list(row.tags) for row in world.old] + [list(tags) for _, tags in remembered]
        vocabulary = Vocabulary.from_tag_lists(tags)
        places = [one.place for one in learned] if way.memory else []
        both = _joined(world.remembered["old"], _chosen(world.remembered[source], places))
        tokenizer = world.tagger.tokenizer
        arrays = index_arrays(both, tags, len(tokenizer), vocabulary, world.sentence_encoder)
        engine = world.tagger._engine
        if way.config and new:
            engine = self._taught(new, way, folder)
        extractor = FeatureExtractor(
            Neighbours(arrays),
            vocabulary,
            tokenizer,
            world.sentence_encoder,
        )
        ranker = Ranker(extractor, vocabulary, world.weights)
        return Tagger(engine, tokenizer, world.tagger.settings, vocabulary, ranker=ranker)

    def _taught(self, new: Sequence[tuple[Row, Sequence[str]]], way: Way, folder: Path) -> Engine:
        """Trains the weights as a retrain does and gives the engine that runs them."""
        assert way.config is not None
        if way.says_source:
            new = [(_named(row), tags) for row, tags in new]
        corpus = self._world.lessons_corpus(new)
        ids = [row_id for row_id in corpus.splits["train"]["id"] if row_id.startswith("new")]
        lessons = lessons_of(corpus.splits["train"], ids, way.config)
        teach(self._world.current, corpus, lessons, folder, way.config, way.pull)
        if way.share < 1:
            _mix(self._world.current, folder, way.share)
        convert(folder)
        return Tagger.from_pretrained(folder, engine="ctranslate2")._engine

    def _compared(
        self,
        name: str,
        tagger: Tagger,
        rows: Sequence[Row],
        tags: Sequence[Sequence[str]] | None,
        *,
        named: bool = False,
    ) -> dict[str, Any]:
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
            **{measure: _difference(before, after, measure) for measure in MEASURES},
        }

    @property
    def _in_use(self) -> Tagger:
        """Returns the tagger in use with the memory of the old rows alone."""
        if not hasattr(self, "_kept_in_use"):
            nothing = Turn(0)
            self._kept_in_use = self._candidate(nothing, "pool", [], [], Path())
        return self._kept_in_use


def _named(row: Row) -> Row:
    return replace(row, title=f"{row.source}: {row.title}")


def _mix(old: Path, new: Path, share: float) -> None:
    """Puts the new weights back towards the old ones, in place."""
    before, after = (load_file(folder / "model.safetensors") for folder in (old, new))
    mixed = {
        name: (before[name].float() * (1 - share) + after[name].float() * share).contiguous()
        for name in after
    }
    save_file(mixed, new / "model.safetensors", metadata={"format": "pt"})


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


def _difference(
    before: Sequence[Values], after: Sequence[Values], measure: str
) -> dict[str, float]:
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


def _for_gate(part: dict[str, Any]) -> Compared:
    figures = part["f1@m"]
    return Compared(part["articles"], figures["difference"], figures["low"], figures["high"])


def _chosen(of: ReadArticles, places: Sequence[int]) -> ReadArticles:
    return ReadArticles(
        of.digests[list(places)],
        [of.ids[place] for place in places],
        [of.words[place] for place in places],
        of.vectors[list(places)],
    )


def _joined(first: ReadArticles, second: ReadArticles) -> ReadArticles:
    return ReadArticles(
        np.concatenate([first.digests, second.digests]),
        first.ids + second.ids,
        first.words + second.words,
        np.concatenate([first.vectors, second.vectors]),
    )

"""What a round of the loop is measured in: a tagger in use, a blog that it has never seen.

The tagger in use is the bundled base with the in-domain training articles as neighbours, but for
``SPARE`` of them, which stand ready as "more of the old kind". The new blog is the largest source
that neither base nor neighbours have seen. Frozen test, its articles for the gate and the new
blog's articles are samples of fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from safetensors.numpy import load_file
from tqdm.auto import tqdm

from tagloop.errors import UserError
from tagloop.files import NEIGHBOURS
from tagloop.generation.engine import Engine
from tagloop.generation.outputs import Output
from tagloop.ranking.ranker import Weights
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.tagger import Tagger
from training.bench.data import Row, known_rows, load_suites, unseen_rows
from training.bench.peers.tagloop_system import prepare_model
from training.data.corpus import Corpus
from training.finetune.fit_neighbours import ReadArticles, read_articles

OLD_PART = "known blogs"
SPARE = 500
OLD_MEASURED, GATE_MEASURED = 250, 150
CHARACTERS = 8000
"""Of a text that the decoder's lessons keep: more than it reads."""


class CachedSentenceEncoder(SentenceEncoder):
    """Embeds every text once: words that no tag knows come again in every round."""

    def __init__(self, sentence_encoder: SentenceEncoder) -> None:
        self._sentence_encoder = sentence_encoder
        self._kept: dict[str, np.ndarray] = {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Returns vectors of length 1, float32, (texts, dimensions)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._kept]
        if new:
            self._kept |= dict(zip(new, self._sentence_encoder.embed(new), strict=True))
        return np.stack([self._kept[text] for text in texts]) if len(texts) else np.zeros((0, 384))


class CachedEngine:
    """Generates for every prompt once: rounds that leave the weights alone generate the same."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.workers = engine.name, 1
        self._kept: dict[tuple[int, ...], Output] = {}

    def generate(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, *, starts: bool = False
    ) -> list[Output]:
        """Generates as the engine does."""
        new = [ids for ids in input_ids if tuple(ids) not in self._kept]
        if new:
            outputs = self._engine.generate(new, max_new_tokens, starts=starts)
            self._kept |= dict(zip(map(tuple, new), outputs, strict=True))
        return [self._kept[tuple(ids)] for ids in input_ids]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


@dataclass(frozen=True)
class Scenario:
    """The data and the tagger in use.

    Attributes:
        current: Its model folder.
        old: Rows that its neighbours are of, of ``OLD_PART``.
        spare: Rows of the old kind that it does not know.
        pool: The new blog's articles that may be corrected.
        new_test: The new blog's articles that are measured.
        old_test: Old ones that are measured.
        gate: Other old ones: the frozen test that the gate sees.
    """

    current: Path
    old: list[Row]
    spare: list[Row]
    pool: list[Row]
    new_test: list[Row]
    old_test: list[Row]
    gate: list[Row]

    @classmethod
    def load(cls, data: Sequence[str], split: str, current: Path) -> Scenario:
        """Reads the data; makes the tagger in use where there is none yet (some minutes).

        Raises:
            UserError: A file is missing, or no source is new.
        """
        suite = load_suites(data, ["in-domain"], split)[0]
        train, validation = (
            [row for row in rows if row.part == OLD_PART]
            for rows in (suite.train, suite.validation)
        )
        if not current.is_dir():
            prepare_model(current, train, validation)
        known = known_rows(data)
        other = [row for row in unseen_rows(data, known) if row.tags]
        sources = [row.source for row in other]
        if not sources:
            raise UserError(f"{', '.join(data)}: no source that the base has not seen.")
        new = max(sorted(set(sources)), key=sources.count)
        rng = random.Random(0)
        spare = set(rng.sample(range(len(train)), SPARE))
        return cls(
            current,
            [row for place, row in enumerate(train) if place not in spare],
            [train[place] for place in sorted(spare)],
            [row for row in other if row.source == new and row.split == "train"],
            [row for row in other if row.source == new and row.split == split],
            _sample([row for row in suite.measured if row.part == OLD_PART], OLD_MEASURED, rng),
            _sample(validation, GATE_MEASURED, rng),
        )

    @cached_property
    def tagger(self) -> Tagger:
        """Returns the tagger of the current weights; it generates nothing twice."""
        made = Tagger.from_pretrained(self.current, engine="ctranslate2")
        made.generator = CachedEngine(made.generator)
        return made

    @cached_property
    def weights(self) -> Weights:
        """Returns the ranking's weights."""
        loaded = Weights.load(self.current)
        assert loaded is not None  # prepare_model makes them
        return loaded

    @cached_property
    def sentence_encoder(self) -> CachedSentenceEncoder:
        """Returns the sentence encoder."""
        loaded = SentenceEncoder.load(self.current)
        assert loaded is not None
        return CachedSentenceEncoder(loaded)

    @cached_property
    def indexed(self) -> dict[str, ReadArticles]:
        """Returns what the index takes from each part's articles, read once."""
        earlier: Mapping[str, np.ndarray] = load_file(self.current / NEIGHBOURS)
        return {
            name: read_articles(
                [article(row) for row in rows],
                self.tagger.tokenizer,
                self.sentence_encoder,
                earlier,
            )
            for name, rows in (("old", self.old), ("spare", self.spare), ("pool", self.pool))
        }

    @cached_property
    def sureness(self) -> list[float]:
        """Returns the mean confidence of the tags that the pool's articles get, 0..1."""
        rows = [article(row) for row in self.pool]
        with tqdm(total=len(rows), desc="how sure of the pool", unit="article") as bar:
            found = self.tagger.tag_batch(rows, progress=bar.update)
        return [float(np.mean([tag.confidence for tag in tags] or [0.0])) for tags in found]

    def lessons_corpus(self, new: Sequence[tuple[Row, Sequence[str]]]) -> Corpus:
        """Returns old and new articles, with ids ``old…`` and ``new…``, to take lessons from."""
        old = [(row, row.tags) for row in self.old]
        rows = [
            {
                "id": f"{name}{place}",
                "title": row.title,
                "text": row.text[:CHARACTERS],
                "tags": list(tags),
            }
            for name, part in (("old", old), ("new", new))
            for place, (row, tags) in enumerate(part)
        ]
        train = Dataset.from_list(rows)
        splits = DatasetDict({"train": train, "validation": train.select([])})
        return Corpus(splits, "simulation", None, "simulation")


def article(row: Row) -> dict[str, Any]:
    """Returns a row as the tagger and the neighbours take it."""
    return {"title": row.title, "text": row.text, "tags": list(row.tags)}


def _sample(rows: list[Row], count: int, rng: random.Random) -> list[Row]:
    return rng.sample(rows, min(count, len(rows)))

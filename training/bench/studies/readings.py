"""Ways of reading long articles, and what one model finds in rows when it reads them so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from tagloop.generation.candidates import Candidate, ScoredTag, score_candidates
from tagloop.generation.engine import Output
from tagloop.generation.settings import TaggingSettings
from tagloop.ranking.features import CandidateFeatures, FeatureExtractor
from tagloop.ranking.ranker import Ranker
from tagloop.tagger.tagger import Tagger
from training.bench.data import Row
from training.bench.peers import RANKED
from training.bench.peers import ScoredTag as Entry
from training.bench.quality.tuning import Ranking
from training.bench.timing import Job, by_turns
from training.finetune.ranker_examples import Candidates, FeatureCollector, candidates_of

WINDOWS = (2, 3, 4)
ROUNDS = 3
"""Of the timing."""


@dataclass(frozen=True)
class Reading:
    """A way of reading long articles: so many windows of so many tokens."""

    tokens: int
    windows: int

    @property
    def name(self) -> str:
        """How tables call it."""
        if self.windows == 1:
            return f"the first {self.tokens} tokens"
        return f"{self.windows} windows of {self.tokens}"


@dataclass(frozen=True)
class RowsRead:
    """Rows as one reading found them: by their place, pools and the tags without a ranker."""

    rows: Sequence[Row]
    pools: dict[int, CandidateFeatures]
    plain: dict[int, list[ScoredTag]]

    def candidates(self, tagger: Tagger) -> Candidates:
        """Returns all pools as one table."""
        tags = [{"tags": row.tags} for row in self.rows]
        return candidates_of(self.pools, tags, tagger.vocabulary)

    def ranking(self, chances: np.ndarray) -> Ranking:
        """Ranks each row's pool; chances are in the order of ``candidates``."""
        ranking, at = [], 0
        for index in range(len(self.rows)):
            displays = list(self.pools[index].displays.values()) if index in self.pools else []
            ranking.append(_ranked(zip(displays, chances[at : at + len(displays)], strict=True)))
            at += len(displays)
        return ranking

    def plain_ranking(self) -> Ranking:
        """Ranks what the model wrote by its own probabilities."""
        found = (self.plain.get(index, []) for index in range(len(self.rows)))
        return [_ranked((tag.display, tag.confidence) for tag in tags) for tags in found]


def _ranked(pairs: Iterable[tuple[str, float]]) -> list[Entry]:
    entries = [Entry(display, float(chance)) for display, chance in pairs]
    return sorted(entries, key=lambda entry: -entry.score)[:RANKED]


class _Keeper(FeatureCollector):
    """Keeps also what an answer would be made of without a ranker."""

    def __init__(self, extractor: FeatureExtractor) -> None:
        super().__init__(extractor)
        self.plain: dict[int, list[ScoredTag]] = {}

    def rank(
        self,
        articles: Sequence[Mapping[str, Any]],
        candidates: Sequence[Sequence[Candidate]],
        outputs: Sequence[Sequence[Output]],
        also: Mapping[str, str] | None = None,
    ) -> list[list[ScoredTag]]:
        for row, found in zip(articles, candidates, strict=True):
            self.plain[row["index"]] = score_candidates(found)
        return super().rank(articles, candidates, outputs, also)


class Model:
    """The measured model, made as publishing makes it, and what it reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.settings = TaggingSettings.load(folder)
        tokens = self.settings.max_input_tokens
        several = (Reading(tokens, count) for count in WINDOWS)
        self.readings = (Reading(tokens, 1), Reading(2 * tokens, 1), *several)
        self._taggers = {size: self._tagger(size) for size in (tokens, 2 * tokens)}
        self.tagger = self._taggers[tokens]
        ranker = self.tagger.ranker
        assert isinstance(ranker, Ranker)  # fitting the ranking wrote its files
        self._ranker = ranker

    def _tagger(self, tokens: int) -> Tagger:
        replace(self.settings, max_input_tokens=tokens).save(self._folder)
        return Tagger.from_pretrained(self._folder, engine="ctranslate2")

    def is_long(self, row: Row) -> bool:
        """Tells whether one window cannot hold the row."""
        return is_long(row, self.tagger.tokenizer, self.settings)

    def read(self, rows: Sequence[Row], name: str) -> dict[Reading, RowsRead]:
        """Reads rows in every way; those that are not long are the same in all."""
        first, *others = self.readings
        base = self._part(rows, range(len(rows)), first, name)
        long = [index for index, row in enumerate(rows) if self.is_long(row)]
        parts = {first: base}
        for reading in others:
            part = self._part(rows, long, reading, name)
            parts[reading] = RowsRead(rows, base.pools | part.pools, base.plain | part.plain)
        return parts

    def _part(
        self, rows: Sequence[Row], places: Sequence[int], reading: Reading, name: str
    ) -> RowsRead:
        tagger = self._taggers[reading.tokens]
        tagger.ranker = keeper = _Keeper(self._ranker.extractor)
        articles = [
            {"title": rows[index].title, "text": rows[index].text, "index": index}
            for index in places
        ]
        with tqdm(total=len(articles), desc=f"{name}, {reading.name}", unit="article") as bar:
            tagger.tag_batch(articles, max_windows=reading.windows, progress=bar.update)
        return RowsRead(rows, keeper.by_article, keeper.plain)

    def speeds(self, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
        """Times every reading on the same rows with the model's own ranker."""
        articles = [{"title": row.title, "text": row.text} for row in rows]
        jobs = {}
        for reading in self.readings:
            tagger = self._taggers[reading.tokens]
            tagger.ranker = self._ranker
            run = partial(tagger.tag_batch, articles, max_windows=reading.windows)
            tagger.tag_batch(articles[:4], max_windows=reading.windows)
            jobs[reading.name] = Job(run, len(articles))
        return by_turns(jobs, ROUNDS, "timing")


def is_long(row: Row, tokenizer: Any, settings: TaggingSettings) -> bool:
    """Tells whether a row's prompt has more tokens than a model reads at once."""
    limit = settings.max_input_tokens
    prompt = settings.prompt(row.title, row.text)
    return len(tokenizer(prompt, truncation=True, max_length=limit + 1).input_ids) > limit

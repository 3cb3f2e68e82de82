"""Tagloop and what people would use instead: each ranks the tags of a source's list.

GLiClass (a zero-shot classifier of its own) is on PyPI as a package, but its weights are on the Hub
alone, so it is measured nowhere here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer

from tagloop.tagger.selection import Tag
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import normal_form
from training.bench.data import Row
from training.bench.given_list.sources import Source
from training.bench.peers.knn import NearestNeighbours
from training.bench.peers.minilm_embedding import beginning
from training.bench.peers.tagloop_system import BATCH, prepare_model

OURS, COSINE, YAKE = "Tagloop", "MiniLM cosine", "YAKE, of the list"
KNN, OURS_TAUGHT = "kNN, 100 examples", "Tagloop, 100 examples"
EVERY = 10_000
"""More tags than any list has."""
KEPT = 10
"""So many tags a system ranks."""
TEXT_CHARACTERS = 5_000
"""Characters of a text that YAKE reads, as in the benchmark of quality."""
PHRASE_WORDS = 3
"""YAKE's own default."""
VALIDATED = 5
"""Of the examples one in so many chooses settings."""
Answers = list[list[str]]


def tag_by_list(tagger: Tagger, source: Source, **options: Any) -> list[list[Tag]]:
    """Tags the articles of a source with its list."""
    return tagger.tag_batch(
        _articles(source.rows), allowed_tags=source.tags, batch_size=BATCH, **options
    )


def cosine(model: SentenceTransformer, source: Source) -> Answers:
    """Ranks by the cosine of article and tag: one line, no training, what many use."""
    texts = model.encode([beginning(row) for row in source.rows], normalize_embeddings=True)
    tags = model.encode(list(source.tags), normalize_embeddings=True)
    return [[source.tags[place] for place in row] for row in (-(texts @ tags.T)).argsort(axis=1)]


def yake(source: Source) -> Answers:
    """Extracts all phrases of an article and keeps those that are on the list."""
    from yake import KeywordExtractor  # one of the peers' packages, which tests do without

    # 1.0: no phrase is left out for being like another.
    extractor = KeywordExtractor(lan="en", n=PHRASE_WORDS, dedup_lim=1.0, top=EVERY)
    texts = [f"{row.title}\n{row.text[:TEXT_CHARACTERS]}".strip() for row in source.rows]
    found = map(extractor.extract_keywords, texts)
    return _of_list(source, [[phrase for phrase, _ in phrases] for phrases in found])


def nearest_neighbours(source: Source) -> Answers:
    """Takes the tags of the most similar examples, those of the list alone."""
    peer = NearestNeighbours()
    peer.fit(*_divided(source.examples))
    return _of_list(source, [[tag for tag, _ in of.ranked] for of in peer.tag(source.rows)])


def taught(source: Source, weights: Path) -> Answers:
    """Tags by the list with neighbours and ranker of the examples; without fine-tuning."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model")
        prepare_model(model, *_divided(source.examples), weights)
        tagger = Tagger.from_pretrained(model, engine="ctranslate2")
        found = tag_by_list(tagger, source, threshold=0.0, max_tags=KEPT)
    return [[tag.tag for tag in tags] for tags in found]


def _divided(examples: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    places = range(len(examples))
    train = [examples[place] for place in places if place % VALIDATED]
    return train, list(examples[::VALIDATED])


def _of_list(source: Source, ranked: Answers) -> Answers:
    listed = set(map(normal_form, source.tags))
    return [[tag for tag in tags if normal_form(tag) in listed] for tags in ranked]


def _articles(rows: Sequence[Row]) -> list[dict[str, str]]:
    return [{"title": row.title, "text": row.text} for row in rows]

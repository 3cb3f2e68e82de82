"""An article's candidates: the tags that may be right, and what is known of each, as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tagloop.article import text_of, title_and_text
from tagloop.generation.candidates import Candidate, Generated
from tagloop.generation.outputs import Output
from tagloop.ranking.keyphrases import KnownPhrases, Words, salient_words
from tagloop.ranking.neighbours import Neighbours, NeighbourTags, article_ids
from tagloop.text.words import divided
from tagloop.vocabulary.vocabulary import Vocabulary

OF_EACH_SORT = 12
"""So many tags of each sort may join those that the model generated."""
LEAST = -20.0
"""Log-probabilities below this are all the same: never."""
# The names are keys of ``ranking.json`` in published models, so they stay as they are.
FEATURES = (
    "written",  # 1 if the model generated the tag
    "log_prob",  # with which it did; 0 if it did not
    "place",  # at which it did
    "begun",  # greatest log-probability of the tag's first token where a tag starts
    "begun_first",  # the same for the first tag alone
    "near",  # share of the articles near by words that carry it
    "near_log",
    "wide",  # share of the many
    "wide_log",
    "kin",  # share of the articles near by subject that carry it
    "kin_log",
    "kin_wide",
    "kin_wide_log",
    "alike",  # cosine between article and tag
    "count_log",  # training articles that carry it
    "linked_log",  # share of the articles naming it whose authors gave it
    "mentions",  # log of how often title and text name it
    "salience",  # of a word that is no known tag: frequency times rarity
    "present",  # its words stand in title or text
    "in_title",
)
ALIKE = FEATURES.index("alike")
CONDITIONS = ("length", "familiarity")
"""Every feature also counts times each of these: of a title other evidence is right than of a long
text, and of an article unlike all of the corpus other than of one that has twins there."""
COLUMNS = (
    *FEATURES,
    *(f"{name} x {by}" for by in CONDITIONS for name in FEATURES),
    *CONDITIONS,
)


@dataclass(frozen=True)
class CandidateFeatures:
    """The candidates of one article: display forms by normal form, and features in their order.

    Attributes:
        displays: Normal form to display form; a word that only the article has as it is folded.
        features: float64, (candidates, len(COLUMNS)).
    """

    displays: dict[str, str]
    features: np.ndarray


class Embedder(Protocol):
    """Turns texts into vectors, as ``tagloop.ranking.sentence_encoder`` does."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Returns vectors of length 1: float32, (texts, dimensions)."""


class FeatureExtractor:
    """Collects candidates from the model's output, the neighbours and the article's own words."""

    def __init__(
        self,
        neighbours: Neighbours,
        vocabulary: Vocabulary,
        tokenizer: Any,
        sentence_encoder: Embedder,
    ) -> None:
        self._neighbours = neighbours
        self._vocabulary = vocabulary
        self._tokenizer = tokenizer
        self.sentence_encoder = sentence_encoder
        self._forms = list(vocabulary.counts)
        self._places = {form: place for place, form in enumerate(self._forms)}
        self._phrases = KnownPhrases(self._places)
        self._counts = np.log1p(np.array(list(vocabulary.counts.values()), dtype=np.float64))
        self._first = _first_tokens(tokenizer, vocabulary)

    def extract(
        self,
        generated: Sequence[Generated],
        required: Mapping[str, str] | None = None,
    ) -> list[CandidateFeatures]:
        """Collects each article's candidates with their features.

        Args:
            generated: An entry an article, its outputs with ``starts``.
            required: Tags that must be among all candidates: normal form to display form.
        """
        articles = [one.article for one in generated]
        ids = [article_ids(self._tokenizer, *title_and_text(article)) for article in articles]
        vectors = self.sentence_encoder.embed([text_of(article).strip() for article in articles])
        neighbour_tags = self._neighbours.of(ids, vectors)
        drafts = [
            self._draft(*each, required or {})
            for each in zip(generated, neighbour_tags, strict=True)
        ]
        self._compare_unknown([displays for displays, _ in drafts], [f for _, f in drafts], vectors)
        return [
            CandidateFeatures(displays, _by_condition(plain, sum(map(len, tokens)), of.familiarity))
            for (displays, plain), tokens, of in zip(drafts, ids, neighbour_tags, strict=True)
        ]

    def _draft(
        self,
        generated: Generated,
        neighbour_tags: NeighbourTags,
        required: Mapping[str, str],
    ) -> tuple[dict[str, str], np.ndarray]:
        """Returns an article's candidates with their plain features.

        How alike it is to those that the vocabulary does not know is not among them yet.
        """
        words = Words.of(*title_and_text(generated.article))
        named = self._phrases.in_article(words)
        salient = salient_words(words, self._places, self._tokenizer, self._neighbours.idf)
        starts = self._start_log_probs(generated.outputs)
        own: dict[str, Candidate] = {}
        for candidate in generated.candidates:
            own.setdefault(self._vocabulary.canonical(candidate.form), candidate)
        known = self._known(neighbour_tags, starts[0], named)
        displays = {
            **required,
            **{word: word for word in salient},
            **{form: self._vocabulary.display(form) for form in known},
            **{form: candidate.display for form, candidate in own.items()},
        }
        forms = list(displays)
        columns = [
            *_of_candidates(forms, own),
            *self._of_vocabulary(forms, neighbour_tags, starts),
            *self._of_words(forms, words, named, salient),
        ]
        return displays, np.column_stack(columns)

    def _compare_unknown(
        self,
        forms: Sequence[Mapping[str, str]],
        features: Sequence[np.ndarray],
        vectors: np.ndarray,
    ) -> None:
        """Writes into the features how alike unknown candidates are to their articles."""
        unknown = [
            (article, place, form)
            for article, of in enumerate(forms)
            for place, form in enumerate(of)
            if form not in self._places
        ]
        theirs = self.sentence_encoder.embed([form for *_, form in unknown])
        for (article, place, _), vector in zip(unknown, theirs, strict=True):
            features[article][place, ALIKE] = vector @ vectors[article]

    def _known(
        self, neighbour_tags: NeighbourTags, starts: np.ndarray, named: Mapping[int, int]
    ) -> dict[str, None]:
        """Returns the vocabulary's tags that may be right, the likeliest of each sort."""
        linked = np.zeros(len(self._forms))
        for place, count in named.items():
            linked[place] = self._neighbours.linked[place] * (1 + np.log(count))
        sorts = (
            neighbour_tags.near,
            neighbour_tags.wide,
            neighbour_tags.by_vector,
            neighbour_tags.by_vector_wide,
            neighbour_tags.alike,
            linked,
        )
        found: dict[str, None] = {}
        for values, least in [(starts, LEAST), *((values, 0.0) for values in sorts)]:
            count = min(OF_EACH_SORT, len(values))
            if count:
                places = np.argpartition(-values, count - 1)[:count]
                places = places[values[places] > least]
                found |= dict.fromkeys(self._forms[place] for place in np.sort(places))
        return found

    def _of_vocabulary(
        self,
        forms: Sequence[str],
        neighbour_tags: NeighbourTags,
        starts: tuple[np.ndarray, np.ndarray],
    ) -> list[np.ndarray]:
        places = np.array([self._places.get(form, -1) for form in forms])
        known = places >= 0

        def of(values: np.ndarray, otherwise: float = 0.0) -> np.ndarray:
            taken = np.full(len(forms), otherwise)
            taken[known] = values[places[known]]
            return taken

        columns = [of(starts[0], LEAST), of(starts[1], LEAST)]
        for share in (
            neighbour_tags.near,
            neighbour_tags.wide,
            neighbour_tags.by_vector,
            neighbour_tags.by_vector_wide,
        ):
            shares = of(share)
            columns += [shares, _log(shares)]
        return [*columns, of(neighbour_tags.alike), of(self._counts)]

    def _of_words(
        self,
        forms: Sequence[str],
        words: Words,
        named: Mapping[int, int],
        salient: Mapping[str, float],
    ) -> list[np.ndarray]:
        title, text = (f" {' '.join(part)} " for part in (words.title, words.text))
        places = [self._places.get(form, -1) for form in forms]
        linked = [
            float(self._neighbours.linked[place]) if place in named else 0.0 for place in places
        ]
        phrases = [f" {divided(form)} " for form in forms]
        in_title = np.array([phrase in title for phrase in phrases], dtype=float)
        in_text = np.array([phrase in text for phrase in phrases], dtype=float)
        return [
            _log(np.array(linked)),
            np.log1p([named.get(place, 0) for place in places]),
            np.array([salient.get(form, 0.0) for form in forms]),
            np.maximum(in_title, in_text),
            in_title,
        ]

    def _start_log_probs(self, outputs: Sequence[Output]) -> tuple[np.ndarray, np.ndarray]:
        """Returns how likely the model was to start a tag with each known tag's first token.

        Returns:
            The greatest log-probability over all places, and over first places, both (tags,).
        """
        tables = [output.starts.log_probs for output in outputs if output.starts is not None]
        if not tables:
            never = np.full(len(self._forms), LEAST)
            return never, never
        everywhere = np.maximum(np.concatenate(tables).max(axis=0)[self._first], LEAST)
        at_first = np.maximum(np.stack([t[0] for t in tables]).max(axis=0)[self._first], LEAST)
        return everywhere, at_first


def _of_candidates(forms: Sequence[str], own: Mapping[str, Candidate]) -> list[np.ndarray]:
    found = [own.get(form) for form in forms]
    return [
        np.array([float(tag is not None) for tag in found]),
        np.array([max(tag.log_prob, LEAST) if tag else 0.0 for tag in found]),
        np.array([float(tag.place) if tag else 0.0 for tag in found]),
    ]


def _by_condition(plain: np.ndarray, tokens: int, familiarity: float) -> np.ndarray:
    """Adds the products with ``CONDITIONS``, and these, to the features."""
    length = np.log1p(min(tokens, 300)) - 4  # about -2 for a title, 1.7 for a text
    # About 0 for the corpus's own kind, -2 for articles of other sources.
    familiar = (familiarity - 0.6) / 0.1
    columns = [np.full((len(plain), 1), value) for value in (length, familiar)]
    return np.hstack([plain, *(plain * column for column in columns), *columns])


def _log(shares: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(shares + 0.003))  # 0.003: less than any neighbour lends


def _first_tokens(tokenizer: Any, vocabulary: Vocabulary) -> np.ndarray:
    """Returns the token that each tag starts with, (tags,); the unknown token where it has none."""
    if not vocabulary.counts:
        return np.zeros(0, dtype=np.int64)
    ids = tokenizer(vocabulary.tags, add_special_tokens=False).input_ids
    return np.array([row[0] if row else tokenizer.unk_token_id for row in ids], dtype=np.int64)

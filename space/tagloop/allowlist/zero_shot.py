"""Tags that no training article has: how likely each is an article's all the same.

Nobody taught the model these tags, so what it would generate says little, and what they mean says
most: by how much more the article is like the tag than like the rest of the list, for the sentence
encoder. A logistic regression weighs that with the words that both share (zero-shot, as Yin et al.,
"Benchmarking Zero-shot Text Classification", EMNLP 2019, call it). It was fitted on lists of the
most frequent tags of whole sources, so its probabilities may stand beside those of the ranker.

How likely the model is to begin a tag so is left out on purpose: it is worth most on sources that
the model has learned from, next to nothing on others, and weights can only be fitted on the former.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from tagloop.text.words import divided
from tagloop.vocabulary.normal_form import folded

STEM, ENDING = 4, 3
"""Words are of one stem if they begin alike: without so many last letters, so many at the least."""
USUAL_MEAN, USUAL_DEVIATION, USUAL_TAGS = 0.15, 0.09, 20
"""Mean and standard deviation of the cosines of articles and tags, about. A list's own count with
them as if so many more tags stood on it: three tags tell nothing of what is usual."""
SHORT_LIST, LONG_LIST = 20, 300
"""The weights were fitted on lists of so many tags; shorter and longer ones count as these."""
FEATURES = (
    "stands_out",  # cosine of article and tag, in standard deviations from the mean of the list
    "title_stands_out",  # the same of title and tag
    "near",  # nearness of the tag's tokens to the article's by the model's input embeddings
    "present",  # 1 if its words stand in title or text
    "in_title",
    "stems",  # share of its words whose stems stand in title or text
    "generated",  # 1 if the model generated the tag
    "list_length",  # log of the number of tags
)
BIAS = -1.680
WEIGHTS = (0.341, 0.227, 1.602, 0.825, 0.405, 0.640, 2.169, -0.708)
"""In the order of ``FEATURES``; ``python -m training.bench.given_list.fit --data DATA DATA2
--weights FOLDER`` fits and prints them. They are of the base before this one, which had learned
articles of eight of the eighteen sources that they were fitted on. This one has learned from all,
and the fit would have it believed (``generated``: 2.9) more than it deserves on a stranger's."""


class TagWords:
    """The words of a list's tags, to be looked for in articles."""

    def __init__(self, tags: Sequence[str]) -> None:
        """Takes tags that have a letter or digit each."""
        self._phrases = [f" {divided(folded(tag))} " for tag in tags]
        words = [phrase.split() for phrase in self._phrases]
        stems = [_stem(word) for of in words for word in of]
        places = {stem: place for place, stem in enumerate(dict.fromkeys(stems))}
        self._stems = list(places)
        self._where = np.array([places[stem] for stem in stems])
        self._counts = np.array(list(map(len, words)))
        self._starts = np.cumsum([0, *self._counts[:-1]])

    def in_article(self, title: str, text: str) -> list[np.ndarray]:
        """Returns ``present``, ``in_title`` and ``stems`` of ``FEATURES``, each (tags,)."""
        title, text = (f" {divided(folded(part))} " for part in (title, text))
        in_title = np.array([phrase in title for phrase in self._phrases], dtype=np.float64)
        in_text = np.array([phrase in text for phrase in self._phrases], dtype=np.float64)
        theirs = {_stem(word) for part in (title, text) for word in part.split()}
        there = np.array([stem in theirs for stem in self._stems], dtype=np.float64)
        stems = np.add.reduceat(there[self._where], self._starts) / self._counts
        return [np.maximum(in_title, in_text), in_title, stems]


def zero_shot_features(
    article: np.ndarray,
    title: np.ndarray,
    near: np.ndarray,
    words: Sequence[np.ndarray],
    generated: Collection[int],
) -> np.ndarray:
    """Returns what is known of each tag of a list, (tags, len(FEATURES)).

    Args:
        article: Cosine of article and tag, (tags,).
        title: The same of the title alone; of an article without one that of the article.
        near: See ``FEATURES``, (tags,).
        words: See ``TagWords.in_article``.
        generated: Places of the tags that the model generated.
    """
    generates = np.zeros(len(near))
    generates[list(generated)] = 1.0
    length = np.log(min(max(len(near), SHORT_LIST), LONG_LIST))
    columns = [standing_out(article), standing_out(title), near, *words, generates]
    return np.column_stack([*columns, np.full(len(near), length)])


def probabilities(features: np.ndarray) -> np.ndarray:
    """Returns each tag's probability, (tags,)."""
    return np.asarray(1 / (1 + np.exp(-(features @ np.array(WEIGHTS) + BIAS))))


def standing_out(cosines: np.ndarray) -> np.ndarray:
    """Returns by how many standard deviations each cosine is above the mean, (tags,)."""
    count = len(cosines) + USUAL_TAGS
    mean = (cosines.sum() + USUAL_TAGS * USUAL_MEAN) / count
    squares = ((cosines - mean) ** 2).sum() + USUAL_TAGS * USUAL_DEVIATION**2
    return np.asarray((cosines - mean) / np.sqrt(squares / count))


def _stem(word: str) -> str:
    return word[: max(STEM, len(word) - ENDING)]

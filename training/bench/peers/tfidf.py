"""TF-IDF of title and text, what one-vs-rest and omikuji learn from, and their label matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from training.bench.data import Row

TEXT_CHARACTERS = 3_000
"""Characters of a text that are read, about 500 words; 10,000 are no better on validation (F1@M of
one-vs-rest on articles, tags of 25 rows: 0.411, with 3,000 0.413) and take three times as long."""
MAX_FEATURES = 100_000
"""Word 1-grams and 2-grams that are kept, the most frequent."""


class TitleAndText:
    """Sublinear TF-IDF of words and pairs of words; a title counts ``title_weight`` times.

    Title and text share one space, so that what titles teach serves articles and the reverse.
    """

    def __init__(self, title_weight: float) -> None:
        self._title_weight = title_weight
        self._vectorizer = TfidfVectorizer(
            ngram_range=(1, 2),
            sublinear_tf=True,
            min_df=2,
            max_features=MAX_FEATURES,
            token_pattern=r"(?u)\b\w[\w+#.]*\w\b|\b\w[+#]*",
            strip_accents="unicode",
        )

    def fit(self, rows: Sequence[Row]) -> Any:
        """Learns the words and returns the rows' vectors, of length 1, as a sparse matrix."""
        self._vectorizer.fit([f"{row.title}\n{row.text[:TEXT_CHARACTERS]}" for row in rows])
        return self.transform(rows)

    def transform(self, rows: Sequence[Row]) -> Any:
        """Returns the rows' vectors."""
        titles = self._vectorizer.transform([row.title for row in rows])
        texts = self._vectorizer.transform([row.text[:TEXT_CHARACTERS] for row in rows])
        return normalize(titles * self._title_weight + texts).tocsr()


def label_matrix(rows: Sequence[Row], least: int) -> tuple[list[str], Any]:
    """Returns the tags (normal forms) of at least ``least`` rows, and who has which, sparse."""
    counts = Counter(form for row in rows for form in row.forms)
    labels = [tag for tag, count in counts.most_common() if count >= least]
    place = {tag: index for index, tag in enumerate(labels)}
    pairs = [
        (index, place[form])
        for index, row in enumerate(rows)
        for form in row.forms
        if form in place
    ]
    ones = [True] * len(pairs)
    shape = (len(rows), len(labels))
    where = tuple(zip(*pairs, strict=True)) if pairs else ([], [])
    return labels, sparse.csc_matrix((ones, where), shape=shape)

"""Which tags stand on the same articles, and an order that puts related tags side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagloop.explore.articles import Articles


@dataclass(frozen=True)
class TagMap:
    """The most frequent tags against each other.

    Attributes:
        tags: Names, in the order of rows and columns.
        together: Number of articles that have both tags; on the diagonal, that have the one.
        jaccard: Articles with both tags over articles with either, 0 to 1 (Jaccard, "The
            distribution of the flora in the alpine zone", New Phytologist 11, 1912). Unlike a
            plain count it does not make the most frequent tags look related to everything.
    """

    tags: tuple[str, ...]
    together: np.ndarray
    jaccard: np.ndarray

    def closest(self, most: int = 6) -> list[tuple[str, str, int, float]]:
        """Returns the pairs with the highest index that occur: both tags, articles, index."""
        rows, columns = np.triu_indices(len(self.tags), k=1)
        order = np.argsort(-self.jaccard[rows, columns], kind="stable")[:most]
        return [
            (self.tags[a], self.tags[b], int(self.together[a, b]), float(self.jaccard[a, b]))
            for a, b in zip(rows[order], columns[order], strict=True)
            if self.together[a, b]
        ]


def map_tags(articles: Articles, most: int = 16) -> TagMap:
    """Compares the most frequent tags and orders them by how related they are."""
    count = min(most, len(articles.tag_names))
    frequent = articles.tags < count
    carries = np.zeros((len(articles), count), np.float32)
    carries[articles.row_of_tag[frequent], articles.tags[frequent]] = 1
    together = np.rint(carries.T @ carries).astype(np.int64)
    alone = np.diag(together)
    either = alone[:, None] + alone[None, :] - together
    jaccard = together / np.maximum(either, 1)
    order = related_order(jaccard)
    grid = np.ix_(order, order)
    return TagMap(tuple(articles.tag_names[i] for i in order), together[grid], jaccard[grid])


def related_order(similarity: np.ndarray) -> list[int]:
    """Orders things so that similar ones stand together.

    Groups that have nothing to do with each other come one after the other, the largest first.
    Within a group the order is that of the Laplacian's Fiedler vector (Atkins, Boman and
    Hendrickson, "A Spectral Algorithm for Seriation and the Consecutive Ones Problem", SIAM
    Journal on Computing 28, 1998).

    Args:
        similarity: Square and symmetric, 0 or more; the diagonal does not count.
    """
    weights = np.array(similarity, dtype=float)
    np.fill_diagonal(weights, 0)
    groups = sorted(_groups(weights > 0), key=lambda group: (-len(group), group[0]))
    return [group[place] for group in groups for place in _along(weights[np.ix_(group, group)])]


def _groups(linked: np.ndarray) -> list[list[int]]:
    left, groups = set(range(len(linked))), []
    while left:
        group, waiting = set(), [min(left)]
        while waiting:
            here = waiting.pop()
            group.add(here)
            waiting += [i for i in map(int, np.flatnonzero(linked[here])) if i not in group]
        groups.append(sorted(group))
        left -= group
    return groups


def _along(weights: np.ndarray) -> list[int]:
    if len(weights) < 3:
        return list(range(len(weights)))
    _, vectors = np.linalg.eigh(np.diag(weights.sum(axis=0)) - weights)
    fiedler = vectors[:, 1]
    # A vector's sign is chance: the most frequent tag, which comes first, stands in front.
    if fiedler[0] > 0:
        fiedler = -fiedler
    return [int(i) for i in np.argsort(fiedler, kind="stable")]

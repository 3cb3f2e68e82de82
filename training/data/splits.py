"""Duplicates, near-duplicates and splits: which articles stay, and which split each belongs to.

What is guaranteed
    1. No two near-duplicates stand in different splits.
    2. A split depends only on the article itself and on the articles *senior* to it. So an article
       never changes split when junior articles are added, however many and however similar.
    3. Senior are, in this order: articles whose split is given (by a ``split`` column or an
       earlier build), sources before corrections, the earlier published, the earlier read.
       New posts of a dated blog, rows appended to a table and sources appended to the command
       line are junior.
    4. With an earlier build given, nothing in it changes split, whatever is added and where.

How
    Articles are taken by seniority. One without a senior near-duplicate founds a group, and its
    own id decides the split; one with senior near-duplicates follows the most senior into its
    split. One that would tie two splits together (it resembles articles in both) cannot be kept
    without breaking 1 or 2: it is dropped and reported. A group id made of all members, such as
    the smallest id or a connected component's, would move old articles when a new one joins.

What is not guaranteed
    Without an earlier build, a *senior* newcomer (an older post found later, a row inserted above)
    that is a near-duplicate of an article takes the lead, and that article follows it. And in a
    corpus so small that a split would be empty, groups are moved into it; they may move back when
    the corpus grows. Both are rare, the second is reported; an earlier build rules out both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from training.data.fingerprints import Fingerprints
from training.data.near_duplicates import NearDuplicates

SPLITS = ("train", "validation", "test")
TEST_SHARE, VALIDATION_SHARE = 0.1, 0.1

SPLIT_NAMES = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
"""What people call the splits, and what they are called here."""

ANY_SPLIT = frozenset(SPLITS)
ONLY = {split: frozenset({split}) for split in SPLITS}
"""For an article whose split is given."""


@dataclass
class Arrangement:
    """Who stays, and where.

    Attributes:
        splits: Index of each kept article to its split, in reading order.
        dropped: Index of each other article to the reason.
        groups: Number of near-duplicate groups (of two or more kept articles).
        grouped: Number of articles in them.
        moved: Number of articles moved so that no split is empty.
    """

    splits: dict[int, str] = field(default_factory=dict)
    dropped: dict[int, str] = field(default_factory=dict)
    groups: int = 0
    grouped: int = 0
    moved: int = 0


def hashed_split(article_id: str) -> str:
    """Returns the split that an id alone decides: 80 % train, 10 % validation, 10 % test."""
    fraction = _fraction(article_id)
    if fraction < TEST_SHARE:
        return "test"
    return "validation" if fraction < TEST_SHARE + VALIDATION_SHARE else "train"


def _fraction(article_id: str) -> float:
    """The first 64 bits of the id, a SHA-256 digest, as a number in [0, 1)."""
    return int(article_id[:16], 16) / 2**64


def allowed_splits(
    given: Sequence[str | None], anywhere: Iterable[str | None] | None = None
) -> list[frozenset[str]]:
    """Says which splits each article may take, from the splits that the sources give.

    A given split is kept. Where the sources give no validation (or test) split at all, their
    train rows may serve as such.

    Args:
        given: Of each article.
        anywhere: The splits that any source gives, where these are not all articles.
    """
    missing = ANY_SPLIT - set(given if anywhere is None else anywhere) - {"train"}
    train = frozenset({"train", *missing})
    choices = ONLY | {"train": train}
    return [choices[split] if split else ANY_SPLIT for split in given]


def keep_earlier(
    allowed: list[frozenset[str]], prints: Fingerprints, earlier: Mapping[str, str]
) -> None:
    """Lets the articles of an earlier build take the split only that they have there.

    Args:
        allowed: The splits that each article may take; changed.
        prints: Of the articles.
        earlier: Id to split.
    """
    for index in range(len(allowed) if earlier else 0):
        if (split := earlier.get(prints.id(index), "")) in allowed[index]:
            allowed[index] = ONLY[split]


def arrange(
    prints: Fingerprints,
    allowed: Sequence[frozenset[str]],
    progress: Callable[[list[int]], Iterable[int]] | None = None,
) -> Arrangement:
    """Drops duplicates and gives every other article its split.

    Args:
        prints: Of the articles, in reading order.
        allowed: The splits that each of them may take.
        progress: Wraps the loop (such as ``tqdm``).
    """
    result, groups = place(prints, allowed, progress)
    if set(result.splits.values()) != ANY_SPLIT:
        together = {index for members in groups for index in members}
        alone = [[index] for index in result.splits if index not in together]
        fill_empty_splits(result, prints.id, allowed, groups + alone)
    result.splits = dict(sorted(result.splits.items()))
    return result


def place(
    prints: Fingerprints,
    allowed: Sequence[frozenset[str]],
    progress: Callable[[list[int]], Iterable[int]] | None = None,
) -> tuple[Arrangement, list[list[int]]]:
    """Does what `arrange` does, but for splits that are empty in the end.

    What becomes of an article depends on those alone that it has an address, a content or a band
    of its signature in common with, and on theirs; so articles that are connected in this way can
    be placed without the others.

    Returns:
        The arrangement, and the groups of near-duplicates, each with its most senior first.
    """
    order = _by_seniority(prints, allowed)
    result = Arrangement()
    duplicates = _Duplicates(prints)
    near = NearDuplicates(prints.signatures())
    groups: dict[int, list[int]] = {}
    for index in progress(order) if progress else order:
        if reason := duplicates.reason(index):
            result.dropped[index] = reason
            continue
        seniors = near.find(index)
        splits = {result.splits[senior] for senior in seniors}
        if not splits:
            splits = {own_split(prints.id(index), allowed[index])}
        if len(splits) > 1 or not splits <= allowed[index]:
            result.dropped[index] = "near-duplicate of an article in another split"
            continue
        result.splits[index] = splits.pop()
        near.add(index)
        if seniors:
            _join(groups, index, seniors)
    several = list({id(members): members for members in groups.values()}.values())
    result.groups, result.grouped = len(several), sum(map(len, several))
    return result, several


def _by_seniority(prints: Fingerprints, allowed: Sequence[frozenset[str]]) -> list[int]:
    # Between given splits, test is the most senior: a copy leaves the training data, not the test.
    given = {ONLY["test"]: 0, ONLY["validation"]: 1, ONLY["train"]: 2}
    ranks = bytes(
        2 * given.get(choice, len(given)) + correction
        for choice, correction in zip(allowed, prints.corrections, strict=True)
    )
    order = sorted(range(len(prints)), key=prints.published.__getitem__)
    order.sort(key=ranks.__getitem__)
    return order


class _Duplicates:
    """Finds, the most senior first, articles whose address or whose title and text came before."""

    REASONS = ("", "duplicate", "duplicate url")

    def __init__(self, prints: Fingerprints) -> None:
        self._addressed = prints.addressed
        both = np.concatenate([prints.ids, prints.contents])
        known, numbers = np.unique(both, return_inverse=True)
        self._ids, self._contents = np.split(numbers, 2)
        self._seen = bytearray(len(known))

    def reason(self, index: int) -> str:
        """Names the reason if the article is a duplicate; notes it either way."""
        ours, content = self._ids[index], self._contents[index]
        reason = self._seen[content] or self._seen[ours]
        self._seen[ours] = self._seen[ours] or 1 + self._addressed[index]
        self._seen[content] = 1
        return self.REASONS[reason]


def own_split(article_id: str, allowed: frozenset[str]) -> str:
    """Returns the split of an article without near-duplicates."""
    split = hashed_split(article_id)
    if split in allowed:
        return split
    return "train" if "train" in allowed else min(allowed)


def _join(groups: dict[int, list[int]], index: int, seniors: list[int]) -> None:
    """Puts an article into the group of its near-duplicates; their groups become one."""
    members = groups.setdefault(seniors[0], [seniors[0]])
    for senior in seniors[1:]:
        others = groups.setdefault(senior, [senior])
        if others is not members:
            members.extend(others)
            groups.update(dict.fromkeys(others, members))
    members.append(index)
    groups[index] = members


def fill_empty_splits(
    result: Arrangement,
    name: Callable[[int], str],
    allowed: Sequence[frozenset[str]],
    groups: list[list[int]],
) -> None:
    """Moves a group into each empty split, where there is one to spare and it may move.

    Args:
        result: Of all articles; changed.
        name: Returns the id of an article.
        allowed: The splits that each of them may take.
        groups: All kept articles: near-duplicates together, the most senior first.
    """
    for target in ("test", "validation", "train"):
        if target in result.splits.values():
            continue
        by_split: dict[str, list[list[int]]] = {split: [] for split in SPLITS}
        for members in groups:
            by_split[result.splits[members[0]]].append(members)
        donor = max(by_split.values(), key=len)
        movable = [
            members for members in donor if all(target in allowed[index] for index in members)
        ]
        if len(donor) < 2 or not movable:
            continue
        chosen = min(movable, key=lambda members: _fraction(name(members[0])))
        result.splits.update(dict.fromkeys(chosen, target))
        result.moved += len(chosen)

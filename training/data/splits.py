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

import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from datasketch import MinHash, MinHashLSH

from tagloop.text.words import UNSPACED, has_unspaced
from training.data.articles import Article, article_id

SPLITS = ("train", "validation", "test")
TEST_SHARE, VALIDATION_SHARE = 0.1, 0.1

SPLIT_NAMES = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
"""What people call the splits, and what they are called here."""

SHINGLE_WORDS = 5
"""Word 5-grams, as Lee et al., "Deduplicating Training Data Makes Language Models Better"
(ACL 2022), section 4.2, take them."""
THRESHOLD = 0.7
"""Jaccard similarity from which two articles are near-duplicates: the value of The Stack
(Kocetkov et al., 2022), lower than Lee et al.'s 0.8, since a copy that goes unnoticed here would
be a test article in the training data, while a false match costs nothing but freedom of split."""
BANDS, BAND_ROWS = 25, 5
"""LSH bands of MinHash (Leskovec et al., "Mining of Massive Datasets", chapter 3): a pair at the
threshold becomes a candidate with probability 1 - (1 - 0.7^5)^25 = 0.99."""
PERMUTATIONS = BANDS * BAND_ROWS
SEED = 1

METHOD = (
    f"MinHash LSH over word {SHINGLE_WORDS}-grams of title and text, "
    f"{PERMUTATIONS} permutations, {BANDS} bands of {BAND_ROWS}"
)
ANY_SPLIT = frozenset(SPLITS)
_WORD = re.compile(r"\w+")
_UNSPACED_WORD = re.compile(rf"[^\W{UNSPACED}]+|[{UNSPACED}]")


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


def allowed_splits(given: Sequence[str | None]) -> list[frozenset[str]]:
    """Says which splits each article may take, from the splits that the sources give.

    A given split is kept. Where the sources give no validation (or test) split at all, their
    train rows may serve as such.
    """
    missing = ANY_SPLIT - set(given) - {"train"}
    train = frozenset({"train", *missing})
    choices = {split: frozenset({split}) for split in SPLITS} | {"train": train}
    return [choices[split] if split else ANY_SPLIT for split in given]


def arrange(
    articles: Sequence[Article],
    allowed: Sequence[frozenset[str]],
    progress: Callable[[list[int]], Iterable[int]] | None = None,
) -> Arrangement:
    """Drops duplicates and gives every other article its split.

    Args:
        articles: In reading order.
        allowed: The splits that each of them may take.
        progress: Wraps the loop (such as ``tqdm``).
    """
    order = sorted(range(len(articles)), key=lambda index: _seniority(articles, allowed, index))
    result = Arrangement()
    near = _NearDuplicates()
    groups: dict[int, list[int]] = {}
    seen: dict[str, str] = {}
    for index in progress(order) if progress else order:
        article = articles[index]
        if reason := _duplicate(article, seen):
            result.dropped[index] = reason
            continue
        sketch = near.sketch(article)
        seniors = near.find(sketch)
        splits = {result.splits[senior] for senior in seniors}
        if not splits:
            splits = {_own_split(article, allowed[index])}
        if len(splits) > 1 or not splits <= allowed[index]:
            result.dropped[index] = "near-duplicate of an article in another split"
            continue
        result.splits[index] = splits.pop()
        near.add(index, sketch)
        _join(groups, index, seniors)
    distinct = list({id(members): members for members in groups.values()}.values())
    result.groups = sum(len(members) > 1 for members in distinct)
    result.grouped = sum(len(members) for members in distinct if len(members) > 1)
    _fill_empty_splits(result, articles, allowed, distinct)
    result.splits = dict(sorted(result.splits.items()))
    return result


def _seniority(
    articles: Sequence[Article], allowed: Sequence[frozenset[str]], index: int
) -> tuple[int, bool, str, int]:
    article, choice = articles[index], allowed[index]
    # Between given splits, test is the most senior: a copy leaves the training data, not the test.
    rank = ("test", "validation", "train").index(min(choice)) if len(choice) == 1 else len(SPLITS)
    return rank, article.origin != "source", article.published or "9999", index


def _duplicate(article: Article, seen: dict[str, str]) -> str:
    """Names the reason if the id or the normalised title and text came before; notes both."""
    content = article_id(article.title, article.text)
    reason = seen.get(content) or seen.get(article.id, "")
    seen.setdefault(article.id, "duplicate url" if article.url else "duplicate")
    seen[content] = "duplicate"
    return reason


def _own_split(article: Article, allowed: frozenset[str]) -> str:
    split = hashed_split(article.id)
    if split in allowed:
        return split
    return "train" if "train" in allowed else min(allowed)


def _join(groups: dict[int, list[int]], index: int, seniors: list[int]) -> None:
    """Puts an article into the group of its near-duplicates; their groups become one."""
    members = groups[seniors[0]] if seniors else []
    for senior in seniors[1:]:
        if groups[senior] is not members:
            members.extend(groups[senior])
            groups.update(dict.fromkeys(groups[senior], members))
    members.append(index)
    groups[index] = members


def _fill_empty_splits(
    result: Arrangement,
    articles: Sequence[Article],
    allowed: Sequence[frozenset[str]],
    groups: list[list[int]],
) -> None:
    """Moves a group into each empty split, where there is one to spare and it may move."""
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
        chosen = min(movable, key=lambda members: _fraction(articles[members[0]].id))
        result.splits.update(dict.fromkeys(chosen, target))
        result.moved += len(chosen)


def shingles(article: Article) -> set[bytes]:
    """Returns the word 5-grams of title and text; one shingle when there are fewer words.

    Where most words are of scripts without blanks between them, each of their letters is a word.
    """
    content = f"{article.title}\n{article.text}".casefold()
    words = _WORD.findall(content)
    if has_unspaced(content):
        # A quotation in an English article leaves its shingles, and so its split, as they were.
        units = _UNSPACED_WORD.findall(content)
        words = units if len(units) > 2 * len(words) else words
    count = max(1, len(words) - SHINGLE_WORDS + 1)
    return {" ".join(words[start : start + SHINGLE_WORDS]).encode() for start in range(count)}


class _NearDuplicates:
    """Index of the articles added so far that finds those at least `THRESHOLD` similar."""

    def __init__(self) -> None:
        # CRC-32 is ten times as fast as the default SHA-1, and MinHash mixes its bits again.
        self._empty = MinHash(PERMUTATIONS, seed=SEED, hashfunc=zlib.crc32)
        self._index = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, BAND_ROWS))
        self._added: list[tuple[int, MinHash]] = []

    def sketch(self, article: Article) -> MinHash:
        sketch = self._empty.copy()
        sketch.update_batch(shingles(article))
        return sketch

    def find(self, sketch: MinHash) -> list[int]:
        """Lists the near-duplicates among the articles added, the first added first."""
        candidates = [self._added[position] for position in sorted(self._index.query(sketch))]
        return [index for index, other in candidates if other.jaccard(sketch) >= THRESHOLD]

    def add(self, index: int, sketch: MinHash) -> None:
        self._index.insert(len(self._added), sketch, check_duplication=False)
        self._added.append((index, sketch))

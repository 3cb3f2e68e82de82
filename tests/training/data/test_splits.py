"""Near-duplicates never straddle splits, and a growing corpus never moves an article."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from training.data.articles import Article, article_id
from training.data.fingerprints import Fingerprints
from training.data.near_duplicates import THRESHOLD, shingles
from training.data.splits import (
    ANY_SPLIT,
    SPLITS,
    Arrangement,
    allowed_splits,
    arrange,
    hashed_split,
)

WORDS = [f"word{number}" for number in range(5000)]


def article(words: list[str], published: str | None = None, title: str = "") -> Article:
    text = " ".join(words)
    return Article(article_id(title, text), title, text, ("a",), "test", published=published)


def some_words(seed: int, count: int = 200) -> list[str]:
    return random.Random(seed).choices(WORDS, k=count)


def near(words: list[str], seed: int) -> list[str]:
    """The same words with two of them replaced."""
    changed = list(words)
    for place in random.Random(seed).sample(range(len(words)), 2):
        changed[place] = f"changed{seed}"
    return changed


def in_free_order(articles: list[Article]) -> Arrangement:
    return arrange(Fingerprints.of(articles), [ANY_SPLIT] * len(articles))


def splits_by_id(articles: list[Article], arrangement: Arrangement) -> dict[str, str]:
    return {articles[index].id: split for index, split in arrangement.splits.items()}


def similarity(one: Article, other: Article) -> float:
    first, second = shingles(one), shingles(other)
    return len(first & second) / len(first | second)


def corpus_with_copies(count: int = 300) -> list[Article]:
    articles = []
    for seed in range(count):
        words = some_words(seed)
        articles.append(article(words))
        if seed % 3 == 0:
            articles.append(article(near(words, seed)))
        if seed % 9 == 0:
            articles.append(article(near(near(words, seed), seed + 1)))
    random.Random(0).shuffle(articles)
    return articles


def bridged() -> tuple[Article, Article, Article]:
    """Two articles in different splits that are not alike, and one that is like both."""
    for seed in range(1000, 1200):
        words = some_words(seed, 490)
        first, last = article(words[:400]), article(words[90:])
        if hashed_split(first.id) != hashed_split(last.id):
            return first, last, article(words[45:445])
    raise AssertionError("no seed gives two splits")


def test_shares() -> None:
    ids = [article_id("", f"text {number}") for number in range(20_000)]
    counts = [sum(hashed_split(key) == split for key in ids) / len(ids) for split in SPLITS]
    assert counts == pytest.approx([0.8, 0.1, 0.1], abs=0.01)


def test_near_duplicates_stay_together() -> None:
    articles = corpus_with_copies(150)
    arrangement = in_free_order(articles)
    assert len(arrangement.splits) == len(articles)
    assert set(arrangement.splits.values()) == set(SPLITS)
    assert (arrangement.groups, arrangement.grouped) == (50, 117)
    sets = [shingles(entry) for entry in articles]
    pairs = [
        (one, other)
        for one in range(len(articles))
        for other in range(one)
        if len(sets[one] & sets[other]) >= THRESHOLD * len(sets[one] | sets[other])
    ]
    assert len(pairs) > 80
    assert all(arrangement.splits[one] == arrangement.splits[other] for one, other in pairs)


def test_appending_never_moves_an_article() -> None:
    articles = corpus_with_copies()
    known: dict[str, str] = {}
    for size in (40, 41, 100, 250, len(articles)):
        now = splits_by_id(articles[:size], in_free_order(articles[:size]))
        assert {key: now[key] for key in known} == known
        known = now


def test_newer_posts_never_move_older_ones_wherever_they_are_read() -> None:
    articles = [
        replace(entry, published=f"20{number // 300 + 10}-{number % 12 + 1:02}-01")
        for number, entry in enumerate(corpus_with_copies())
    ]
    articles.sort(key=lambda entry: entry.published or "")
    old = splits_by_id(articles[:250], in_free_order(articles[:250]))
    # A feed gives the newest first.
    newest_first = articles[::-1]
    new = splits_by_id(newest_first, in_free_order(newest_first))
    moved = [key for key, split in old.items() if new[key] != split]
    ties = {entry.published for entry in articles[:250]} & {
        entry.published for entry in articles[250:]
    }
    assert ties <= {articles[249].published}
    assert moved == []


def test_an_earlier_build_keeps_everything_in_place() -> None:
    articles = corpus_with_copies()
    old = splits_by_id(articles[200:], in_free_order(articles[200:]))
    # The newcomers stand first, so without the earlier build they would be senior.
    given = [old.get(entry.id) for entry in articles]
    new = splits_by_id(articles, arrange(Fingerprints.of(articles), allowed_splits(given)))
    assert {key: new[key] for key in old} == old


def test_a_bridge_between_splits_is_dropped() -> None:
    first, last, bridge = bridged()
    assert similarity(first, last) < THRESHOLD < similarity(first, bridge)
    assert similarity(last, bridge) > THRESHOLD
    rest = [article(some_words(seed)) for seed in range(100)]
    arrangement = in_free_order([*rest, first, last, bridge])
    assert arrangement.dropped == {102: "near-duplicate of an article in another split"}
    assert arrangement.splits[100] != arrangement.splits[101]


def test_a_senior_bridge_takes_both_along() -> None:
    first, last, bridge = bridged()
    rest = [article(some_words(seed)) for seed in range(100)]
    arrangement = in_free_order([bridge, first, last, *rest])
    assert not arrangement.dropped
    assert {arrangement.splits[index] for index in (0, 1, 2)} == {hashed_split(bridge.id)}
    assert (arrangement.groups, arrangement.grouped) == (1, 3)


def test_exact_duplicates_are_dropped_the_most_senior_stays() -> None:
    words = some_words(1)
    late, early = article(words, "2021-01-01"), article(words, "2020-01-01")
    arrangement = in_free_order([late, early, *(article(some_words(s)) for s in range(2, 40))])
    assert arrangement.dropped == {0: "duplicate"}
    one = replace(article(some_words(50)), id=article_id("", "", "u"), url="u")
    other = replace(article(some_words(51)), id=article_id("", "", "u"), url="u")
    assert in_free_order([one, other]).dropped == {1: "duplicate url"}


def test_a_correction_is_junior_to_every_source() -> None:
    words = some_words(1)
    correction = replace(article(near(words, 1), "2001-01-01"), origin="correction")
    source = article(words, "2020-01-01")
    rest = [article(some_words(seed)) for seed in range(2, 60)]
    arrangement = in_free_order([correction, source, *rest])
    assert arrangement.splits[0] == arrangement.splits[1] == hashed_split(source.id)


def test_given_splits_are_kept_and_copies_leave_the_training_data() -> None:
    articles = [article(some_words(seed)) for seed in range(6)]
    articles.append(article(near(some_words(5), 7)))
    given = ["train", "train", "validation", "validation", "test", "test", "train"]
    arrangement = arrange(Fingerprints.of(articles), allowed_splits(given))
    assert [arrangement.splits[index] for index in range(6)] == given[:6]
    assert arrangement.dropped == {6: "near-duplicate of an article in another split"}


def test_a_missing_validation_split_is_taken_from_train() -> None:
    articles = [article(some_words(seed)) for seed in range(200)]
    given = ["train"] * 150 + ["test"] * 50
    arrangement = arrange(Fingerprints.of(articles), allowed_splits(given))
    counts = [list(arrangement.splits.values()).count(split) for split in SPLITS]
    assert counts[2] == 50 and 5 <= counts[1] <= 30 and sum(counts) == 200
    assert all(arrangement.splits[index] == "test" for index in range(150, 200))


@pytest.mark.parametrize("size", [3, 4, 7, 12])
def test_small_corpora_fill_every_split(size: int) -> None:
    for start in range(10):
        articles = [article(some_words(100 * start + seed)) for seed in range(size)]
        assert set(in_free_order(articles).splits.values()) == set(SPLITS)


def test_too_small_a_corpus_leaves_a_split_empty() -> None:
    words = some_words(1)
    copies = [article(words), *(article(near(words, seed)) for seed in range(5))]
    arrangement = in_free_order(copies)
    assert len(arrangement.splits) == 6 and len(set(arrangement.splits.values())) == 1


def test_moving_takes_the_whole_group_along() -> None:
    articles = [article(some_words(seed)) for seed in range(4)]
    articles += [article(near(some_words(seed), seed)) for seed in range(4)]
    arrangement = in_free_order(articles)
    assert set(arrangement.splits.values()) == set(SPLITS)
    assert all(arrangement.splits[seed] == arrangement.splits[seed + 4] for seed in range(4))


def test_near_duplicates_are_found_where_no_blanks_divide_words() -> None:
    signs = [chr(0x4E00 + number) for number in range(3000)]
    clauses = ["".join(random.Random(seed).choices(signs, k=12)) for seed in range(60)]
    # A sign is changed in every fourth clause.
    changed = [clause[:-1] + "是" if n % 4 == 0 else clause for n, clause in enumerate(clauses)]
    one, copy, other = (
        article(["，".join(part)]) for part in (clauses, changed, [c[::-1] for c in clauses])
    )
    assert similarity(one, copy) > THRESHOLD
    assert similarity(one, other) < 0.1
    assert in_free_order([one, copy, other]).groups == 1


def test_a_quotation_leaves_an_english_article_where_it_is() -> None:
    words = [*some_words(1), "夜行列车", *some_words(2)]
    assert any("夜行列车".encode() in shingle for shingle in shingles(article(words)))

"""The cut and the settings that are chosen, by cases computed by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from training.bench.data import Row
from training.bench.system import ScoredTag
from training.bench.tuning import (
    MOST_KEPT,
    Cut,
    apply_cuts,
    best_settings,
    choose_cut,
    choose_cuts,
    rank_by_kind,
    sample,
)


def ranked(**scores: float) -> list[ScoredTag]:
    return [ScoredTag(tag, score) for tag, score in scores.items()]


def row(kind: str, *tags: str) -> Row:
    return Row(kind, "source", "title", "", tags, "validation")


def test_cut_keeps_from_the_threshold_on_between_one_and_most() -> None:
    tags = ranked(a=0.9, b=0.5, c=0.5, d=0.1)
    assert Cut(0.5, 6).kept(tags) == ["a", "b", "c"]
    assert Cut(0.5, 2).kept(tags) == ["a", "b"]
    assert Cut(0.95, 6).kept(tags) == ["a"]
    assert Cut(0.0, 6).kept([]) == []


def test_threshold_is_chosen_where_hits_and_misses_part() -> None:
    # One true tag each, always the first; a second tag would be wrong.
    ranking = [ranked(a=0.9, b=0.4), ranked(c=0.8, d=0.3)]
    cut, f1 = choose_cut(ranking, [["a"], ["c"]])
    assert f1 == 1.0
    assert [cut.kept(tags) for tags in ranking] == [["a"], ["c"]]
    # Two true tags in the first article, one in the second: only a threshold does both.
    ranking = [ranked(a=0.9, b=0.7), ranked(c=0.8, d=0.3)]
    cut, f1 = choose_cut(ranking, [["a", "b"], ["c"]])
    assert f1 == 1.0
    assert [cut.kept(tags) for tags in ranking] == [["a", "b"], ["c"]]


def test_number_is_chosen_where_scores_tell_nothing() -> None:
    ranking = [ranked(a=0.5, b=0.5, c=0.5), ranked(d=0.5, e=0.5, f=0.5)]
    cut, f1 = choose_cut(ranking, [["a", "b"], ["d", "e"]])
    assert (cut.most, f1) == (2, 1.0)


def test_f1_of_the_cut_is_the_mean_over_articles() -> None:
    # a is right and all of it: 1; c is half of two: 2·1 / (1 + 2) = 2/3. With b, d: 2/3 and 1/2.
    ranking = [ranked(a=0.9, b=0.9), ranked(c=0.9, d=0.9)]
    cut, f1 = choose_cut(ranking, [["a"], ["c", "x"]])
    assert cut.most == 1
    assert f1 == pytest.approx((1 + 2 / 3) / 2)


def test_first_tag_is_kept_and_articles_without_tags_count_as_zero() -> None:
    cut, f1 = choose_cut([ranked(a=0.1), []], [["a"], ["b"]])
    assert f1 == 0.5
    assert cut.kept(ranked(z=-5.0)) == ["z"]


def test_tags_are_compared_by_normal_form() -> None:
    assert choose_cut([[ScoredTag("Machine-Learning", 1.0)]], [["machine learning"]])[1] == 1.0


def test_no_more_than_the_bound_is_kept() -> None:
    tags = [ScoredTag(str(number), 1.0) for number in range(10)]
    cut, _ = choose_cut([tags], [[tag for tag, _ in tags]])
    assert cut.most == MOST_KEPT
    assert len(cut.kept(tags)) == MOST_KEPT


def test_each_kind_has_its_own_cut() -> None:
    rows = [row("articles", "a"), row("titles", "a", "b")]
    ranking = [ranked(a=0.9, b=0.8)] * 2
    cuts = choose_cuts(ranking, rows)
    assert [tagged.kept for tagged in apply_cuts(cuts, ranking, rows)] == [["a"], ["a", "b"]]


def test_each_kind_has_its_best_setting() -> None:
    rows = [row("articles", "a"), row("titles", "b")]
    lists = {"one": [ranked(a=1.0)] * 2, "other": [ranked(b=1.0)] * 2, "worse": [ranked(z=1.0)] * 2}
    best, tried = best_settings(lists, lambda name: lists[name], rows)
    assert best == {"articles": "one", "titles": "other"}
    assert tried["one"] == {"articles": 1.0, "titles": 0.0}
    assert tried["worse"] == {"articles": 0.0, "titles": 0.0}


def test_rows_are_ranked_with_the_setting_of_their_kind_in_their_order() -> None:
    rows = [row("titles", "x"), row("articles", "y"), row("titles", "z")]

    def rank(part: Sequence[Row], setting: str) -> list[list[ScoredTag]]:
        return [[ScoredTag(f"{setting} {entry.tags[0]}", 1.0)] for entry in part]

    found = rank_by_kind(rows, {"articles": "A", "titles": "T"}, rank)
    assert [tags[0].tag for tags in found] == ["T x", "A y", "T z"]
    # A kind that validation did not have gets the other's.
    found = rank_by_kind(rows, {"articles": "A"}, rank)
    assert [tags[0].tag for tags in found] == ["A x", "A y", "A z"]


def test_sample_takes_evenly_from_each_kind() -> None:
    rows = [row("articles", str(n)) for n in range(10)] + [row("titles", "t")]
    taken = sample(rows, 4)
    assert [entry.tags[0] for entry in taken] == ["0", "3", "6", "9", "t"]

"""Accepted corrections become rows: where they go, what they replace, and how they leave again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tagloop.corrections.review.accepted import Accepted
from training.data.articles import ArticleRow, article_id
from training.data.corrections_file import MergedRows
from training.data.corrections_merge import Merged, merge
from training.data.splits import SPLITS

from ..retrain.retrain_parts import correct, new_article

SOURCE = "me/x-corrections"


def item(title: str, text: str, tags: list[str], **more: Any) -> Accepted:
    plain = Accepted(
        correct(title, text, tags),
        tags,
        by="reviewer",
        reviewers=1,
        voters=1,
        decided_at="2026-01-01T00:00:00.000000+00:00",
    )
    return replace(plain, **more)


def row(split: str, number: int, tags: list[str]) -> ArticleRow:
    title, text = new_article(split, number)
    return {
        "id": article_id(title, text),
        "title": title,
        "text": text,
        "tags": tags,
        "source": "blog",
        "url": None,
        "license": None,
        "published": None,
        "origin": "source",
    }


ROWS = {
    split: [row(split, 10 * place + number, ["Bread", "News"]) for number in range(3)]
    for place, split in enumerate(SPLITS)
}


def again(merged: Merged) -> MergedRows:
    """What the next merge reads of this one."""
    return {"rows": merged.corrected, "removed": merged.removed}


def test_a_new_article_goes_where_its_hash_says() -> None:
    items = [item(*new_article(split, 50 + place), ["Bread"]) for place, split in enumerate(SPLITS)]
    merged = merge(ROWS, None, items, SOURCE)
    for one, split in zip(items, SPLITS, strict=True):
        (found,) = [row for row in merged.rows[split] if row["text"] == one.correction.text]
        assert (found["origin"], found["source"], found["tags"]) == (
            "correction",
            SOURCE,
            ["Bread"],
        )
        assert merged.corrected[found["id"]]["corrections"] == [one.correction.id]
    assert ROWS["train"][0]["tags"] == ["Bread", "News"]  # nothing is changed in place


def test_the_same_corrections_give_the_same_rows() -> None:
    items = [item(*new_article("train", 50), ["Bread"]), item(*new_article("test", 51), ["News"])]
    first = merge(ROWS, None, items, SOURCE)
    second = merge(first.rows, again(first), items[::-1], SOURCE)
    assert second.rows == first.rows and second.corrected == first.corrected
    assert second.removed == []


def test_a_near_duplicate_follows_its_article_and_never_straddles() -> None:
    known = ROWS["validation"][0]
    altered = known["text"].rstrip(".") + " and more."
    merged = merge(ROWS, None, [item("Another title", altered, ["Bread"])], SOURCE)
    (row,) = merged.corrected.values()
    assert row["split"] == "validation" and "replaces" not in row


def test_what_would_tie_two_splits_together_is_dropped() -> None:
    words = [f"w{place}" for place in range(246)]
    rows = {split: [row.copy() for row in part] for split, part in ROWS.items()}
    rows["train"][0]["text"] = " ".join(words[:200])
    rows["test"][0]["text"] = " ".join(words[46:])
    middle = " ".join(words[23:223])
    merged = merge(rows, None, [item("Between", middle, ["Bread"])], SOURCE)
    assert list(merged.dropped.values()) == ["near-duplicate of an article in another split"]
    assert not merged.corrected


def test_a_known_article_stays_in_its_split_and_gets_the_reviewed_tags() -> None:
    known = ROWS["train"][1]
    items = [
        item(known["title"], known["text"], ["Rye"]),
        item("", known["text"], ["rye", "bread"], decided_at="2026-02-01"),  # the later counts
    ]
    merged = merge(ROWS, None, items, SOURCE)
    (found,) = [row for row in merged.rows["train"] if row["id"] == known["id"]]
    assert found["tags"] == ["Rye", "Bread"] and found["origin"] == "correction"
    assert found["title"] == known["title"] and found["source"] == "blog"
    assert merged.counts()["replaced"] == 1 and merged.counts()["corrections"] == 2
    # Withdrawn, it is again what it was.
    back = merge(merged.rows, again(merged), [], SOURCE)
    assert back.rows == ROWS
    assert back.removed == sorted(one.correction.id for one in items)
    assert merge(back.rows, again(back), [], SOURCE).removed == back.removed


def test_test_articles_of_the_sources_are_frozen() -> None:
    known = ROWS["test"][0]
    merged = merge(ROWS, None, [item(known["title"], known["text"], ["Rye"])], SOURCE)
    assert merged.rows == ROWS and not merged.corrected and len(merged.frozen) == 1


def test_what_makes_no_article_is_dropped_with_its_reason() -> None:
    items = [item("Short", "Only a few words.", ["Bread"])]
    items.append(replace(item(*new_article("train", 60), ["Bread"]), tags=["!!!"]))
    merged = merge(ROWS, None, items, SOURCE)
    assert sorted(merged.dropped.values()) == ["no tags", "too short"] and merged.rows == ROWS


def test_tags_are_shown_as_the_dataset_shows_them() -> None:
    items = [
        item(*new_article("train", 50), ["BREAD", "iPhone"]),
        item(*new_article("train", 51), ["iPhone"]),
        item(*new_article("train", 52), ["iphone"]),
    ]
    merged = merge(ROWS, None, items, SOURCE)
    shown = sorted(row["tags"] for row in merged.rows["train"][3:])
    assert shown == [["Bread", "iPhone"], ["iPhone"], ["iPhone"]]


def test_a_row_keeps_its_split_whatever_comes_later() -> None:
    known = ROWS["validation"][0]
    follower = item("Another", known["text"].rstrip(".") + " and more.", ["Bread"])
    first = merge(ROWS, None, [follower], SOURCE)
    fewer = dict(first.rows)
    fewer["validation"] = [row for row in fewer["validation"] if row["id"] != known["id"]]
    second = merge(fewer, again(first), [follower], SOURCE)
    assert [row["split"] for row in second.corrected.values()] == ["validation"]

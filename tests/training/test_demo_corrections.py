"""The demo's own corrections: enough for the gate to decide, and not in the starter corpus."""

from __future__ import annotations

from collections import Counter

from tagloop.corrections import Correction
from training.articles import Article, article_id
from training.demo_corrections import ARTICLES, SUBJECT
from training.gate import LEAST_HELD_OUT
from training.merging import LEAST_WORDS
from training.splits import ANY_SPLIT, arrange

from .tiny_models import starter_articles


def test_enough_are_held_out_and_enough_are_learned() -> None:
    own = [
        Article(article_id(title, text), title, text, tuple(tags), "demo", origin="correction")
        for title, text, tags in ARTICLES
    ]
    starter = [
        Article(article_id(row["title"], row["text"]), row["title"], row["text"], (), "starter")
        for row in starter_articles()
    ]
    splits = arrange([*starter, *own], [ANY_SPLIT] * (len(starter) + len(own))).splits
    counts = Counter(splits[index] for index in range(len(starter), len(starter) + len(own)))
    assert counts["validation"] + counts["test"] >= LEAST_HELD_OUT and counts["train"] >= 8


def test_each_is_a_correction_that_teaches_a_new_subject() -> None:
    known = {tag for row in starter_articles() for tag in row["tags"]}
    assert SUBJECT not in known
    for title, text, tags in ARTICLES:
        assert SUBJECT in tags and len(text.split()) >= LEAST_WORDS
        made = Correction.create(
            title=title,
            text=text,
            predicted=[],
            corrected=tags,
            verdict="fixed",
            model_repo="me/x-tagger",
            model_revision=None,
        )
        assert list(made.corrected) == tags

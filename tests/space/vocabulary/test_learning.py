"""What is learned of the parts of a corpus is what is learned of the whole."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from tagloop.vocabulary import abbreviations
from tagloop.vocabulary.abbreviations import Evidence, abbreviation_merges
from tagloop.vocabulary.learning import Learner, Surfaces, canonical_forms, written_forms
from tagloop.vocabulary.vocabulary import Vocabulary

Article = tuple[list[str], str]


def articles(number: int) -> list[Article]:
    rng = random.Random(5)
    made = []
    for at in range(number):
        short, long = rng.choice([("NLP", "Natural Language Processing"), ("ci", "Cover Image")])
        tags = [
            rng.choice([short, long]),
            rng.choice(["Text", "texts"]),
            f"Topic {rng.randrange(9)}",
        ]
        words = " ".join(rng.choices(["parser", "corpus", "grammar", "token", "tree"], k=9))
        said = f"{long} ({short}) is at work. " if short == "NLP" and at % 3 else ""
        made.append((tags, f"{said}{words} {at}"))
    return made


def by_parts(corpus: list[Article], number: int) -> Vocabulary:
    parts = [corpus[at::number] for at in range(number)]
    surfaces = Surfaces()
    for part in parts:
        counted = Surfaces()
        for tags, _ in part:
            counted.add(tags)
        surfaces.add_counts(json.loads(json.dumps(counted.counts)))
    learner = Learner(surfaces)
    candidates, totals = learner.candidates()
    names, given = learner.aliases(), []
    for part in parts:
        evidence = Evidence(candidates, totals)
        for tags, text in part:
            evidence.add(canonical_forms(written_forms(tags), names), text)
        given.append(json.loads(json.dumps(evidence.to_json())))
    evidence = Evidence(candidates, totals)
    evidence.add_parts(lambda: iter(given))
    learner.join(abbreviation_merges(candidates, evidence))
    counts: Counter[str] = Counter()
    for tags, _ in corpus:
        counts.update(canonical_forms(written_forms(tags), learner.aliases()))
    return Vocabulary.of_learner(learner, counts)


@pytest.mark.parametrize("most", [abbreviations.CONTEXT_ARTICLES, 20])
def test_parts_add_up(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(abbreviations, "CONTEXT_ARTICLES", most)
    corpus = articles(200)
    lists, texts = zip(*corpus, strict=True)
    whole = Vocabulary.from_tag_lists(lists, texts=texts)
    assert {"nlp": "natural language processing"}.items() <= whole.aliases.items() or (
        whole.aliases["natural language processing"] == "nlp"
    )
    assert "cover image" not in whole.aliases and "ci" not in whole.aliases
    for number in (1, 3, 7):
        parts = by_parts(corpus, number)
        assert parts.to_json() == whole.to_json() and parts.report() == whole.report()


def test_contexts_of_frequent_tags_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abbreviations, "CONTEXT_ARTICLES", 50)
    candidate = abbreviations.Candidate("nlp", "natural language processing", "initials")
    totals = {"nlp": 1000, "natural language processing": 40}
    forward, backward = Evidence([candidate], totals), Evidence([candidate], totals)
    corpus = [({"nlp"}, f"word{at}") for at in range(1000)]
    corpus += [({"natural language processing"}, f"other{at}") for at in range(40)]
    for tags, text in corpus:
        forward.add(tags, text)
    for tags, text in reversed(corpus):
        backward.add(tags, text)
    contexts = forward.to_json()["contexts"]
    assert contexts == backward.to_json()["contexts"]
    assert contexts["nlp"]["articles"] == 1000 and 30 < len(contexts["nlp"]["words"]) < 75
    assert len(contexts["natural language processing"]["words"]) == 40

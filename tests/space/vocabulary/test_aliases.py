"""Merging learned from the articles: short and long forms, with evidence or not at all."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Sequence

import pytest

from tagloop.vocabulary.abbreviations import stated_meanings
from tagloop.vocabulary.aliases import Overrides, TagMerge
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form

TOPICS = {
    "language": "grammar corpus parser token sentence translation syntax word embedding speech",
    "garden": "tomato soil seeds compost spade watering bees flowers pruning roots",
    "cluster": "container pods deploy node scheduler helm ingress service yaml cloud",
    "web": "browser page button callback script event click style frontend bundle",
}

Entry = tuple[list[str], str]
"""An article's tags and its text."""


def articles(topic: str, tags: Sequence[str], count: int, said: str = "") -> list[Entry]:
    """Makes articles on a topic with a few of its words and of its other tags."""
    rng = random.Random(f"{topic} {tags}")
    words = TOPICS[topic].split()
    made: list[Entry] = []
    for _ in range(count):
        text = " ".join(["The", *rng.choices(words, k=25), said])
        made.append(([*tags, *(f"{word} topic" for word in rng.sample(words, 2))], text))
    return made


def background() -> list[Entry]:
    return [entry for topic in TOPICS for entry in articles(topic, [f"{topic} matters"], 6, "more")]


def learned(*groups: list[Entry], overrides: Overrides | None = None) -> Vocabulary:
    rows = list(itertools.chain(background(), *groups))
    random.Random(4).shuffle(rows)
    return Vocabulary.from_tag_lists(
        [tags for tags, _ in rows], texts=[text for _, text in rows], overrides=overrides
    )


def reasons(vocabulary: Vocabulary) -> dict[str, tuple[str, str]]:
    return {
        merge["form"]: (entry["tag"], merge["reason"])
        for entry in vocabulary.report()
        for merge in entry["merged"]
    }


STATED = "We use natural language processing (NLP) here"


def test_initials_that_the_texts_explain_are_merged() -> None:
    vocabulary = learned(
        articles("language", ["NLP"], 5, "NLP helps"),
        articles("language", ["Natural Language Processing"], 8, STATED),
    )
    assert reasons(vocabulary) == {"nlp": ("Natural Language Processing", "initials")}
    assert vocabulary.canonical("NLP") == "natural language processing"
    assert vocabulary.display("nlp") == "Natural Language Processing"
    assert vocabulary.report() == [
        {
            "tag": "Natural Language Processing",
            "articles": 13,
            "merged": [{"form": "nlp", "articles": 5, "reason": "initials"}],
        }
    ]


def test_an_article_with_both_forms_counts_once() -> None:
    both = articles("language", ["NLP", "Natural Language Processing"], 4, STATED)
    assert learned(both).counts["natural language processing"] == 4


def test_initials_are_merged_where_authors_write_both_and_the_articles_are_alike() -> None:
    vocabulary = learned(
        articles("cluster", ["Pod Helm Node"], 6, "words"),
        articles("cluster", ["PHN"], 5, "PHN"),
        articles("cluster", ["PHN", "Pod Helm Node"], 1, "PHN"),
    )
    assert reasons(vocabulary) == {"phn": ("Pod Helm Node", "initials")}


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        (
            "no text explains them, and no author writes both",
            [
                articles("language", ["NLP"], 5, "NLP"),
                articles("language", ["Natural Language Processing"], 5),
            ],
        ),
        (
            "explained, but the articles have nothing in common",
            [
                articles("garden", ["NLP"], 5, "NLP"),
                articles("language", ["Natural Language Processing"], 5, STATED),
            ],
        ),
        (
            "two meanings are explained",
            [
                articles("language", ["NLP"], 5, "NLP, or new lyric poetry (NLP)"),
                articles("language", ["Natural Language Processing"], 5, STATED),
            ],
        ),
        (
            "an ordinary word of the texts",
            [
                articles("language", ["IT"], 5, "so it is"),
                articles("language", ["Inner Translation"], 9, "inner translation (IT) it is"),
            ],
        ),
        (
            "other initials",
            [
                articles("language", ["NPL"], 5, "NPL"),
                articles("language", ["NPL", "Natural Language Processing"], 5, STATED),
            ],
        ),
        (
            "initials of one word are none",
            [articles("web", ["C"], 5, "C"), articles("web", ["C", "Clicks"], 5, "clicks (C)")],
        ),
        (
            "languages",
            [
                articles("web", [*"CR", "C++", "C#", ".NET", "Net", "RS", "Go", "Goes"], 9, "both"),
                articles("web", ["US", "New", "News", "Golang", "Java", "JavaScript"], 9, "both"),
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_lacks_evidence_is_left_alone(name: str, groups: list[list[Entry]]) -> None:
    assert reasons(learned(*groups)) == {}, name


def test_known_aliases_and_numeronyms_are_merged_where_nothing_speaks_against_it() -> None:
    vocabulary = learned(
        articles("web", ["js"], 3, "js"),
        articles("web", ["JavaScript"], 6, "page"),
        articles("cluster", ["k8s"], 3, "k8s"),
        articles("cluster", ["Kubernetes"], 6, "pods"),
        articles("cluster", ["o11y"], 3),
        articles("cluster", ["Observability"], 6),
    )
    assert reasons(vocabulary) == {
        "js": ("JavaScript", "known alias"),
        "k8s": ("Kubernetes", "known alias"),
        "o11y": ("Observability", "numeronym"),
    }


def test_known_aliases_and_numeronyms_are_left_alone_in_another_sense() -> None:
    vocabulary = learned(
        articles("garden", ["js"], 5, "js"),
        articles("web", ["JavaScript"], 6),
        articles("garden", ["o11y"], 3),
        articles("cluster", ["Observability"], 6),
    )
    assert reasons(vocabulary) == {}


def test_without_texts_only_spellings_and_plurals_are_merged() -> None:
    lists = [["js", "JavaScript", "AI", "Artificial Intelligence", "Parsers", "Parser"]] * 9
    assert set(Vocabulary.from_tag_lists(lists).aliases) == {"parser"}
    assert Vocabulary.from_tag_lists(lists, learn=False).aliases == {}


@pytest.mark.parametrize("pair", ["Panda Pandas", "Python Pythons", "Marine Marines"])
def test_plurals_with_a_meaning_of_their_own_stay(pair: str) -> None:
    vocabulary = Vocabulary.from_tag_lists([pair.split()] * 5)
    assert vocabulary.aliases == {}


def test_a_person_decides_before_the_data() -> None:
    groups = (
        articles("language", ["NLP"], 5, "NLP helps"),
        articles("language", ["Natural Language Processing"], 8, STATED),
        articles("web", ["ecma"], 1),
        articles("web", ["javascript"], 5),
        articles("web", ["Buttons", "Button"], 5),
    )
    overrides = Overrides(
        aliases={"ecma": "javascript", "livescript": "javascript", "deno": "runtime"},
        never=frozenset({("natural language processing", "nlp"), ("button", "buttons")}),
        display={"javascript": "JavaScript", "nlp": "N.L.P.", "runtime": "RunTime", "hal": "HAL"},
    )
    vocabulary = learned(*groups, overrides=overrides)
    assert reasons(vocabulary) == {
        "ecma": ("JavaScript", "override"),
        "livescript": ("JavaScript", "override"),
        "deno": ("RunTime", "override"),
    }
    assert vocabulary.counts["javascript"] == 6
    again = Vocabulary.from_json(vocabulary.to_json())
    for known in (vocabulary, again):
        assert known.display("LiveScript") == "JavaScript"
        assert known.display("nlp") == "N.L.P."
        # Tags that no article carries are shown as the person says, and are no known tags.
        assert known.display("deno") == "RunTime" and known.display("hal") == "HAL"
        assert "hal" not in known and "RunTime" not in known.tags
    assert again.to_json() == vocabulary.to_json()


def test_never_holds_through_a_third_form() -> None:
    lists = [["Neural Net", "NeuralNet", "Neural Nets"]] * 4
    overrides = Overrides(never=frozenset({("neural nets", "neuralnet")}))
    vocabulary = Vocabulary.from_tag_lists(lists, overrides=overrides)
    assert vocabulary.canonical("neural nets") != vocabulary.canonical("neuralnet")
    assert len(vocabulary) == 2


def test_merges_from_elsewhere_name_only_tags_that_are_here() -> None:
    merges = [
        TagMerge("nlp", "natural language processing", "initials"),
        TagMerge("x", "y", "plural"),
    ]
    vocabulary = Vocabulary.from_tag_lists([["Natural Language Processing"]], merges=merges)
    assert vocabulary.display("nlp") == "Natural Language Processing"
    assert vocabulary.aliases == {"nlp": "natural language processing"}


def test_the_order_of_the_articles_changes_nothing() -> None:
    rows = [
        *background(),
        *articles("language", ["NLP"], 5, "NLP helps"),
        *articles("language", ["Natural Language Processing", "Parsers", "Parser"], 8, STATED),
    ]
    contents = []
    for seed in range(4):
        random.Random(seed).shuffle(rows)
        vocabulary = Vocabulary.from_tag_lists(
            [tags for tags, _ in rows], texts=[text for _, text in rows]
        )
        contents.append(vocabulary.to_json())
    assert contents[1:] == contents[:-1]
    assert set(contents[0]["aliases"]) >= {"nlp"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the Internet of Things (IoT) is", {("iot", "internet of things")}),
        ("AI (artificial intelligence) is", {("ai", "artificial intelligence")}),
        ("a k-nearest neighbours (KNN)", {("knn", "k nearest neighbours")}),
        ("Content Management Systems (CMSs)", {("cms", "content management systems")}),
        ("we met (at noon) and left (NASA)", set()),
        ("(AB)", set()),
        ("long " * 50_000 + "( (( (a", set()),
    ],
)
def test_meanings_that_a_text_states(text: str, found: set[tuple[str, str]]) -> None:
    assert stated_meanings(text[-200:]) == found
    assert stated_meanings(text) == found


def test_forms_in_reports_are_normal_forms() -> None:
    vocabulary = Vocabulary.from_tag_lists([["Open Source", "OpenSource", "Open-Sources"]] * 3)
    for merge in vocabulary.report()[0]["merged"]:
        assert normal_form(merge["form"]) == merge["form"] and merge["articles"] == 3


@pytest.mark.parametrize("never", [frozenset(), frozenset({("soup", "stew")})])
def test_ways_to_write_one_tag_take_time_by_their_number(
    never: frozenset[tuple[str, str]],
) -> None:
    letters = "abcdefghijklmnop"

    def seconds(number: int) -> float:
        ways = [
            "".join(c + " " * (way >> place & 1) for place, c in enumerate(letters)).strip()
            for way in range(number)
        ]
        begun = time.process_time()
        vocabulary = Vocabulary.from_tag_lists(
            [[way] for way in ways], overrides=Overrides(never=never)
        )
        assert len(vocabulary) == 1
        return time.process_time() - begun

    # Sixteen times the time if each way is compared with all others.
    few, many = (min(seconds(number) for _ in range(3)) for number in (500, 2_000))
    assert many < 9 * max(few, 0.05)

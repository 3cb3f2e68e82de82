"""Evidence: spans of what stands in the article, else the sentence that the model looked at."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tagloop.generation.evidence import INFERRED, PRESENT, find_spans, most_attended
from tagloop.tagger.tagger import Tagger
from tagloop.text.sentences import split_sentences
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form, occurs_in

from ..article import Article

VOCABULARY = Vocabulary.from_tag_lists([["Startups"], ["Startups"], ["startup"], ["C"], ["C++"]])


@pytest.mark.parametrize(
    ("tag", "text", "found"),
    [
        ("Machine Learning", "machine-learning, Machine\nLearning; machine.", 2),
        ("E-Commerce", "E-commerce and e commerce, not ecommerce", 2),
        ("Startups", "A startup among startups, and Startup-like", 3),
        ("C", "C is not C++ nor C#, nor abc. But C.", 2),
        ("C++", "C is not C++, and c++", 2),
        ("Node.js", "Node.js, node, js and node.js.", 2),
        ("Node", "node.js or node", 1),
        ("js", "node.js or js", 1),
        ("US", "The U.S. and the US", 2),
        ("R&D", "R&D or r & d or R and D", 3),
        ("Mother's Day", "Mother’s Day, mothers day", 2),
        ("NASA", "NASAL", 0),
        ("café", "The Café", 1),
        ("???", "What???", 0),
        ("爬虫", "写爬虫，爬虫", 2),
        ("Python", "我用Python写，CPython", 1),
        ("C语言", "学C语言，ABC语言", 1),
        ("机器学习", "机器学习与机器学习", 2),
        ("दिल", "दिल और दिली", 1),
    ],
)
def test_spans_are_all_places_whatever_the_spelling(tag: str, text: str, found: int) -> None:
    spans = find_spans(tag, text, VOCABULARY)
    assert len(spans) == found
    assert list(spans) == sorted(set(spans))
    for begin, end in spans:
        assert VOCABULARY.canonical(text[begin:end]) == VOCABULARY.canonical(tag)


def test_what_occurs_has_a_span(articles: list[Article]) -> None:
    words = {word for article in articles for word in article["text"].split()[:60]}
    text = articles[0]["text"]
    for word in words:
        if occurs_in(word, text):
            spans = find_spans(word, text, Vocabulary({}, {}, {}))
            assert spans and all(normal_form(text[a:b]) == normal_form(word) for a, b in spans)


def test_sentences_are_ordered_by_the_attention_on_them() -> None:
    text = "One two three four five six. Seven eight nine ten. Eleven."
    sentences = split_sentences(text)
    words = [-1, *(place for place, char in enumerate(f" {text}") if char == " ")]
    spans = [(begin, begin + 1) for begin in words]
    attention = np.array([[0.3] + [0.06] * 6 + [0.085] * 4 + [0.01]] * 2, dtype=np.float32)
    assert most_attended(sentences, spans, attention) == sentences
    attention[0, 8] += 0.5
    assert most_attended(sentences, spans, attention) == [sentences[i] for i in (1, 0, 2)]


def test_of_the_attended_sentences_the_one_that_is_missed_most_is_shown(
    float32_tagger: Tagger,
) -> None:
    text = (
        "It was late. My brother waters the garden and prunes his roses. "
        "Then we went home. It rained a little."
    )
    (inferred,) = float32_tagger.explain("", text, ["Gardening"])
    without = []
    for begin, end in split_sentences(text):
        without.append({"title": "", "text": f"{text[:begin]} {text[end:]}"})
    left = float32_tagger.log_probs(without, ["Gardening"] * len(without))
    assert split_sentences(text)[left.index(min(left))] == inferred.text[0]


def test_tags_bring_their_evidence(ctranslate2_tagger: Tagger) -> None:
    title = "  Why Trains are late "
    text = "\n Some say that the money is spent. The trains in Spain wait for each other."
    tags = ctranslate2_tagger.tag(text, title, evidence=True)
    assert [(tag.tag, tag.confidence) for tag in tags] == [
        (tag.tag, tag.confidence) for tag in ctranslate2_tagger.tag(text, title)
    ]
    assert all(tag.evidence is None for tag in ctranslate2_tagger.tag(text, title))
    assert tags and all(tag.evidence for tag in tags)
    assert "evidence" in json.loads(json.dumps(tags[0].to_json()))
    present, inferred = ctranslate2_tagger.explain(title, text, ["trains", "Public Transport"])
    assert (present.kind, inferred.kind) == (PRESENT, INFERRED)
    assert [title[a:b] for a, b in present.title] == ["Trains"]
    assert [text[a:b] for a, b in present.text] == ["trains"]
    assert inferred.title == () and len(inferred.text) == 1
    begin, end = inferred.text[0]
    assert text[begin:end] in {
        "Some say that the money is spent.",
        "The trains in Spain wait for each other.",
    }
    assert ctranslate2_tagger.explain("Only a title", "", ["Spain"])[0].text == ()
    assert ctranslate2_tagger.explain(title, text, []) == []


@pytest.mark.slow
def test_both_engines_pick_nearly_always_the_same_sentence(
    transformers_tagger: Tagger, float32_tagger: Tagger, articles: list[Article]
) -> None:
    same = total = 0
    for article in articles[:5]:
        tags = ["Productivity", "Machine Learning"]
        one = transformers_tagger.explain(**article, tags=tags)
        other = float32_tagger.explain(**article, tags=tags)
        total += sum(evidence.kind == INFERRED for evidence in one)
        same += sum(a == b for a, b in zip(one, other, strict=True) if a.kind == INFERRED)
    assert total > 5
    assert same >= 0.95 * total


def test_attention_and_scores_are_the_same_on_both_engines(
    transformers_tagger: Tagger, float32_tagger: Tagger, articles: list[Article]
) -> None:
    prompts = [float32_tagger.input_ids(article) for article in articles[:3]]
    tokenizer = float32_tagger.tokenizer
    targets = [tokenizer(tag, add_special_tokens=False).input_ids for tag in ("a b c", "d", "e f")]
    one, other = transformers_tagger.generator, float32_tagger.generator
    for first, second, prompt, target in zip(
        one.attend(prompts, targets), other.attend(prompts, targets), prompts, targets, strict=True
    ):
        assert first.shape == second.shape == (len(target), len(prompt))
        assert first.sum(axis=1) == pytest.approx(np.ones(len(target)), abs=1e-4)
        assert abs(first - second).max() < 1e-3
    for a, b in zip(one.score(prompts, targets), other.score(prompts, targets), strict=True):
        assert a == pytest.approx(b, abs=5e-3)

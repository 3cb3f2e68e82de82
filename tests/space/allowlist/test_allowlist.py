"""Allowed tags: only tags of a list come out, on both engines alike; others are preferred."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagloop.allowlist.allowed_tags import AllowedTags
from tagloop.allowlist.preferences import LEAST_SURE, PREFERRED_ODDS
from tagloop.allowlist.scorer import NEGLIGIBLE, WANTED, AllowlistScorer
from tagloop.errors import UserError
from tagloop.generation.candidates import Generated, ScoredTag
from tagloop.generation.decoding import Decoding
from tagloop.generation.evidence import INFERRED, PRESENT
from tagloop.generation.input_embeddings import InputEmbeddings
from tagloop.generation.token_trie import TokenTrie
from tagloop.tagger.selection import Tag
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form, occurs_in
from training.finetune.ctranslate2_conversion import convert

from ...training.tiny_models import make_tiny_t5
from ..article import Article

SAMPLE = 4
UNSEEN = ["Zeppelin Rides", "Quokka Husbandry"]
ARTICLE: Article = {
    "title": "Bread from your own oven",
    "text": "Flour, water and salt: a baker tells how to bake sourdough bread at home.",
}

SUBJECTS = [
    *("Food", "Food Science", "Food Safety", "Baking", "Bread", "Bread Making", "Cooking"),
    *("Recipes", "Home", "Home Baking", "Health", "Science", "Data Science", "Politics"),
]


@pytest.fixture(scope="module")
def allowed(float32_tagger: Tagger) -> list[str]:
    """Returns 60 tags of the starter corpus as nobody else writes them, and two of no corpus."""
    known = [tag.upper() for tag in float32_tagger.vocabulary.tags[:60]]
    assert not any(tag in float32_tagger.vocabulary for tag in UNSEEN)
    return [*known, *UNSEEN]


@pytest.fixture(scope="module")
def tagged(
    transformers_tagger: Tagger,
    float32_tagger: Tagger,
    articles: list[Article],
    allowed: list[str],
) -> dict[str, list[list[Tag]]]:
    return {
        tagger.engine: tagger.tag_batch(
            articles[:SAMPLE], allowed_tags=allowed, threshold=0.0, max_tags=100
        )
        for tagger in (transformers_tagger, float32_tagger)
    }


@pytest.fixture
def alone(float32_tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tagger]:
    """Yields the tagger with a knowledge of two tags."""
    vocabulary = Vocabulary.from_tag_lists([["JavaScript"], ["JavaScript"], ["Bread"], ["bread"]])
    yield Tagger(
        float32_tagger.generator,
        float32_tagger.tokenizer,
        float32_tagger.settings,
        vocabulary,
        embeddings=float32_tagger.allowlist.embeddings,
    )


class FixedRanker:
    """Is as sure of every tag as it is told, and of other known tags not at all."""

    def __init__(self, chances: Mapping[str, float]) -> None:
        self._chances = chances

    def rank(
        self, generated: Sequence[Generated], required: Mapping[str, str] | None = None
    ) -> list[list[ScoredTag]]:
        names = {form: form for form in self._chances} | dict(required or {})
        scored = [
            ScoredTag(form, name, self._chances.get(form, 0.001)) for form, name in names.items()
        ]
        return [scored for _ in generated]


def names(tags: Sequence[Tag]) -> list[str]:
    return [tag.tag for tag in tags]


@pytest.mark.parametrize("engine", ["transformers", "ctranslate2"])
def test_only_tags_of_the_list_come_out_as_it_writes_them(
    engine: str,
    tagged: dict[str, list[list[Tag]]],
    allowed: list[str],
    articles: list[Article],
) -> None:
    for tags, article in zip(tagged[engine], articles, strict=False):
        assert len(tags) >= WANTED
        assert set(names(tags)) <= set(allowed)
        assert len({normal_form(tag.tag) for tag in tags}) == len(tags)
        assert tags == sorted(tags, key=lambda tag: -tag.confidence)
        for tag in tags:
            assert 0 <= tag.confidence <= 1
            text = f"{article['title']}\n{article['text']}"
            assert tag.present is occurs_in(tag.tag, text)


def test_both_engines_agree(tagged: dict[str, list[list[Tag]]]) -> None:
    pairs = list(zip(tagged["transformers"], tagged["ctranslate2"], strict=True))
    for one, other in pairs:
        assert one[0].tag == other[0].tag
        mine, theirs = ({tag.tag: tag.confidence for tag in tags} for tags in (one, other))
        sure = [tag for tag in {**mine, **theirs} if mine.get(tag, theirs.get(tag, 0)) > 0.02]
        assert {tag: mine.get(tag) for tag in sure} == pytest.approx(
            {tag: theirs.get(tag) for tag in sure}, abs=2e-3
        )


@pytest.mark.parametrize("fixture", ["transformers_tagger", "float32_tagger"])
def test_the_search_finds_the_likeliest_of_all(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    tagger: Tagger = request.getfixturevalue(fixture)
    trie = AllowedTags(SUBJECTS, tagger.tokenizer, tagger.vocabulary, tagger.settings).trie
    prompt = tagger.input_ids(ARTICLE)
    written = tagger.generator.generate([prompt], tagger.settings.max_new_tokens, starts=True)[0]
    assert written.starts is not None
    first = written.starts.log_probs[0][[target[0] for target in trie.targets]]
    found = tagger.generator.likeliest(prompt, trie, first, WANTED, NEGLIGIBLE)
    rows = tagger.generator.score([prompt] * len(trie.targets), [[*t] for t in trie.targets])
    everything = {place: sum(row) for place, row in enumerate(rows)}
    best = sorted(everything, key=lambda place: -everything[place])
    sure = [place for place in best[:WANTED] if everything[place] > NEGLIGIBLE]
    assert len(sure) > 1 and set(sure) <= set(found)
    for place, log_prob in found.items():
        assert log_prob == pytest.approx(everything[place], abs=1e-2)


def test_a_list_that_is_smaller_than_the_search_is_searched_whole(
    transformers_tagger: Tagger, float32_tagger: Tagger
) -> None:
    for tagger in (transformers_tagger, float32_tagger):
        trie = TokenTrie([[*tagger.tokenizer("bread").input_ids[1:-1], 1010]])
        first = np.array([-9.0], dtype=np.float32)
        found = tagger.generator.likeliest(tagger.input_ids(ARTICLE), trie, first, 5, NEGLIGIBLE)
        assert list(found) == [0]


def test_a_tag_that_the_model_writes_freely_keeps_its_confidence(
    ctranslate2_tagger: Tagger, articles: list[Article]
) -> None:
    free = ctranslate2_tagger.tag(**articles[0])
    absent = [tag for tag in free if not tag.present]
    present = [tag for tag in free if tag.present]
    assert absent or present
    listed = ctranslate2_tagger.tag(**articles[0], allowed_tags=names(free), threshold=0.0)
    confidences = {tag.tag: tag.confidence for tag in listed}
    for tag in absent:
        assert confidences[tag.tag] >= tag.confidence - 1e-3
    for tag in present:
        assert confidences[tag.tag] > tag.confidence


def test_other_spellings_are_the_tag_and_stay_as_the_list_has_them(alone: Tagger) -> None:
    text = "How to write a web page with JavaScript: variables, functions and events."
    for spelling in ("javascript", "Java-Script", "JAVASCRIPT", " JavaScript\n"):
        (tag,) = alone.tag(text, "JavaScript for beginners", allowed_tags=[spelling, "zeppelins"])
        assert tag.tag == spelling
        assert tag.confidence > 0.2
        assert alone.tag(text, allowed_tags=[spelling], evidence=True)[0].tag == spelling
    twice = alone.tag(text, allowed_tags=["javascript", "Java Script", "JavaScript"])
    assert names(twice) == ["javascript"]


def test_by_default_a_list_gives_only_tags_that_fit(alone: Tagger) -> None:
    strange = ["Tax Law", "Zeppelin Rides", "Submarines"]
    assert alone.tag(**ARTICLE, allowed_tags=strange[:1]) == []
    assert alone.tag(**ARTICLE, allowed_tags=strange) == []
    assert names(alone.tag(**ARTICLE, allowed_tags=[*strange, "BREAD"])) == ["BREAD"]
    assert len(alone.tag(**ARTICLE, allowed_tags=strange, min_tags=2)) == 2
    assert set(names(alone.tag(**ARTICLE, allowed_tags=strange, threshold=0.0))) == set(strange)
    assert alone.tag(**ARTICLE, allowed_tags=["bread"], max_tags=0) == []
    assert alone.tag("…", allowed_tags=["bread"], min_tags=1) == []
    (bread,) = alone.tag(**ARTICLE, allowed_tags=["bread"])
    assert bread.confidence >= LEAST_SURE
    assert alone.tag(**ARTICLE, allowed_tags=["bread"], threshold=bread.confidence + 0.01) == []


def test_long_lists_have_no_other_answer_for_what_is_strange(ctranslate2_tagger: Tagger) -> None:
    strange = [f"product {number}" for number in range(2000)]
    tags = ctranslate2_tagger.tag(**ARTICLE, allowed_tags=[*strange, "Bread"])
    assert names(tags) == ["Bread"]


def test_unseen_tags_are_guessed_by_presence_and_nearness(
    alone: Tagger, float32_tagger: Tagger
) -> None:
    near, far, there = "Bakeries", "Submarine Warfare", "Sourdough"
    options: dict[str, Any] = {"allowed_tags": [far, near, there], "threshold": 0.0}
    tags = alone.tag(**ARTICLE, **options)
    assert names(tags) == [there, near, far]
    assert tags[0].confidence > 0.5 and tags[0].present
    bare = Tagger(alone.generator, alone.tokenizer, alone.settings, alone.vocabulary)
    without = {tag.tag: tag.confidence for tag in bare.tag(**ARTICLE, **options)}
    assert max(without, key=lambda tag: without[tag]) == there
    # By presence alone those that aren't there have nothing but what the model thinks of them.
    assert without[near] < tags[1].confidence


def test_embeddings_are_those_of_the_model(transformers_tagger: Tagger, model_dir: Path) -> None:
    embeddings = InputEmbeddings(model_dir)
    assert embeddings.available
    matrix = transformers_tagger.generator.model.get_input_embeddings().weight  # type: ignore[attr-defined]
    unit = (matrix / matrix.norm(dim=1, keepdim=True)).detach().numpy()
    text, tags = [3000, 4000, 5000], [[4000], [3000, 7000], [6000]]
    expected = [1.0, (1 + max(unit[text] @ unit[7000])) / 2, max(unit[text] @ unit[6000])]
    assert embeddings.nearness(text, tags) == pytest.approx(expected, abs=1e-3)
    assert len(embeddings.nearness(text, [])) == 0
    assert not InputEmbeddings(model_dir / "ctranslate2").available


def test_with_a_ranker_its_probability_is_the_confidence(alone: Tagger) -> None:
    alone.ranker = FixedRanker({"javascript": 0.61, "bread": 0.3, "cooking": 0.9})
    tags = alone.tag(**ARTICLE, allowed_tags=["bread", "JAVASCRIPT", "Submarines"], threshold=0.0)
    found = {tag.tag: tag.confidence for tag in tags}
    assert list(found)[:2] == ["JAVASCRIPT", "bread"]
    assert found["JAVASCRIPT"] == 0.61 and found["bread"] == 0.3
    assert found["Submarines"] < 0.1  # guessed: the ranker knows nothing of it


def test_preferred_tags_are_only_surer(float32_tagger: Tagger, articles: list[Article]) -> None:
    for article in articles[:SAMPLE]:
        free = float32_tagger.tag(**article, max_tags=100)
        last = free[-1].tag
        tags = float32_tagger.tag(
            **article, max_tags=100, prefer_tags=[last.upper(), "Zeppelin Rides", "???"]
        )
        before = {tag.tag: tag.confidence for tag in free}
        after = {tag.tag: tag.confidence for tag in tags}
        raised = after.pop(last.upper())
        assert after == {tag: value for tag, value in before.items() if tag != last}
        odds = PREFERRED_ODDS * before[last] / (1 - before[last])
        assert raised == pytest.approx(odds / (1 + odds), abs=3e-4)
        assert float32_tagger.tag(**article, max_tags=100, prefer_tags=[]) == free


def test_preferred_tags_pass_the_threshold_and_go_first(alone: Tagger) -> None:
    alone.ranker = FixedRanker({"bread": 0.5, "javascript": 0.4, "cooking": 0.1})
    assert names(alone.tag(**ARTICLE, threshold=0.2)) == ["bread", "javascript"]
    tags = alone.tag(**ARTICLE, threshold=0.2, prefer_tags=["Javascript", "Cooking"])
    assert names(tags) == ["Javascript", "bread", "Cooking"]
    assert [tag.confidence for tag in tags] == pytest.approx([2 / 3, 0.5, 0.25], abs=1e-3)
    beams = alone.tag(**ARTICLE, decoding="beam", prefer_tags=["bread"], max_tags=9)
    assert set(map(normal_form, names(beams))) == set(
        map(normal_form, names(alone.tag(**ARTICLE, decoding="beam", max_tags=9)))
    )


def test_both_lists_together(alone: Tagger) -> None:
    alone.ranker = FixedRanker({"bread": 0.5, "javascript": 0.4})
    lists: dict[str, Any] = {"allowed_tags": ["BREAD", "JS"], "prefer_tags": ["js", "Javascript"]}
    assert names(alone.tag(**ARTICLE, **lists)) == ["BREAD"]
    lists["allowed_tags"] = ["BREAD", "JavaScripT"]
    assert names(alone.tag(**ARTICLE, **lists)) == ["JavaScripT", "BREAD"]
    tags = alone.tag(**ARTICLE, **lists, evidence=True)
    kinds = [tag.evidence.kind for tag in tags if tag.evidence]
    assert kinds == [INFERRED, PRESENT]


def test_tags_that_no_model_could_write_do_no_harm(ctranslate2_tagger: Tagger) -> None:
    odd = ["!!!", "", "word " * 600, "x" * 3000, "日本", "Ὀδυσσεύς", "🎉", "bread, water", "C++"]
    for tagger in (ctranslate2_tagger,):
        tags = tagger.tag(**ARTICLE, allowed_tags=odd, threshold=0.0, max_tags=20, evidence=True)
        assert set(names(tags)) <= set(odd)
        assert not {"!!!", "", "🎉"} & set(names(tags))
        assert all(tag.evidence for tag in tags)
        only = tagger.tag("Über 日本 und 日本", allowed_tags=["日本", "word " * 600])
        assert names(only) == ["日本"]


def test_what_is_no_list_is_said(ctranslate2_tagger: Tagger) -> None:
    tagger = ctranslate2_tagger
    for none in ([], (), ["", "???", "🎉"]):
        with pytest.raises(UserError, match="allowed_tags holds no tag"):
            tagger.tag(**ARTICLE, allowed_tags=none)
    for name in ("allowed_tags", "prefer_tags"):
        with pytest.raises(UserError, match=rf"{name} is a list of tags, not one string"):
            tagger.tag(**ARTICLE, **{name: "bread"})  # type: ignore[arg-type]
        with pytest.raises(UserError, match=rf"{name} holds 7, which is no string"):
            tagger.tag(**ARTICLE, **{name: ["bread", 7]})  # type: ignore[arg-type]
    for mode in ("beam", "sample"):
        with pytest.raises(UserError, match=f"allowed_tags needs decoding='greedy', not '{mode}'"):
            tagger.tag_batch([ARTICLE], allowed_tags=["bread"], decoding=mode)


def test_windows_are_searched_one_by_one(float32_tagger: Tagger) -> None:
    tagger = float32_tagger
    filler = "The committee met again and talked about the agenda of the next meeting. " * 40
    text = f"{filler}\n\n{ARTICLE['text'] * 10}"
    options: dict[str, Any] = {"allowed_tags": SUBJECTS, "threshold": 0.0}
    one = tagger.tag(text, **options)[0]
    two = tagger.tag(text, max_windows=8, **options)[0]
    assert two.confidence > 10 * one.confidence


def test_other_architectures_and_tokenizers_can_have_a_list(tmp_path: Path) -> None:
    folder = make_tiny_t5(tmp_path / "t5")
    vocabulary = Vocabulary.from_tag_lists([["Trains"], ["Bread", "Old Houses"]])
    (folder / "tags.json").write_text(json.dumps(vocabulary.to_json()), encoding="utf-8")
    convert(folder)
    allowed = ["bread", "trains", "old houses", "Zeppelin Rides"]
    found = []
    for engine in ("transformers", "ctranslate2"):
        tagger = Tagger.from_pretrained(folder, engine=engine)
        assert tagger.allowlist.embeddings and tagger.allowlist.embeddings.available
        tags = tagger.tag(**ARTICLE, allowed_tags=allowed, threshold=0.0)
        found.append({tag.tag: tag.confidence for tag in tags})
    assert set(found[0]) == set(allowed)
    assert found[0] == pytest.approx(found[1], abs=2e-3)


def test_a_list_is_made_ready_once(float32_tagger: Tagger) -> None:
    scorer: AllowlistScorer = float32_tagger.allowlist
    tags = ["Bread", "Water"]
    how = Decoding()
    assert (
        scorer.preferences(tags, None, how).allowed
        is scorer.preferences(list(tags), None, how).allowed
    )


def test_a_tag_stands_in_an_article_in_any_script(transformers_tagger: Tagger) -> None:
    tagger = transformers_tagger
    listed = AllowedTags(
        ["机器学习", "Bread", "历史"], tagger.tokenizer, tagger.vocabulary, tagger.settings
    )
    assert listed.standing_in("我喜欢机器学习的文章 and bread").tolist() == [True, True, False]

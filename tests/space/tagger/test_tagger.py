"""Tagger: two engines with one answer, and what a person may expect of its tags."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from huggingface_hub import HfApi

from tagloop.errors import UserError
from tagloop.generation.engine import Engine
from tagloop.generation.outputs import Output
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tag, Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form, occurs_in
from training.finetune.preprocess import decoding_defaults
from training.hub import EmbeddedHub

from ..article import Article

ARTICLES = 40
SURE = 0.15
"""Below it the base, which has not learned these subjects, guesses: rounding decides there."""
LONG_ARTICLE: Article = {"title": "On and on", "text": "Trains, tickets and timetables. " * 400}


@pytest.fixture(scope="module")
def tagged(
    transformers_tagger: Tagger,
    float32_tagger: Tagger,
    ctranslate2_tagger: Tagger,
    articles: list[Article],
) -> dict[str, list[list[Tag]]]:
    """Returns the tags of all articles: both engines', and CTranslate2's in int8."""
    return {
        "transformers": transformers_tagger.tag_batch(articles),
        "float32": float32_tagger.tag_batch(articles),
        "ctranslate2": ctranslate2_tagger.tag_batch(articles),
    }


def names(tags: list[Tag]) -> list[str]:
    return [tag.tag for tag in tags]


def test_both_engines_give_the_same_tags(tagged: dict[str, list[list[Tag]]]) -> None:
    for one, other in zip(tagged["transformers"], tagged["float32"], strict=True):
        assert names(one) == names(other)
        assert [tag.confidence for tag in one] == pytest.approx(
            [tag.confidence for tag in other], abs=2e-3
        )


def test_int8_changes_few_tags(tagged: dict[str, list[list[Tag]]]) -> None:
    shared = total = 0
    for one, other in zip(tagged["transformers"], tagged["ctranslate2"], strict=True):
        both = set(names(one)) & set(names(other))
        sure = {tag.tag for tag in [*one, *other] if tag.confidence >= SURE}
        shared += len(sure & both)
        total += len(sure)
    assert total >= ARTICLES // 2
    assert shared / total > 0.85


def test_int8_is_about_as_sure_of_the_tags_that_it_shares(
    tagged: dict[str, list[list[Tag]]],
) -> None:
    differences = []
    for one, other in zip(tagged["transformers"], tagged["ctranslate2"], strict=True):
        if one and other and one[0].tag == other[0].tag:  # the first depends on no other tag
            differences.append(abs(one[0].confidence - other[0].confidence))
    assert len(differences) > ARTICLES // 3
    assert sum(differences) / len(differences) < 0.05


@pytest.mark.parametrize("engine", ["transformers", "ctranslate2"])
def test_tags_are_few_sure_different_and_placed(
    engine: str, tagged: dict[str, list[list[Tag]]], articles: list[Article]
) -> None:
    assert sum(map(len, tagged[engine])) > ARTICLES  # more than one on average
    for tags, article in zip(tagged[engine], articles, strict=True):
        assert 1 <= len(tags) <= 5
        forms = [normal_form(tag.tag) for tag in tags]
        assert all(forms) and len(set(forms)) == len(forms)
        assert tags == sorted(tags, key=lambda tag: -tag.confidence)
        for tag in tags:
            assert 0 <= tag.confidence <= 1
            text = f"{article['title']}\n{article['text']}"
            assert tag.present is occurs_in(tag.tag, text)


def test_known_tags_have_their_display_form(
    tagged: dict[str, list[list[Tag]]], ctranslate2_tagger: Tagger
) -> None:
    vocabulary = ctranslate2_tagger.vocabulary
    known = [tag.tag for tags in tagged["ctranslate2"] for tag in tags if tag.tag in vocabulary]
    assert known
    assert set(known) <= set(vocabulary.tags)


@pytest.mark.parametrize("fixture", ["transformers_tagger", "float32_tagger"])
def test_a_batch_is_its_articles_one_by_one_in_order(
    fixture: str, articles: list[Article], request: pytest.FixtureRequest
) -> None:
    tagger: Tagger = request.getfixturevalue(fixture)
    empty: Article = {"title": "", "text": ""}
    chosen = [articles[3], empty, LONG_ARTICLE, *articles[:4], articles[3]]
    done: list[int] = []
    together = tagger.tag_batch(chosen, batch_size=3, progress=done.append)
    assert sum(done) == len(chosen) and len(done) == 3
    alone = [tagger.tag(article["text"], article["title"]) for article in chosen]
    assert list(map(names, together)) == list(map(names, alone))
    for one, other in zip(together, alone, strict=True):
        assert [tag.confidence for tag in one] == pytest.approx(
            [tag.confidence for tag in other], abs=5e-3
        )
    assert names(together[0]) == names(together[-1])


def test_max_tags_and_threshold(float32_tagger: Tagger, articles: list[Article]) -> None:
    everything = float32_tagger.tag_batch(articles[:6], max_tags=100)
    assert max(map(len, everything)) > 1
    for article, tags in zip(articles[:6], everything, strict=True):
        for count in (0, 1, 2):
            few = float32_tagger.tag(article["text"], article["title"], max_tags=count)
            assert names(few) == names(tags)[:count]
        least = sorted(tag.confidence for tag in tags)[len(tags) // 2]
        sure = float32_tagger.tag(article["text"], article["title"], max_tags=100, threshold=least)
        assert names(sure) == [tag.tag for tag in tags if tag.confidence >= least]
    assert float32_tagger.tag(**articles[0], threshold=1.01) == []


def test_the_default_answer_has_min_tags_even_below_the_threshold(
    float32_tagger: Tagger, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = float32_tagger.tag_batch(articles, max_tags=100)
    unsure = replace(float32_tagger.settings, threshold=0.99)
    monkeypatch.setattr(float32_tagger, "settings", unsure)
    default = float32_tagger.tag_batch(articles)
    assert sum(map(len, default)) > ARTICLES
    for tags, most in zip(default, everything, strict=True):
        assert min(3, len(most)) <= len(tags) <= 5
        assert names(tags) == names(most)[: len(tags)]
    assert len(float32_tagger.tag(**articles[0], max_tags=1)) == 1


@pytest.mark.parametrize("text", ["", "   \n", "…", "🎉 !!!", "\u200b"], ids=ascii)
def test_an_article_without_a_word_has_no_tags(text: str, ctranslate2_tagger: Tagger) -> None:
    assert ctranslate2_tagger.tag(text, text) == []
    assert ctranslate2_tagger.tag_batch([]) == []
    assert ctranslate2_tagger.tag_batch([{"title": None, "text": None}, {}]) == [[], []]


def test_a_title_alone_is_enough(ctranslate2_tagger: Tagger) -> None:
    assert ctranslate2_tagger.tag("", "How I learned Python in a summer")


@pytest.mark.parametrize("title", ["{text}", "{title} {0} {", "[SEP] [CLS] </s>", "%s \\1"])
def test_a_hostile_title_is_only_text(title: str, ctranslate2_tagger: Tagger) -> None:
    assert ctranslate2_tagger.settings.prompt(title, "body").count("body") == 1
    assert isinstance(ctranslate2_tagger.tag("A text about trains.", title), list)


def test_plain_generate_writes_what_the_taggers_write(
    transformers_tagger: Tagger,
    float32_tagger: Tagger,
    model_dir: Path,
    articles: list[Article],
) -> None:
    """The pushed generation_config.json alone makes ``model.generate(**inputs)`` right."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    model = AutoModelForSeq2SeqLM.from_pretrained(model_dir, dtype=torch.float32)
    settings = transformers_tagger.settings
    prompts, plain = [], []
    for article in articles[::2]:
        prompt = settings.prompt(article["title"], article["text"])
        limit = settings.max_input_tokens
        inputs = tokenizer(prompt, truncation=True, max_length=limit, return_tensors="pt")
        prompts.append(inputs["input_ids"][0].tolist())
        plain.append(tokenizer.decode(model.generate(**inputs)[0], skip_special_tokens=True))
    for tagger in (transformers_tagger, float32_tagger):
        outputs = tagger.generator.generate(prompts, settings.max_new_tokens)
        assert [tokenizer.decode(written.ids) for written in outputs] == plain
        for written in outputs:
            assert written.finished and len(written.ids) == len(written.log_probs)
            assert all(value <= 1e-6 for value in written.log_probs)


@pytest.mark.parametrize("engine", ["transformers", "ctranslate2"])
def test_beams_of_the_generation_config_are_not_for_tagging(
    engine: str, model_dir: Path, articles: list[Article], tmp_path: Path
) -> None:
    folder = shutil.copytree(model_dir, tmp_path / "model")
    outputs = []
    for beams in (1, 4):
        path = folder / "generation_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"num_beams": beams}))
        tagger = Tagger.from_pretrained(folder, engine=engine)
        outputs += tagger.generator.generate([tagger.input_ids(articles[0])], 6)
    assert outputs[0].ids == outputs[1].ids
    assert outputs[0].log_probs == pytest.approx(outputs[1].log_probs, abs=1e-4)


@pytest.mark.parametrize("limit", [3, 6])
def test_the_length_limit_cuts_both_engines_alike(
    limit: int,
    transformers_tagger: Tagger,
    float32_tagger: Tagger,
    articles: list[Article],
) -> None:
    prompts = [transformers_tagger.input_ids(article) for article in articles[:12]]
    one = transformers_tagger.generator.generate(prompts, limit, starts=True)
    other = float32_tagger.generator.generate(prompts, limit, starts=True)
    assert [written.ids for written in one] == [written.ids for written in other]
    assert not all(written.finished for written in one)
    assert [written.finished for written in one] == [written.finished for written in other]
    for first, second in zip(one, other, strict=True):
        assert first.starts is not None and second.starts is not None
        assert first.starts.places == second.starts.places
        difference = abs(first.starts.log_probs - second.starts.log_probs)
        # Only transformers penalizes the start token, which nobody writes.
        difference[:, transformers_tagger.tokenizer.bos_token_id] = 0
        assert difference.max() < 5e-3


class Recorded:
    """An engine that writes what it is told, token by token."""

    name = "recorded"
    workers = 1

    def __init__(self, tokenizer: Any, text: str, log_probs: list[float] | None = None) -> None:
        self.ids = tokenizer(text, add_special_tokens=False).input_ids
        self.log_probs = log_probs or [0.0] * len(self.ids)  # equally sure: in their order

    def generate(
        self, input_ids: list[list[int]], max_new_tokens: int, *, starts: bool = False
    ) -> list[Output]:
        return [Output(self.ids, self.log_probs) for _ in input_ids]


def recorded(tokenizer: Any, text: str, vocabulary: Vocabulary | None = None) -> Tagger:
    settings = TaggingSettings(max_input_tokens=64, max_tags=10)
    engine = cast("Engine", Recorded(tokenizer, text))
    return Tagger(engine, tokenizer, settings, vocabulary or Vocabulary({}, {}, {}))


@pytest.fixture(scope="module")
def sentence_pieces(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoTokenizer

    from ...training.tiny_models import make_tiny_t5

    return AutoTokenizer.from_pretrained(make_tiny_t5(tmp_path_factory.mktemp("t5") / "tiny-t5"))


def test_sentence_pieces_are_cut_at_the_separator(sentence_pieces: Any) -> None:
    text = "Machine Learning, NASA, machine-learning, , Python, Machine Learning"
    pieces = sentence_pieces.convert_ids_to_tokens(sentence_pieces(text).input_ids)
    assert any("," in piece for piece in pieces)
    tags = recorded(sentence_pieces, text).tag("Python at NASA")
    assert names(tags) == ["Machine Learning", "NASA", "Python"]
    assert [tag.present for tag in tags] == [False, True, True]


def test_word_pieces_are_cut_at_the_separator(ctranslate2_tagger: Tagger) -> None:
    vocabulary = Vocabulary.from_tag_lists([["C++", "E-Commerce", "NASA", "Node.js"]])
    written = "c++, e-commerce, nasa, NASA, node.js, u.s."
    tagger = recorded(ctranslate2_tagger.tokenizer, written, vocabulary)
    tags = names(tagger.tag("The U.S. and its shops"))
    assert tags == ["C++", "E-Commerce", "NASA", "Node.js", "U.S."]


def test_an_unknown_option_is_refused(ctranslate2_tagger: Tagger) -> None:
    with pytest.raises(TypeError, match="A tagger has no option 'max_tag'; it has max_tags,"):
        ctranslate2_tagger.tag("Trains", max_tag=3)  # type: ignore[call-arg]


def test_confidence_is_the_probability_of_the_tags_own_tokens(ctranslate2_tagger: Tagger) -> None:
    tokenizer = ctranslate2_tagger.tokenizer
    tagger = recorded(tokenizer, "python, data")
    engine = Recorded(tokenizer, "python, data", [-0.5, -3.0, -0.25])
    tagger.generator = cast("Engine", engine)
    assert [tag.confidence for tag in tagger.tag("x")] == pytest.approx([0.7788, 0.6065], abs=1e-4)


@pytest.fixture(scope="module")
def hub_model(hub: EmbeddedHub, hub_namespace: str, model_dir: Path) -> Iterator[tuple[str, str]]:
    """Yields a model repo's id and its first commit; a second commit changes the default."""
    api = HfApi()
    repo_id = f"{hub_namespace}/tagger-under-test"
    api.create_repo(repo_id)
    first = api.upload_folder(repo_id=repo_id, folder_path=model_dir).oid
    changed = TaggingSettings.load(model_dir).to_json() | {"max_tags": 1}
    api.upload_file(
        repo_id=repo_id,
        path_in_repo="tagging.json",
        path_or_fileobj=json.dumps(changed).encode(),
    )
    yield repo_id, first
    api.delete_repo(repo_id)


def test_a_model_of_the_hub_at_its_current_commit_and_at_a_revision(
    hub_model: tuple[str, str], ctranslate2_tagger: Tagger, articles: list[Article]
) -> None:
    repo_id, first = hub_model
    current = Tagger.from_pretrained(repo_id, threads=1)
    assert current.model_repo == repo_id
    assert current.model_revision == HfApi().model_info(repo_id).sha != first
    assert current.engine == "ctranslate2"
    assert current.settings.max_tags == 1
    old = Tagger.from_pretrained(repo_id, revision=first, threads=1)
    assert (old.model_revision, old.settings.max_tags) == (first, 5)
    assert old.tag(**articles[0]) == ctranslate2_tagger.tag(**articles[0])
    assert names(current.tag(**articles[0])) == names(old.tag(**articles[0]))[:1]
    with pytest.raises(UserError, match=rf"The model {repo_id} has no revision v9\.9\.9\."):
        Tagger.from_pretrained(repo_id, revision="v9.9.9")


def test_a_model_that_is_nowhere(hub: EmbeddedHub) -> None:
    for name in ("nobody/nothing", "not a name!"):
        with pytest.raises(UserError, match=f"No model '{name}': neither a folder here nor") as at:
            Tagger.from_pretrained(name)
        assert os.environ["HF_TOKEN"] not in str(at.value)


def test_what_cannot_be_loaded_is_said_in_a_sentence(model_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No engine is called 'onnx': take auto, ctranslate2 or"):
        Tagger.from_pretrained(model_dir, engine="onnx")
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(UserError, match="no tokenizer can be loaded from it"):
        Tagger.from_pretrained(bare)
    plain = shutil.copytree(model_dir, tmp_path / "plain")
    shutil.rmtree(plain / "ctranslate2")
    with pytest.raises(UserError, match=r"plain has no ctranslate2/model\.bin: publish the model"):
        Tagger.from_pretrained(plain, engine="ctranslate2")
    assert Tagger.from_pretrained(plain).engine == "transformers"
    (plain / "tags.json").write_text('{"tags": [{}]}')
    with pytest.raises(UserError, match=r"tags\.json: not a valid vocabulary"):
        Tagger.from_pretrained(plain)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "not a valid tagging.json"),
        ("[1]", "not a valid tagging.json"),
        ('{"prompt_template": "Tags!"}', r"prompt_template needs \{text\}"),
        ('{"prompt_template": 3}', "not a valid tagging.json"),
    ],
)
def test_a_broken_tagging_json_is_named(content: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "tagging.json").write_text(content)
    with pytest.raises(UserError, match=rf"tagging\.json: {complaint}"):
        TaggingSettings.load(tmp_path)


def test_tagging_json_round_trip_and_defaults(tmp_path: Path) -> None:
    assert TaggingSettings.load(tmp_path) == TaggingSettings()
    settings = TaggingSettings("Tags of {text}:", "; ", 99, 9, 3, 0.25, "me/base", {"repo_id": "x"})
    settings.save(tmp_path)
    assert TaggingSettings.load(tmp_path) == settings
    unknown = settings.to_json() | {"from_the_future": 1}
    (tmp_path / "tagging.json").write_text(json.dumps(unknown))
    assert TaggingSettings.load(tmp_path) == settings


def test_decoding_defaults_are_plain_greedy() -> None:
    from transformers import GenerationConfig

    config = decoding_defaults(GenerationConfig(num_beams=4, max_length=99), TaggingSettings())
    assert (config.num_beams, config.do_sample) == (1, False)
    # The decoder's start token is one of max_length's.
    assert (config.max_new_tokens, config.max_length) == (None, 49)

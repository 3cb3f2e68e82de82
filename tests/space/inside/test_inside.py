"""The numbers behind the pictures: equal to what torch, numpy and the tokenizer say."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import HfApi
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    T5Config,
    T5ForConditionalGeneration,
)

from tagloop.errors import UserError
from tagloop.generation.outputs import separator_ids
from tagloop.generation.settings import TaggingSettings
from tagloop.inside.attention import attention_of
from tagloop.inside.before import tag_before
from tagloop.inside.linear import work_out
from tagloop.inside.parameters import count_parameters
from tagloop.inside.pieces import read_pieces
from tagloop.inside.steps import END, steps_by_tag
from tagloop.inside.view import SHOWN_PIECES, first_letters, folder_of, look_inside
from tagloop.inside.weights import Weights
from tagloop.tagger.tagger import Tagger
from training.finetune.ctranslate2_conversion import convert
from training.hub import EmbeddedHub

from ...training.tiny_models import make_tiny_bart, make_tiny_t5
from ..article import Article

TITLE = "A chatbot for the bank"
TEXT = "Customers of a bank ask chatbots about mortgages.\n\nMachine learning finds the answers."


@pytest.fixture(scope="module")
def folders(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Returns a folder of each kind of model that the project publishes."""
    root = tmp_path_factory.mktemp("inside")
    tied = root / "tied"
    T5ForConditionalGeneration(
        T5Config(vocab_size=64, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    ).save_pretrained(tied)
    found = {
        "base": model_dir,
        "bart": make_tiny_bart(root / "bart"),
        "t5": make_tiny_t5(root / "t5"),
        "tied": tied,
    }
    TaggingSettings(max_new_tokens=16).save(found["t5"])
    convert(found["t5"])
    return found


@pytest.fixture(scope="module")
def t5_tagger(folders: dict[str, Path]) -> Tagger:
    return Tagger.from_pretrained(folders["t5"], engine="ctranslate2", threads=1)


def opened(folder: Path) -> Weights:
    weights = Weights.open(folder)
    assert weights is not None
    return weights


@pytest.mark.parametrize("name", ["base", "bart", "t5", "tied"])
def test_parts_count_what_transformers_counts(folders: dict[str, Path], name: str) -> None:
    parts = count_parameters(opened(folders[name]))
    model = AutoModelForSeq2SeqLM.from_pretrained(folders[name])
    assert sum(part.total for part in parts) == model.num_parameters()
    linear = [
        module
        for module in model.modules()
        if isinstance(module, torch.nn.Linear)
        and module.weight is not model.get_input_embeddings().weight
    ]
    assert sum(part.matrices for part in parts) == len(linear)
    assert sum(part.biases for part in parts) == sum(module.bias is not None for module in linear)
    layers = [part.name for part in parts if "layer" in part.name]
    sides = ("encoder", "decoder")
    counts = [
        len(
            getattr(
                model.get_encoder() if s == "encoder" else model.get_decoder(),
                "layers" if name in ("base", "bart") else "block",
            )
        )
        for s in sides
    ]
    assert layers == [
        f"{side.capitalize()} layer {number + 1}"
        for side, count in zip(sides, counts, strict=True)
        for number in range(count)
    ]


def test_attention_and_feed_forward_of_one_layer(folders: dict[str, Path]) -> None:
    parts = {part.name: part for part in count_parameters(opened(folders["base"]))}
    model = AutoModelForSeq2SeqLM.from_pretrained(folders["base"])
    layer = model.get_decoder().layers[1]
    attention = [*layer.self_attn.parameters(), *layer.encoder_attn.parameters()]
    feed_forward = [*layer.fc1.parameters(), *layer.fc2.parameters()]
    part = parts["Decoder layer 2"]
    assert part.attention == sum(one.numel() for one in attention)
    assert part.feed_forward == sum(one.numel() for one in feed_forward)
    assert part.total == sum(one.numel() for one in layer.parameters())
    assert part.matrices == 10  # four, four and two


@pytest.mark.parametrize("name", ["base", "t5"])
def test_ids_and_rows_are_the_tokenizers_and_the_models(
    folders: dict[str, Path], name: str
) -> None:
    folder = folders[name]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    settings = TaggingSettings.load(folder)
    reading = read_pieces(tokenizer, settings, TITLE, TEXT)
    assert reading.ids == tokenizer(settings.prompt(TITLE, TEXT)).input_ids
    assert [piece.token for piece in reading.pieces] == tokenizer.convert_ids_to_tokens(reading.ids)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32)
    weights = opened(folder)
    assert weights.embeddings is not None
    rows = weights.rows(weights.embeddings, reading.ids)
    expected = model.get_input_embeddings().weight[reading.ids].detach().numpy()
    assert np.array_equal(rows, expected)


def test_weights_in_several_files_are_the_same(folders: dict[str, Path], tmp_path: Path) -> None:
    whole = opened(folders["t5"])
    model = AutoModelForSeq2SeqLM.from_pretrained(folders["t5"])
    model.save_pretrained(tmp_path, max_shard_size="100KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    cut = opened(tmp_path)
    assert sorted(map(repr, count_parameters(cut))) == sorted(map(repr, count_parameters(whole)))
    assert np.array_equal(cut.rows("shared.weight", [5, 7]), whole.rows("shared.weight", [5, 7]))


def test_weights_that_are_none(tmp_path: Path) -> None:
    assert Weights.open(tmp_path) is None
    (tmp_path / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(UserError, match="cannot be read"):
        Weights.open(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    index = {"weight_map": {"a": "../../elsewhere.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match="cannot be read"):
        Weights.open(tmp_path)


@pytest.mark.parametrize("name", ["base", "bart", "t5"])
def test_the_worked_sum_is_the_models_own(folders: dict[str, Path], name: str) -> None:
    folder = folders[name]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(f"{TITLE}\n{TEXT}").input_ids
    worked = work_out(opened(folder), ids, 3)
    assert worked is not None and worked.place == 3
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()
    encoder = model.get_encoder()
    first = (
        encoder.block[0].layer[0].SelfAttention.q
        if name == "t5"
        else (encoder.layers[0].self_attn.q_proj)
    )
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    first.register_forward_hook(lambda _, given, out: seen.append((given[0], out)))
    with torch.no_grad():
        encoder(torch.tensor([ids]))
    given, out = (tensor.reshape(len(ids), -1).numpy() for tensor in seen[0])
    assert np.allclose(worked.x, given[3], atol=1e-5)
    assert worked.total == pytest.approx(float(out[3, worked.row]), abs=1e-4)
    assert abs(out[3]).argmax() == worked.row
    expected = float(np.dot(worked.a, worked.x)) + (worked.b or 0.0)
    assert worked.total == pytest.approx(expected, abs=1e-4)
    assert (worked.b is None) == (name == "t5")


def test_words_are_whole_in_every_script(folders: dict[str, Path]) -> None:
    for name in ("base", "t5"):
        tokenizer = AutoTokenizer.from_pretrained(folders[name])
        text = "Unforgettable chatbots aren't 银行业 — 100%."
        reading = read_pieces(tokenizer, TaggingSettings(prompt_template="{text}"), "", text)
        words = [text[word.begin : word.end] for word in reading.words()]
        assert words[:2] == ["Unforgettable", "chatbots"], name
        assert not any(" " in word for word in words), name
        assert words.count("银行业") <= 1 and "%" in words[-2] + words[-1], name
        placed = [piece for piece in reading.pieces if piece.begin < piece.end]
        assert sum(word.last - word.first for word in reading.words()) == len(placed), name


def test_both_engines_tell_the_same_steps(
    float32_tagger: Tagger, transformers_tagger: Tagger, articles: list[Article]
) -> None:
    settings = float32_tagger.settings
    for article in articles[:4]:
        reading = read_pieces(transformers_tagger.tokenizer, settings, **article)
        both = [
            t.generator.steps(reading.ids, 16, 5) for t in (float32_tagger, transformers_tagger)
        ]
        for fast, reference in zip(*both, strict=True):
            assert fast.ids[0] == reference.ids[0]
            assert fast.log_probs == pytest.approx(reference.log_probs, abs=2e-3)
            assert np.abs(fast.attention - reference.attention).max() < 2e-3
            assert fast.attention.shape == (len(reading.ids),)


@pytest.mark.parametrize("engine", ["ctranslate2", "transformers"])
def test_steps_are_those_of_the_output(
    ctranslate2_tagger: Tagger, transformers_tagger: Tagger, engine: str
) -> None:
    tagger = ctranslate2_tagger if engine == "ctranslate2" else transformers_tagger
    reading = read_pieces(tagger.tokenizer, tagger.settings, TITLE, TEXT)
    written = tagger.generator.generate([reading.ids], 24)[0]
    steps = tagger.generator.steps(reading.ids, 24, 5)
    assert len(steps) == len(written.ids) + written.finished
    assert [step.ids[0] for step in steps][: len(written.ids)] == written.ids
    chosen = [step.log_probs[0] for step in steps][: len(written.ids)]
    assert chosen == pytest.approx(written.log_probs, abs=1e-4)
    if written.finished:
        assert steps[-1].ids[0] == tagger.tokenizer.eos_token_id
    for step in steps:
        chances = [math.exp(log_prob) for log_prob in step.log_probs]
        assert len(set(step.ids)) == len(step.ids) == 5
        assert sum(chances) <= 1 + 1e-5 and max(chances) == chances[0]
        assert chances == sorted(chances, reverse=True)
        assert float(step.attention.sum()) == pytest.approx(1, abs=1e-3)
    looked = tagger.generator.attend([reading.ids], [written.ids], all_heads=True)[0]
    seen = np.stack([step.attention for step in steps[: len(written.ids)]])
    assert np.abs(looked - seen).max() < 1e-3


def test_steps_by_tag_are_the_tags_in_their_order(ctranslate2_tagger: Tagger) -> None:
    tagger = ctranslate2_tagger
    reading = read_pieces(tagger.tokenizer, tagger.settings, TITLE, TEXT)
    steps = tagger.generator.steps(reading.ids, 24, 3)
    marks = separator_ids(tagger.tokenizer, tagger.settings.separator)
    by_tag = steps_by_tag(steps, tagger.tokenizer, marks, tagger.vocabulary, f"{TITLE}\n{TEXT}")
    assert sum(len(of.steps) for of in by_tag) == len(steps)
    written = tagger.tag(TEXT, TITLE, threshold=0.0, max_tags=30)
    forms = [of.display for of in by_tag if of.form]
    assert {tag.tag for tag in written} <= set(forms)
    for of in by_tag:
        ids = [steps[at].ids[0] for at in of.places]
        assert not marks & set(ids)
        if of.form:
            assert tagger.tokenizer.decode(ids).replace(" ", "").casefold() == (
                of.display.replace(" ", "").casefold()
            )
    kinds = [step.kind for of in by_tag for step in of.steps]
    assert END not in kinds[:-1]


def test_each_tag_has_its_attention(ctranslate2_tagger: Tagger) -> None:
    tagger = ctranslate2_tagger
    engine = tagger.generator
    reading = read_pieces(tagger.tokenizer, tagger.settings, TITLE, TEXT)
    steps = engine.steps(reading.ids, 24, 3)
    marks = separator_ids(tagger.tokenizer, tagger.settings.separator)
    by_tag = steps_by_tag(steps, tagger.tokenizer, marks, tagger.vocabulary, TEXT)
    first = next(of for of in by_tag if of.form)
    targets = {
        first.display: [steps[at].ids[0] for at in first.places],
        "sourdough": tagger.tokenizer("sourdough", add_special_tokens=False).input_ids,
    }
    words = reading.words()
    attention = attention_of(engine, reading.ids, words, targets, steps, by_tag)
    assert [(one.tag, one.generated) for one in attention] == [
        (first.display, True),
        ("sourdough", False),
    ]
    for one in attention:
        assert one.weights.shape == (len(words),)
        assert float(one.weights.sum()) + one.elsewhere == pytest.approx(1, abs=1e-3)
    targeted = [targets["sourdough"]]
    forced = engine.attend([reading.ids], targeted, all_heads=True)[0].mean(axis=0)
    at = words[1]
    assert attention[1].weights[1] == pytest.approx(
        float(forced[at.first : at.last].sum()), abs=1e-5
    )


def test_a_whole_view_of_each_kind(
    ctranslate2_tagger: Tagger, transformers_tagger: Tagger, t5_tagger: Tagger
) -> None:
    for tagger in (ctranslate2_tagger, transformers_tagger, t5_tagger):
        view = look_inside(tagger, TITLE, TEXT)
        assert view.rows is not None and len(view.rows) == min(
            len(view.article.pieces), SHOWN_PIECES
        )
        assert view.parameters and view.worked is not None and view.steps and not view.problem
        assert [one.tag for one in view.attention] == [tag.tag for tag in view.tags]
        assert view.worked.place == first_letters(view.article)


def test_a_model_without_weights_says_so(folders: dict[str, Path], tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("*.safetensors")
    folder = shutil.copytree(folders["t5"], tmp_path / "bare", ignore=ignored)
    view = look_inside(Tagger.from_pretrained(folder, threads=1), TITLE, TEXT)
    assert view.rows is None and view.parameters == [] and view.worked is None
    assert "no model.safetensors" in view.problem
    assert view.steps


def test_a_model_of_the_hub_is_seen_through_too(
    hub: EmbeddedHub, hub_namespace: str, folders: dict[str, Path]
) -> None:
    api, repo = HfApi(), f"{hub_namespace}/seen-through"
    api.create_repo(repo)
    api.upload_folder(repo_id=repo, folder_path=folders["t5"])
    api.upload_file(repo_id=repo, path_in_repo="chart.png", path_or_fileobj=b"not needed")
    tagger = Tagger.from_pretrained(repo, threads=1)
    view = look_inside(tagger, TITLE, TEXT)
    assert view.problem == "" and view.parameters and view.rows is not None
    assert folder_of(tagger).name == tagger.model_revision
    assert tag_before(tagger, TITLE, TEXT, []) is None  # it has no base beside it

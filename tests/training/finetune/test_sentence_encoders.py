"""Other sentence encoders for the neighbours: which can be taken, and what they make of texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict
from tokenizers import BertWordPieceTokenizer
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    BertTokenizer,
)

from tagloop.errors import UserError
from tagloop.files import NEIGHBOURS, RANKING, TAGS
from tagloop.generation.settings import TaggingSettings
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.tagger import Tagger
from training.config import TrainConfig
from training.data.corpus import Corpus
from training.finetune import ctranslate2_conversion, train
from training.finetune.adaptation import AdaptConfig, adapt
from training.finetune.ctranslate2_conversion import convert_sentence_encoder
from training.finetune.sentence_encoders import (
    DEFAULT_ENCODER,
    encoder_folder,
    encoder_name,
    encoder_tokenizer,
)

from ..tiny_models import starter_articles, starter_lines

WIDTH, PLACES = 48, 40
SIZES = {
    "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 3,
    "intermediate_size": 96, "max_position_embeddings": PLACES, "type_vocab_size": 2,
}  # fmt: skip
OF_DISTILBERT = {"dim": WIDTH, "n_layers": 2, "n_heads": 3, "hidden_dim": 96}


def make_encoder(folder: Path, kind: str) -> Path:
    """Saves an encoder with random weights and a WordPiece tokenizer, as the Hub has them."""
    folder.mkdir(parents=True)
    trained = BertWordPieceTokenizer(lowercase=True)
    trained.train_from_iterator(starter_lines(), vocab_size=600, show_progress=False)
    trained.save_model(str(folder))
    tokenizer = BertTokenizer(vocab=str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(5)
    # RoBERTa counts places from the padding's id on, which is 1 in all that is published.
    sizes = SIZES | {"pad_token_id": int(kind not in ("bert", "distilbert"))}
    sizes |= OF_DISTILBERT if kind == "distilbert" else {}
    model = AutoModel.from_config(AutoConfig.for_model(kind, vocab_size=len(tokenizer), **sizes))
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoders") / "tiny-bert", "bert")


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "xlm-roberta", "camembert"])
def test_vectors_are_those_of_the_model(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2_conversion, "QUANTIZATION", "float32")
    source = make_encoder(tmp_path / kind, kind)
    assert "position_embedding_type" not in json.loads((source / "config.json").read_text())
    convert_sentence_encoder(tmp_path, str(source))
    encoder = SentenceEncoder.load(tmp_path, threads=1)
    assert encoder is not None and encoder.dimensions == WIDTH
    model, tokenizer = (
        AutoModel.from_pretrained(source).eval(),
        AutoTokenizer.from_pretrained(source),
    )
    texts = ["The pier at night", "Tea", "A harbour with ferries. " * 40]
    for text, ours in zip(texts, encoder.embed(texts), strict=True):
        ids = tokenizer(text, truncation=True, max_length=PLACES - 2, return_tensors="pt").input_ids
        with torch.no_grad():
            theirs = model(ids).last_hidden_state[0].mean(dim=0).numpy()
        assert ours @ theirs / np.linalg.norm(theirs) == pytest.approx(1, abs=1e-4)


def test_an_encoder_cuts_where_it_ends(tiny_encoder: Path, tmp_path: Path) -> None:
    text = "harbour " * 500
    assert len(encoder_tokenizer(tiny_encoder).encode(text).ids) == PLACES - 2
    assert len(encoder_tokenizer(encoder_folder("")).encode(text).ids) == 128
    other = make_encoder(tmp_path / "short", "bert")
    (other / "sentence_bert_config.json").write_text('{"max_seq_length": 16}')
    assert len(encoder_tokenizer(other).encode(text).ids) == 16


def test_what_cannot_be_taken_is_said(tmp_path: Path, tiny_encoder: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "mpnet"}')
    with pytest.raises(UserError, match=r"of the kind mpnet, which CTranslate2 cannot .*e5-small"):
        encoder_folder(str(tmp_path))
    with pytest.raises(UserError, match="'nobody/nothing' is neither a folder nor a model"):
        encoder_folder("nobody/nothing")
    (tmp_path / "config.json").write_text((tiny_encoder / "config.json").read_text())
    with pytest.raises(UserError, match="no weights as safetensors"):
        encoder_folder(str(tmp_path))
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(UserError, match="cannot be converted for CTranslate2"):
        convert_sentence_encoder(tmp_path, str(tmp_path))


@pytest.mark.parametrize(
    ("modules", "pooling", "taken"),
    [
        (("Transformer", "Pooling"), {"pooling_mode_mean_tokens": True}, True),
        (("Transformer", "Pooling", "Normalize"), {"pooling_mode": "mean"}, True),
        (("Transformer", "Pooling"), {"pooling_mode_cls_token": True}, False),
        (("Transformer", "Pooling"), {"pooling_mode": "cls"}, False),
        (("Transformer", "Pooling", "Dense"), {"pooling_mode_mean_tokens": True}, False),
    ],
)
def test_another_pooling_is_refused(
    modules: tuple[str, ...], pooling: dict[str, Any], taken: bool, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").touch()
    types = [{"type": f"sentence_transformers.models.{name}"} for name in modules]
    (tmp_path / "modules.json").write_text(json.dumps(types))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    if taken:
        assert encoder_folder(str(tmp_path)) == tmp_path
    else:
        with pytest.raises(UserError, match="by the mean of its tokens'"):
            encoder_folder(str(tmp_path))


def test_names_for_cards(tiny_encoder: Path) -> None:
    assert encoder_name("") == DEFAULT_ENCODER
    assert encoder_name(str(tiny_encoder)) == "tiny-bert"
    assert encoder_name("somebody/encoder") == "somebody/encoder"


@pytest.mark.slow
def test_a_model_keeps_its_encoder(tiny_bart: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    rows = [{"id": str(n), **article} for n, article in enumerate(starter_articles()[:24])]
    splits = {"train": rows[:20], "validation": rows[20:22], "test": rows[22:]}
    data = DatasetDict({name: Dataset.from_list(part) for name, part in splits.items()})
    corpus = Corpus(data, "posts", None, "f")
    config = TrainConfig(
        base=str(tiny_bart), encoder=str(tiny_encoder), output_dir=str(tmp_path / "model"),
        epochs=1, max_input_tokens=32, precision="fp32",
    )  # fmt: skip
    model = train.train(config, corpus, say=lambda _: None)
    assert TaggingSettings.load(model).sentence_encoder == "tiny-bert"
    assert (
        json.loads((model / "training_log.json").read_text())["command"].endswith(
            "--encoder tiny-bert"
        )
        or "--encoder tiny-bert "
        in json.loads((model / "training_log.json").read_text())["command"]
    )
    # A retrain: the same folder of the encoder, and the same numbers of the same articles.
    output = tmp_path / "next"
    adapt(model, corpus, [rows[0]["id"]], output, AdaptConfig(passes=1, replay=0, precision="fp32"))
    for name in ("model.bin", "tokenizer.json"):
        assert (output / "embedding" / name).read_bytes() == (
            model / "embedding" / name
        ).read_bytes()
    assert TaggingSettings.load(output).sentence_encoder == "tiny-bert"
    # Also where its ranking is fitted anew.
    (model / RANKING).unlink()
    adapt(model, corpus, [], tmp_path / "third", AdaptConfig(passes=0, precision="fp32"))
    encoder = SentenceEncoder.load(tmp_path / "third")
    assert encoder is not None and encoder.dimensions == WIDTH
    tagger = Tagger.from_pretrained(tmp_path / "third")
    assert tagger.ranker is not None and tagger.tag(**{k: rows[0][k] for k in ("title", "text")})
    # An embedding of another width is refused, not multiplied.
    convert_sentence_encoder(tmp_path / "third")
    with pytest.raises(UserError, match="has vectors of 48 numbers and embedding gives 384"):
        Tagger.from_pretrained(tmp_path / "third")
    assert {TAGS, NEIGHBOURS, RANKING} <= {path.name for path in output.iterdir()}

"""Small seq2seq models in stock folders, made in seconds: a T5 and a BART shaped as the base is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import frontmatter
import sentencepiece
import torch
from tokenizers import BertWordPieceTokenizer
from transformers import (
    AutoTokenizer,
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertModel,
    BertTokenizer,
    MT5Config,
    MT5ForConditionalGeneration,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

from dataset_card.starter_corpus import STARTER
from training.base.minilm import base_config, base_tokenizer

SEED = 11
VOCABULARY = 1000


def starter_articles() -> list[dict[str, Any]]:
    """Returns the starter corpus as ``title``, ``text``, ``tags``, in the order of file names."""
    posts = [frontmatter.load(str(path)) for path in sorted(STARTER.glob("*.md"))]
    return [
        {
            "title": str(post["title"]),
            "text": post.content,
            "tags": [*cast("list[str]", post["tags"])],
        }
        for post in posts
    ]


def starter_lines() -> list[str]:
    """Returns the starter corpus line by line: what the tokenizers are trained on."""
    articles = starter_articles()
    tags = [", ".join(article["tags"]) for article in articles]
    texts = [f"{article['title']}\n{article['text']}" for article in articles]
    return [line for text in [*texts, *tags] for line in text.splitlines() if line.strip()]


def make_tiny_t5(folder: Path) -> Path:
    """Saves a T5 with a SentencePiece (unigram) tokenizer, as google/flan-t5-small is saved."""
    folder.mkdir(parents=True)
    _train_sentencepiece(folder, starter_lines(), VOCABULARY)
    tokenizer = T5Tokenizer.from_pretrained(folder, extra_ids=10)
    torch.manual_seed(SEED)
    config = T5Config.from_dict(
        {
            "vocab_size": len(tokenizer),
            "d_model": 48,
            "d_kv": 16,
            "d_ff": 96,
            "num_layers": 2,
            "num_heads": 3,
            "feed_forward_proj": "gated-gelu",
            "tie_word_embeddings": False,
            "decoder_start_token_id": 0,
        }
    )
    return _save(T5ForConditionalGeneration(config), tokenizer, folder)


def make_tiny_mt5(folder: Path, lines: Sequence[str]) -> Path:
    """Saves an mT5 with a SentencePiece tokenizer of these lines, as google/mt5-small is saved."""
    folder.mkdir(parents=True)
    _train_sentencepiece(folder, lines, 400, hard=False)
    tokenizer = T5Tokenizer.from_pretrained(folder, extra_ids=0)
    torch.manual_seed(SEED)
    sizes = {"d_model": 48, "d_kv": 16, "d_ff": 96, "num_layers": 2, "num_heads": 3}
    config = MT5Config.from_dict(
        sizes | {"vocab_size": len(tokenizer), "decoder_start_token_id": 0}
    )
    return _save(MT5ForConditionalGeneration(config), tokenizer, folder)


def make_tiny_bart(folder: Path) -> Path:
    """Saves a BART with a WordPiece tokenizer and the settings of the bundled base."""
    folder.mkdir(parents=True)
    trained = BertWordPieceTokenizer(lowercase=True)
    trained.train_from_iterator(starter_lines(), vocab_size=VOCABULARY, show_progress=False)
    trained.save_model(str(folder))
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    tokenizer = base_tokenizer(folder)
    torch.manual_seed(SEED)
    small = {"d_model": 48, "encoder_layers": 2, "decoder_layers": 1}
    small |= {f"{side}_attention_heads": 3 for side in ("encoder", "decoder")}
    small |= {f"{side}_ffn_dim": 96 for side in ("encoder", "decoder")}
    config = BartConfig(**(base_config(tokenizer).to_diff_dict() | small))
    return _save(BartForConditionalGeneration(config), tokenizer, folder)


def make_tiny_encoder(model: Path, folder: Path) -> Path:
    """Saves a sentence encoder, a BERT, with a model's tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=160,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _train_sentencepiece(
    folder: Path, lines: Sequence[str], tokens: int, *, hard: bool = True
) -> None:
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(folder / "spiece"),
        vocab_size=tokens,
        hard_vocab_limit=hard,  # else fewer tokens where the lines have not so many
        model_type="unigram",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    (folder / "spiece.vocab").unlink()


def _save(model: PreTrainedModel, tokenizer: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

"""A tagger that a static Space can run, made in seconds: small graphs, real neighbours."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from transformers import AutoTokenizer

from tagloop.generation.settings import TaggingSettings
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.vocabulary.vocabulary import Vocabulary
from training.finetune.ctranslate2_conversion import convert_sentence_encoder
from training.finetune.fit_neighbours import fit_neighbours, save_neighbours
from training.finetune.preprocess import BUNDLED_BASE

from ..training.tiny_models import make_tiny_bart, make_tiny_encoder, starter_articles


def make_tiny_static_tagger(folder: Path) -> Path:
    """Writes an untrained model, a memory of the starter corpus and the base's ranking."""
    model = make_tiny_bart(folder / "model")
    encoder = make_tiny_encoder(model, folder / "encoder")
    articles = starter_articles()
    tags = [article["tags"] for article in articles]
    vocabulary = Vocabulary.from_tag_lists(tags)
    (model / "tags.json").write_text(json.dumps(vocabulary.to_json()), encoding="utf-8")
    TaggingSettings(
        max_input_tokens=96, max_new_tokens=24, min_tags=3, sentence_encoder=str(encoder)
    ).save(model)
    convert_sentence_encoder(model, str(encoder))
    shutil.copyfile(BUNDLED_BASE / "ranking.json", model / "ranking.json")
    tokenizer = AutoTokenizer.from_pretrained(model)
    loaded = SentenceEncoder.load(model)
    save_neighbours(fit_neighbours(articles, tokenizer, vocabulary, loaded), model)
    return model

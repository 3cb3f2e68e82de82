"""What tests of the tagger share: the bundled base under each engine, and starter articles."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import cast

import frontmatter
import pytest

from dataset_card.starter_corpus import STARTER
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.finetune.ctranslate2_conversion import convert, convert_sentence_encoder
from training.finetune.preprocess import BUNDLED_BASE

from .article import Article

ARTICLES = 40
CHARACTERS = 600


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the bundled base as a tagger's folder: with a vocabulary and the int8 conversion."""
    folder = shutil.copytree(BUNDLED_BASE, tmp_path_factory.mktemp("tagger") / "model")
    posts = map(frontmatter.load, map(str, STARTER.glob("*.md")))
    tags = [cast("list[str]", post["tags"]) for post in posts]
    content = json.dumps(Vocabulary.from_tag_lists(tags).to_json())
    (folder / "tags.json").write_text(content, encoding="utf-8")
    convert(folder)
    return folder


@pytest.fixture(scope="session")
def sentence_encoder_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with the sentence encoder alone, in ``embedding/``."""
    folder = tmp_path_factory.mktemp("sentence_encoder")
    convert_sentence_encoder(folder)
    return folder


@pytest.fixture(scope="session")
def sentence_encoder(sentence_encoder_dir: Path) -> SentenceEncoder:
    """Returns the sentence encoder that every tagger carries."""
    loaded = SentenceEncoder.load(sentence_encoder_dir, threads=1)
    assert loaded is not None
    return loaded


@pytest.fixture(scope="session")
def transformers_tagger(model_dir: Path) -> Tagger:
    return Tagger.from_pretrained(model_dir, engine="transformers")


@pytest.fixture(scope="session")
def ctranslate2_tagger(model_dir: Path) -> Tagger:
    return Tagger.from_pretrained(model_dir, engine="ctranslate2", threads=1)


@pytest.fixture(scope="session")
def float32_tagger(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    """Returns CTranslate2 without quantization: what differs from it is int8's rounding."""
    folder = shutil.copytree(model_dir, tmp_path_factory.mktemp("float32") / "model")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.finetune.ctranslate2_conversion.QUANTIZATION", "float32")
        convert(folder)
    return Tagger.from_pretrained(folder, engine="ctranslate2", threads=1)


@pytest.fixture(scope="session")
def articles() -> list[Article]:
    paths = sorted(STARTER.glob("*.md"))
    posts = [frontmatter.load(str(path)) for path in paths[:: len(paths) // ARTICLES][:ARTICLES]]
    return [{"title": str(post["title"]), "text": post.content[:CHARACTERS]} for post in posts]

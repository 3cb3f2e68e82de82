"""A tagger over ONNX graphs: the same for Python's runtime and a browser's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagloop.files import ONNX
from tagloop.generation.onnx_engine import OnnxEmbeddings, OnnxEngine, Session
from tagloop.generation.settings import TaggingSettings
from tagloop.ranking.onnx_sentence_encoder import OnnxStates
from tagloop.ranking.ranker import Ranker
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.model_folder import load_vocabulary
from tagloop.tagger.tagger import Tagger


@dataclass(frozen=True)
class Graphs:
    """The graphs of a tagger.

    Attributes:
        encoder: Of the model.
        decoder: Of the model.
        sentence_encoder: Of the neighbours.
        read: Returns of a graph's file, by its name, so many bytes from an offset on.
    """

    encoder: Session
    decoder: Session
    sentence_encoder: Session
    read: Callable[[str, int, int], bytes]


def onnx_tagger(
    folder: Path,
    graphs: Graphs,
    tokenizer: Any,
    sentence_tokenizer: Any,
    model_repo: str = "",
    model_revision: str | None = None,
) -> Tagger:
    """Puts a tagger together.

    Args:
        folder: The model's, without the graphs if need be.
        graphs: Ready to be run.
        tokenizer: Of the model, as a transformers tokenizer is.
        sentence_tokenizer: Of the sentence encoder, as a ``tokenizers.Tokenizer`` is, that cuts
            texts where the encoder ends.
        model_repo: What the tagger calls its model.
        model_revision: Commit of it.

    Raises:
        UserError: The folder's files come from different trainings.
    """
    vocabulary = load_vocabulary(folder)
    encoder = SentenceEncoder(OnnxStates(graphs.sentence_encoder), sentence_tokenizer)
    return Tagger(
        OnnxEngine(graphs.encoder, graphs.decoder, folder, tokenizer),
        tokenizer,
        TaggingSettings.load(folder),
        vocabulary,
        ranker=Ranker.load(folder, tokenizer, vocabulary, encoder),
        embeddings=OnnxEmbeddings(folder / ONNX, graphs.read),
        sentence_encoder=encoder,
        model_repo=model_repo,
        model_revision=model_revision,
    )

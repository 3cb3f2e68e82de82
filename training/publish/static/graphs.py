"""The graphs of a published tagger: made at publish, and run under onnxruntime."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import onnxruntime

from tagloop.errors import UserError
from tagloop.files import (
    CONFIG,
    ONNX,
    ONNX_DECODER,
    ONNX_EMBEDDINGS,
    ONNX_ENCODER,
    ONNX_SENTENCE_ENCODER,
    SENTENCE_ENCODER,
)
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.wordpiece import WordPieceTokenizer
from tagloop.ranking.sentence_encoder import load_sentence_tokenizer
from tagloop.tagger.model_folder import load_tokenizer
from tagloop.tagger.onnx_tagger import Graphs, onnx_tagger
from tagloop.tagger.tagger import Tagger
from training.finetune.sentence_encoders import DEFAULT_ENCODER, encoder_folder
from training.json_files import write_json
from training.publish.static.export import export_sentence_encoder, export_tagger
from training.publish.static.quantize import TABLE, quantize


def write_graphs(model_dir: Path, encoder: str = "") -> Path:
    """Writes ``model_dir/onnx`` anew; returns it.

    Args:
        model_dir: Folder of the tagger.
        encoder: What its sentence encoder was converted from, a folder or an id on the Hub; what
            its ``tagging.json`` names if empty.

    Raises:
        UserError: The model is not of the kind that a browser can run.
    """
    check_runs_in_browser(model_dir)
    target = model_dir / ONNX
    target.mkdir(exist_ok=True)
    reader, writer = export_tagger(model_dir)
    name = encoder or TaggingSettings.load(model_dir).sentence_encoder or DEFAULT_ENCODER
    sentences = export_sentence_encoder(encoder_folder("" if name == DEFAULT_ENCODER else name))
    graphs = {ONNX_ENCODER: reader, ONNX_DECODER: writer, ONNX_SENTENCE_ENCODER: sentences}
    for file, graph in graphs.items():
        onnx.save(quantize(graph), str(target / file))
    table = next(tensor for tensor in reader.graph.initializer if tensor.name == TABLE)
    width, tokens = table.dims
    offset = (target / ONNX_ENCODER).read_bytes().find(table.raw_data)
    where = {"file": ONNX_ENCODER, "offset": offset, "width": width, "tokens": tokens}
    write_json(target / ONNX_EMBEDDINGS, where)
    return target


def check_runs_in_browser(model_dir: Path) -> None:
    """Refuses what the page has no parts for.

    Raises:
        UserError: It is no BART with the tokenizer of an uncased BERT, or decodes in another way.
    """
    config = json.loads((model_dir / CONFIG).read_text(encoding="utf-8"))
    generation = json.loads((model_dir / "generation_config.json").read_text(encoding="utf-8"))
    try:
        for folder in (model_dir, model_dir / SENTENCE_ENCODER):
            WordPieceTokenizer.load(folder / "tokenizer.json")
        fits = config["model_type"] == "bart"
    except (ValueError, KeyError, OSError):
        fits = False
    if not fits or generation.get("no_repeat_ngram_size") or generation.get("min_new_tokens"):
        raise UserError(
            "Only a tagger of the bundled base with its own sentence encoder runs in a browser; "
            "this one needs a Gradio Space: make publish SPACE=gradio."
        )


def load_onnx_tagger(model_dir: Path) -> Tagger:
    """Loads a tagger over its graphs, on one core.

    Raises:
        UserError: The model cannot be loaded.
    """
    folder = model_dir / ONNX

    def session(name: str) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        cpu = ["CPUExecutionProvider"]
        return onnxruntime.InferenceSession(str(folder / name), options, providers=cpu)

    def read(name: str, offset: int, size: int) -> bytes:
        with (folder / name).open("rb") as file:
            file.seek(offset)
            return file.read(size)

    encoder, decoder = session(ONNX_ENCODER), session(ONNX_DECODER)
    graphs = Graphs(encoder, decoder, session(ONNX_SENTENCE_ENCODER), read)
    sentences = load_sentence_tokenizer(model_dir / SENTENCE_ENCODER)
    return onnx_tagger(model_dir, graphs, load_tokenizer(model_dir), sentences, str(model_dir))

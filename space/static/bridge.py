"""Runs tagloop's own tagger in a browser: what the worker calls, and the sessions it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pyodide.ffi import to_js

from tagloop.article import title_and_text
from tagloop.errors import UserError
from tagloop.files import SENTENCE_ENCODER
from tagloop.generation.wordpiece import WordPieceTokenizer
from tagloop.ranking.sentence_encoder import MAX_TOKENS
from tagloop.service.options import check_options, written_list
from tagloop.tagger.onnx_tagger import Graphs, onnx_tagger
from tagloop.tagger.tagger import Tagger

FOLDER = Path("/model")
ASKED = ("allowed_tags", "prefer_tags", "max_tags", "min_tags", "threshold", "max_windows")
WRITTEN = {"allowed_list": "allowed_tags", "prefer_list": "prefer_tags"}
"""Lists as a visitor writes them."""
CHOICES = 5_000
"""Tags that the page has to choose from; the rarest can still be typed."""


class Tensor:
    """A tensor in the runtime's memory, read when numpy asks for it."""

    def __init__(self, js: Any) -> None:
        self.js = js

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        read = self.js.read()
        numbers = np.asarray(read.numbers.to_py(), dtype=dtype)
        return numbers.reshape(read.shape.to_py())

    def __del__(self) -> None:
        self.js.release()


class Session:
    """A graph under ONNX Runtime Web, as `tagloop.generation.onnx_engine` runs it."""

    def __init__(self, runtime: Any, js: Any) -> None:
        self._runtime, self._js = runtime, js

    def run(self, outputs: Sequence[str], feeds: Mapping[str, Any]) -> list[Tensor]:
        """Computes outputs, which may be fed again unread."""
        tensors = [it if isinstance(it, Tensor) else self._tensor(it) for it in feeds.values()]
        handles = to_js([tensor.js for tensor in tensors])
        return [Tensor(js) for js in self._js.run(to_js([*outputs]), to_js([*feeds]), handles)]

    def _tensor(self, array: np.ndarray) -> Tensor:
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        shape = to_js([*array.shape])
        return Tensor(self._runtime.tensor(array.dtype.name, shape, to_js(flat)))


def start(runtime: Any, sessions: Any, read: Any, repo: str, revision: str) -> Tagger:
    """Loads the tagger over the worker's sessions: encoder, decoder, sentence encoder."""
    encoder, decoder, sentence_encoder = (Session(runtime, session) for session in sessions)

    def read_bytes(name: str, offset: int, size: int) -> bytes:
        found: bytes = read(name, offset, size).to_py().tobytes()
        return found

    graphs = Graphs(encoder, decoder, sentence_encoder, read_bytes)
    sentences = FOLDER / SENTENCE_ENCODER / "tokenizer.json"
    return onnx_tagger(
        FOLDER,
        graphs,
        WordPieceTokenizer.load(FOLDER / "tokenizer.json"),
        WordPieceTokenizer.load(sentences, MAX_TOKENS),
        repo,
        revision,
    )


def answer(tagger: Tagger, request: str) -> str:
    """Answers a request of the page, both in JSON; an error is one sentence."""
    asked = json.loads(request)
    try:
        return json.dumps(ANSWERS[asked["type"]](tagger, asked))
    except UserError as error:
        return json.dumps({"error": str(error)})


def _tags(tagger: Tagger, asked: dict[str, Any]) -> dict[str, Any]:
    title, text = title_and_text(asked)
    options = {name: asked[name] for name in ASKED if asked.get(name) is not None}
    for name, option in WRITTEN.items():
        if listed := written_list(asked.get(name)):
            options[option] = listed
    check_options(options)
    tags = tagger.tag(text, title, evidence=bool(asked.get("evidence")), **options)
    return {"tags": [one.to_json() for one in tags]}


def _evidence(tagger: Tagger, asked: dict[str, Any]) -> dict[str, Any]:
    title, text = title_and_text(asked)
    found = tagger.explain(title, text, asked["tags"], asked.get("max_windows"))
    return {"evidence": [one.to_json() for one in found]}


def _model(tagger: Tagger, asked: dict[str, Any]) -> dict[str, Any]:
    settings, vocabulary = tagger.settings, list(tagger.vocabulary.tags[:CHOICES])
    return {
        "vocabulary": vocabulary,
        "max_tags": settings.max_tags,
        "threshold": settings.threshold,
    }


def _read(tagger: Tagger, asked: dict[str, Any]) -> dict[str, Any]:
    from tagloop.reading.browser_files import read_file  # with parsers that tagging does not need

    return read_file(asked["name"], asked["content"])


ANSWERS = {"tag": _tags, "explain": _evidence, "model": _model, "read": _read}
"""Type of a request to what answers it."""

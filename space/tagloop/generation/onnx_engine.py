"""The engine for where nothing can be installed: ONNX graphs under any runtime that has them.

Under Python that is onnxruntime, in a browser ONNX Runtime Web; this module knows neither. One
prompt is read at a time: a runtime of one thread gains nothing by more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tagloop.errors import UserError
from tagloop.files import CONFIG, ONNX_EMBEDDINGS
from tagloop.generation.decoding import Decoding
from tagloop.generation.input_embeddings import InputEmbeddings
from tagloop.generation.outputs import Output, OutputBuilder, Step
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.targets import likeliest_by_score
from tagloop.generation.token_trie import TokenTrie

ALIGNMENT_HEAD = 0
"""The head whose attention CTranslate2 gives, too."""
PARTS = ("key", "value")


class Session(Protocol):
    """A graph that can be run, as ``onnxruntime.InferenceSession`` is."""

    def run(self, outputs: Sequence[str], feeds: Mapping[str, Any]) -> list[Any]:
        """Computes outputs: what ``np.asarray`` reads, and what may be fed again unread."""


@dataclass(frozen=True)
class _Read:
    """An article that the encoder has read, and what the decoder has made of it."""

    states: Any
    mask: np.ndarray
    past: Mapping[str, Any]


@dataclass(frozen=True)
class _Generated:
    """A greedy output: its tokens, each step's logits, and their attention if asked for."""

    ids: list[int]
    logits: np.ndarray
    finished: bool
    attention: np.ndarray | None


class OnnxEngine:
    """Encoder and decoder as ONNX graphs (``training.publish.static.export`` makes them)."""

    name = "onnx"
    workers = 1

    def __init__(self, encoder: Session, decoder: Session, folder: Path, tokenizer: Any) -> None:
        """Takes the two graphs and the model's folder, for its settings."""
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        path = folder / "generation_config.json"
        generation = json.loads(path.read_text(encoding="utf-8"))
        self._encoder, self._decoder = encoder, decoder
        self._builder = OutputBuilder(tokenizer, TaggingSettings.load(folder))
        self._end: int = tokenizer.eos_token_id
        self._start: int = config["decoder_start_token_id"]
        self._penalty: float = generation.get("repetition_penalty") or 1.0
        # transformers then sets the end token in the last place that the limit leaves.
        self._forced_end = generation.get("forced_eos_token_id") is not None
        self._layers: int = config["decoder_layers"]
        heads: int = config["decoder_attention_heads"]
        self._nothing = np.zeros((1, heads, 0, config["d_model"] // heads), np.float32)

    def generate(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, *, starts: bool = False
    ) -> list[Output]:
        """Generates one output a prompt, in order, greedily; with ``starts`` if they are wanted."""
        found = (self._greedy(row, max_new_tokens) for row in input_ids)
        return [self._builder.greedy(it.ids, it.logits, it.finished, starts) for it in found]

    def generate_many(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, decoding: Decoding
    ) -> list[list[Output]]:
        """Refuses.

        Raises:
            UserError: Always.
        """
        raise UserError(f"The engine onnx decodes greedily only, not by {decoding.mode}.")

    def score(
        self, input_ids: Sequence[list[int]], targets: Sequence[list[int]]
    ) -> list[list[float]]:
        """Returns the log-probability of each target token, as if the model had generated it."""
        rows = []
        for logits, target in self._forced(input_ids, targets, "logits"):
            top = logits.max(axis=1, keepdims=True)
            totals = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
            rows.append((logits[np.arange(len(target)), target] - totals).tolist())
        return rows

    def attend(
        self,
        input_ids: Sequence[list[int]],
        targets: Sequence[list[int]],
        *,
        all_heads: bool = False,
    ) -> list[np.ndarray]:
        """Returns the cross-attention while the model generates each target, (target, input)."""
        found = self._forced(input_ids, targets, self._attention)
        return [heads.mean(axis=0) if all_heads else heads[ALIGNMENT_HEAD] for heads, _ in found]

    def steps(self, input_ids: list[int], max_new_tokens: int, top: int) -> list[Step]:
        """Generates one prompt's output greedily and tells what it could have been at each step."""
        found = self._greedy(input_ids, max_new_tokens, attention=True)
        assert found.attention is not None
        ended = [*found.ids, self._end][: len(found.logits)]
        return self._builder.steps(ended, found.logits, found.attention, top)

    def likeliest(
        self, input_ids: list[int], trie: TokenTrie, first: np.ndarray, wanted: int, least: float
    ) -> dict[int, float]:
        """Scores targets by falling likelihood of their first token, as long as it can matter."""
        return likeliest_by_score(self, input_ids, trie, first, wanted, least)

    @property
    def _attention(self) -> str:
        return f"cross_attentions.{self._layers - 1}"

    def _names(self, kind: str, side: str) -> list[str]:
        parts = ((layer, part) for layer in range(self._layers) for part in PARTS)
        return [f"{kind}.{layer}.{side}.{part}" for layer, part in parts]

    def _read(self, prompt: Sequence[int]) -> _Read:
        ids = np.array([prompt], dtype=np.int64)
        mask = np.ones_like(ids)
        feeds = {"input_ids": ids, "attention_mask": mask}
        [states] = self._encoder.run(["last_hidden_state"], feeds)
        names = [name for side in ("decoder", "encoder") for name in self._names(_PAST, side)]
        return _Read(states, mask, dict.fromkeys(names, self._nothing))

    def _written(self, read: _Read, ids: Sequence[int], outputs: Sequence[str]) -> list[Any]:
        """Runs the decoder over tokens that follow what it has read."""
        feeds = {
            "input_ids": np.array([ids], dtype=np.int64),
            "encoder_hidden_states": read.states,
            "encoder_attention_mask": read.mask,
            **read.past,
        }
        return self._decoder.run(outputs, feeds)

    def _forced(
        self, input_ids: Sequence[list[int]], targets: Sequence[list[int]], output: str
    ) -> list[tuple[np.ndarray, list[int]]]:
        """Runs the model as if it had generated the targets; an article is read once in a row."""
        found, last, read = [], None, None
        for prompt, target in zip(input_ids, targets, strict=True):
            if read is None or prompt != last:
                last, read = prompt, self._read(prompt)
            [values] = self._written(read, [self._start, *target[:-1]], [output])
            found.append((np.asarray(values)[0], target))
        return found

    def _greedy(
        self, prompt: Sequence[int], max_new_tokens: int, attention: bool = False
    ) -> _Generated:
        read = self._read(prompt)
        own = self._names("present", "decoder")
        cross = self._names("present", "encoder")
        wanted = ["logits", *([self._attention] if attention else []), *own]
        ids, rows, weights = [self._start], [], []
        finished = False
        for step in range(max_new_tokens - self._forced_end):
            values = self._written(read, ids[-1:], wanted + (cross if not step else []))
            found = dict(zip(wanted + (cross if not step else []), values, strict=True))
            row = self._penalised(np.array(found["logits"], np.float32)[0, -1], ids)
            rows.append(row)
            if attention:
                weights.append(np.asarray(found[self._attention])[0, :, -1].mean(axis=0))
            token = int(row.argmax())
            if finished := token == self._end:
                break
            ids.append(token)
            past = {n.replace("present", _PAST): it for n, it in found.items() if n in own + cross}
            read = _Read(read.states, read.mask, {**read.past, **past})
        return _Generated(
            ids[1:], np.stack(rows), finished, np.stack(weights) if attention else None
        )

    def _penalised(self, logits: np.ndarray, ids: Sequence[int]) -> np.ndarray:
        """Makes tokens of the output less likely, as Keskar et al. ("CTRL", 2019) do."""
        written = sorted(set(ids))
        before = logits[written]
        logits[written] = np.where(before < 0, before * self._penalty, before / self._penalty)
        return logits


_PAST = "past_key_values"


class OnnxEmbeddings(InputEmbeddings):
    """The model's input embeddings, taken out of a graph; their scales do not matter here."""

    def __init__(self, folder: Path, read: Callable[[str, int, int], bytes]) -> None:
        """Takes the graphs' folder, and what reads of a graph so many bytes from an offset on.

        In a browser the graphs are no files.
        """
        super().__init__(folder)
        self._index, self._bytes = folder / ONNX_EMBEDDINGS, read

    @cached_property
    def _matrix(self) -> np.ndarray | None:
        if not self._index.is_file():
            return None
        at = json.loads(self._index.read_text(encoding="utf-8"))
        width, tokens = at["width"], at["tokens"]
        codes = np.frombuffer(self._bytes(at["file"], at["offset"], width * tokens), np.int8)
        return codes.reshape(width, tokens).T

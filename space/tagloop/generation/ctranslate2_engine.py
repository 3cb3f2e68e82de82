"""The fast engine: the int8 conversion under CTranslate2, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tagloop.files import CONVERSION, CTRANSLATE2
from tagloop.generation.decoding import NO_REPEAT, Decoding
from tagloop.generation.outputs import Output, OutputBuilder, Step
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.targets import likeliest_by_score
from tagloop.generation.threads import ctranslate2, shares
from tagloop.generation.token_trie import TokenTrie

TOKENS_AT_ONCE = 1024
"""Padded tokens that one worker reads at once: what more are read together outgrow the caches of a
core (``training.bench.speed``)."""

_ALIGNMENT_HEADS = b"decoder/alignment_heads\0" + bytes([0, 2, 2, 0, 0, 0])
"""What stands in ``model.bin`` before how many heads are asked: name, rank, type, bytes
(``ctranslate2.specs.model_spec.ModelSpec._serialize``)."""


class CTranslate2Engine:
    """The int8 conversion: the same model, faster on a CPU (``training.bench.speed``).

    Source: Klein et al., "The OpenNMT Neural Machine Translation Toolkit: 2020 Edition"; options
    as ``ctranslate2.Translator.translate_batch`` documents them.
    """

    name = "ctranslate2"

    def __init__(self, folder: Path, tokenizer: Any, threads: int | None = None) -> None:
        from transformers import GenerationConfig

        self._folder = folder / CTRANSLATE2
        self._shares = shares(threads)
        self.workers = self._shares["inter_threads"]
        self._tokenizer = tokenizer
        self._builder = OutputBuilder(tokenizer, TaggingSettings.load(folder))
        self._translator = self._load()
        config = GenerationConfig.from_pretrained(folder)
        self._options = _decoding_options(config)
        # transformers then sets the end token in the last place that the limit leaves.
        self._forced_end = config.forced_eos_token_id is not None

    def _load(self, **files: Any) -> Any:
        return ctranslate2().Translator(str(self._folder), device="cpu", **self._shares, **files)

    @cached_property
    def _of_all_heads(self) -> Any:
        """The same model once more, which gives the attention of all heads; loaded when needed."""
        files = {path.name: path.read_bytes() for path in self._folder.iterdir()}
        files[CONVERSION] = _with_all_heads(files[CONVERSION])
        return self._load(files=files)

    def generate(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, *, starts: bool = False
    ) -> list[Output]:
        """Generates one output a prompt, in order, greedily; with ``starts`` if they are wanted."""
        if not input_ids:
            return []
        tokens = [self._tokenizer.convert_ids_to_tokens(row) for row in input_ids]
        results = self._translator.translate_batch(
            tokens,
            max_decoding_length=self._limit(max_new_tokens),
            return_logits_vocab=True,
            max_batch_size=TOKENS_AT_ONCE,
            batch_type="tokens",
            **self._options,
        )
        return [self._greedy(result, starts) for result in results]

    def _limit(self, max_new_tokens: int) -> int:
        return max_new_tokens - 1 if self._forced_end else max_new_tokens

    def generate_many(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, decoding: Decoding
    ) -> list[list[Output]]:
        """Generates ``decoding.outputs`` beams or samples a prompt, the best first."""
        options: dict[str, Any] = self._options | {"num_hypotheses": decoding.outputs}
        translator = self._translator
        if decoding.mode == "sample":
            options |= {"beam_size": 1, "sampling_topk": 0}
            options |= {"sampling_temperature": decoding.temperature}
            # A worker reads the seed once, when it first draws; so a new one is needed.
            ctranslate2().set_random_seed(decoding.seed)
            translator = self._load()
        else:
            options |= {"beam_size": decoding.outputs, "repetition_penalty": 1.0}
            options |= {"no_repeat_ngram_size": NO_REPEAT}
        if not input_ids:
            return []
        limit = self._limit(max_new_tokens)
        results = translator.translate_batch(
            [self._tokenizer.convert_ids_to_tokens(row) for row in input_ids],
            max_decoding_length=limit,
            return_scores=True,
            return_end_token=True,
            **options,
        )
        return [self._of_many(result, options["length_penalty"]) for result in results]

    def score(
        self, input_ids: Sequence[list[int]], targets: Sequence[list[int]]
    ) -> list[list[float]]:
        """Returns the log-probability of each target token, as if the model had generated it."""
        if not input_ids:
            return []
        results = self._translator.score_batch(
            [self._tokenizer.convert_ids_to_tokens(row) for row in input_ids],
            [self._tokenizer.convert_ids_to_tokens(row) for row in targets],
        )
        pairs = zip(results, targets, strict=True)
        return [result.log_probs[: len(target)] for result, target in pairs]

    def attend(
        self,
        input_ids: Sequence[list[int]],
        targets: Sequence[list[int]],
        *,
        all_heads: bool = False,
    ) -> list[np.ndarray]:
        """Returns the cross-attention while the model generates each target, (target, input)."""
        if not input_ids:
            return []
        translator = self._of_all_heads if all_heads else self._translator
        results = translator.translate_batch(
            [self._tokenizer.convert_ids_to_tokens(row) for row in input_ids],
            target_prefix=[self._tokenizer.convert_ids_to_tokens(row) for row in targets],
            max_decoding_length=max(map(len, targets)),
            beam_size=1,
            return_attention=True,
        )
        rows = (np.array(result.attention[0], dtype=np.float32) for result in results)
        return [row[: len(target)] for row, target in zip(rows, targets, strict=True)]

    def steps(self, input_ids: list[int], max_new_tokens: int, top: int) -> list[Step]:
        """Generates one prompt's output greedily and tells what it could have been at each step."""
        options = self._options | {"beam_size": 1, "return_end_token": True}
        result = self._of_all_heads.translate_batch(
            [self._tokenizer.convert_ids_to_tokens(input_ids)],
            max_decoding_length=self._limit(max_new_tokens),
            return_logits_vocab=True,
            return_attention=True,
            **options,
        )[0]
        ids = self._tokenizer.convert_tokens_to_ids(result.hypotheses[0])
        logits = np.stack([np.asarray(step, dtype=np.float32).ravel() for step in result.logits[0]])
        attention = np.array(result.attention[0], dtype=np.float32)
        return self._builder.steps(ids, logits, attention, top)

    def likeliest(
        self, input_ids: list[int], trie: TokenTrie, first: np.ndarray, wanted: int, least: float
    ) -> dict[int, float]:
        """Scores targets by falling likelihood of their first token, as long as it can matter."""
        return likeliest_by_score(self, input_ids, trie, first, wanted, least)

    def _of_many(self, result: Any, length_penalty: float) -> list[Output]:
        outputs = []
        for tokens, score in zip(result.hypotheses, result.scores, strict=True):
            ids = self._tokenizer.convert_tokens_to_ids(tokens)
            finished = bool(ids) and ids[-1] == self._tokenizer.eos_token_id
            total = score * len(ids) ** length_penalty
            outputs.append(self._builder.one_of_many(ids, finished, total))
        return outputs

    def _greedy(self, result: Any, starts: bool) -> Output:
        ids = self._tokenizer.convert_tokens_to_ids(result.hypotheses[0])
        logits = np.stack([np.asarray(step, dtype=np.float32).ravel() for step in result.logits[0]])
        # The end token's step is there, the token is not.
        return self._builder.greedy(ids, logits, len(logits) > len(ids), starts)


def _with_all_heads(model: bytes) -> bytes:
    """Changes in a conversion whose attention it gives: 0 heads stand for the mean of all."""
    before, found, after = model.partition(_ALIGNMENT_HEADS)
    return before + found + b"\0\0" + after[2:] if found else model


def _decoding_options(config: Any) -> dict[str, Any]:
    """Says in CTranslate2's words what ``generation_config.json`` says, but greedily.

    Its beams are for who calls plain ``generate``: a ranking needs one output and its
    probabilities, and no more time.
    """
    return {
        "beam_size": 1,
        "length_penalty": 1.0 if config.length_penalty is None else config.length_penalty,
        "no_repeat_ngram_size": config.no_repeat_ngram_size or 0,
        "repetition_penalty": config.repetition_penalty or 1.0,
        # CTranslate2's own default forbids an empty output.
        "min_decoding_length": config.min_new_tokens or 0,
    }

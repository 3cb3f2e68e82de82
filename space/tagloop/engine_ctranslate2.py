"""The fast engine: the int8 conversion under CTranslate2, without torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tagloop.engines import CTRANSLATE2_FOLDER, Steps, Written
from tagloop.tagging import TaggingSettings


class CTranslate2Engine:
    """The int8 conversion: the same model, several times faster on a CPU.

    Source: Klein et al., "The OpenNMT Neural Machine Translation Toolkit: 2020 Edition"; options
    as ``ctranslate2.Translator.translate_batch`` documents them.
    """

    name = "ctranslate2"

    def __init__(self, folder: Path, tokenizer: Any, threads: int | None = None) -> None:
        import ctranslate2
        from transformers import GenerationConfig

        self._tokenizer = tokenizer
        self._steps = Steps(tokenizer, TaggingSettings.load(folder))
        self._translator = ctranslate2.Translator(
            str(folder / CTRANSLATE2_FOLDER),
            device="cpu",
            intra_threads=threads or os.cpu_count() or 1,
        )
        config = GenerationConfig.from_pretrained(folder)
        self._options = _decoding_options(config)
        # transformers then sets the end token in the last place that the limit leaves.
        self._forced_end = config.forced_eos_token_id is not None

    def write(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, *, starts: bool = False
    ) -> list[Written]:
        """Writes one output a prompt, in order, greedily; with ``starts`` if they are wanted."""
        if not input_ids:
            return []
        tokens = [self._tokenizer.convert_ids_to_tokens(row) for row in input_ids]
        limit = max_new_tokens - 1 if self._forced_end else max_new_tokens
        results = self._translator.translate_batch(
            tokens, max_decoding_length=limit, return_logits_vocab=True, **self._options
        )
        return [self._written(result, starts) for result in results]

    def _written(self, result: Any, starts: bool) -> Written:
        import numpy as np

        ids = self._tokenizer.convert_tokens_to_ids(result.hypotheses[0])
        logits = np.stack([np.asarray(step, dtype=np.float32).ravel() for step in result.logits[0]])
        # The end token's step is there, the token is not.
        return self._steps.written(ids, logits, len(logits) > len(ids), starts)


def _decoding_options(config: Any) -> dict[str, Any]:
    """Says in CTranslate2's words what ``generation_config.json`` says."""
    return {
        "beam_size": config.num_beams or 1,
        "length_penalty": 1.0 if config.length_penalty is None else config.length_penalty,
        "no_repeat_ngram_size": config.no_repeat_ngram_size or 0,
        "repetition_penalty": config.repetition_penalty or 1.0,
    }

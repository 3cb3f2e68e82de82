"""The two engines that write a tagger's text: transformers, the reference, and CTranslate2.

Both take token ids and give token ids with their log-probabilities, so that everything above
them is the same.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from tagloop.errors import UserError

CTRANSLATE2_FOLDER = "ctranslate2"


@dataclass(frozen=True)
class Written:
    """One output: token ids without start and end tokens, and each one's log-probability."""

    ids: list[int]
    log_probs: list[float]


class Engine(Protocol):
    """Writes text for prompts given as token ids."""

    name: str

    def write(self, input_ids: Sequence[list[int]], max_new_tokens: int) -> list[Written]:
        """Writes one output a prompt, in order."""


class TransformersEngine:
    """Greedy by the model's own ``generation_config.json``, in float32."""

    name = "transformers"

    def __init__(self, folder: Path, tokenizer: Any) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM

        self._torch = torch
        self._tokenizer = tokenizer
        self.model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()

    def write(self, input_ids: Sequence[list[int]], max_new_tokens: int) -> list[Written]:
        """Writes one output a prompt, in order."""
        if not input_ids:
            return []
        inputs = self._tokenizer.pad({"input_ids": list(input_ids)}, return_tensors="pt")
        with self._torch.no_grad():
            output = self.model.generate(
                **inputs,
                max_length=max_new_tokens + 1,  # with the decoder's start token
                output_scores=True,
                return_dict_in_generate=True,
            )
        special = set(self._tokenizer.all_special_ids)
        chosen = output.sequences[:, -len(output.scores) :]
        # After the repetition penalty, as CTranslate2 has them: what the tokens were chosen by.
        steps = [scores.log_softmax(-1) for scores in output.scores]
        written = []
        for row, ids in enumerate(chosen.tolist()):
            pairs = []
            for step, token in enumerate(ids):
                if token == self._tokenizer.eos_token_id:
                    break
                if token not in special:
                    pairs.append((token, float(steps[step][row, token])))
            written.append(Written([pair[0] for pair in pairs], [pair[1] for pair in pairs]))
        return written


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
        self._translator = ctranslate2.Translator(
            str(folder / CTRANSLATE2_FOLDER),
            device="cpu",
            intra_threads=threads or os.cpu_count() or 1,
        )
        self._options = _decoding_options(GenerationConfig.from_pretrained(folder))

    def write(self, input_ids: Sequence[list[int]], max_new_tokens: int) -> list[Written]:
        """Writes one output a prompt, in order."""
        if not input_ids:
            return []
        tokens = [self._tokenizer.convert_ids_to_tokens(row) for row in input_ids]
        results = self._translator.translate_batch(
            tokens, max_decoding_length=max_new_tokens, return_logits_vocab=True, **self._options
        )
        return [self._written(result) for result in results]

    def _written(self, result: Any) -> Written:
        import numpy as np

        ids = self._tokenizer.convert_tokens_to_ids(result.hypotheses[0])
        special = set(self._tokenizer.all_special_ids)
        kept, log_probs = [], []
        for token, step in zip(ids, result.logits[0], strict=False):
            if token in special:
                continue
            logits = np.asarray(step, dtype=np.float32).ravel()
            top = float(logits.max())
            total = top + float(np.log(np.exp(logits - top).sum()))
            kept.append(token)
            log_probs.append(float(logits[token]) - total)
        return Written(kept, log_probs)


def _decoding_options(config: Any) -> dict[str, Any]:
    """Says in CTranslate2's words what ``generation_config.json`` says."""
    return {
        "beam_size": config.num_beams or 1,
        "length_penalty": 1.0 if config.length_penalty is None else config.length_penalty,
        "no_repeat_ngram_size": config.no_repeat_ngram_size or 0,
        "repetition_penalty": config.repetition_penalty or 1.0,
    }


def choose_engine(name: str, folder: Path, tokenizer: Any, threads: int | None = None) -> Engine:
    """Loads an engine; ``auto`` takes CTranslate2 where the model brings its conversion.

    Raises:
        UserError: The name is unknown, or the conversion or the package is missing.
    """
    converted = (folder / CTRANSLATE2_FOLDER / "model.bin").is_file()
    installed = find_spec("ctranslate2") is not None
    if name == "auto":
        name = "ctranslate2" if converted and installed else "transformers"
    if name == "transformers":
        return TransformersEngine(folder, tokenizer)
    if name != "ctranslate2":
        raise UserError(f"No engine is called {name!r}: take auto, ctranslate2 or transformers.")
    if not converted:
        raise UserError(
            f"{folder.name} has no {CTRANSLATE2_FOLDER}/model.bin: publish the model with "
            "Tagloop, which converts it, or take engine='transformers'."
        )
    return CTranslate2Engine(folder, tokenizer, threads)

"""The reference engine: the model under transformers, in float32."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tagloop.generation.decoding import NO_REPEAT, Decoding
from tagloop.generation.outputs import Output, OutputBuilder, Step
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.token_trie import TokenTrie

SPARE_BEAMS = 3
"""Of the search in a list of targets: more than are wanted, for those that start badly."""
IMPOSSIBLE = -1e6
"""Scores below mark beams that had to leave the trie."""

ALIGNMENT_HEAD = 0
"""The head whose attention CTranslate2 returns: its converters set ``alignment_heads=1``, the
first head of the last layer (``ctranslate2.specs.TransformerDecoderSpec``)."""


class TransformersEngine:
    """Decodes by the model's own ``generation_config.json``."""

    name = "transformers"
    workers = 1

    def __init__(self, folder: Path, tokenizer: Any) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM

        self._torch = torch
        self._tokenizer = tokenizer
        self._builder = OutputBuilder(tokenizer, TaggingSettings.load(folder))
        self.model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()
        # Biases are for who calls plain generate, as beams are; CTranslate2 has none.
        self.model.generation_config.sequence_bias = None

    def generate(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, *, starts: bool = False
    ) -> list[Output]:
        """Generates one output a prompt, in order, greedily; with ``starts`` if they are wanted."""
        if not input_ids:
            return []
        inputs = self._tokenizer.pad({"input_ids": list(input_ids)}, return_tensors="pt")
        with self._torch.no_grad():
            output = self.model.generate(
                **inputs,
                num_beams=1,  # the model's own beams are for who calls plain generate
                max_length=max_new_tokens + 1,  # with the decoder's start token
                output_scores=True,
                return_dict_in_generate=True,
            )
        chosen = output.sequences[:, -len(output.scores) :].tolist()
        outputs = []
        for row, ids in enumerate(chosen):
            ids, finished = self._ended(ids, max_new_tokens)
            # After the repetition penalty, as CTranslate2 has them; none of a forced end.
            steps = output.scores[: len(ids) + finished]
            logits = self._torch.stack([step[row] for step in steps])
            outputs.append(self._builder.greedy(ids, logits.numpy(), finished, starts))
        return outputs

    def generate_many(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, decoding: Decoding
    ) -> list[list[Output]]:
        """Generates ``decoding.outputs`` beams or samples a prompt, the best first."""
        if not input_ids:
            return []
        count = decoding.outputs
        if decoding.mode == "sample":
            options = {"do_sample": True, "temperature": decoding.temperature, "top_k": 0}
        else:
            options = {
                "num_beams": count,
                # CTranslate2, too, stops as soon as enough beams have ended.
                "early_stopping": True,
                "repetition_penalty": 1.0,
                "no_repeat_ngram_size": NO_REPEAT,
                # What is forbidden leaves its probability to the rest, as in CTranslate2.
                "renormalize_logits": True,
            }
        inputs = self._tokenizer.pad({"input_ids": list(input_ids)}, return_tensors="pt")
        with self._torch.no_grad(), self._torch.random.fork_rng(devices=[]):
            self._torch.manual_seed(decoding.seed)
            output = self.model.generate(
                **inputs,
                **options,
                max_length=max_new_tokens + 1,
                num_return_sequences=count,
                output_scores=True,
                return_dict_in_generate=True,
            )
        outputs = []
        for sequence, total in zip(output.sequences.tolist(), self._totals(output), strict=True):
            ids, finished = self._ended(sequence[1:], max_new_tokens)
            outputs.append(self._builder.one_of_many(ids, finished, total))
        return [outputs[first : first + count] for first in range(0, len(outputs), count)]

    def score(
        self, input_ids: Sequence[list[int]], targets: Sequence[list[int]]
    ) -> list[list[float]]:
        """Returns the log-probability of each target token, as if the model had generated it."""
        if not input_ids:
            return []
        scores = self._forced(input_ids, targets).logits.log_softmax(-1)
        return [
            scores[row, range(len(target)), target].tolist() for row, target in enumerate(targets)
        ]

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
        with self._keeping_attention():
            layers = self._forced(input_ids, targets, output_attentions=True).cross_attentions
        heads = layers[-1]
        rows = (heads.mean(dim=1) if all_heads else heads[:, ALIGNMENT_HEAD]).numpy()
        pairs = zip(rows, input_ids, targets, strict=True)
        return [row[: len(target), : len(prompt)] for row, prompt, target in pairs]

    def steps(self, input_ids: list[int], max_new_tokens: int, top: int) -> list[Step]:
        """Generates one prompt's output greedily and tells what it could have been at each step."""
        with self._torch.no_grad(), self._keeping_attention():
            output = self.model.generate(
                **self._tokenizer.pad({"input_ids": [input_ids]}, return_tensors="pt"),
                num_beams=1,
                do_sample=False,
                max_length=max_new_tokens + 1,
                output_scores=True,
                output_attentions=True,
                return_dict_in_generate=True,
            )
        ids, finished = self._ended(output.sequences[0, 1:].tolist(), max_new_tokens)
        steps = len(ids) + finished
        logits = self._torch.cat(output.scores[:steps]).numpy()
        weights = [layers[-1][0, :, -1].mean(dim=0) for layers in output.cross_attentions[:steps]]
        ended = [*ids, self._tokenizer.eos_token_id][:steps]
        return self._builder.steps(ended, logits, self._torch.stack(weights).numpy(), top)

    @contextmanager
    def _keeping_attention(self) -> Iterator[None]:
        before = self.model.config._attn_implementation
        self.model.set_attn_implementation("eager")  # the others keep no weights
        try:
            yield
        finally:
            self.model.set_attn_implementation(before)

    def _forced(
        self, input_ids: Sequence[list[int]], targets: Sequence[list[int]], **options: bool
    ) -> Any:
        """Runs the model as if it had generated the targets."""
        inputs = self._tokenizer.pad({"input_ids": list(input_ids)}, return_tensors="pt")
        start, width = self.model.config.decoder_start_token_id, max(map(len, targets))
        rows = [[start, *target[:-1]] + [0] * (width - len(target)) for target in targets]
        with self._torch.no_grad():
            return self.model(**inputs, decoder_input_ids=self._torch.tensor(rows), **options)

    def likeliest(
        self, input_ids: list[int], trie: TokenTrie, first: np.ndarray, wanted: int, least: float
    ) -> dict[int, float]:
        """Searches the targets with beams that may not leave the trie."""
        beams = min(wanted + SPARE_BEAMS, len(trie.targets))
        inputs = self._tokenizer.pad({"input_ids": [input_ids]}, return_tensors="pt")
        ends = {target[-1] for target in trie.targets}
        with self._torch.no_grad():
            output = self.model.generate(
                **inputs,
                num_beams=max(beams, 2),
                num_return_sequences=beams,
                max_length=trie.longest + 2,  # a forced end token would come behind the targets
                eos_token_id=list(ends),
                repetition_penalty=1.0,
                length_penalty=0.0,
                # A beam that has ended has nowhere to go.
                prefix_allowed_tokens_fn=lambda _, ids: (
                    trie.following(ids.tolist()[1:]) or list(ends)
                ),
                output_scores=True,
                return_dict_in_generate=True,
            )
        found = {}
        rows = output.sequences.tolist()
        for row, total in zip(rows, output.sequences_scores.tolist(), strict=True):
            end = next((i for i, token in enumerate(row) if i and token in ends), len(row))
            place = trie.places.get(tuple(row[1 : end + 1]))
            if place is not None and total > IMPOSSIBLE:
                found[place] = total
        return found

    def _totals(self, output: Any) -> list[float]:
        """Returns the log-probability of each output; of samples, whose votes are equal, 0."""
        beams = getattr(output, "beam_indices", None)
        if beams is None:
            return [0.0] * len(output.sequences)
        steps = self.model.compute_transition_scores(output.sequences, output.scores, beams)
        return [float(total) for total in steps.sum(dim=1)]

    def _ended(self, ids: list[int], max_new_tokens: int) -> tuple[list[int], bool]:
        """Cuts a row at its end token; tells whether the model set it, not the length limit."""
        if self._tokenizer.eos_token_id not in ids:
            return ids, False
        end = ids.index(self._tokenizer.eos_token_id)
        forced = self.model.generation_config.forced_eos_token_id is not None
        return ids[:end], end + 1 < max_new_tokens or not forced

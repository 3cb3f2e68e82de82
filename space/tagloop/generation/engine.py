"""What an engine does; transformers is the reference, CTranslate2 the fast one.

Both take token ids and give token ids with their log-probabilities, so that everything above
them is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from tagloop.generation.decoding import Decoding
from tagloop.generation.outputs import Output, Step
from tagloop.generation.token_trie import TokenTrie


class Engine(Protocol):
    """Generates outputs for prompts given as token ids.

    Attributes:
        name: ``ctranslate2`` or ``transformers``.
        workers: So many batches it computes at once, called from as many threads.
    """

    name: str
    workers: int

    def generate(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, *, starts: bool = False
    ) -> list[Output]:
        """Generates one output a prompt, in order, greedily; with ``starts`` if they are wanted."""

    def generate_many(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, decoding: Decoding
    ) -> list[list[Output]]:
        """Generates ``decoding.outputs`` beams or samples a prompt, the best first."""

    def score(
        self, input_ids: Sequence[list[int]], targets: Sequence[list[int]]
    ) -> list[list[float]]:
        """Returns the log-probability of each target token, as if the model had generated it.

        One target a prompt, without end token and without repetition penalty.
        """

    def attend(
        self,
        input_ids: Sequence[list[int]],
        targets: Sequence[list[int]],
        *,
        all_heads: bool = False,
    ) -> list[np.ndarray]:
        """Returns the cross-attention while the model generates each target; one a prompt.

        Returns:
            (target, input) each, rows sum to 1: of the last decoder layer, of the head that
            CTranslate2 takes for alignments (its first) or the mean of all, at the steps that
            choose the target's tokens.
        """

    def steps(self, input_ids: list[int], max_new_tokens: int, top: int) -> list[Step]:
        """Generates one prompt's output greedily and tells what it could have been at each step.

        Args:
            input_ids: One prompt.
            max_new_tokens: Bound of the output, as for ``generate``.
            top: So many tokens are told of each step.

        Returns:
            A step each token of the output, and one for the end token if the model ended it; none
            for other special tokens.
        """

    def likeliest(
        self, input_ids: list[int], trie: TokenTrie, first: np.ndarray, wanted: int, least: float
    ) -> dict[int, float]:
        """Finds the likeliest of a list of targets as the beginning of an output.

        Args:
            input_ids: One prompt.
            trie: The targets.
            first: Log-probability of each target's first token; float32, (targets,).
            wanted: So many of the likeliest are found, as far as there are.
            least: Of those with less log-probability only a few need be found.

        Returns:
            Place of the target in the list to its log-probability; without repetition penalty.
        """

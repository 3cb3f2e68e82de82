"""The two engines that write a tagger's text: transformers, the reference, and CTranslate2.

Both take token ids and give token ids with their log-probabilities, so that everything above
them is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings

if TYPE_CHECKING:
    import numpy as np

    from tagloop.generation.decoding import Decoding
    from tagloop.generation.token_trie import TokenTrie

CTRANSLATE2_FOLDER = "ctranslate2"


@dataclass(frozen=True)
class TagStarts:
    """What the model could have begun each tag with.

    Attributes:
        log_probs: Log-probability of every token of the vocabulary at each place where a tag
            starts; float32, (places, vocabulary).
        places: Index into the output's ``ids`` of each place; a place after the last separator
            may be the end of the output.
    """

    log_probs: np.ndarray
    places: list[int]


@dataclass(frozen=True)
class Output:
    """One output.

    Attributes:
        ids: Token ids without start, end and padding tokens.
        log_probs: Log-probability of each, as it was chosen by (after the repetition penalty);
            of one output among many only the total is known, and they are 0.
        finished: Whether the model ended it, not the length limit.
        starts: Only when asked for.
        total: Log-probability of the whole output with its end; only of one among many.
    """

    ids: list[int]
    log_probs: list[float]
    finished: bool = True
    starts: TagStarts | None = None
    total: float = 0.0


@dataclass(frozen=True)
class Step:
    """One step of an output: what the model could go on with.

    Attributes:
        ids: The likeliest tokens; the first is the one that the output goes on with.
        log_probs: Of each, as it was chosen by (after the repetition penalty).
        attention: How much the model looked at each token of the prompt, (input,), sums to 1: the
            mean of all heads of the last decoder layer.
    """

    ids: list[int]
    log_probs: list[float]
    attention: np.ndarray


class Engine(Protocol):
    """Writes text for prompts given as token ids.

    Attributes:
        name: ``ctranslate2`` or ``transformers``.
        workers: So many batches it writes at once, called from as many threads.
    """

    name: str
    workers: int

    def write(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, *, starts: bool = False
    ) -> list[Output]:
        """Writes one output a prompt, in order, greedily; with ``starts`` if they are wanted."""

    def write_many(
        self, input_ids: Sequence[list[int]], max_new_tokens: int, decoding: Decoding
    ) -> list[list[Output]]:
        """Writes ``decoding.outputs`` outputs a prompt as beams or samples, the best first."""

    def score(
        self, input_ids: Sequence[list[int]], targets: Sequence[list[int]]
    ) -> list[list[float]]:
        """Returns the log-probability of each target token, as if the model had written the target.

        One target a prompt, without end token and without repetition penalty.
        """

    def attend(
        self,
        input_ids: Sequence[list[int]],
        targets: Sequence[list[int]],
        *,
        all_heads: bool = False,
    ) -> list[np.ndarray]:
        """Returns what the model looks at while it writes each target; one a prompt.

        Returns:
            (target, input) each, rows sum to 1: the cross-attention of the last decoder layer, of
            the head that CTranslate2 takes for alignments (its first) or the mean of all, at the
            steps that choose the target's tokens.
        """

    def steps(self, input_ids: list[int], max_new_tokens: int, top: int) -> list[Step]:
        """Writes one prompt's output greedily and tells what it could have been at each step.

        Args:
            input_ids: One prompt.
            max_new_tokens: Bound of the output, as for ``write``.
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


def separator_ids(tokenizer: Any, separator: str) -> frozenset[int]:
    """Returns the ids of all tokens that hold the separator (without its blanks)."""
    mark = separator.strip() or separator
    return frozenset(id for piece, id in tokenizer.get_vocab().items() if mark in piece)


class OutputBuilder:
    """Makes ``Output`` of an output's tokens and the logits that they were chosen by."""

    def __init__(self, tokenizer: Any, settings: TaggingSettings) -> None:
        self._silent = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
        self._end = tokenizer.eos_token_id
        self._marks = separator_ids(tokenizer, settings.separator)

    def one_of_many(self, ids: Sequence[int], finished: bool, total: float) -> Output:
        """Makes an output of which only the total log-probability is known."""
        kept = [token for token in ids if token not in self._silent]
        return Output(kept, [0.0] * len(kept), finished, total=total)

    def written(
        self, ids: Sequence[int], logits: np.ndarray, finished: bool, starts: bool
    ) -> Output:
        """Takes the log-softmax of all steps at once.

        Args:
            ids: Tokens without the end token, (tokens,).
            logits: Of each step, (steps, vocabulary); the end token's may follow the tokens'.
            finished: Whether the model ended the output.
            starts: Whether to keep whole rows where tags start.
        """
        import numpy as np

        totals = _log_sums(logits)
        chosen = logits[np.arange(len(ids)), list(ids)] - totals[: len(ids), 0]
        kept = [step for step, token in enumerate(ids) if token not in self._silent]
        rows, places = [0], [0]
        for place, step in enumerate(kept):
            if ids[step] in self._marks and step + 1 < len(logits):
                rows.append(step + 1)
                places.append(place + 1)
        found = TagStarts(logits[rows] - totals[rows], places) if starts else None
        return Output([ids[i] for i in kept], [float(chosen[i]) for i in kept], finished, found)

    def choices(
        self, ids: Sequence[int], logits: np.ndarray, attention: np.ndarray, top: int
    ) -> list[Step]:
        """Tells what each step could have been.

        Args:
            ids: Tokens with the end token if the model set it, (steps,).
            logits: Of each step, (steps, vocabulary).
            attention: Of each step, (steps, input).
            top: So many tokens are told of each step.
        """
        log_probs = logits - _log_sums(logits)
        found = []
        for chosen, row, look in zip(ids, log_probs, attention, strict=True):
            if chosen in self._silent and chosen != self._end:
                continue
            order = row.argsort(kind="stable")[::-1][: top + 1].tolist()
            best = [chosen, *(token for token in order if token != chosen)][:top]
            found.append(Step(best, row[best].tolist(), look))
        return found


def _log_sums(logits: np.ndarray) -> np.ndarray:
    """Returns what makes log-probabilities of logits when it is taken away, (steps, 1)."""
    import numpy as np

    top = logits.max(axis=1, keepdims=True)
    return np.asarray(top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True)))


def choose_engine(name: str, folder: Path, tokenizer: Any, threads: int | None = None) -> Engine:
    """Loads an engine; ``auto`` takes CTranslate2 where the model brings its conversion.

    Raises:
        UserError: The name is unknown, or the conversion or the package is missing.
    """
    from tagloop.generation.ctranslate2_engine import CTranslate2Engine
    from tagloop.generation.transformers_engine import TransformersEngine

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

"""How plain ``generate`` decodes, chosen on the validation articles: ``generation_config.json``.

Three stock settings of transformers, no one of which suits every model:

* a repetition penalty: a model that has learned little repeats itself in most of its answers, one
  that has learned much in a few, and a penalty that is too strong ends the answer early;
* a bias towards the tokens of which the corpus's tags are made: a few dozen articles cannot teach
  a model which of 30,000 tokens its authors never use;
* a bias against ending the answer: what little it has seen makes a model write too few tags.

The biases (``sequence_bias``) are for plain ``generate`` alone: Tagloop's engines leave them out,
because its ranking weighs the tags itself. ``training.bench.studies.small_training`` measures them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import DataCollatorForSeq2Seq
from transformers.modeling_outputs import BaseModelOutput

from tagloop.vocabulary.vocabulary import normal_form
from training.finetune.preprocess import REPETITION_PENALTY
from training.finetune.schedule import SMALL

USUAL_BIAS = 2.0
"""Towards the tokens of the tags of a small corpus, in logits. On held-out articles of two corpora
five of six models that were tried had more F1@M with it; the study has the decoding without."""
PENALTIES = (1.3, 1.6)
VOCABULARY_BIASES = (0.0,)
END_BIASES = (-1.5, -3.0)
"""What is tried beside the usual; biases in logits."""
MARGIN = 0.01
"""By so much mean F1@M must be better, and by two standard errors: a dozen articles say little."""
REPEAT_COST = 0.05
"""What an answer that repeats a tag loses of its F1@M: `decode` shows no repeat where the tokenizer
has a decoder of its own (``training.finetune.display_forms``), but it is a waste."""
MOST_ARTICLES = 100
BATCH = 16
Biases = list[list[Any]]
"""Token ids (here one) and a bias each, as ``sequence_bias`` has them."""


@dataclass(frozen=True)
class PlainDecoding:
    """Settings of ``generate``.

    Attributes:
        penalty: Of repetition.
        vocabulary: Bias of the tokens of the corpus's tags.
        end: Bias of the token that ends the answer.
    """

    penalty: float = REPETITION_PENALTY
    vocabulary: float = 0.0
    end: float = 0.0

    def to_json(self) -> dict[str, str | float | bool | None]:
        """Returns them for the training log."""
        return {
            "repetition_penalty": self.penalty,
            "vocabulary_bias": self.vocabulary,
            "end_bias": self.end,
        }

    def options(self, tokens: Collection[int], end: int) -> dict[str, Any]:
        """Returns them as ``generation_config.json`` has them.

        Args:
            tokens: Of the corpus's tags.
            end: The end token.
        """
        biases = dict.fromkeys(sorted(tokens), self.vocabulary) if self.vocabulary else {}
        # An end is as usual in the vocabulary's answers as its tokens are.
        biases[end] = self.vocabulary + self.end
        listed = [[[token], bias] for token, bias in biases.items() if bias]
        return {"repetition_penalty": self.penalty, "sequence_bias": listed or None}


class _Validation:
    """The validation articles, read by the encoder once for all settings that are tried."""

    @torch.no_grad()
    def __init__(self, model: Any, tokenizer: Any, articles: Dataset, separator: str) -> None:
        self._model, self._tokenizer = model.eval(), tokenizer
        self._mark = separator.strip() or separator
        self._read: list[tuple[BaseModelOutput, torch.Tensor, list[list[str]]]] = []
        collate = DataCollatorForSeq2Seq(tokenizer, model=model)
        columns = ("input_ids", "attention_mask", "labels")
        for first in range(0, len(articles), BATCH):
            rows = articles.select(range(first, min(first + BATCH, len(articles))))
            batch = collate([{name: row[name] for name in columns} for row in rows])
            batch = batch.to(model.device)
            mask = batch["attention_mask"]
            states = model.get_encoder()(input_ids=batch["input_ids"], attention_mask=mask)
            encoded = BaseModelOutput(last_hidden_state=states.last_hidden_state)
            self._read.append((encoded, mask, [self._tags(row) for row in rows["labels"]]))

    @torch.no_grad()
    def score(self, options: dict[str, Any]) -> np.ndarray:
        """Returns the F1@M of each answer, less what repeats cost."""
        scores: list[float] = []
        for encoded, mask, wanted in self._read:
            ids = self._model.generate(encoder_outputs=encoded, attention_mask=mask, **options)
            scores += map(_score, map(self._tags, ids.tolist()), wanted)
        return np.array(scores)

    def _tags(self, ids: Sequence[int]) -> list[str]:
        """Returns the tags' normal forms, repeated ones as often as they stand there."""
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        return [form for form in map(normal_form, text.split(self._mark)) if form]


def tag_tokens(answers: Dataset, tokenizer: Any) -> set[int]:
    """Returns the ids of which tags and what is between them are made, without special ones.

    Args:
        answers: ``labels`` of each article; none if there is no article.
        tokenizer: Of the labels.
    """
    labels = answers["labels"] if len(answers) else ()
    return {token for row in labels for token in row} - set(tokenizer.all_special_ids)


def biases_with(biases: Biases | None, tokens: Collection[int]) -> Biases | None:
    """Gives the tokens of new tags the bias that those of the corpus's tags have.

    Args:
        biases: As ``sequence_bias`` has them.
        tokens: Ids, without special ones.
    """
    if not biases or len(biases) == 1:  # the end's alone, or none
        return biases
    usual = Counter(bias for _, bias in biases).most_common(1)[0][0]
    known = {token for [token], _ in biases}
    new = set(tokens) - known
    return biases + [[[token], usual] for token in sorted(new)]


def _score(written: Sequence[str], wanted: Sequence[str]) -> float:
    ours, theirs = set(written), set(wanted)
    f1 = 2 * len(ours & theirs) / max(len(ours) + len(theirs), 1)
    return f1 - REPEAT_COST * (len(ours) < len(written))


def fit_decoding(
    model: Any, tokenizer: Any, train: Dataset, validation: Dataset, separator: str
) -> PlainDecoding:
    """Chooses one setting after the other and puts them into the model's generation config.

    Args:
        model: Sequence-to-sequence; decodes greedily.
        tokenizer: Of the model.
        train: ``labels`` of the training articles.
        validation: ``input_ids``, ``attention_mask`` and ``labels`` of each article.
        separator: Between two tags.

    Returns:
        What was chosen; the usual without validation articles. Where there are many training
        articles, they have taught the model what the biases say.
    """
    small = len(train) < SMALL
    best = PlainDecoding(vocabulary=USUAL_BIAS if small else 0.0)
    end: int = tokenizer.eos_token_id
    tokens = tag_tokens(train, tokenizer)
    if len(validation):
        articles = validation.select(range(min(len(validation), MOST_ARTICLES)))
        read = _Validation(model, tokenizer, articles, separator)
        score = read.score(best.options(tokens, end))
        tried: dict[str, tuple[float, ...]] = {"penalty": PENALTIES}
        if small:
            tried |= {"vocabulary": VOCABULARY_BIASES, "end": END_BIASES}
        for name, values in tried.items():
            scores = {
                option: read.score(option.options(tokens, end))
                for option in (replace(best, **{name: value}) for value in values)
            }
            better = max(scores, key=lambda option: float(scores[option].mean()))
            gain = scores[better] - score
            if gain.mean() > max(MARGIN, 2 * gain.std() / np.sqrt(len(gain))):
                best, score = better, scores[better]
    model.generation_config.update(**best.options(tokens, end))
    return best

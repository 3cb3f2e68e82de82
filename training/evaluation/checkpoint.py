"""The checkpoint alone: the tags that the first snippet of a model's card gives, and nothing more.

Stock ``AutoTokenizer``, ``AutoModelForSeq2SeqLM`` and ``generate`` with the model's own
``generation_config.json``; the output is cut at the separator. In batches, else as the snippet
(``training.cards.model_snippets``) does it: no vocabulary, no neighbours, no ranker, in float32.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from training.console import progress_bar
from training.finetune.ctranslate2_conversion import convert
from training.finetune.preprocess import decoding_defaults, load_base

BATCH = 16
"""Articles of a batch, as many as ``Tagger`` takes."""
Pieces = list[str]
"""An answer, cut at its separators: the tags without blanks around them, "" for an empty slot."""


class Checkpoint:
    """A seq2seq model under transformers, used as a stranger to Tagloop uses it.

    Attributes:
        model: The stock model.
        tokenizer: The stock tokenizer.
        settings: Content of ``tagging.json``, of which the snippet has prompt, length and
            separator.
    """

    def __init__(self, model: Any, tokenizer: Any, settings: TaggingSettings) -> None:
        self.model, self.tokenizer, self.settings = model.eval(), tokenizer, settings

    @classmethod
    def from_pretrained(
        cls, model: str, settings: TaggingSettings, revision: str | None = None
    ) -> Checkpoint:
        """Loads a folder or a model of the Hub.

        Raises:
            UserError: transformers cannot load it.
        """
        try:
            tokenizer = AutoTokenizer.from_pretrained(model, revision=revision)
            weights = AutoModelForSeq2SeqLM.from_pretrained(model, revision=revision)
        except (OSError, ValueError, SafetensorError) as error:
            raise UserError(
                f"transformers cannot load {model} ({str(error).splitlines()[0]}): the checkpoint "
                "alone needs config.json, model.safetensors and the tokenizer's files."
            ) from None
        return cls(weights, tokenizer, settings)

    @classmethod
    def of_base(cls, base: str, settings: TaggingSettings) -> Checkpoint:
        """Loads a base as it is, with the prompt and the decoding that its fine-tuned model has.

        Raises:
            UserError: The base cannot be loaded.
        """
        model, tokenizer, _ = load_base("" if base == "tagloop-base" else base)
        model.generation_config = decoding_defaults(model.generation_config, settings)
        return cls(model, tokenizer, settings)

    def save(self, folder: Path) -> None:
        """Writes a tagger's folder, conversion included.

        Raises:
            UserError: The model cannot be converted.
        """
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        self.settings.save(folder)
        convert(folder)

    def answer(self, articles: Iterable[Mapping[str, Any]], name: str) -> list[Pieces]:
        """Returns each article's answer, in their order.

        Args:
            articles: With ``title`` and ``text``.
            name: For the progress bar.
        """
        articles = list(articles)
        with progress_bar(total=len(articles), desc=f"tagging, {name}", unit="article") as bar:
            return self.answer_each(articles, bar.update)

    def answer_each(
        self, articles: Iterable[Mapping[str, Any]], progress: Callable[[int], object]
    ) -> list[Pieces]:
        """Returns each article's answer, in their order.

        Args:
            articles: With ``title`` and ``text``.
            progress: Told how many articles each batch has done.
        """
        prompts = [self._prompt(article) for article in articles]
        # The longest first: what does not fit into memory fails at once, and the time left that
        # the bar shows is too high rather than too low.
        order = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
        answers: list[Pieces] = [[] for _ in prompts]
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            texts = self._generate([prompts[index] for index in batch])
            for index, text in zip(batch, texts, strict=True):
                answers[index] = self._pieces(text)
            progress(len(batch))
        return answers

    def _prompt(self, article: Mapping[str, Any]) -> str:
        # As the snippet's f-string, which takes no blanks away.
        parts = re.split(r"\{(title|text)\}", self.settings.prompt_template)
        parts[1::2] = [article[name] or "" for name in parts[1::2]]
        return "".join(parts)

    def _generate(self, prompts: list[str]) -> list[str]:
        inputs = self.tokenizer(
            prompts,
            truncation=True,
            max_length=self.settings.max_input_tokens,
            padding=True,
            return_tensors="pt",
        )
        output = self.model.generate(**inputs)
        return list(self.tokenizer.batch_decode(output, skip_special_tokens=True))

    def _pieces(self, text: str) -> Pieces:
        separator = self.settings.separator.strip() or self.settings.separator
        return [piece.strip() for piece in text.split(separator)] if text.strip() else []

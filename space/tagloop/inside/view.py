"""All that the pictures of one article need, from a tagger and its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagloop.article import text_of
from tagloop.deadline import Deadline
from tagloop.errors import UserError
from tagloop.files import CONFIG
from tagloop.generation.evidence import target_ids
from tagloop.generation.outputs import separator_ids
from tagloop.inside.attention import TagAttention, attention_of
from tagloop.inside.linear import LinearExample, work_out
from tagloop.inside.parameters import ParameterGroup, count_parameters
from tagloop.inside.pieces import TokenizedArticle, Word, read_pieces
from tagloop.inside.steps import TagSteps, steps_by_tag
from tagloop.inside.weights import Weights
from tagloop.tagger.selection import Tag
from tagloop.tagger.tagger import Tagger

SHOWN_PIECES = 16
"""Whose rows are shown."""
RIVALS = 4
MOST_TAGS = 10


@dataclass(frozen=True)
class View:
    """One article inside the model.

    Attributes:
        article: The prompt in pieces.
        words: The prompt in words.
        tags: The answer.
        rows: Input embeddings of the first ``SHOWN_PIECES`` pieces, (pieces, width); None where
            they cannot be read.
        parameters: Of each part of the model; empty where they cannot be told.
        worked: One A·X + B; None where the architecture is another.
        attention: Of each tag of the answer, the first ``MOST_TAGS``.
        steps: The output, tag by tag.
        problem: Why weights cannot be read; empty if they can.
    """

    article: TokenizedArticle
    words: list[Word]
    tags: list[Tag]
    rows: np.ndarray | None
    parameters: list[ParameterGroup]
    worked: LinearExample | None
    attention: list[TagAttention]
    steps: list[TagSteps]
    problem: str = ""


def look_inside(tagger: Tagger, title: str, text: str) -> View:
    """Tags an article and tells what happened.

    Raises:
        UserError: ``Tagger.tag`` refuses the article, or it takes too long.
    """
    check = Deadline().check
    engine, tokenizer, settings = tagger.generator, tagger.tokenizer, tagger.settings
    article = read_pieces(tokenizer, settings, title, text)
    tags = tagger.tag(text, title, max_windows=1, check=check)
    check()
    steps = engine.steps(article.ids, settings.max_new_tokens, RIVALS + 1)
    marks = separator_ids(tokenizer, settings.separator)
    plain = text_of({"title": title, "text": text})
    by_tag = steps_by_tag(steps, tokenizer, marks, tagger.vocabulary, plain)
    words = article.words()
    check()
    targets = {tag.tag: target_ids(tag.tag, tokenizer) for tag in tags[:MOST_TAGS]}
    attention = attention_of(engine, article.ids, words, targets, steps, by_tag)
    rows, parameters, worked, problem = _of_weights(tagger, article)
    return View(article, words, tags, rows, parameters, worked, attention, by_tag, problem)


def _of_weights(
    tagger: Tagger, article: TokenizedArticle
) -> tuple[np.ndarray | None, list[ParameterGroup], LinearExample | None, str]:
    try:
        weights = Weights.open(folder_of(tagger))
    except UserError as error:
        return None, [], None, str(error)
    if weights is None:
        return None, [], None, "This model keeps no model.safetensors beside its conversion."
    rows, name = None, weights.embeddings
    if name is not None and weights.can_read(name):
        rows = weights.rows(name, article.ids[:SHOWN_PIECES])
    place = first_letters(article)
    worked = None if place is None else work_out(weights, article.ids, place)
    return rows, count_parameters(weights), worked, ""


def first_letters(article: TokenizedArticle) -> int | None:
    """Returns the place of the first piece with letters or digits; None if there is none."""
    for place, piece in enumerate(article.pieces):
        if any(char.isalnum() for char in article.prompt[piece.begin : piece.end]):
            return place
    return None


def folder_of(tagger: Tagger) -> Path:
    """Returns the folder that a tagger was loaded from, without asking the Hub again.

    Raises:
        UserError: The folder is no longer there.
    """
    if Path(tagger.model_repo).is_dir():
        return Path(tagger.model_repo)
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        # Not the whole snapshot: a tagger fetches only what it needs of its repo.
        found = hf_hub_download(
            tagger.model_repo,
            CONFIG,
            revision=tagger.model_revision,
            local_files_only=True,
        )
    except (LocalEntryNotFoundError, HFValidationError):
        raise UserError("The files of this model are no longer on this machine.") from None
    return Path(found).parent

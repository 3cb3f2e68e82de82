"""All that the pictures of one article need, from a tagger and its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tagloop.errors import UserError
from tagloop.generation.engine import separator_ids
from tagloop.generation.evidence import target_ids
from tagloop.inside.linear import Worked, work_out
from tagloop.inside.looks import Look, looks_of
from tagloop.inside.parts import ParameterGroup, count_parts
from tagloop.inside.pieces import TokenizedArticle, Word, read_pieces
from tagloop.inside.weights import Weights
from tagloop.inside.writing import Stretch, read_stretches
from tagloop.tagger.selection import Tag, text_of
from tagloop.tagger.tagger import Tagger

SHOWN_PIECES = 16
"""Whose rows are shown."""
RIVALS = 4
MOST_LOOKS = 10


@dataclass(frozen=True)
class View:
    """One article inside the model.

    Attributes:
        reading: The prompt in pieces.
        words: The prompt in words.
        tags: The answer.
        rows: Input embeddings of the first ``SHOWN_PIECES`` pieces, (pieces, width); None where
            they cannot be read.
        parts: Of the model; empty where they cannot be told.
        worked: One A·X + B; None where the architecture is another.
        looks: Of each tag of the answer, the first ``MOST_LOOKS``.
        stretches: The output, tag by tag.
        problem: Why weights cannot be read; empty if they can.
    """

    reading: TokenizedArticle
    words: list[Word]
    tags: list[Tag]
    rows: np.ndarray | None
    parts: list[ParameterGroup]
    worked: Worked | None
    looks: list[Look]
    stretches: list[Stretch]
    problem: str = ""


def look_inside(tagger: Tagger, title: str, text: str) -> View:
    """Tags an article and tells what happened.

    Raises:
        UserError: Anything that ``Tagger.tag`` refuses.
    """
    engine, tokenizer, settings = tagger.writer, tagger.tokenizer, tagger.settings
    reading = read_pieces(tokenizer, settings, title, text)
    tags = tagger.tag(text, title, max_windows=1)
    steps = engine.steps(reading.ids, settings.max_new_tokens, RIVALS + 1)
    marks = separator_ids(tokenizer, settings.separator)
    article = text_of({"title": title, "text": text})
    stretches = read_stretches(steps, tokenizer, marks, tagger.vocabulary, article)
    words = reading.words()
    targets = {tag.tag: target_ids(tag.tag, tokenizer) for tag in tags[:MOST_LOOKS]}
    looks = looks_of(engine, reading.ids, words, targets, steps, stretches)
    rows, parts, worked, problem = _of_weights(tagger, reading)
    return View(reading, words, tags, rows, parts, worked, looks, stretches, problem)


def _of_weights(
    tagger: Tagger, reading: TokenizedArticle
) -> tuple[np.ndarray | None, list[ParameterGroup], Worked | None, str]:
    try:
        weights = Weights.open(folder_of(tagger))
    except UserError as error:
        return None, [], None, str(error)
    if weights is None:
        return None, [], None, "This model keeps no model.safetensors beside its conversion."
    rows, name = None, weights.embeddings
    if name is not None and weights.can_read(name):
        rows = weights.rows(name, reading.ids[:SHOWN_PIECES])
    place = first_letters(reading)
    worked = None if place is None else work_out(weights, reading.ids, place)
    return rows, count_parts(weights), worked, ""


def first_letters(reading: TokenizedArticle) -> int | None:
    """Returns the place of the first piece with letters or digits; None if there is none."""
    for place, piece in enumerate(reading.pieces):
        if any(char.isalnum() for char in reading.prompt[piece.begin : piece.end]):
            return place
    return None


def folder_of(tagger: Tagger) -> Path:
    """Returns the folder that a tagger was loaded from, without asking the Hub again.

    Raises:
        UserError: It is gone.
    """
    if Path(tagger.model_repo).is_dir():
        return Path(tagger.model_repo)
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        # Not the whole snapshot: a tagger fetches only what it needs of its repo.
        found = hf_hub_download(
            tagger.model_repo,
            "config.json",
            revision=tagger.model_revision,
            local_files_only=True,
        )
    except (LocalEntryNotFoundError, HFValidationError):
        raise UserError("The files of this model are no longer on this machine.") from None
    return Path(found).parent

"""The recipe's training examples: what is read from the data and what the model sees of it.

One or several folders hold xz-compressed JSON Lines with ``source, title, text, tags`` and, where
labelled, ``split``; ``FILES`` names them. Only train splits are ever learned from.
"""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import join_tags, normal_form, occurs_in, tidy
from training.data.sources.locations import locations

FILES = {
    "articles": "articles_open.jsonl.xz",
    "general": "general_open.jsonl.xz",
    "titles": "titles.jsonl.xz",
    "textbook": "openstax.jsonl.xz",
    "wiki": "wiki.jsonl.xz",
}
TAGGED = ("articles", "general", "titles", "textbook")
MEASURED_KINDS = ("articles", "general", "titles")
"""Kinds with the tags of people, which validation and measurements report apart."""
SHARES = {"congress_crs": 0.4, "rubenerd": 0.4, "medium_ds": 0.7}
"""Of these sources an example is made with so much probability, anew in each round: there are so
many rows of one author, one style or one subject that they would set the style of all."""
MAX_TAGS = 6
"""More tags than this are sampled down for an example, so that lists stay short."""
TEXT_CHARACTERS = 1600
"""Characters of text an example takes: about 320 WordPiece tokens, cut to the stage's limit."""


@dataclass(frozen=True)
class Row:
    """One line of a data file, its tags in the form that the base learns to generate."""

    kind: str
    title: str
    text: str
    tags: tuple[str, ...]
    split: str
    source: str = ""


@dataclass(frozen=True)
class Style:
    """How a row becomes an example; the defaults are the recipe's.

    Attributes:
        windows: Long texts are sometimes read from a random place on, not from their beginning.
        lone_parts: The title or the text alone is sometimes the whole prompt.
        order: Puts the tags of an example in order, given its prompt; None leaves the author's.
    """

    windows: bool = True
    lone_parts: bool = True
    order: Callable[[list[str], str, random.Random], list[str]] | None = None


RECIPE_STYLE = Style()


def data_file(folders: Sequence[str | Path], name: str) -> Path:
    """Finds a data file in the first of the folders that has it.

    Args:
        folders: Each a folder, or several with blanks between them.
        name: Of the file.

    Raises:
        UserError: None has it.
    """
    places = locations([str(folder) for folder in folders])
    for place in places:
        if (path := Path(place) / name).is_file():
            return path
    looked = ", ".join(places) or "no folder"
    raise UserError(f"{name} is missing in {looked}; --data names the folders that hold the data.")


def read_rows(folders: Sequence[str | Path], kind: str) -> list[Row]:
    """Reads one file of ``FILES``.

    Raises:
        UserError: The file is missing.
    """
    return [_row(kind, record) for record in read_records(data_file(folders, FILES[kind]))]


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the records of a data file, xz-compressed JSON Lines.

    Raises:
        UserError: The file is missing.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing; --data names the folder that holds {path.name}.")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _row(kind: str, record: dict[str, Any]) -> Row:
    tags = {normal_form(tag): target_form(tag) for tag in record["tags"] if normal_form(tag)}
    split = record.get("split") or "train"
    title, text = record["title"], record["text"]
    return Row(kind, title, text, tuple(tags.values()), split, record["source"])


def target_form(tag: str) -> str:
    """Returns the tag as the base generates it: hyphens of slugs are blanks, no comma, short."""
    return " ".join(tidy(tag).replace("-", " ").replace("_", " ").replace(",", " ").split())


def title_examples(rows: list[Row], rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yields (text, title) for rows without tags: a first task that teaches summarising."""
    for row in rows:
        text = _window(row.text, rng, start=0.8)
        if text and row.title:
            yield text, row.title


def tag_examples(
    rows: list[Row], rng: random.Random, style: Style = RECIPE_STYLE
) -> Iterator[tuple[str, str]]:
    """Yields (prompt, tags) once a row, other windows and samples at every call."""
    for row in rows:
        if not row.tags:
            continue
        if row.source in SHARES and rng.random() > SHARES[row.source]:
            continue
        make = _textbook if row.kind == "textbook" else _article
        prompt, tags = make(row, rng, style)
        yield prompt, join_tags(style.order(tags, prompt, rng) if style.order else tags)


def _article(row: Row, rng: random.Random, style: Style) -> tuple[str, list[str]]:
    tags = list(row.tags)
    if len(tags) > MAX_TAGS:
        chosen = sorted(rng.sample(range(len(tags)), MAX_TAGS))
        tags = [tags[index] for index in chosen]
    if not row.text:
        return row.title, tags
    # Without the title or the text now and then, so that either alone is enough for good tags.
    chance = rng.random()
    text = _window(row.text, rng, start=0.75 if style.windows else 1.0)
    if not style.lone_parts or chance >= 0.2:
        return prompt_of(row.title, text), tags
    return text if chance < 0.1 else row.title, tags


def _textbook(row: Row, rng: random.Random, style: Style) -> tuple[str, list[str]]:
    """Key terms that stand in the window, in reading order: this teaches copying."""
    window = _window(row.text, rng, start=0.2 if style.windows else 1.0)
    terms = [tag for tag in row.tags if len(tag.split()) <= 4 and occurs_in(tag, window)]
    return prompt_of(row.title, window), terms[:4] or list(row.tags[:3])


def prompt_of(title: str, text: str) -> str:
    """Returns the base's prompt: title and text, a line each."""
    return f"{title}\n{text}".strip()


def _window(text: str, rng: random.Random, start: float) -> str:
    """Takes the text's beginning with probability ``start``, else from a random paragraph on."""
    if rng.random() < start or len(text) <= TEXT_CHARACTERS:
        return text[:TEXT_CHARACTERS]
    cut = rng.randrange(len(text) - TEXT_CHARACTERS // 2)
    cut = max(text.find("\n", cut), 0) or cut
    return text[cut : cut + TEXT_CHARACTERS].strip()

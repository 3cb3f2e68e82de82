"""The stages of the base's recipe, and which rows a stage learns from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.base.examples import Row


@dataclass(frozen=True)
class Stage:
    """One stage of the recipe.

    Attributes:
        name: Of the stage.
        minutes: Of training.
        freeze_encoder: Whether the decoder learns alone.
        decoder_lr: Peak learning rate.
        encoder_lr: Likewise.
        max_input_tokens: Longer prompts are cut.
        article_rounds: How often a round has each article.
        title_rounds: How often it has each title.
        general_rounds: How often it has each general article.
    """

    name: str
    minutes: float
    freeze_encoder: bool
    decoder_lr: float
    encoder_lr: float
    max_input_tokens: int
    article_rounds: int = 1
    title_rounds: int = 1
    general_rounds: int = 0


STAGES = (
    Stage("titles", 8, True, 1e-3, 0.0, 192),
    Stage("decoder", 7, True, 8e-4, 0.0, 192),
    Stage("all", 75, False, 6e-4, 1.5e-4, 224),
    Stage("more", 90, False, 4e-4, 1.5e-4, 224, article_rounds=2, title_rounds=3),
    Stage("general", 120, False, 5e-4, 1.5e-4, 224, article_rounds=2, general_rounds=2),
)


def stage_rows(tagged: Mapping[str, list[Row]], stage: Stage) -> list[Row]:
    """Returns the tagged rows of one round, each kind as often as the stage says."""
    rounds = {
        "articles": stage.article_rounds,
        "general": stage.general_rounds,
        "titles": stage.title_rounds,
        "textbook": 1,
    }
    return [
        row for kind, rows in tagged.items() for row in rows * rounds[kind] if row.split == "train"
    ]

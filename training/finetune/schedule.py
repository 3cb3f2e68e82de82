"""How long a fine-tuning is, and which weights learn, by the size of the corpus.

A small corpus needs many passes, which all weights take too long for and learn by heart: the
decoder and the upper layers of the encoder get them, on the cached states of the lower layers
(`training.finetune.frozen_encoder`), and the weights of the last passes are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.config import TrainConfig

SMALL = 500
"""Training articles below which a corpus gets the passes of the upper layers by default."""
USUAL_EPOCHS, SMALL_EPOCHS = 6.0, 16.0
SMALL_FROZEN_LAYERS = 4
"""Of the bundled base's six."""
CHECKS = 4
"""So often a training of averaged weights is validated: that costs as much as some epochs."""
AVERAGED = 0.4
"""Share of the epochs, the last ones, whose weights are averaged."""


@dataclass(frozen=True)
class Schedule:
    """The epochs of a training.

    Attributes:
        epochs: Of all articles.
        frozen_layers: Lower layers of the encoder that stay as they are, with the embeddings.
        averaged: Whether the weights of the last epochs are averaged; else those of the epoch that
            validates best are taken.
    """

    epochs: float
    frozen_layers: int = 0
    averaged: bool = False

    def to_json(self) -> dict[str, str | float | bool | None]:
        """Returns what was chosen; what `TrainConfig` has, by its names."""
        return {
            "epochs": self.epochs,
            "frozen_layers": self.frozen_layers,
            "averaged": self.averaged,
        }

    def validated(self, epoch: int) -> bool:
        """Tells whether to validate, and to write a checkpoint, after an epoch (from 1 on)."""
        every = max(round(self.epochs / CHECKS), 1) if self.averaged else 1
        return (round(self.epochs) - epoch) % every == 0

    def in_average(self, epoch: int) -> bool:
        """Tells whether the weights after an epoch (from 1 on) are averaged."""
        return self.averaged and epoch > self.epochs - max(self.epochs * AVERAGED, 1)


def schedule_of(config: TrainConfig, articles: int) -> Schedule:
    """Returns what the settings ask for, or what the corpus's size calls for.

    Who sets ``epochs`` gets all weights trained, unless ``frozen_layers`` says otherwise.

    Args:
        config: The settings.
        articles: That are trained on.
    """
    small = articles < SMALL and config.epochs is None and not config.freeze_encoder
    frozen = config.frozen_layers
    if frozen is None:
        frozen = SMALL_FROZEN_LAYERS if small else 0
    epochs = config.epochs or (SMALL_EPOCHS if small and frozen else USUAL_EPOCHS)
    return Schedule(epochs, frozen, averaged=bool(frozen))

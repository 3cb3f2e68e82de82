"""How long a fine-tuning is, and how fast it learns when: all weights first, then the decoder.

An epoch of the decoder alone costs an eighth of one of all weights, because the encoder's outputs
are kept (`training.finetune.frozen_encoder`). A small corpus, which few passes cannot teach its
tags, gets many of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.config import TrainConfig

SMALL = 500
"""Training articles below which a corpus gets the passes of the decoder alone by default."""
USUAL_EPOCHS = 6.0
SMALL_EPOCHS, SMALL_DECODER_EPOCHS = 5.0, 16.0
CHECKS = 4
"""So often the decoder's part is validated: that costs as much as some of its epochs."""
AVERAGED = 0.4
"""Share of the decoder's epochs, the last ones, whose weights are averaged."""


@dataclass(frozen=True)
class Schedule:
    """The epochs of a training.

    Attributes:
        whole: With all weights, first.
        decoder: With the decoder alone, on the encoder's cached outputs.
        rate: Peak rate of the decoder's part as a multiple of that of the first.
        warmup: Share of each part's steps that warm up.
    """

    whole: float
    decoder: float
    rate: float = 1.0
    warmup: float = 0.06

    @property
    def epochs(self) -> float:
        """All of them."""
        return self.whole + self.decoder

    def to_json(self) -> dict[str, str | float | bool | None]:
        """Returns the epochs by the names of `TrainConfig`."""
        return {"epochs": self.whole, "decoder_epochs": self.decoder}

    def whole_steps(self, steps: int) -> int:
        """Returns how many of the steps train all weights."""
        return round(steps * self.whole / self.epochs)

    def validated(self, epoch: int) -> bool:
        """Tells whether to validate after an epoch (from 1 on) of all."""
        every = max(round(self.decoder / CHECKS), 1)
        after = epoch > self.whole and (round(self.epochs) - epoch) % every == 0
        return after or epoch == round(self.whole)

    def saved(self, epoch: int) -> bool:
        """Tells whether to write a checkpoint after an epoch (from 1 on) of all."""
        return epoch <= self.whole or self.validated(epoch)

    def averaged(self, epoch: int) -> bool:
        """Tells whether the weights after an epoch (from 1 on) of all are averaged."""
        return epoch > self.epochs - max(self.decoder * AVERAGED, 1)

    def rate_factors(self, steps: int) -> Callable[[int], float]:
        """Returns what the peak rate is multiplied with at a step: each part rises, then falls."""
        whole = self.whole_steps(steps)

        def factor(step: int) -> float:
            if step < whole:
                return _rise_and_fall(step, whole, self.warmup)
            return self.rate * _rise_and_fall(step - whole, steps - whole, self.warmup)

        return factor


def _rise_and_fall(step: int, steps: int, warmup: float) -> float:
    """Returns 0..1: linearly up in the warm-up's share of the steps, then linearly down to 0."""
    rising = round(steps * warmup)
    if step < rising:
        return (step + 1) / (rising + 1)
    return max(steps - step, 0) / max(steps - rising, 1)


def schedule_of(config: TrainConfig, articles: int) -> Schedule:
    """Returns the epochs that the settings ask for, or those that the corpus's size calls for.

    Who sets ``epochs`` alone gets these and no others.

    Args:
        config: The settings.
        articles: That are trained on.
    """
    small = articles < SMALL and config.epochs is None
    epochs = config.epochs or (SMALL_EPOCHS if small else USUAL_EPOCHS)
    decoder = config.decoder_epochs
    if decoder is None:
        decoder = SMALL_DECODER_EPOCHS if small else 0.0
    rate = config.decoder_learning_rate / config.learning_rate if config.learning_rate else 1.0
    if config.freeze_encoder:
        epochs, decoder = (0.0, epochs + decoder) if decoder else (epochs, 0.0)
    return Schedule(epochs, decoder, rate, config.warmup)

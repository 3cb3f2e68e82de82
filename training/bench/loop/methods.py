"""The ways to learn corrections that the simulation compares."""

from __future__ import annotations

from dataclasses import dataclass

from training.bench.loop.regularisation import OutputPenaltyTrainer, WeightPenaltyTrainer
from training.finetune.adaptation import AdaptConfig
from training.finetune.frozen_encoder import FrozenEncoderTrainer

NEIGHBOURS = "neighbours"
RETRAIN = "neighbours and decoder"
"""What a retrain does."""


@dataclass(frozen=True)
class Method:
    """A way to learn corrections.

    Attributes:
        neighbours: Whether the neighbours take the corrections in.
        config: How the weights are trained; None leaves them.
        share: The new weights are so much of the mean of old and new ones (Wortsman et al.,
            "Robust fine-tuning of zero-shot models", CVPR 2022).
        trainer: Trains with a penalty on what is far from the old weights or outputs.
        names_source: Whether the new blog's articles, learned or to tag, are called by its name.
    """

    neighbours: bool = True
    config: AdaptConfig | None = None
    share: float = 1.0
    trainer: type[FrozenEncoderTrainer] | None = None
    names_source: bool = False


METHODS = {
    NEIGHBOURS: Method(),
    RETRAIN: Method(config=AdaptConfig()),
    "decoder alone": Method(neighbours=False, config=AdaptConfig()),
    "no replay": Method(config=AdaptConfig(passes=6, replay=0.0)),
    "replay 1:1": Method(config=AdaptConfig(passes=6, replay=1.0)),
    "twice the rate": Method(config=AdaptConfig(learning_rate=6e-4)),
    "half the rate": Method(config=AdaptConfig(learning_rate=1.5e-4)),
    "half the passes": Method(config=AdaptConfig(passes=2)),
    "no mean of the weights": Method(config=AdaptConfig(averaged_from=1.0)),
    "half way to the new weights": Method(config=AdaptConfig(), share=0.5),
    "no replay, pull to the old weights": Method(
        config=AdaptConfig(passes=6, replay=0.0), trainer=WeightPenaltyTrainer
    ),
    "no replay, pull to the old outputs": Method(
        config=AdaptConfig(passes=6, replay=0.0), trainer=OutputPenaltyTrainer
    ),
    "the prompt names the blog": Method(config=AdaptConfig(), names_source=True),
    "all weights": Method(config=AdaptConfig(train_encoder=True, learning_rate=5e-5)),
    "all weights, no replay": Method(
        config=AdaptConfig(train_encoder=True, learning_rate=2e-4, passes=6, replay=0.0)
    ),
}

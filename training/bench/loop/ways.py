"""The ways to learn corrections that the simulation compares."""

from __future__ import annotations

from dataclasses import dataclass

from training.bench.loop.pull import TowardsOutputs, TowardsWeights
from training.finetune.adaptation import AdaptConfig
from training.finetune.frozen_encoder import FrozenEncoderTrainer

RETRAIN = "memory and decoder"
"""What a retrain does."""


@dataclass(frozen=True)
class Way:
    """A way to learn.

    Attributes:
        memory: Whether the memory takes the corrections in.
        config: How the weights are trained; None leaves them.
        share: The new weights are so much of the mean of old and new ones (Wortsman et al.,
            "Robust fine-tuning of zero-shot models", CVPR 2022).
        pull: Trains with a pull towards the old weights or outputs.
        says_source: Whether the new blog's articles, learned or to tag, are told by its name.
    """

    memory: bool = True
    config: AdaptConfig | None = None
    share: float = 1.0
    pull: type[FrozenEncoderTrainer] | None = None
    says_source: bool = False


WAYS = {
    "memory": Way(),
    RETRAIN: Way(config=AdaptConfig()),
    "decoder alone": Way(memory=False, config=AdaptConfig()),
    "no replay": Way(config=AdaptConfig(passes=6, replay=0.0)),
    "replay 1:1": Way(config=AdaptConfig(passes=6, replay=1.0)),
    "twice the rate": Way(config=AdaptConfig(learning_rate=6e-4)),
    "half the rate": Way(config=AdaptConfig(learning_rate=1.5e-4)),
    "half the passes": Way(config=AdaptConfig(passes=2)),
    "half way to the new weights": Way(config=AdaptConfig(), share=0.5),
    "no replay, pull to the old weights": Way(
        config=AdaptConfig(passes=6, replay=0.0), pull=TowardsWeights
    ),
    "no replay, pull to the old outputs": Way(
        config=AdaptConfig(passes=6, replay=0.0), pull=TowardsOutputs
    ),
    "the prompt names the blog": Way(config=AdaptConfig(), says_source=True),
    "all weights": Way(config=AdaptConfig(train_encoder=True, learning_rate=5e-5)),
    "all weights, no replay": Way(
        config=AdaptConfig(train_encoder=True, learning_rate=2e-4, passes=6, replay=0.0)
    ),
}

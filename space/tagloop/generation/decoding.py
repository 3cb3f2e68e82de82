"""How a tagger's text is chosen: greedily, as the best beams, or as sampled votes."""

from __future__ import annotations

from dataclasses import dataclass

from tagloop.errors import UserError

MODES = ("greedy", "beam", "sample")
NO_REPEAT = 3
"""Beams may not repeat so many tokens in a row: the same tag between two separators. The engines
apply a repetition penalty to beams in different ways, this they do alike."""


@dataclass(frozen=True)
class Decoding:
    """How many outputs an article gets, and what its confidences mean.

    Attributes:
        mode: ``greedy`` takes the likeliest token at each step, as the model's
            ``generation_config.json`` says; a tag's confidence is the probability of its tokens,
            or what the model's ranker makes of it. ``beam`` takes the likeliest ``outputs``
            outputs of a beam search; a tag's confidence is the share of their probability mass
            that lies on those that hold it. ``sample`` draws ``outputs`` outputs at random; a
            tag's confidence is the share of them that hold it.
        outputs: Outputs of ``beam`` (also the width of the search) and ``sample``.
        temperature: Of ``sample``: below 1 the likely is drawn more often.
        seed: Of ``sample``: the same seed draws the same outputs on the same engine; the two
            engines draw differently.
    """

    mode: str = "greedy"
    outputs: int = 8
    temperature: float = 0.7
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses what no engine can do.

        Raises:
            UserError: An unknown mode, or a number that must be above 0 is not.
        """
        if self.mode not in MODES:
            raise UserError(f"No decoding is called {self.mode!r}: take {', '.join(MODES)}.")
        if self.outputs < 1 or self.temperature <= 0:
            raise UserError("Decoding needs at least 1 output and a temperature above 0.")

"""The settings of ``training.retrain``: what to retrain, what is enough, and how it learns."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from tagloop.errors import UserError
from training.cards.repo_names import Names
from training.config import ConsoleConfig, option
from training.finetune.adaptation import AdaptConfig
from training.retrain.gate import LEAST_HELD_OUT, TOLERANCE

MODEL_ENDING = "-tagger"
LONGEST_REST = 24 * 60
Settings = dict[str, Any]
"""The settings that decide what comes out of a retrain; see `RetrainConfig.decisive`."""


@dataclass
class RetrainConfig(ConsoleConfig, AdaptConfig):
    """Settings of ``training.retrain``."""

    model: str = option("", "Tagger on the Hub: owner/name-tagger.")
    dataset: str = option("", "Its dataset; default the one named in the model's files.")
    corrections: str = option("", "Its corrections; default owner/name-corrections.")
    agreement: int | None = option(
        None,
        "Take without review what so many different people corrected alike, 0 for "
        "nothing; default: as the Space's TAGLOOP_AGREEMENT says.",
    )
    tolerance: float = option(TOLERANCE, "F1@M that either system may lose on the frozen test.")
    least_held_out: int = option(
        LEAST_HELD_OUT, "With fewer held-out corrections a person decides (pull request)."
    )
    rest: float = option(
        0.0,
        "Begin only when so many minutes have gone by without a new correction, and end at once "
        "where another retrain runs: for a run that an event starts.",
    )
    suggestions: bool = option(
        False,
        "Merge the pull requests on owner/name-suggestions into the corrections, and end.",
    )
    work: str | None = option(None, "Folder for unfinished runs; default build/<name>/retrain.")
    break_lock: bool = option(False, "Take the lock of another run that is known to be dead.")
    dry_run: bool = option(False, "Print what would be done, do nothing.")

    def __post_init__(self) -> None:
        """Refuses what cannot be retrained with.

        Raises:
            UserError: The model is missing or no Hub id, or a number is out of its range.
        """
        super().__post_init__()
        if self.model.count("/") != 1:
            raise UserError("--model is missing: name a tagger on the Hub as owner/name-tagger.")
        if not (self.corrections or self.model.endswith(MODEL_ENDING)):
            raise UserError(
                f"{self.model} does not end with {MODEL_ENDING}, so say where its corrections are: "
                "--corrections owner/dataset."
            )
        if self.agreement is not None and (self.agreement < 0 or self.agreement == 1):
            raise UserError(f"--agreement {self.agreement}: one person agrees with nobody; take 2.")
        if not 0 <= self.rest <= LONGEST_REST:
            raise UserError(f"--rest {self.rest:g}: take minutes from 0 to {LONGEST_REST}.")
        if not 0 <= self.tolerance <= 1:
            raise UserError(f"--tolerance {self.tolerance}: take a number from 0 to 1.")

    @property
    def names(self) -> Names:
        """The project's repositories; those not given are called as publishing calls them."""
        namespace, name = self.model.split("/")
        made = Names.of(namespace, name.removesuffix(MODEL_ENDING))
        return Names(
            self.dataset or made.dataset,
            self.model,
            made.space,
            self.corrections or made.corrections,
        )

    @property
    def adaptation(self) -> AdaptConfig:
        """How the candidate learns."""
        return AdaptConfig(**{part.name: getattr(self, part.name) for part in fields(AdaptConfig)})

    def decisive(self) -> Settings:
        """Returns the settings that decide what comes out; the others only say how to get there."""
        apart = ("rest", "suggestions", "work", "break_lock", "dry_run", "verbose")
        return {name: value for name, value in asdict(self).items() if name not in apart}

"""What may be said to somebody whose record was given to an outbox, and when it is "saved"."""

from dataclasses import dataclass
from typing import Literal

SavedWhen = Literal["disk", "hub"]
"""A record counts as saved once it is fsynced here, or only once the Hub has confirmed it: for a
machine whose disk does not outlive a restart, such as a Space of the Hub."""
HUB_PATIENCE_SECONDS = 20.0
"""How long somebody waits for the Hub before the record is said to be only kept here."""


@dataclass(frozen=True)
class DeliveryStatus:
    """Where a record is by now.

    Attributes:
        id: The record's.
        saved: It is as safe as "saved" promises where this runs.
        delivered: The Hub has confirmed it.
        problem: Why it is not delivered yet, in one sentence, if that is known.
        refused: The Hub does not want it: somebody has to mend that.
    """

    id: str
    saved: bool
    delivered: bool
    problem: str | None = None
    refused: bool = False

    @property
    def message(self) -> str:
        """The truth for a record that is not saved yet."""
        known = f" {self.problem}" if self.problem else " The Hub has not answered in time."
        return (
            f"Not saved in the dataset yet: kept on this server as {self.id}, which goes on "
            f"trying.{known} Sending it again is not needed, but a restart could lose it."
        )

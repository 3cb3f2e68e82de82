"""What may be said of an outbox and of a row that it took, and when that row is "saved"."""

from dataclasses import dataclass
from typing import Literal

SavedWhen = Literal["disk", "hub"]
"""A row counts as saved once it is fsynced here, or only once the Hub has confirmed it: for a
machine whose disk does not outlive a restart, such as a Space of the Hub."""
REFUSED_ROW = "The dataset refused it; the owner has been told."
HUB_PATIENCE_SECONDS = 20.0
"""How long somebody waits for the Hub before the row is said to be only kept here."""


@dataclass(frozen=True)
class OutboxState:
    """What an owner wants to know about the outbox.

    Attributes:
        waiting: Rows on the local disk that the Hub has not confirmed.
        delivered: Rows confirmed since the start of this process.
        commit: The commit that holds the latest of them.
        problem: Why delivery does not go on, in one sentence, or None when all is well.
        refused: The Hub answered and does not want the rows (no permission, wrong token):
            waiting does not mend that.
        quarantined: Rows that were set aside, each for a fault of its own, until the owner decides.
        strays: What else lies in the outbox's folder, and is left alone.
    """

    waiting: int = 0
    delivered: int = 0
    commit: str | None = None
    problem: str | None = None
    refused: bool = False
    quarantined: int = 0
    strays: int = 0


@dataclass(frozen=True)
class DeliveryStatus:
    """Where a row is by now.

    Attributes:
        id: The row's.
        saved: It is as safe as "saved" promises where this runs.
        delivered: The Hub has confirmed it.
        problem: Why it is not delivered yet, in one sentence, if that is known.
        refused: The Hub does not want it: somebody has to mend that.
        quarantined: It is kept, but not tried again before the owner says so.
    """

    id: str
    saved: bool
    delivered: bool
    problem: str | None = None
    refused: bool = False
    quarantined: bool = False

    @property
    def message(self) -> str:
        """What is true of a row that is not saved yet."""
        if self.quarantined:
            return (
                f"Not saved in the dataset: kept on this server as {self.id}. {self.problem} "
                "Sending it again does not help, and a restart could lose it."
            )
        known = f" {self.problem}" if self.problem else " The Hub has not answered in time."
        return (
            f"Not saved in the dataset yet: kept on this server as {self.id}, which goes on "
            f"trying.{known} Sending it again is not needed, but a restart could lose it."
        )

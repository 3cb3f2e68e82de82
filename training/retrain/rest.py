"""The rest before a retrain that an event starts: ten corrections in a row make one new version."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from huggingface_hub import HfApi

from tagloop.files import CORRECTIONS, REVIEWS, WITHDRAWALS
from training.publish.errors import clear_errors

LONGEST = 4
"""Rests after which a run begins even where corrections never stop coming in."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """The time, and how to let it pass.

    Attributes:
        now: Returns it.
        wait: Lets so many seconds go by.
    """

    now: Callable[[], datetime] = _utc_now
    wait: Callable[[float], object] = time.sleep


CLOCK = Clock()


def rest(
    api: HfApi, corrections: str, minutes: float, say: Callable[[str], object], clock: Clock
) -> None:
    """Waits until so many minutes have gone by without a new correction, review or withdrawal.

    Args:
        api: Client with a token that may read the corrections.
        corrections: Their dataset.
        minutes: To wait after the newest; `LONGEST` times as long at the most.
        say: Tells a person that it waits.
        clock: For the time.

    Raises:
        UserError: The Hub refuses.
    """
    began, seconds = clock.now(), 60 * minutes
    while (newest := newest_change(api, corrections)) is not None:
        quiet = (clock.now() - newest).total_seconds()
        waited = (clock.now() - began).total_seconds()
        left = min(seconds - quiet, LONGEST * seconds - waited)
        if left <= 0:
            return
        say(
            f"The newest correction is of {newest:%H:%M:%S} UTC: waiting {left / 60:.1f} minutes "
            "for further ones."
        )
        clock.wait(left)


def newest_change(api: HfApi, corrections: str) -> datetime | None:
    """Returns when rows were last added to the dataset's ``main``; None while it has none.

    Its card and branches do not count, nor the lock, which is renewed all the time.
    """
    with clear_errors(corrections):
        folders = api.get_paths_info(
            corrections, [CORRECTIONS, REVIEWS, WITHDRAWALS], expand=True, repo_type="dataset"
        )
    return max((one.last_commit.date for one in folders if one.last_commit), default=None)

"""Tells whether a retrain runs already: all that most Jobs of a burst of corrections have to know.

    python -m training.retrain.held --corrections you/blog-corrections

Needs no package but huggingface_hub, so a Job asks before it installs the others. The run that
holds the lock looks again when it has given it back, so what came in meanwhile is learned by it.

Exit status: 0 a retrain runs, 1 none does, 2 an error that the last line explains.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from huggingface_hub import HfApi

from training.command import command
from training.publish.errors import clear_errors
from training.retrain.hub_lock import RetrainLock


@command()
def main(words: list[str]) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser("python -m training.retrain.held", description=__doc__)
    parser.add_argument("--corrections", required=True, help="owner/name-corrections")
    corrections = parser.parse_args(words).corrections
    with clear_errors(corrections):
        # A folder that is not there: whoever holds the lock, it is not this process.
        holder = RetrainLock(HfApi(), corrections, Path("nowhere")).other_holder()
    if holder is None:
        return 1
    print(
        f"Nothing to do here: {holder.user} retrains since {holder.since} on {holder.machine}; "
        "that run looks again for new corrections when it has ended."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

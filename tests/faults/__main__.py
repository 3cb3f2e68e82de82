"""Breaks everything around the outbox, a hundred times and more, and counts what was lost.

python -m tests.faults [--trials 100] [--seed 1] [--only "kill -9"]

The last four columns of the table must be 0, or the status is 1. A seed repeats the choices; the
exact moment of a kill is the machine's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path
from random import Random

from huggingface_hub.errors import HfHubHTTPError
from tqdm import tqdm

from tagloop.errors import UserError

from .ledger import Counts
from .rig import Rig, open_rig
from .scenarios import SCENARIOS, Scale, run, trials_of

REAL_SPACE = "the real Space"
COLUMNS = [column.name for column in fields(Counts)]


def main() -> int:
    """Reads the command line, run, and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--trials", type=int, default=100, help="of kill -9 (default 100)")
    parser.add_argument("--repeats", type=int, default=4, help="of each other fault (default 4)")
    parser.add_argument("--seed", type=int, default=None, help="of all choices; random if not set")
    parser.add_argument(
        "--only", choices=[*SCENARIOS, REAL_SPACE], action="append", help="one scenario"
    )
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(time.time()) % 100_000
    print(f"seed {seed}", flush=True)
    names = args.only or [*SCENARIOS, REAL_SPACE]
    found: dict[str, Counts | str] = {}
    with (
        tempfile.TemporaryDirectory(prefix="tagloop-faults-") as root,
        tqdm(total=trials_of(Scale(args.trials, args.repeats, 2.0)), unit="trial") as bar,
        open_rig(Path(root)) as rig,
    ):
        scale = Scale(args.trials, args.repeats, 2.0, bar.update)
        for name in names:
            bar.set_description(name)
            try:
                if name == REAL_SPACE:
                    found[name] = _real_space(rig, seed)
                else:
                    found[name] = run(rig, seed, scale, name)
            except (AssertionError, UserError, HfHubHTTPError) as error:
                found[name] = f"failed: {error}"
    print(table(found))
    print(f"seed {seed}")
    return 0 if all(isinstance(one, Counts) and one.faultless for one in found.values()) else 1


def _real_space(rig: Rig, seed: int) -> Counts:
    # Imported here: only this scenario trains a tagger.
    from ..browser.tiny_tagger import make_tiny_tagger
    from .real_space import real_space

    folder = rig.root / "tagger"
    folder.mkdir()
    return real_space(rig, Random(f"{seed} {REAL_SPACE}"), make_tiny_tagger(folder))


def table(found: dict[str, Counts | str]) -> str:
    """Returns the counts as a Markdown table, with their sum."""
    rows = [["scenario", *COLUMNS], ["---", *["--:"] * len(COLUMNS)]]
    total = Counts()
    for name, counts in found.items():
        if isinstance(counts, str):
            rows.append([name, counts])
            continue
        total += counts
        rows.append([name, *(f"{getattr(counts, column):,}" for column in COLUMNS)])
    rows.append(["**all**", *(f"**{getattr(total, column):,}**" for column in COLUMNS)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    sys.exit(main())

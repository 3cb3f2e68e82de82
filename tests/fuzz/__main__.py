"""Looks for an input that the embedded Hub answers by 500, or that breaks a reader of Batch.

python -m tests.fuzz [--seconds 600] [--seed 1]

Three searches take turns: requests to every declared address, stories of what people do to a
repository with a look at every page, and files for Batch. The status is 1 when something was
found; the input is printed, as small as it could be made. A seed repeats the inputs.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from .profiles import by_hand
from .search import Search, open_search, search_requests, search_stories
from .visitors_files import search_files
from .wire import Tally

ROUND = {"requests": 4, "stories": 8, "files": 40}
"""Examples of each search before it is the next one's turn; of requests for each address."""
KINDS = ("2xx", "3xx", "4xx", "5xx", "none")


def main() -> int:
    """Reads the command line, searches until the time is over, and prints what was tried."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=600, help="how long (default 600)")
    parser.add_argument("--seed", type=int, default=None, help="of all inputs; random if not set")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(time.time()) % 100_000
    print(f"seed {seed}", flush=True)
    # Libraries complain of the inputs, which are meant to be bad.
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    found: BaseException | None = None
    with (
        tempfile.TemporaryDirectory(prefix="tagloop-fuzz-") as root,
        tqdm(total=round(args.seconds), unit="s", bar_format="{l_bar}{bar}| {postfix}") as bar,
        open_search(Path(root)) as search,
    ):
        tally = search.scene.tally
        search.after = _progress(bar, tally)
        try:
            _search(search, Path(root), seed, time.monotonic() + args.seconds)
        except KeyboardInterrupt:
            bar.write("stopped")
        except Exception as error:
            found = error
        log = (search.scene.hub.root / "hub.log").read_text(errors="replace")
    if found is not None:
        print(f"FOUND {type(found).__name__}: {str(found)[:2000]}")
        print("\n".join(getattr(found, "__notes__", ())))
        print(log[-3000:])
    print(table(tally))
    print(summary(tally))
    print(f"seed {seed}")
    return 0 if found is None and not tally.failures else 1


def _progress(bar: tqdm[None], tally: Tally) -> Callable[[], None]:
    begun = time.monotonic()

    def show() -> None:
        text = f"{tally.requests:,} answers, {tally.failures} of them 500 or missing"
        bar.set_postfix_str(text, refresh=False)
        bar.update(min(round(time.monotonic() - begun), bar.total) - bar.n)

    return show


def _search(search: Search, root: Path, seed: int, end: float) -> None:
    files = root / "files"
    files.mkdir()
    while time.monotonic() < end:
        seed += 1
        search_requests(search, by_hand(ROUND["requests"]), seed)
        search_stories(search, by_hand(ROUND["stories"]), seed)
        search_files(files, search.scene.tally, by_hand(ROUND["files"]), seed, search.after)


def table(tally: Tally) -> str:
    """Returns the answers by address and class of status as a Markdown table."""
    rows = [["address", *KINDS], ["---", *["--:"] * len(KINDS)]]
    routes: dict[str, Counter[str]] = {}
    for (route, kind), count in sorted(tally.answers.items()):
        routes.setdefault(route, Counter())[kind] += count
    rows += [
        [f"`{route}`", *(f"{kinds[kind]:,}" for kind in KINDS)] for route, kinds in routes.items()
    ]
    total = sum(routes.values(), Counter[str]())
    rows.append(["**all**", *(f"**{total[kind]:,}**" for kind in KINDS)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def summary(tally: Tally) -> str:
    """Returns what was tried, in sentences."""
    tried = ", ".join(f"{count:,} {name}" for name, count in tally.inputs.items())
    seconds, route = tally.slowest
    return (
        f"{tried} tried: {tally.requests:,} answers to {len({r for r, _ in tally.answers})} "
        f"addresses, {tally.failures} of them 500 or missing; the slowest took {seconds:.2f} s "
        f"({route})."
    )


if __name__ == "__main__":
    sys.exit(main())

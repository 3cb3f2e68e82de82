"""Makes the next version of a tagger out of its readers' corrections.

    python -m training.retrain --model me/blog-tagger  # make retrain NAMESPACE=me …
    python -m training.retrain --model me/blog-tagger --dry_run
    python -m training.retrain --model me/blog-tagger --agreement 3
    python -m training.retrain --model me/blog-tagger --suggestions   # merge pull requests first
    python -m training.retrain --model me/blog-tagger --rest 15   # what an event starts
    python -m training.retrain --model me/blog-tagger --verbose   # with what goes into the log

Pulls corrections and reviews, merges what is accepted into a new dataset revision, teaches the
model in use, measures both on the same articles, and lets the gate decide: the candidate becomes
``main`` with a version tag, or a pull request with the comparison. Everything comes from the Hub
and goes back there, so it runs on any machine and on a schedule (``training/retrain/schedule``).

A run that was interrupted or killed goes on with the same command; one that finds nothing new
changes nothing. A lock on the Hub keeps two runs apart; what came in while a run held it is learned
by that run, which looks again at its end.

Exit status: 0 published, or nothing to do; 3 a pull request waits for a person; 2 an error that
the last line explains; 130 interrupted.
"""

from __future__ import annotations

import contextlib
import signal
import sys

import datasets

from training import console
from training.command import command
from training.config import command_line, parse_config
from training.retrain.config import RetrainConfig
from training.retrain.pipeline import MERGED, NOTHING, PROPOSED, PUBLISHED, Retrain

STATUS = {PUBLISHED: 0, NOTHING: 0, MERGED: 0, PROPOSED: 3}


@command("interrupted; the same command goes on where it stopped")
def main(words: list[str]) -> int:
    """Runs the command line."""
    # A job that is stopped gives its lock back, as an interrupted one does.
    with contextlib.suppress(ValueError):  # only a main thread may
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    module = "training.retrain"
    config = parse_config(RetrainConfig, words, f"python -m {module}")
    shown = [word for word in words if word not in ("-v", "--verbose")]
    retrain = Retrain(config, command=command_line(module, shown))
    if config.dry_run:
        datasets.disable_progress_bars()  # it writes nothing, no log either
    with console.quiet(retrain.work / "log.txt", config.verbose or config.dry_run):
        outcome = retrain.run()
    print(f"\n{outcome.said}")
    return STATUS[outcome.kind]


if __name__ == "__main__":
    raise SystemExit(main())

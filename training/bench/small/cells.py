"""One cell's systems, measured in a process of their own; several commands may run side by side."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tagloop.errors import UserError
from tagloop.vocabulary.vocabulary import Vocabulary
from training.bench.quality.measuring import scores_of
from training.bench.small.corpora import SmallCorpus
from training.bench.small.results import (
    CellResult,
    fingerprint,
    read_result,
    result_path,
    write_result,
)
from training.bench.small.systems import FINE_TUNED, answers
from training.process_lock import process_lock


def missing(out: Path, split: str, corpus: SmallCorpus, names: Sequence[str]) -> list[str]:
    """Returns the systems that have no result on these rows yet."""
    return [
        name
        for name in names
        if read_result(result_path(out, split, corpus.cell, name), fingerprint(name, corpus))
        is None
    ]


def measure_cell(out: Path, split: str, corpus: SmallCorpus, names: Sequence[str]) -> list[str]:
    """Measures what is missing and writes each result.

    Returns:
        One sentence a system that failed; the others have been measured all the same.
    """
    failures: list[str] = []
    failed: set[str] = set()
    vocabulary = Vocabulary.from_tag_lists([row.tags for row in corpus.train])
    known = frozenset(vocabulary.counts) | frozenset(vocabulary.aliases)
    for name in names:
        if name in failed or not missing(out, split, corpus, [name]):
            continue  # the other system of a fine-tuning
        started = time.perf_counter()
        try:
            found = answers(name, corpus)
        except Exception as error:
            traceback.print_exc()
            failed |= {name, *(FINE_TUNED if name in FINE_TUNED else ())}
            failures.append(f"{name} on {corpus.cell}: {str(error) or type(error).__name__}")
            continue
        seconds = round(time.perf_counter() - started, 1)
        for system, (settings, tagged) in found.items():
            scores = [
                scores_of(tags, row, known)
                for tags, row in zip(tagged, corpus.measured, strict=True)
            ]
            result = CellResult(
                fingerprint=fingerprint(system, corpus),
                settings=settings,
                seconds=seconds,
                train=len(corpus.train),
                validation=len(corpus.validation),
                scores=scores,
            )
            write_result(result_path(out, split, corpus.cell, system), result)
    return failures


def run_process(out: Path, split: str, corpus: SmallCorpus, names: Sequence[str]) -> list[str]:
    """Measures a cell in a fresh process, which leaves what it prints in the cell's ``log.txt``.

    Returns:
        One sentence a failure; none where another command is at this cell.
    """
    folder = result_path(out, split, corpus.cell, "").parent
    try:
        with process_lock(folder / "lock", "process {} is at it".format):
            log = folder / "log.txt"
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
            context = multiprocessing.get_context("spawn")
            child = context.Process(target=_child, args=(log, out, split, corpus, names))
            child.start()
            try:
                child.join()
            finally:
                child.kill()
    except UserError as error:
        print(f"{corpus.cell}: {error}", file=sys.stderr)
        return []
    if child.exitcode == 0:
        return []
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it said nothing"
    how = "" if child.exitcode == 1 else f" (ended with {child.exitcode})"
    return [f"{last}{how}; all of it in {log}"]


def _child(log: Path, out: Path, split: str, corpus: SmallCorpus, names: Sequence[str]) -> None:
    with log.open("w", encoding="utf-8") as output:
        for stream in (1, 2):  # also what compiled code prints
            os.dup2(output.fileno(), stream)
        failures = measure_cell(out, split, corpus, names)
        print("; ".join(failures), flush=True)
    sys.exit(1 if failures else 0)

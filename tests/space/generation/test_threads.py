"""How CTranslate2 is set up for the processor, and work that is done on several things at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tagloop.generation.threads import VECTOR_FLAGS, done_by, has_wide_vectors, shares


@pytest.mark.parametrize(
    ("flags", "wide"),
    [
        ("fpu avx2 " + " ".join(VECTOR_FLAGS), True),
        ("fpu avx2 " + " ".join(VECTOR_FLAGS[:-1]), False),  # old: its clock would suffer
        ("", False),
    ],
)
def test_wide_vectors_are_taken_from_processors_that_are_good_at_them(
    tmp_path: Path, flags: str, wide: bool
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    assert has_wide_vectors(cpuinfo) == wide


def test_an_unknown_processor_has_none(tmp_path: Path) -> None:
    assert not has_wide_vectors(tmp_path / "missing")
    (tmp_path / "arm").write_text("processor\t: 0\nFeatures\t: fp asimd\n")
    assert not has_wide_vectors(tmp_path / "arm")


def test_who_names_the_instructions_is_obeyed() -> None:
    code = "import os; from tagloop.generation.threads import ctranslate2 as c; c()"
    code += "; print(os.environ['CT2_FORCE_CPU_ISA'])"
    environment = {**os.environ, "CT2_FORCE_CPU_ISA": "GENERIC"}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert told.stdout.decode().strip() == "GENERIC", told.stderr


@pytest.mark.parametrize(
    ("threads", "workers", "each"), [(1, 1, 1), (2, 2, 1), (3, 2, 1), (8, 2, 4)]
)
def test_threads_are_shared_out(threads: int, workers: int, each: int) -> None:
    assert shares(threads) == {"inter_threads": workers, "intra_threads": each}


def test_items_are_worked_on_together_and_given_in_order() -> None:
    both_here = threading.Barrier(2, timeout=10)
    assert list(done_by(lambda _: both_here.wait(), ["a", "b"], 2)) == ["a", "b"]
    assert list(done_by(str, [1, 2, 3], 1)) == [1, 2, 3]


def test_what_goes_wrong_is_heard_of() -> None:
    with pytest.raises(ZeroDivisionError):
        list(done_by(lambda item: 1 / item, [1, 0, 2], 2))

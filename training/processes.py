"""Which of several processes this is, where a launcher started several for one training.

torchrun, accelerate and mpirun say so in the environment, so it is known before anything heavy is
loaded.
"""

from __future__ import annotations

import os
import time

# What accelerate reads, too: its own and torchrun's names, then those of three kinds of MPI.
SIZES = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
_RANKS = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")
_LOCAL_RANKS = (
    *("LOCAL_RANK", "MPI_LOCALRANKID"),
    *("OMPI_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_RANK"),
)
_LOCAL_SIZES = (
    *("LOCAL_WORLD_SIZE", "MPI_LOCALNRANKS"),
    *("OMPI_COMM_WORLD_LOCAL_SIZE", "MV2_COMM_WORLD_LOCAL_SIZE"),
)
GRACE = 10.0
"""Seconds within which a launcher has ended the other processes of one that failed: torchrun looks
ten times a second."""


def count() -> int:
    """Returns how many processes there are, on all machines."""
    return _number(SIZES, 1)


def count_here() -> int:
    """Returns how many of them are on this machine."""
    return _number(_LOCAL_SIZES, 1)


def is_first() -> bool:
    """Tells whether this is the first of all processes, which speaks and writes for all."""
    return _number(_RANKS, 0) == 0


def is_first_here() -> bool:
    """Tells whether this is the first process of its machine."""
    return _number(_LOCAL_RANKS, 0) == 0


def machine() -> int:
    """Returns the number of this machine, as torchrun counts them."""
    return _number(("GROUP_RANK",), 0)


def give_way() -> None:
    """Lets the first process say what went wrong; a mistake of all is said once.

    The others wait: if the first one fails, its launcher ends them before they can speak.
    """
    if not is_first():
        time.sleep(GRACE)


def _number(names: tuple[str, ...], otherwise: int) -> int:
    values = [os.environ.get(name, "") for name in names]
    return next((int(value) for value in values if value.isdecimal()), otherwise)

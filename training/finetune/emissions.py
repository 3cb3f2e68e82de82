"""What a training emits in CO2 equivalents, as CodeCarbon estimates it.

The power of GPUs is measured, and that of processors where the machine has sensors for it (RAPL);
else it follows from their model and load, and that of memory from its size: of the whole machine,
whatever else runs there. The grid's intensity is the mean of the country in
``CODECARBON_COUNTRY_ISO_CODE`` (``DEU``), the world's without. Nothing is asked of the network, and
where nothing can be estimated there is no figure.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from codecarbon import OfflineEmissionsTracker
from codecarbon.output_methods.base_output import BaseOutput
from codecarbon.output_methods.emissions_data import EmissionsData

from training import processes
from training.finetune.training_log import Emissions
from training.json_files import read_json, write_json

EMISSIONS = "emissions.json"
"""In the folder of checkpoints: what the training has emitted by now."""
KEPT_EVERY = 4
"""Measurements, each of 15 seconds; a training that is killed loses no more of them."""


class _Kept(BaseOutput):  # type: ignore[misc, unused-ignore]
    """Writes the sum of this run and those that were interrupted before it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = cast(Emissions, read_json(path)) if path.is_file() else None

    def out(self, total: EmissionsData, delta: EmissionsData) -> None:
        """Writes what there is at the end."""
        before = self._before or {"grams": 0.0, "kwh": 0.0, "seconds": 0.0}
        hardware = total.gpu_model or f"{total.cpu_model}, {total.cpu_count} cores"
        emitted = Emissions(
            grams=round(before["grams"] + 1000 * total.emissions, 4),
            kwh=round(before["kwh"] + total.energy_consumed, 6),
            seconds=round(before["seconds"] + total.duration, 1),
            country=total.country_name,
            hardware=hardware,
            version=total.codecarbon_version,
        )
        write_json(self._path, emitted)

    live_out = out


@contextmanager
def emissions_in(folder: Path) -> Iterator[Callable[[], Emissions | None]]:
    """Estimates what this machine emits from here on; what was emitted before is added.

    Args:
        folder: Of the checkpoints, in which a training that is interrupted is resumed.

    Yields:
        What ends the estimate and returns it; None where there is none, as for a training on
        several machines, of which this one knows itself alone.
    """
    if not processes.is_first() or processes.count() > processes.count_here():
        yield lambda: None
        return
    path = folder / EMISSIONS
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("codecarbon").setLevel(logging.CRITICAL)
    tracker = OfflineEmissionsTracker(
        output_methods=[],
        output_handlers=[_Kept(path)],
        api_call_interval=KEPT_EVERY,
        allow_multiple_runs=True,
        log_level="critical",
    )
    tracker.start()

    def stop() -> Emissions | None:
        emitted = tracker.stop()
        return cast(Emissions, read_json(path)) if emitted is not None else None

    try:
        yield stop
    finally:
        tracker.stop()

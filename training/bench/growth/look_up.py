"""Looks articles up in an index, in a process that imports what a server would, and no more.

    python -m training.bench.growth.look_up FOLDER     # run by training.bench.growth

Prints one line of JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
from functools import partial
from pathlib import Path

from safetensors.numpy import load_file

from tagloop.ranking.neighbours import Neighbours
from training.bench.peak import peak_megabytes
from training.bench.timing import processor_seconds

QUERIES = "queries.safetensors"
"""The vector of every article, a row of ``vectors``, and its tokens, ``ids0`` and so on."""


def main() -> int:
    """Looks the articles up, one by one."""
    folder = Path(sys.argv[1])
    queries = load_file(folder / QUERIES)
    index = Neighbours.load(folder)
    assert index is not None
    spent = []
    for number in range(len(queries["vectors"])):
        tokens = queries[f"ids{number}"].tolist()
        vector = queries["vectors"][number : number + 1]
        spent.append(processor_seconds(partial(index.of, [((), tokens)], vector)))
    found = {"seconds": statistics.median(spent), "peak_mb": peak_megabytes()}
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

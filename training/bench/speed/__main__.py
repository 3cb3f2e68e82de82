"""Runs ``python -m training.bench.speed``: see `training.bench.speed.speed`."""

from training.bench.speed.speed import main

if __name__ == "__main__":
    raise SystemExit(main())

"""Runs ``python -m training.bench.quality``: see `training.bench.quality.quality`."""

from training.bench.quality.quality import main

if __name__ == "__main__":
    raise SystemExit(main())

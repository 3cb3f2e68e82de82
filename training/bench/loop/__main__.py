"""Runs ``python -m training.bench.loop``: see `training.bench.loop.loop`."""

from training.bench.loop.loop import main

if __name__ == "__main__":
    raise SystemExit(main())

"""Runs ``python -m training.demo``: see `training.demo.demo`."""

from training.demo.demo import main

if __name__ == "__main__":
    raise SystemExit(main())

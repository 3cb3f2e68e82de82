"""Runs ``python -m training.build_dataset``: see `training.data.build_dataset`."""

from training.data.build_dataset import main

if __name__ == "__main__":
    raise SystemExit(main())

"""Runs ``python -m training.retrain``: see `training.retrain.retrain`."""

from training.retrain.retrain import main

if __name__ == "__main__":
    raise SystemExit(main())

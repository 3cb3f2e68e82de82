"""Runs ``python -m training.evaluation``: see `training.evaluation.evaluation`."""

from training.evaluation.evaluation import main

if __name__ == "__main__":
    raise SystemExit(main())

"""Runs ``python -m training.base.trials``: see `training.base.trials.trials`."""

from training.base.trials.trials import main

if __name__ == "__main__":
    raise SystemExit(main())

"""Runs ``python -m training.train``: see `training.finetune.train`."""

from training.finetune.train import main

if __name__ == "__main__":
    raise SystemExit(main())

"""Runs ``python -m training.publish``: see `training.publish.publish`."""

from training.publish.publish import main

if __name__ == "__main__":
    raise SystemExit(main())

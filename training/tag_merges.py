"""Runs ``python -m training.tag_merges``: see `training.data.tag_merges`."""

from training.data.tag_merges import main

if __name__ == "__main__":
    raise SystemExit(main())

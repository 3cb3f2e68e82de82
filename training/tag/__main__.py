"""Runs ``python -m training.tag``, which is ``tagloop tag``: see `training.tag.command_line`."""

import sys

from training.tag.command_line import main

if __name__ == "__main__":
    raise SystemExit(main(["tag", *sys.argv[1:]]))

"""How every command ends: a person's mistake in one sentence, an interruption in its own words."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence

from tagloop.errors import UserError


def command(
    interrupted: str = "interrupted",
) -> Callable[[Callable[[list[str]], int | None]], Callable[..., int]]:
    """Turns a function of the command line's words into a command that returns an exit status.

    The words are those of this process unless the caller gives others. The status is the function's
    own (none is 0), 2 for a person's mistake, and 130 for an interruption, of which ``interrupted``
    tells.
    """

    def decorate(run: Callable[[list[str]], int | None]) -> Callable[..., int]:
        @functools.wraps(run)
        def main(argv: Sequence[str] | None = None) -> int:
            try:
                return run(list(sys.argv[1:] if argv is None else argv)) or 0
            except UserError as error:
                print(f"error: {error}", file=sys.stderr)
                return 2
            except KeyboardInterrupt:
                print(f"\n{interrupted}", file=sys.stderr)
                return 130

        return main

    return decorate

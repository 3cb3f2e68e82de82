"""How every command ends: a person's mistake in one sentence, an interruption in its own words."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence

from tagloop.errors import UserError
from training import processes


def command(
    interrupted: str = "interrupted", *, several: bool = False
) -> Callable[[Callable[[list[str]], int | None]], Callable[..., int]]:
    """Turns a function of the command line's words into a command that returns an exit status.

    The words are those of this process unless the caller gives others. The status is the function's
    own (none is 0), 2 for a person's mistake, and 130 for an interruption, of which ``interrupted``
    tells. Of several processes that torchrun or accelerate started the first speaks for all.

    Args:
        interrupted: Said after an interruption.
        several: Whether the command can run in several processes at once.
    """

    def decorate(run: Callable[[list[str]], int | None]) -> Callable[..., int]:
        @functools.wraps(run)
        def main(argv: Sequence[str] | None = None) -> int:
            try:
                if not several and processes.count() > 1:
                    raise UserError(
                        f"{processes.count()} processes were started (WORLD_SIZE or its like says "
                        "so), and this command runs in one: start it without a launcher."
                    )
                return run(list(sys.argv[1:] if argv is None else argv)) or 0
            except UserError as error:
                processes.give_way()
                print(f"error: {error}", file=sys.stderr)
                return 2
            except KeyboardInterrupt:
                if processes.is_first():
                    print(f"\n{interrupted}", file=sys.stderr)
                return 130
            except Exception:
                processes.give_way()
                raise

        return main

    return decorate

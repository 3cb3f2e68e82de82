"""Serves an embedded Hub, a development server, until Ctrl-C.

python -m training.hub --root .demo/hub --port 7870
python -m training.hub --root .demo/hub --run_jobs   # commands that its user sends, as yours
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tagloop.errors import UserError
from training.hub.accounts import Accounts
from training.hub.browsers import LOOPBACK
from training.hub.server import serve


def main() -> int:
    """Reads the command line and serves."""
    args = _parser().parse_args()
    try:
        _refuse_strangers(args)
        accounts = Accounts(args.root)
        for user in (args.user, *args.visitor):
            accounts.token_of(user)

        def ready(endpoint: str) -> None:
            print(f"ready {endpoint}", flush=True)
            if args.parent is None:
                print("A development server: one process, local users, no replacement for the Hub.")
                print(f"Clients: export HF_ENDPOINT={endpoint} HF_HUB_DISABLE_XET=1", flush=True)
                print(f"and HF_TOKEN, {args.user}'s in {accounts.path}. Ctrl-C stops.", flush=True)

        serve(
            args.root,
            args.host,
            args.port,
            names=args.name,
            jobs_of=args.user if args.run_jobs else None,
            visitors=args.visitor,
            parent=args.parent,
            ready=ready,
        )
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except UserError as error:
        print(f"error: {error}", flush=True)
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.hub", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--root", type=Path, required=True, help="folder with all its state")
    parser.add_argument("--port", type=int, default=7870, help="0 for a free one (default 7870)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        help="a name that it is reached by, besides its addresses, this machine's name and "
        "localhost; may be given again",
    )
    parser.add_argument("--user", default="demo", help="user whose token is made (default demo)")
    parser.add_argument(
        "--run_jobs",
        action="store_true",
        help="run Jobs: commands that whoever has a write token of --user sends, as processes of "
        "this machine with your rights; only where it listens on a loopback address",
    )
    parser.add_argument(
        "--visitor",
        action="append",
        default=[],
        help="a user as whom anybody at this machine may sign in to a static Space without a "
        "token, for demos; may be given again",
    )
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    return parser


def _refuse_strangers(args: argparse.Namespace) -> None:
    if args.run_jobs and args.host not in LOOPBACK:
        raise UserError(
            "Jobs are commands with your rights, so they are not run where others can reach "
            f"the Hub: leave out --run_jobs, or --host {args.host}."
        )
    if args.visitor and args.host not in LOOPBACK:
        raise UserError(
            "Visitors sign in without a token, so there are none where others can reach the "
            f"Hub: leave out --visitor, or --host {args.host}."
        )


if __name__ == "__main__":
    sys.exit(main())

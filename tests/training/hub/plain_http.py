"""One client for requests by hand: making one anew for each costs more than the request."""

from __future__ import annotations

import httpx2

# No connection is kept: the next request may go to a server that was killed and started again.
HTTP = httpx2.Client(trust_env=False, timeout=30, limits=httpx2.Limits(max_keepalive_connections=0))
NDJSON = {"Content-Type": "application/x-ndjson"}
"""Header of a commit's body."""

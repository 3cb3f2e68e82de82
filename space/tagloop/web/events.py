"""How the page's events run: what programs may call, what shows meanwhile, how many at once."""

from typing import Any

PRIVATE: dict[str, Any] = {"api_visibility": "private"}
"""An event of the page alone, which programs cannot call."""
QUIET: dict[str, Any] = PRIVATE | {"show_progress": "hidden"}
"""The same, for one that is quick, or says itself how far it is."""
TAGGER_SLOTS: dict[str, Any] = {"concurrency_id": "tagger", "concurrency_limit": 2}
"""A tagger uses both cores of a small machine by itself; more at a time only wait on each other."""

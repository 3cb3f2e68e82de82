"""How the model came about, version by version: the list in the About tab.

It is what ``training.retrain`` writes into ``changelog.json`` beside the model. The file came from
outside, so an entry that is not of its form is left out rather than shown in part.
"""

import logging
from collections.abc import Mapping
from typing import Any

from tagloop.files import CHANGELOG
from tagloop.web.tabs.markup import repo_link, safe

logger = logging.getLogger(__name__)

SHOWN = 10
SHOWN_TAGS = 12
SETS = {
    "held_out": "corrections that no version has learned from",
    "frozen_test": "test articles, always the same ones",
}


def versions_list(changelog: Mapping[str, Any] | None) -> str:
    """Says what each version learned, newest first; nothing where nothing was retrained.

    Args:
        changelog: The file's content, None where the model has none.
    """
    entries = (changelog or {}).get("versions")
    shown = [_entry(entry) for entry in entries[:SHOWN]] if isinstance(entries, list) else []
    items = "".join(item for item in shown if item)
    if not items:
        return ""
    return (
        "<h2>What corrections changed</h2><p>Versions that learned from accepted corrections, the "
        "newest first. Figures are F1@M of Tagloop, as it runs here, before and after, on the same "
        "articles; in brackets the 95 % interval of the change.</p>"
        f'<ol class="tl-versions">{items}</ol>'
    )


def _entry(entry: Any) -> str:
    try:
        data = repo_link(entry["dataset"]["repo_id"], entry["dataset"]["revision"], "datasets/")
        heading = f"<h3>{safe(entry['version'])} <time>{safe(entry['date'])}</time></h3>"
        if entry.get("anew"):
            return f"<li>{heading}<p>Trained anew on all articles. Data: {data}.</p></li>"
        corrections = entry["corrections"]
        learned = f"{corrections['learned']:,} corrected article"
        learned += "" if corrections["learned"] == 1 else "s"
        figures = "".join(
            f"<li>{_figures(entry['compared'][name])} {where}</li>"
            for name, where in SETS.items()
            if entry["compared"][name]["measures"]
        )
        return (
            f"<li>{heading}<p>Learned from {learned}. {_new_tags(entry['new_tags'])}Data: {data}. "
            f"{_gate(entry['decision']['passed'])}</p><ul>{figures}</ul></li>"
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        logger.warning("an entry of %s is not of its form: %s", CHANGELOG, error)
        return ""


def _figures(part: Mapping[str, Any]) -> str:
    values = part["measures"]["f1@m"]
    before, after, change = values["before"], values["after"], values["difference"]
    return (
        f"<b>{before['value']:.3f} → {after['value']:.3f}</b> "
        f"({change['low']:+.3f} to {change['high']:+.3f}) on {part['articles']:,}"
    )


def _new_tags(tags: list[str]) -> str:
    if not tags:
        return "No new tags. "
    named = ", ".join(safe(tag) for tag in tags[:SHOWN_TAGS])
    more = f" and {len(tags) - SHOWN_TAGS:,} more" if len(tags) > SHOWN_TAGS else ""
    return f"New tags: {named}{more}. "


def _gate(passed: bool) -> str:
    return "It passed the gate by itself." if passed else "A person decided that it goes in."

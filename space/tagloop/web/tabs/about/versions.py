"""How the model came about, version by version: the list in the About tab.

It is what ``training.retrain`` writes into ``changelog.json`` beside the model. The file came from
outside, so an entry that is not of its form is left out rather than shown in part.
"""

import logging
from collections.abc import Mapping
from typing import Any

from tagloop.files import CHANGELOG
from tagloop.web.languages.words import ENGLISH, Words
from tagloop.web.tabs.markup import repo_link, safe

logger = logging.getLogger(__name__)

SHOWN = 10
SHOWN_TAGS = 12
SETS = ("held_out", "frozen_test")


def versions_list(changelog: Mapping[str, Any] | None, words: Words = ENGLISH) -> str:
    """Says what each version learned, newest first; nothing where nothing was retrained.

    Args:
        changelog: The file's content, None where the model has none.
        words: The visitor's.
    """
    entries = (changelog or {}).get("versions")
    shown = [_entry(entry, words) for entry in entries[:SHOWN]] if isinstance(entries, list) else []
    items = "".join(item for item in shown if item)
    if not items:
        return ""
    return (
        f"<h2>{words('about.versions')}</h2><p>{words('about.versions_said')}</p>"
        f'<ol class="tl-versions">{items}</ol>'
    )


def _entry(entry: Any, words: Words) -> str:
    try:
        data = repo_link(entry["dataset"]["repo_id"], entry["dataset"]["revision"], "datasets/")
        heading = f"<h3>{safe(entry['version'])} <time>{safe(entry['date'])}</time></h3>"
        if entry.get("anew"):
            return f"<li>{heading}<p>{words('about.anew', data=data)}</p></li>"
        told = (
            words.count("about.learned", entry["corrections"]["learned"]),
            _new_tags(entry["new_tags"], words),
            words("about.data", data=data),
            words("about.passed" if entry["decision"]["passed"] else "about.decided"),
        )
        figures = "".join(
            f"<li>{_figures(entry['compared'][name], words)} {words(f'about.set_{name}')}</li>"
            for name in SETS
            if entry["compared"][name]["measures"]
        )
        return f"<li>{heading}<p>{' '.join(told)}</p><ul>{figures}</ul></li>"
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        logger.warning("an entry of %s is not of its form: %s", CHANGELOG, error)
        return ""


def _figures(part: Mapping[str, Any], words: Words) -> str:
    values = part["measures"]["f1@m"]
    before, after, change = values["before"], values["after"], values["difference"]
    told = words(
        "about.change",
        low=f"{change['low']:+.3f}",
        high=f"{change['high']:+.3f}",
        articles=f"{part['articles']:,}",
    )
    return f"<b>{before['value']:.3f} → {after['value']:.3f}</b> {told}"


def _new_tags(tags: list[str], words: Words) -> str:
    if not tags:
        return words("about.no_new_tags")
    named = ", ".join(safe(tag) for tag in tags[:SHOWN_TAGS])
    if len(tags) > SHOWN_TAGS:
        return words("about.new_tags_more", tags=named, count=len(tags) - SHOWN_TAGS)
    return words("about.new_tags", tags=named)

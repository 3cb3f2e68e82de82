"""From a licence as people write it to the identifier that the Hub's card metadata knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

HUB_LICENSES = frozenset(
    """
    apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
    bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause
    bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0
    cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0
    cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0
    cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1
    agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by
    odbl openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr
    deepfloyd-if-license llama2 gemma
    """.split()
)
"""Identifiers of https://huggingface.co/docs/hub/repositories-licenses, but unknown and other."""

_ALIASES = {
    "cc0": "cc0-1.0",
    "apache": "apache-2.0",
    "apache-license-2.0": "apache-2.0",
    "mit-license": "mit",
}
_CREATIVE_COMMONS_URL = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/([\d.]+)")


def hub_license(stated: str | None) -> str:
    """Returns the Hub's identifier for a licence as a source states it.

    ``unknown`` when nothing is stated, ``cc`` for a Creative Commons licence without its version,
    ``other`` for everything that the Hub has no name for.

    >>> hub_license("CC BY-SA 4.0"), hub_license("public domain (CC0)"), hub_license("ask me")
    ('cc-by-sa-4.0', 'cc0-1.0', 'other')
    """
    text = (stated or "").casefold().strip()
    if text in ("", "unknown", "none"):
        return "unknown"
    if url := _CREATIVE_COMMONS_URL.search(text):
        text = f"cc {url.group(1)} {url.group(2)}"
    elif "creativecommons.org/publicdomain/zero" in text:
        text = "cc0"
    outside = re.sub(r"\([^)]*\)", "", text)
    slugs = [_slug(part) for part in (text, outside, *re.findall(r"\(([^)]*)\)", text))]
    for slug in slugs:
        slug = _ALIASES.get(slug, slug)
        if slug in HUB_LICENSES:
            return slug
    return "cc" if any(slug.startswith("cc-") for slug in slugs) else "other"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.+]+", "-", text).strip("-")


def hub_licenses(counts: Mapping[str | None, int]) -> list[str]:
    """Returns the identifiers of all licences of a dataset, the most frequent first.

    Args:
        counts: Licence as stated to number of articles.
    """
    totals: Counter[str] = Counter()
    for stated, count in counts.items():
        totals[hub_license(stated)] += count
    return [name for name, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))]

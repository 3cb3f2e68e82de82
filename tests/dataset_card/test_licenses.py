"""Licences as sources state them."""

from __future__ import annotations

import pytest

from dataset_card.licenses import hub_license, hub_licenses


@pytest.mark.parametrize(
    ("stated", "identifier"),
    [
        ("CC0-1.0", "cc0-1.0"),
        ("CC0", "cc0-1.0"),
        ("public domain (CC0)", "cc0-1.0"),
        ("public domain (Unlicense)", "unlicense"),
        ("CC BY 4.0", "cc-by-4.0"),
        ("cc-by-sa-4.0", "cc-by-sa-4.0"),
        ("CC BY-SA", "cc"),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "cc-by-nc-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
        ("MIT (repo)", "mit"),
        ("Apache 2.0", "apache-2.0"),
        ("GFDL", "gfdl"),
        ("verbatim copying only (FSM)", "other"),
        ("", "unknown"),
        ("unknown", "unknown"),
        (None, "unknown"),
        ("mit\nlicense: evil", "other"),
    ],
)
def test_hub_license(stated: str | None, identifier: str) -> None:
    assert hub_license(stated) == identifier


def test_the_most_frequent_licence_comes_first() -> None:
    counts = {"CC BY 4.0": 2, "CC0": 2, "cc0-1.0": 1, None: 1, "ask": 1}
    assert hub_licenses(counts) == ["cc0-1.0", "cc-by-4.0", "other", "unknown"]

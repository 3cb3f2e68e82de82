"""What a visitor may want of the tags."""

from __future__ import annotations

from typing import Any

import pytest

from tagloop.errors import UserError
from tagloop.service.options import check_options, written_list


def test_no_wish_is_none() -> None:
    assert set(check_options({}).values()) == {None}
    assert check_options({"allowed_tags": [], "prefer_tags": [" "]})["prefer_tags"] is None


def test_wishes_are_handed_on() -> None:
    wanted = check_options(
        {
            "max_tags": 3.0,
            "threshold": 0.25,
            "allowed_tags": [" AI ", ""],
            "prefer_tags": ["C++"],
            "max_windows": 4,
        }
    )
    assert wanted == {
        "max_tags": 3,
        "threshold": 0.25,
        "allowed_tags": ["AI"],
        "prefer_tags": ["C++"],
        "max_windows": 4,
    }


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"max_tags": 0}, "max_tags must be a number from 1 to 30, not 0"),
        ({"max_tags": True}, "max_tags must be"),
        ({"threshold": "0.5"}, "threshold must be a number from 0 to 1, not '0.5'"),
        ({"threshold": float("nan")}, "threshold must be"),
        ({"allowed_tags": "AI"}, "allowed_tags must be a list of tags, not str"),
        ({"allowed_tags": ["x"] * 2001}, "allowed_tags has 2,001 tags; the limit is 2,000"),
        ({"prefer_tags": [7]}, "The tag in prefer_tags must be text, not int"),
        ({"prefer_tags": ["x" * 81]}, "The tag in prefer_tags has 81 characters"),
        ({"max_windows": 17}, "max_windows must be a number from 1 to 16"),
    ],
)
def test_what_is_not_in_order_is_said(option: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_options(option)


def test_a_list_is_written_with_commas_semicolons_or_lines() -> None:
    assert written_list("AI, C++;Node.js\n\n  machine learning ,") == [
        "AI",
        "C++",
        "Node.js",
        "machine learning",
    ]
    assert written_list("  ") == written_list(None) == []  # a closed fold sends nothing


@pytest.mark.parametrize("name", ["allowed_tags", "prefer_tags"])
def test_a_tag_is_measured_as_it_is_kept(name: str) -> None:
    with pytest.raises(UserError, match=f"The tag in {name} has 1,440 characters once its signs"):
        check_options({name: ["\ufdfa" * 80]})
    assert check_options({name: ["\uff21\uff29 cafe\u0301 " * 8]})

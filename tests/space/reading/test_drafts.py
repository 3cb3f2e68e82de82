"""What is not published says so in many ways; what is published is never taken for a draft."""

from __future__ import annotations

from typing import Any

import pytest

from tagloop.reading.drafts import draft_reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"draft": "true"}, "draft: true"),
        ({"Draft": True}, "Draft: true"),
        ({"draft": "Yes"}, "draft: yes"),
        ({"draft": 1}, "draft: 1"),
        ({"draft": 1.0}, "draft: 1"),
        ({"isDraft": "on"}, "isDraft: on"),
        ({"published": "false"}, "published: false"),
        ({"published": False}, "published: false"),
        ({"is_published": "no"}, "is_published: no"),
        ({"publish": "false"}, "publish: false"),
        ({"hidden": "true"}, "hidden: true"),
        ({"post_status": "auto-draft"}, "post_status: auto-draft"),
        ({"status": "Future"}, "status: future"),
        ({"status": "0"}, "status: 0"),
        ({"state": -2}, "state: -2"),
        ({"Status": "hidden"}, "Status: hidden"),
        ({"state": "queued"}, "state: queued"),
        ({"visibility": "Private"}, "visibility: private"),
        ({"status": {"name": "In progress"}}, "status: in progress"),
        *(({"status": word}, f"status: {word}") for word in (
            "draft", "pending", "private", "scheduled", "trash", "inherit", "unlisted")),
    ],
)  # fmt: skip
def test_unpublished(values: dict[str, Any], reason: str) -> None:
    assert draft_reason({"title": "x"} | values) == reason


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"draft": "false"},
        {"draft": ""},
        {"draft": None},
        {"published": "2021-05-06"},
        {"published": "true"},
        {"published": 1178040660},
        {"date": "2999-01-01"},
        {"status": "publish"},
        {"status": "published", "visibility": "public"},
        {"visibility": "members"},
        {"status": "sent"},
        {"status": "1", "state": 1},
        {"state": "Ohio"},
        {"status": ["draft"]},
        {"title": "draft", "text": "private"},
    ],
)
def test_published(values: dict[str, Any]) -> None:
    assert draft_reason(values) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("unlisted", "true"),
        ("wip", "yes"),
        ("dg-publish", "false"),
        ("publish", "draft"),
        ("status", "🌱 Draft"),
        ("Status", "WIP"),
    ],
)
def test_how_note_programs_and_others_say_it(name: str, value: str) -> None:
    assert draft_reason({name: value})


def test_a_person_may_name_the_column() -> None:
    values = {"draft": "true", "Stage": "Draft", "ready": "yes"}
    assert draft_reason(values, "Stage") == "Stage: draft"
    assert draft_reason(values, "") == ""
    assert draft_reason({"draft": "true"}, "Stage") == ""

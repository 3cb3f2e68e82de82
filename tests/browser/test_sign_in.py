"""Who signs in is named in the correction; who does not, or has signed out, is not."""

import re
from collections.abc import Iterator

import pytest
from huggingface_hub import RepoCard
from playwright.sync_api import Browser, Page, expect

from tagloop.web.settings import SPACE_FOLDER

from ..space.corrections.delivery.stored_rows import stored_rows
from .conftest import RunningSpace, SpaceStarter
from .openid_provider import running_provider
from .test_tag_tab import choose, saved_id

RELOADED = 30_000
"""Milliseconds: the way to the provider and back loads the page anew."""


@pytest.fixture(scope="module")
def space(start_space: SpaceStarter) -> Iterator[RunningSpace]:
    """A Space with sign-in."""
    with running_provider("ada") as provider:
        yield start_space("signed-corrections", **provider.variables)


def flagged_by(page: Page, space: RunningSpace, title: str) -> str | None:
    """Saves a correction, and returns whose it is in the dataset."""
    choose(page, title)
    page.locator("#good").click()
    saved = saved_id(page)
    rows = {row["id"]: row for row in stored_rows(space.api, space.corrections_repo)}
    user: str | None = rows[saved]["user"]
    return user


def test_a_correction_carries_who_signed_in(browser: Browser, space: RunningSpace) -> None:
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    page.goto(space.url)
    button = page.locator("#login")
    expect(button).to_have_text("Sign in with Hugging Face")
    assert flagged_by(page, space, "The bank that answers at midnight") is None

    button.click()
    expect(button).to_have_text("Logout (ada)", timeout=RELOADED)
    assert page.url.startswith(space.url)
    assert flagged_by(page, space, "Kilometre thirty-five") == "ada"

    button.click()
    expect(button).to_have_text("Sign in with Hugging Face", timeout=RELOADED)
    assert flagged_by(page, space, "Waking up in another country") is None
    page.context.close()


def test_a_space_of_the_hub_asks_for_sign_in() -> None:
    card = RepoCard.load(SPACE_FOLDER / "README.md", ignore_metadata_errors=True)
    assert card.data["hf_oauth"] is True
    needed = (SPACE_FOLDER / "requirements.txt").read_text()
    assert re.search(r"^gradio\[[\w,]*oauth", needed, re.MULTILINE)

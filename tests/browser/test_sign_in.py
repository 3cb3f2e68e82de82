"""Who signs in is named in the correction; who does not, or has signed out, is not."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
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


FORGED = """async (url) => {
  const data = ["", "Forged.", [], ["Forged"], "fixed", ""];
  const sent = { method: "POST", credentials: "include", body: JSON.stringify({ data }) };
  const call = await fetch(url, { ...sent, headers: { "Content-Type": "application/json" } });
  const { event_id } = await call.json();
  return await (await fetch(`${url}/${event_id}`)).text();
}"""


def test_a_page_of_another_site_corrects_nothing_in_ones_name(
    browser: Browser, space: RunningSpace, other_site: str
) -> None:
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    page.goto(space.url)
    page.locator("#login").click()
    expect(page.locator("#login")).to_have_text("Logout (ada)", timeout=RELOADED)
    page.goto(other_site)
    asks_with_cookies = "url => fetch(url, {credentials: 'include'}).then(() => 1, () => 0)"
    assert page.evaluate(asks_with_cookies, f"{space.url}/config") == 0
    correcting = f"{space.url}/gradio_api/call/correct"
    assert page.evaluate(FORGED.replace("include", "omit"), correcting).count("another site") == 1
    assert page.evaluate(f"url => ({FORGED})(url).catch(() => 'not readable')", correcting) == (
        "not readable"
    )
    page.context.close()
    taken = space.api.repo_exists(space.corrections_repo, repo_type="dataset")
    rows = stored_rows(space.api, space.corrections_repo) if taken else []
    assert [row for row in rows if row["text"] == "Forged."] == []


def test_on_the_hub_its_proxy_says_who_a_visitor_is(space: RunningSpace) -> None:
    def saved(forwarded: str) -> str:
        data = ["", "Some text.", [], ["Banking"], "fixed", ""]
        named = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
        with httpx2.Client(base_url=space.url, headers=named, timeout=60) as client:
            call = client.post("/gradio_api/call/correct", json={"data": data}).json()
            told = client.get(f"/gradio_api/call/correct/{call['event_id']}").text
        return str(json.loads(told.split("data: ")[-1].splitlines()[0])[0]["id"])

    said = ["203.0.113.1, 198.51.100.7", "203.0.113.2, 198.51.100.7", "198.51.100.8"]
    with ThreadPoolExecutor(3) as pool:
        ids = list(pool.map(saved, said))
    rows = {row["id"]: row["visitor"] for row in stored_rows(space.api, space.corrections_repo)}
    one, same, another = (rows[it] for it in ids)
    assert one == same != another


def test_a_space_of_the_hub_asks_for_sign_in() -> None:
    card = RepoCard.load(SPACE_FOLDER / "README.md", ignore_metadata_errors=True)
    assert card.data["hf_oauth"] is True
    needed = (SPACE_FOLDER / "requirements.txt").read_text()
    assert re.search(r"^gradio\[[\w,]*oauth", needed, re.MULTILINE)

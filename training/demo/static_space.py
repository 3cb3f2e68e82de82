"""What ``make demo CHECK=1`` proves of the static Space: a visitor opens it and gets tags."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
from playwright.sync_api import expect, sync_playwright

from training.chromium import OPTIONS, find_chromium
from training.hub.space_hosts import origin_of
from training.publish.repository import Published
from training.publish.static.site import SITE

PATIENCE_MS = 180_000
"""Of the browser: a first visit loads all of the tagger."""


def static_space_url(space: Published) -> str:
    """Returns where the embedded Hub serves a static Space's page."""
    subdomain = HfApi().space_info(space.repo_id).subdomain
    return str(origin_of(constants.ENDPOINT, str(subdomain)))


def check_static_space(space: Published, title: str, text: str) -> tuple[list[str], list[str]]:
    """Tags an article on the page, in headless Chromium; where there is none, checks its files.

    Returns:
        The tags, and what is not as it should be.
    """
    executable = find_chromium()
    if executable is None:
        print("no Chromium was found: the static Space's files are checked, its page is not opened")
        return [], _check_files(space)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=OPTIONS)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(f"the static Space's page fails: {error}"))
        page.goto(static_space_url(space))
        page.get_by_label("Title", exact=True).fill(title)
        page.get_by_label("Article", exact=True).fill(text)
        page.get_by_role("button", name="Suggest tags").click()
        chips = page.locator(".tl-chip .tl-name")
        expect(chips.first).to_be_visible(timeout=PATIENCE_MS)
        tags = chips.all_inner_texts()
        browser.close()
    print(f"the static Space, opened in a browser, tags {title!r}: {', '.join(tags)}")
    return tags, wrong


def _check_files(space: Published) -> list[str]:
    """Compares every part that the page loads with the digest that it expects."""
    with TemporaryDirectory() as scratch:
        folder = Path(
            snapshot_download(
                space.repo_id, repo_type="space", revision=space.revision, local_dir=scratch
            )
        )
        site: dict[str, Any] = json.loads((folder / SITE).read_text(encoding="utf-8"))
        problems = [
            f"the static Space lacks {name}"
            for name in site["page"]
            if not (folder / name).exists()
        ]
        for part in site["parts"]:
            path = folder / part["url"]
            if part.get("model"):
                pinned = site["model"]
                path = Path(
                    hf_hub_download(pinned["repo"], part["url"], revision=pinned["revision"])
                )
            if hashlib.sha256(path.read_bytes()).hexdigest() != part["sha256"]:
                problems.append(f"the static Space's {part['url']} is not what its page expects")
    return problems

"""Pictures of the Space, as a visitor sees it: desktop and phone, light and dark.

    python -m training.demo.screenshots --model MODEL      # a tagger's folder or repo id

They go to ``tests/browser/screenshots``; the README links some of them.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tagloop.errors import UserError
from tagloop.web.settings import SPACE_FOLDER
from training.chromium import OPTIONS, find_chromium
from training.command import command
from training.config import option, parse_config
from training.demo.space_process import SpaceProcess

FOLDER = Path(__file__).parents[2] / "tests" / "browser" / "screenshots"
LOOKS = {"desktop": (1280, "light"), "phone": (390, "dark")}
"""Name to width in pixels and colour scheme."""
TABS = {
    "batch": "Batch",
    "inside": "Inside the model",
    "explore": "Explore the data",
    "about": "About",
}


@dataclass
class ScreenshotSettings:
    """Flags of the script."""

    model: str = option("", "tagger to show: a folder, or a repo id")
    dataset: str = option("", "what it learned from: likewise")


def take(settings: ScreenshotSettings) -> list[Path]:
    """Takes all pictures.

    Raises:
        UserError: There is no model, or the Space does not start.
    """
    if not settings.model:
        raise UserError("--model is missing: name a tagger's folder or repo id.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "MODEL_REPO": str(_here(settings.model)),
        "DATASET_REPO": str(_here(settings.dataset)),
        "HF_HUB_OFFLINE": "1",
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        SpaceProcess(SPACE_FOLDER, Path(folder) / "space.log", environment) as space,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=OPTIONS)
        return [path for look in LOOKS for path in _of_look(browser, space.url, look)]


def _here(repo: str) -> Path | str:
    """Returns a folder's whole path: the Space runs in another one."""
    return Path(repo).resolve() if repo and Path(repo).is_dir() else repo


def _of_look(browser: Browser, url: str, look: str) -> list[Path]:
    width, scheme = LOOKS[look]
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        device_scale_factor=1,
    )
    page = context.new_page()
    page.goto(url)
    page.locator("#examples").get_by_role("button").first.click()
    page.locator(".tl-chip").first.wait_for()
    page.locator(".tl-chip .tl-name").first.focus()
    page.wait_for_timeout(2500)  # evidence, and what fades in
    taken = [_picture(page, f"tag-{look}")]
    for name, title in TABS.items():
        page.get_by_role("tab", name=title).first.click()
        if name == "inside":
            page.locator("#look-inside").click()
        page.wait_for_timeout(4000)
        taken.append(_picture(page, f"{name}-{look}"))
    context.close()
    return taken


def _picture(page: Page, name: str) -> Path:
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    for path in take(
        parse_config(ScreenshotSettings, words, "python -m training.demo.screenshots")
    ):
        print(path.relative_to(FOLDER.parent.parent.parent))


if __name__ == "__main__":
    raise SystemExit(main())

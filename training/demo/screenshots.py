"""Pictures of the Space, as a visitor sees it, and of the static Space: desktop and phone.

    python -m training.demo.screenshots --model MODEL      # a tagger's folder or repo id

They go to ``tests/browser/screenshots``; the README links some of them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from huggingface_hub import snapshot_download
from playwright.sync_api import Browser, Page, sync_playwright

from tagloop.errors import UserError
from tagloop.files import EVALUATION_REPORT, ONNX
from tagloop.web.settings import SPACE_FOLDER
from training.chromium import OPTIONS, find_chromium
from training.command import command
from training.config import option, parse_config
from training.demo.space_process import SpaceProcess
from training.json_files import read_json
from training.publish.static.graphs import check_runs_in_browser, load_onnx_tagger, write_graphs
from training.publish.static.site import Model, write_site

FOLDER = Path(__file__).parents[2] / "tests" / "browser" / "screenshots"
LOOKS = {"desktop": (1280, "light"), "phone": (390, "dark")}
"""Name to width in pixels and colour scheme."""
TABS = {
    "batch": "Batch",
    "inside": "Inside the model",
    "explore": "Explore the data",
    "about": "About",
}
STATIC = "static"
SHOWN = {"desktop": "main", "phone": ".tl-sheet"}
"""Where its pictures begin."""
STATIC_SECONDS = 180
"""For the static Space's tagger to load."""


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
        taken = [path for look in LOOKS for path in _of_look(browser, space.url, look)]
        model = _folder(settings.model)
        try:
            check_runs_in_browser(model)
        except UserError as error:
            print(f"No pictures of a static Space: {error}")
            return taken
        with _static_space(model, Path(folder)) as url:
            return [*taken, *(_of_static(browser, url, look) for look in LOOKS)]


@contextmanager
def _static_space(model: Path, scratch: Path) -> Iterator[str]:
    """Serves the static Space of a tagger, with the tagger beside it; yields its address."""
    tagger = Path(shutil.copytree(model, scratch / "tagger"))
    if not (tagger / ONNX).is_dir():
        write_graphs(tagger)
    site = scratch / "site"
    handler = partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        base = f"{url}{STATIC}/resolve/main/"
        report = tagger / ONNX / EVALUATION_REPORT
        about = read_json(report) if report.is_file() else {}
        pinned = Model(tagger, "owner/tagger", "main", base, {"version": "v1"} | about)
        write_site(site, pinned, load_onnx_tagger(tagger))
        files = site / STATIC / "resolve" / "main"
        files.parent.mkdir(parents=True)
        files.symlink_to(tagger)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def _folder(repo: str) -> Path:
    """Returns a tagger's folder, fetched if it is on the Hub."""
    return Path(repo) if Path(repo).is_dir() else Path(snapshot_download(repo))


def _here(repo: str) -> Path | str:
    """Returns a folder's whole path: the Space runs in another one."""
    return Path(repo).resolve() if repo and Path(repo).is_dir() else repo


def _opened(browser: Browser, url: str, look: str) -> Page:
    width, scheme = LOOKS[look]
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        device_scale_factor=1,
    )
    page = context.new_page()
    page.goto(url)
    return page


def _tag_example(page: Page) -> None:
    page.locator("#examples").get_by_role("button").first.click()
    page.locator(".tl-chip").first.wait_for()
    page.locator(".tl-chip .tl-name").first.focus()
    page.wait_for_timeout(2500)  # evidence, and what fades in


def _of_static(browser: Browser, url: str, look: str) -> Path:
    page = _opened(browser, url, look)
    page.wait_for_function("() => tagger.ready.then(() => true)", timeout=STATIC_SECONDS * 1000)
    _tag_example(page)
    page.locator("#article .tl-over mark").first.wait_for(state="attached")
    page.locator(SHOWN[look]).evaluate("(place) => place.scrollIntoView()")
    path = _picture(page, f"{STATIC}-{look}", full_page=False)
    page.context.close()
    return path


def _of_look(browser: Browser, url: str, look: str) -> list[Path]:
    page = _opened(browser, url, look)
    _tag_example(page)
    taken = [_picture(page, f"tag-{look}")]
    for name, title in TABS.items():
        page.get_by_role("tab", name=title).first.click()
        if name == "inside":
            page.locator("#look-inside").click()
        page.wait_for_timeout(4000)
        taken.append(_picture(page, f"{name}-{look}"))
    page.context.close()
    return taken


def _picture(page: Page, name: str, *, full_page: bool = True) -> Path:
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, full_page=full_page)
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

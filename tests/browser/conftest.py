"""A real Space process, on a real tagger from the embedded Hub, and a real browser in front of it.

The Space is a copy of `space/` in another folder, as it would be after a download: it must not
need anything outside itself.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock
from huggingface_hub import HfApi
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from tagloop.tagger.tagger import Tagger
from tagloop.web.settings import SPACE_FOLDER
from training.bench.browser.server import StaticServer
from training.chromium import OPTIONS, find_chromium
from training.demo.space_process import SpaceProcess
from training.hub import EmbeddedHub

from .tiny_tagger import make_tiny_tagger

# The Space installs its own requirements alone: what else the project has must not be needed.
WITHOUT_THE_REST = """
import importlib.util, sys

absent = {"torch", "datasets", "evaluate", "accelerate", "sentencepiece", "training"}
find_spec = importlib.util.find_spec
importlib.util.find_spec = (
    lambda name, package=None: None if name in absent else find_spec(name, package)
)

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""
# What no setting of a Space can do: the name "pages.test" stands for this machine, and four windows
# of a long article take a second.
FOR_TESTS = """
import importlib.machinery, sys, time

def local_site(module):
    usual = module.PUBLIC

    def resolve(host, port):
        numbers = ["127.0.0.1"] if host == "pages.test" else usual.resolve(host, port)
        return [it for it in numbers if host == "pages.test" or usual.allows(it)]

    module.PUBLIC = module.Reach(resolve, lambda number: True, frozenset(range(65536)))

def slow_windows(module):
    generate = module.CTranslate2Engine.generate

    def slowly(self, input_ids, *arguments, **options):
        time.sleep(1 if len(input_ids) == 4 else 0)
        return generate(self, input_ids, *arguments, **options)

    module.CTranslate2Engine.generate = slowly

CHANGED = {
    "tagloop.reading.fetch.page": local_site,
    "tagloop.generation.ctranslate2_engine": slow_windows,
}

class Changing:
    def find_spec(self, name, path=None, target=None):
        if name not in CHANGED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        run = spec.loader.exec_module

        def run_and_change(module):
            run(module)
            CHANGED[name](module)

        spec.loader.exec_module = run_and_change
        return spec

sys.meta_path.insert(0, Changing())
"""


def some_chromium() -> str:
    """Returns a Chromium; without any, gets Playwright's own, or Debian's if we are root."""
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        ways += [["apt-get", "update"]]
        ways += [["apt-get", "install", "-y", "chromium-headless-shell"]]
    while not (found := find_chromium()) and ways:
        subprocess.run(ways.pop(0), capture_output=True)
    if found:
        return found
    raise RuntimeError(
        "No Chromium for the browser tests: install it (Debian: apt-get install "
        "chromium-headless-shell; elsewhere: python -m playwright install --with-deps chromium)."
    )


JOURNEYS = {f"test_{name}.py" for name in ("tag_tab", "api", "static_space", "static_corrections")}
"""What `make test` has of these tests; the rest is `make browsertest`."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what has a target of its own."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.name not in JOURNEYS:
            item.add_marker("browser")


@dataclass
class RunningSpace:
    """A Space that answers at ``url``."""

    url: str
    folder: Path
    outbox: Path
    temporary: Path
    model_repo: str
    corrections_repo: str
    hub: EmbeddedHub
    process: subprocess.Popen[bytes]

    @property
    def api(self) -> HfApi:
        """A client of the Hub that the Space uses."""
        return HfApi(self.hub.endpoint, self.hub.token)


SpaceStarter = Callable[..., RunningSpace]


def open_tab(page: Page, name: str) -> None:
    """Opens one of the page's tabs."""
    page.get_by_role("tab", name=name).click()


@pytest.fixture(scope="session")
def published_tagger(hub: EmbeddedHub, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of a tagger on the Hub."""
    folder = make_tiny_tagger(tmp_path_factory.mktemp("tagger"))
    api = HfApi(hub.endpoint, hub.token)
    repo_id = f"{api.whoami()['name']}/browser-tagger"
    api.create_repo(repo_id, exist_ok=True)
    api.upload_folder(repo_id=repo_id, folder_path=folder)
    return repo_id


@contextmanager
def starter(
    hub: EmbeddedHub, published_tagger: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SpaceStarter]:
    """Starts Spaces, each with a corrections dataset of the name that it is given.

    Other settings are variables; ``MODEL_REPO`` is the tagger that all tests share unless named.
    """
    started: list[SpaceProcess] = []

    def start(name: str, **variables: str) -> RunningSpace:
        folder = tmp_path_factory.mktemp(name) / "space"
        ignored = shutil.ignore_patterns("outbox")
        shutil.copytree(SPACE_FOLDER, folder, ignore=ignored)
        owner = published_tagger.split("/")[0]
        environment = os.environ | hub.client_env(folder.parent / "home")
        environment |= {
            "MODEL_REPO": published_tagger,
            "DATASET_REPO": f"{owner}/articles",
            "CORRECTIONS_REPO": f"{owner}/{name}",
            "OMP_NUM_THREADS": "1",
            "TMPDIR": str(folder.parent / "tmp"),
            **variables,
        }
        (folder.parent / "tmp").mkdir()
        (folder.parent / "site").mkdir()
        (folder.parent / "site" / "sitecustomize.py").write_text(WITHOUT_THE_REST + FOR_TESTS)
        environment["PYTHONPATH"] = str(folder.parent / "site")
        # In another working directory: nothing of this repository can be imported by chance.
        space = SpaceProcess(folder, folder.parent / "log.txt", environment).start()
        started.append(space)
        repo = environment["CORRECTIONS_REPO"]
        model = environment["MODEL_REPO"]
        temporary = folder.parent / "tmp"
        own = (folder / "outbox", temporary, model, repo, hub)
        return RunningSpace(space.url, folder, *own, space.process)

    yield start
    for space in started:
        space.process.terminate()  # all first: each may take a while to end
    for space in started:
        space.stop()


@pytest.fixture(scope="module")
def start_space(
    hub: EmbeddedHub, published_tagger: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SpaceStarter]:
    """Starts Spaces that end with the tests of the file: one that waits computes, too."""
    with starter(hub, published_tagger, tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="session")
def space(
    hub: EmbeddedHub, published_tagger: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSpace]:
    """The Space that most tests share."""
    with starter(hub, published_tagger, tmp_path_factory) as start:
        yield start("browser-corrections")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    executable = some_chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=OPTIONS)
        yield running
        running.close()


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """On a busy machine an answer may take longer than the 5 seconds that Playwright waits."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


Profiles = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def profile(browser: Browser) -> Iterator[Profiles]:
    """Returns the profile of a screen, whose cache holds gradio's scripts for the next test."""
    profiles: dict[tuple[int, int, str], BrowserContext] = {}

    def of(width: int, height: int, scheme: str) -> BrowserContext:
        screen = (width, height, scheme)
        if screen not in profiles:
            profiles[screen] = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
                permissions=["clipboard-read", "clipboard-write"],
            )
        return profiles[screen]

    yield of
    for context in profiles.values():
        context.close()


def forget_visitor(page: Page, origin: str) -> None:
    """Clears all that a page has stored in its profile, but for the cache."""
    kinds = "cookies,local_storage,indexeddb,cache_storage,service_workers,file_systems"
    wanted = {"origin": origin, "storageTypes": kinds}
    page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", wanted)
    page.context.clear_cookies()


class _OtherPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>Another site.</p>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def other_site() -> Iterator[str]:
    """The address of a page of another site: another port of this machine, cookies go there too."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _OtherPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def open_page(profile: Profiles, space: RunningSpace) -> Iterator[Callable[..., Page]]:
    """Opens the Space's page; afterwards, an error on the console or a bad answer fails the test.

    The page may not fetch anything from elsewhere either.
    """
    wrong: list[str] = []
    opened: list[Page] = []

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"console: {message.text}")

    def note_answer(response: Response) -> None:
        if response.status >= 400:
            wrong.append(f"{response.status} {response.url}")

    def note_request(request: Request) -> None:
        if not request.url.startswith((space.url, f"blob:{space.url}")):
            wrong.append(f"fetched from elsewhere: {request.url}")

    def open_one(
        width: int = 1280, height: int = 900, scheme: str = "light", languages: str = ""
    ) -> Page:
        page = profile(width, height, scheme).new_page()
        if languages:  # as a browser says them: "de-AT,de"
            agent = {"userAgent": page.evaluate("navigator.userAgent")}
            accepted = agent | {"acceptLanguage": languages}
            page.context.new_cdp_session(page).send("Network.setUserAgentOverride", accepted)
        opened.append(page)
        page.set_default_timeout(20_000)
        page.on("request", note_request)
        page.on("console", note_console)
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("response", note_answer)
        page.goto(space.url)
        page.wait_for_selector("#suggest")
        # gradio loads what draws an example after the button around it.
        expect(page.locator("#examples .gallery-item").first).not_to_be_empty()
        expect(page.locator("#examples .gallery-item:empty")).to_have_count(0)
        return page

    yield open_one
    for context in {page.context for page in opened}:
        last = context.new_page()
        forget_visitor(last, space.url)
        for page in context.pages:
            page.close()
    assert wrong == []


@pytest.fixture(scope="session")
def static_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tagger that a browser can run; processes that test side by side share it."""
    # What makes it takes seconds to import, which most tests of a page do not need.
    from training.publish.static.graphs import write_graphs

    from .tiny_static_tagger import make_tiny_static_tagger

    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "static-tagger"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            folder = make_tiny_static_tagger(tmp_path_factory.mktemp("static"))
            write_graphs(folder)
            shutil.copytree(folder, base / "static-tagger.part")
            (base / "static-tagger.part").rename(shared)
    return shared


@pytest.fixture(scope="session")
def static_tagger(static_model: Path) -> Tagger:
    """The same under Python."""
    from training.publish.static.graphs import load_onnx_tagger

    return load_onnx_tagger(static_model)


@pytest.fixture(scope="session")
def static_hub(static_model: Path) -> Iterator[StaticServer]:
    """Where a static Space finds the model's files."""
    with StaticServer(static_model).running() as server:
        yield server


@pytest.fixture(scope="session")
def static_site(
    static_model: Path,
    static_tagger: Tagger,
    static_hub: StaticServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StaticServer]:
    """The static Space, at another origin than the model's files."""
    from training.publish.static.site import Model, write_site

    about = {"version": "v3", "f1@m": 0.512, "precision@1": 0.734, "articles": 240}
    pinned = Model(static_model, "me/tagger", "c0ffee", static_hub.url, about)
    suggestions = {"hub": static_hub.url.rstrip("/"), "repo": "me/blog-suggestions"}
    target = tmp_path_factory.mktemp("site") / "space"
    folder = write_site(target, pinned, static_tagger, suggestions)
    with StaticServer(folder).running() as server:
        yield server

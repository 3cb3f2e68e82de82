"""Puts the Space together and runs it: reads its settings, starts what works, lays out the page."""

from __future__ import annotations

import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, cast

# Read by gradio and huggingface_hub when they are imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware

from tagloop.corrections.card import corrections_card
from tagloop.corrections.dataset import parse_row
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.review.access import Access
from tagloop.corrections.review.service import ReviewService
from tagloop.errors import UserError
from tagloop.files import CORRECTIONS, REVIEWS, WITHDRAWALS
from tagloop.service.disk_reserve import DiskReserve
from tagloop.service.examples import load_examples
from tagloop.service.model_updates import ModelUpdates
from tagloop.service.service import TaggingService
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from tagloop.web.admission.fair_queue import FairQueue
from tagloop.web.admission.middleware import Admission
from tagloop.web.admission.uploads import Uploads
from tagloop.web.api import add_endpoints
from tagloop.web.events import QUIET
from tagloop.web.front_door import FrontDoor, believe_nobody
from tagloop.web.languages.words import ENGLISH, Words, label, page_translations, words_of
from tagloop.web.settings import SPACE_FOLDER, Settings
from tagloop.web.tabs.about.tab import about, build_about
from tagloop.web.tabs.batch.tab import BatchTab
from tagloop.web.tabs.explore.tab import ExploreTab
from tagloop.web.tabs.inside.tab import InsideTab
from tagloop.web.tabs.markup import repo_link
from tagloop.web.tabs.review.tab import ReviewTab
from tagloop.web.tabs.tag.tab import TagTab
from tagloop.web.theme import STYLES, space_theme

logger = logging.getLogger(__name__)

# Where the row of tabs is wider than the screen: the open one is in sight, also after a link.
SHOW_TAB = """() => {
  const open = document.querySelector("#tabs [aria-selected=true]");
  if (open) open.scrollIntoView({ block: "nearest", inline: "center" });
}"""
DRAIN_SECONDS = 8.0  # for what waits, once the Space is told to stop
SWITCH_SECONDS = 0.001  # that the server waits, at each step, for a thread that tags
MAX_SESSIONS = 500  # whose last article is kept in memory
DELETE_CACHE = (600, 3600)  # seconds: how often to look for uploads to delete, and how old they are


def main() -> None:
    """Runs the Space; a mistake in its settings ends it with one line and status 2."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    running = None
    signal.signal(signal.SIGTERM, _stop)
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        settings = Settings.from_environment()
        door = FrontDoor.of_space(settings.trusted_proxies, settings.hosts)
        running = start(settings)
        uploads = _uploads(settings)
        app = build_app(
            settings, running.service, SPACE_FOLDER / "examples", uploads, running.review
        )
        launch(app, door, uploads)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    finally:
        if running is not None:
            running.close()


def start(settings: Settings) -> Running:
    """Loads the tagger, opens the outboxes and begins to look for newer models.

    Raises:
        UserError: The model cannot be fetched or loaded.
    """
    access = Access.of_space(settings.reviewers, settings.review_secret)
    tagger = Tagger.from_pretrained(settings.model_repo, revision=settings.model_revision)
    taken = settings.corrections_repo is not None
    if not taken:
        logger.warning("CORRECTIONS_REPO is not set: no corrections are taken")
    service = TaggingService(
        tagger,
        _outbox(settings, CORRECTIONS) if taken else None,
        _outbox(settings, WITHDRAWALS) if taken else None,
        taggings_a_minute=settings.taggings_a_minute,
        corrections_a_minute=settings.corrections_a_minute,
        corrections_a_day=settings.corrections_a_day,
    )

    def replace(newer: Tagger) -> None:
        service.tagger = newer

    updates = ModelUpdates(tagger, settings.model_revision, replace, settings.reload_seconds)
    return Running(service, updates.start(), _review(settings, service, access))


def _outbox(settings: Settings, folder: str) -> Outbox:
    """Opens the outbox for a folder of the corrections dataset; it delivers from now on."""
    repo = settings.corrections_repo or ""
    return Outbox(
        settings.outbox if folder == CORRECTIONS else settings.outbox / folder,
        repo,
        card=corrections_card(repo, settings.model_repo),
        folder=folder,
        saved_when=settings.saved_when,
        check=partial(parse_row, folder),
    ).start()


def _review(settings: Settings, service: TaggingService, access: Access) -> ReviewTab | None:
    """Returns the Review tab, with an outbox for the decisions; None where nobody may review."""
    repo = settings.corrections_repo
    if repo is None or not access.offered:
        return None

    def vocabulary() -> Vocabulary:
        return service.tagger.vocabulary  # the present model's

    reviewing = ReviewService(repo, _outbox(settings, REVIEWS), vocabulary)
    outboxes = [box for box in (service.outbox, service.withdrawals, reviewing.outbox) if box]
    return ReviewTab(reviewing, access, vocabulary, settings.agreement, outboxes)


def _uploads(settings: Settings) -> Uploads:
    folder = Path(get_upload_folder())
    reserve = DiskReserve([settings.outbox, folder], settings.disk_reserve_mb)
    return Uploads(folder, reserve)


@dataclass(frozen=True)
class Running:
    """The service with what works beside it."""

    service: TaggingService
    updates: ModelUpdates
    review: ReviewTab | None = None

    def close(self) -> None:
        """Delivers what waits and stops; all outboxes at once, for whoever stops us waits 10 s."""
        reviews = self.review.service.outbox if self.review else None
        outboxes = (self.service.outbox, self.service.withdrawals, reviews)
        with ThreadPoolExecutor(len(outboxes)) as pool:
            for outbox in outboxes:
                if outbox is not None:
                    pool.submit(outbox.close, DRAIN_SECONDS)
        self.updates.close()


def build_app(
    settings: Settings,
    service: TaggingService,
    examples: Path,
    uploads: Uploads,
    review: ReviewTab | None = None,
) -> gr.Blocks:
    """Lays out the page and its endpoints; the review only where anyone may review."""
    with gr.Blocks(title="Tagloop", analytics_enabled=False, delete_cache=DELETE_CACHE) as app:
        add_endpoints(service)  # first: gradio numbers a name that something took before
        with gr.Column(elem_classes="tl-header"):
            gr.HTML("<header><h1>Tagloop</h1><p>" + label("page.what") + "</p></header>")
            model = gr.HTML(_model(service))
        if os.environ.get("OAUTH_CLIENT_ID"):  # where the Space has OAuth; optional for visitors
            gr.LoginButton(size="sm", elem_id="login", scale=0)
        articles = load_examples(examples)
        with gr.Tabs(
            overflow_behavior="wrap", elem_id="tabs"
        ) as tabs:  # style.css makes it one row that scrolls
            with gr.Tab(label("page.tab_tag"), id="tag"):
                has_dataset = bool(settings.dataset_repo)
                TagTab(service, articles, has_dataset, settings.addresses, uploads.discard).build()
            with gr.Tab(label("page.tab_batch"), id="batch"):
                BatchTab(service, uploads.reserve).build()
            with gr.Tab(label("page.tab_inside"), id="inside"):
                InsideTab(service, articles[0] if articles else None).build()
            with gr.Tab(label("page.tab_explore"), id="explore") as exploring:
                explore = ExploreTab(settings.dataset_repo)
                explore.build()
            with gr.Tab(label("page.tab_about"), id="about"):
                about_page = build_about(settings, service)
            if review is not None:
                with gr.Tab(label("page.tab_review"), id="review", visible=False) as reviewing:
                    review.build()
        if review is not None:
            review.connect(app, tabs, reviewing)
        explore.connect(app, tabs, exploring)
        tabs.change(None, js=SHOW_TAB)

        def arrive(request: gr.Request) -> tuple[str, str]:
            words = words_of(request)
            return _model(service, words), about(settings, service, words)

        # Anew for each visitor: the model may have moved.
        app.load(arrive, outputs=[model, about_page], **QUIET)
    app.queue(api_open=False, default_concurrency_limit=8)
    FairQueue(app, settings.requests_at_once)
    return cast("gr.Blocks", app)


def _model(service: TaggingService, words: Words = ENGLISH) -> str:
    model = repo_link(service.model_name, service.tagger.model_revision)
    return f'<p class="tl-model">{words("page.model", model=model)}</p>'


def launch(app: gr.Blocks, door: FrontDoor, uploads: Uploads) -> None:
    """Serves until the process is told to stop, open to the public: nothing but the page."""

    def server() -> Any:
        return getattr(app, "server", None)  # not before it has started

    admission = Middleware(
        Admission, queue=cast("FairQueue", app._queue), uploads=uploads, server=server
    )
    believe_nobody()
    try:
        app.launch(
            app_kwargs={"lifespan": door.lifespan(app), "middleware": [admission]},
            _frontend=False,  # else it ends where its own page takes over 3 seconds: under load
            num_workers=0,  # they would serve files at ports of their own, past the front door
            theme=space_theme(),
            i18n=page_translations(),
            css_paths=STYLES,
            footer_links=["api", "gradio"],
            state_session_capacity=MAX_SESSIONS,
            max_file_size="50mb",
            enable_monitoring=False,
            run_history=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=True,
        )
    finally:
        app.close(verbose=False)


def _stop(signum: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut the delivery short
    raise SystemExit(128 + signum)

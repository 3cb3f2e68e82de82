"""Puts the Space together and runs it."""

import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

# Read by gradio and huggingface_hub when they are imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import gradio as gr

from tagloop.api import add_endpoints
from tagloop.corrections import corrections_card
from tagloop.errors import UserError
from tagloop.examples import load_examples
from tagloop.outbox import Outbox
from tagloop.service import TaggingService
from tagloop.settings import SPACE_FOLDER, Settings
from tagloop.tabs.about import build_about
from tagloop.tabs.markup import repo_link
from tagloop.tabs.tag import TagTab
from tagloop.tagger import Tagger
from tagloop.theme import STYLE, space_theme

MAX_QUEUE = 64  # beyond it a visitor is told that the Space is busy
MAX_SESSIONS = 500  # whose last article is kept in memory


def build_app(settings: Settings, service: TaggingService, examples: Path) -> gr.Blocks:
    """Lay out the page and its endpoints."""
    with gr.Blocks(title="Tagloop", analytics_enabled=False) as app:
        model = repo_link(service.model_name, service.tagger.model_revision)
        gr.HTML(
            '<header class="tl-header"><h1>Tagloop</h1>'
            "<p>Paste an article, get its tags, put right what is wrong: the next model learns "
            f'from it.</p><p class="tl-model">Model: {model}</p></header>'
        )
        with gr.Tabs():
            with gr.Tab("Tag an article", id="tag"):
                TagTab(service, load_examples(examples)).build()
            with gr.Tab("About", id="about"):
                build_about(settings, service)
        add_endpoints(service)
    return app.queue(max_size=MAX_QUEUE, api_open=False, default_concurrency_limit=8)


def launch(app: gr.Blocks) -> None:
    """Serve until the process is told to stop, open to the public: nothing but the page."""
    try:
        app.launch(
            theme=space_theme(),
            css_paths=STYLE,
            footer_links=["api", "gradio"],
            state_session_capacity=MAX_SESSIONS,
            max_file_size="1mb",
            enable_monitoring=False,
            run_history=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
        )
    finally:
        app.close(verbose=False)


def main() -> None:
    """Run the Space; a mistake in its settings ends it with one line and status 2."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    service = None
    signal.signal(signal.SIGTERM, _stop)
    try:
        settings = Settings.from_environment()
        service = load_service(settings)
        launch(build_app(settings, service, SPACE_FOLDER / "examples"))
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    finally:
        if service is not None and service.outbox is not None:
            service.outbox.close()


def load_service(settings: Settings) -> TaggingService:
    """Load the tagger and open the outbox.

    Raises:
        UserError: The model cannot be had or run.
    """
    tagger = Tagger.from_pretrained(settings.model_repo, revision=settings.model_revision)
    if settings.corrections_repo is None:
        logging.getLogger(__name__).warning("CORRECTIONS_REPO is not set: no corrections are taken")
        return TaggingService(tagger, None)
    card = corrections_card(settings.corrections_repo, settings.model_repo)
    return TaggingService(
        tagger, Outbox(settings.outbox, settings.corrections_repo, card=card).start()
    )


def _stop(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)

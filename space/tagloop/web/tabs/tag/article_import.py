"""The part of the Tag tab that fills the form from elsewhere: a file, or the page at an address."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.errors import UserError
from tagloop.rate_limits import RateLimit
from tagloop.reading.sandbox import Article, read_address, read_file
from tagloop.service.background import Cancellations, ReportProgress, run_in_background
from tagloop.web.events import QUIET
from tagloop.web.languages.words import label, words_of
from tagloop.web.tabs.markup import notice
from tagloop.web.visitors import session_of, visitor_of

PAGES_A_MINUTE = 10
"""Of one visitor."""
FILES_A_MINUTE, FILE_MB_A_MINUTE = 60, 100
"""Of one visitor: a class that drops its essays, or four of the largest documents."""
CANCEL_SHOWN: dict[str, Any] = gr.update(value=label("page.cancel"), visible=True, interactive=True)
CANCEL_HIDDEN: dict[str, Any] = gr.update(visible=False)
"""The Cancel button, while there is something to cancel and when there is nothing."""


class ArticleImport:
    """Builds the fields inside the `gr.Blocks` that is open, and answers their events.

    Args:
        cancellations: What a visitor's Cancel button sets.
        addresses: Whether pages are fetched; where not, there is no field for their addresses.
        discard: Is told of a file that was read.
    """

    def __init__(
        self,
        cancellations: Cancellations,
        addresses: bool = True,
        discard: Callable[[Path], object] = lambda path: None,
    ) -> None:
        self.cancellations = cancellations
        self.addresses = addresses
        self.discard = discard
        self.pages = RateLimit("pages", PAGES_A_MINUTE)
        self.files = RateLimit("files", FILES_A_MINUTE)
        self.megabytes = RateLimit("MB of files", FILE_MB_A_MINUTE)

    def build(self) -> None:
        """Lays the fields out."""
        with gr.Row(elem_classes="tl-address", visible=self.addresses):
            self._address = gr.Textbox(
                label=label("tag.address"),
                show_label=False,
                container=False,
                placeholder=label("tag.address_hint"),
                max_lines=1,
                elem_id="address",
                scale=4,
                min_width=180,
            )
            self._fetch = gr.Button(label("tag.read"), elem_id="fetch", min_width=90, scale=1)
        self._file = gr.File(
            label=label("tag.file"),
            height=52,
            elem_id="file",
        )

    def connect(
        self,
        filled: list[gr.components.Component],
        then: Callable[[Any, gr.State], object],
    ) -> None:
        """Connects the fields' events.

        Args:
            filled: The form's title and text, where it is said what is wrong, and the Cancel
                button.
            then: Is given each event, to go on after it, and a state: whether an article came.
        """
        came = gr.State(False)
        events: list[tuple[Any, Any, gr.components.Component]] = [
            (self._file.upload, self.open_file, self._file)
        ]
        if self.addresses:
            events += [
                (self._fetch.click, self.open_address, self._address),
                (self._address.submit, self.open_address, self._address),
            ]
        for event, answer, field in events:
            outputs = [*filled, field, came]
            opened = event(answer, field, outputs, **QUIET)
            then(opened, came)

    def open_file(self, path: str | None, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yields a file's article; one that cannot be read is said beside the form."""
        file = Path(path or "")
        try:
            visitor = visitor_of(request)
            size = file.stat().st_size if file.is_file() else 0
            self.files.take(visitor)
            self.megabytes.take(visitor, 1 + size // 1_000_000)
            work = partial(read_file, file, visitor=visitor)
            yield from self._open(work, words_of(request)("tag.reading_file"), None, None, request)
        except UserError as error:
            problem = notice("problem", words_of(request).error(error))
            yield *[gr.skip()] * 2, problem, CANCEL_HIDDEN, None, False
        finally:
            self.discard(file)

    def open_address(self, address: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yields a page's article; an address that is not read stays, and the reason is said."""
        try:
            if not address.strip():
                raise UserError(words_of(request)("tag.no_address"))
            self.pages.take(visitor_of(request))
        except UserError as error:
            kind = "problem" if address.strip() else "hint"
            told = notice(kind, words_of(request).error(error))
            yield *[gr.skip()] * 2, told, CANCEL_HIDDEN, gr.skip(), False
            return
        work = partial(read_address, address, visitor=visitor_of(request))
        yield from self._open(work, words_of(request)("tag.reading_page"), "", gr.skip(), request)

    def _open(
        self,
        work: Callable[[ReportProgress], Article],
        told: str,
        emptied: Any,
        kept: Any,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Reads, and says what comes of it; the field is then ``emptied``, or ``kept``."""
        problem = notice("hint", words_of(request)("page.cancelled"))
        try:
            with (
                self.cancellations.flag(session_of(request)) as cancelled,
                closing(run_in_background(work)) as reports,
            ):
                for progress in reports:
                    if cancelled.is_set():
                        break
                    if progress.result is None:
                        busy = notice("busy", told)
                        yield *[gr.skip()] * 2, busy, CANCEL_SHOWN, gr.skip(), False
            if progress.result is not None:
                title, text, note = progress.result
                said = notice("hint", note) if note else ""
                yield title, text, said, CANCEL_HIDDEN, emptied, True
                return
        except UserError as error:
            problem = notice("problem", words_of(request).error(error))
        yield *[gr.skip()] * 2, problem, CANCEL_HIDDEN, kept, False

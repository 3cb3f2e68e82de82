"""The part of the Tag tab that fills the form from elsewhere: a file, or the page at an address."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.errors import UserError
from tagloop.rates import RateLimit, visitor_of
from tagloop.reading import ENDINGS, read_address, read_file
from tagloop.tabs.markup import notice

PAGES_A_MINUTE = 10
"""Of one visitor."""


class Opening:
    """Builds the fields inside the `gr.Blocks` that is open, and answers their events.

    Args:
        addresses: Whether pages are fetched; where not, there is no field for their addresses.
    """

    def __init__(self, addresses: bool = True) -> None:
        self.addresses = addresses
        self.pages = RateLimit("pages", PAGES_A_MINUTE)

    def build(self) -> None:
        """Lay the fields out."""
        with gr.Row(elem_classes="tl-address", visible=self.addresses):
            self._address = gr.Textbox(
                label="Address of a page",
                show_label=False,
                container=False,
                placeholder="Or the address of a page: https://…",
                max_lines=1,
                elem_id="address",
                scale=4,
                min_width=180,
            )
            self._fetch = gr.Button("Read it", elem_id="fetch", min_width=90, scale=1)
        self._file = gr.File(
            label="Or drop a file here: Markdown, text, HTML, Word, PDF",
            file_types=list(ENDINGS),
            height=52,
            elem_id="file",
        )

    def connect(
        self, filled: list[gr.components.Component], then: Callable[[Any, gr.State], object]
    ) -> None:
        """Connect the fields' events.

        Args:
            filled: The form's title and text, and where it is said what is wrong.
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
            then(event(answer, field, outputs, api_visibility="private"), came)

    def open_file(self, path: str | None) -> tuple[Any, ...]:
        """Give a file's article; one that cannot be read is said beside the form."""
        try:
            title, text = read_file(Path(path or ""))
        except UserError as error:
            return gr.skip(), gr.skip(), notice("problem", str(error)), None, False
        return title, text, "", None, True

    def open_address(self, address: str, request: gr.Request | None = None) -> tuple[Any, ...]:
        """Give a page's article; an address that is not read stays, and the reason is said."""
        try:
            if address.strip():
                self.pages.take(visitor_of(request))
            title, text = read_address(address)
        except UserError as error:
            kind = "problem" if address.strip() else "hint"
            return gr.skip(), gr.skip(), notice(kind, str(error)), gr.skip(), False
        return title, text, "", "", True

"""The tab where a whole file of articles gets its tags."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.batch.named_columns import named_columns
from tagloop.batch.queue import BATCHES, BatchQueue, result_folder
from tagloop.batch.results import MAX_BYTES
from tagloop.batch.run import BatchState, tag_file
from tagloop.errors import UserError
from tagloop.limits import MAX_TAGS
from tagloop.rate_limits import RateLimit
from tagloop.service.disk_reserve import DiskReserve
from tagloop.service.service import TaggingService
from tagloop.tagger.options import Options
from tagloop.web.events import QUIET
from tagloop.web.languages.words import ENGLISH, Words, label, words_of
from tagloop.web.tabs.markup import notice, placeholder, progress_bar, safe
from tagloop.web.visitors import session_of, visitor_of

FILES_A_MINUTE = 20
SHOW_SECONDS = 0.4
"""The page is told of progress so often at the most."""
EMPTY = placeholder("batch.empty")


class BatchTab:
    """Builds the tab inside the `gr.Blocks` that is open, and answers its events."""

    def __init__(self, service: TaggingService, reserve: DiskReserve) -> None:
        self.service = service
        self.reserve = reserve
        self.queue = BatchQueue()
        self.files = RateLimit("files", FILES_A_MINUTE)

    def build(self) -> None:
        """Lays the tab out and connects its events."""
        settings = self.service.tagger.settings
        with gr.Row(elem_classes="tl-columns"):
            with gr.Column(scale=6, min_width=320):
                self.file = gr.File(
                    label=label("batch.file"),
                    height=150,
                    elem_id="batch-file",
                )
                self.columns = gr.Textbox(
                    label=label("batch.columns"),
                    placeholder="title=headline, text=story",
                    max_lines=1,
                    elem_id="batch-columns",
                )
                with gr.Row(elem_classes="tl-actions"):
                    self.run = gr.Button(
                        label("batch.run"), variant="primary", elem_id="batch-run", scale=3
                    )
                    self.stop = gr.Button(
                        label("page.cancel"),
                        elem_id="batch-cancel",
                        min_width=90,
                        scale=1,
                        interactive=False,
                    )
                with gr.Accordion(label("page.options"), open=False, elem_id="batch-options"):
                    options: list[gr.components.Component] = [
                        gr.Slider(
                            1,
                            MAX_TAGS // 3,
                            value=settings.max_tags,
                            step=1,
                            label=label("page.max_tags"),
                        ),
                        gr.Slider(
                            0,
                            0.95,
                            value=settings.threshold,
                            step=0.01,
                            label=label("page.threshold"),
                        ),
                    ]
            with gr.Column(scale=5, min_width=320, elem_classes="tl-sheet"):
                self.result = gr.HTML(EMPTY, elem_id="batch-result")
                self.download = gr.DownloadButton(
                    str(label("batch.download")),
                    variant="primary",
                    visible=False,
                    elem_id="batch-download",
                )
        gr.HTML('<div class="tl-batch-help">' + label("batch.help") + "</div>")
        self._connect(options)

    def _connect(self, options: list[gr.components.Component]) -> None:
        outputs = [self.result, self.download, self.run, self.stop]
        self.run.click(self.announce, self.file, outputs, queue=False, **QUIET).success(
            self.tag,
            [self.file, self.columns, *options],
            outputs,
            concurrency_id="batch",
            concurrency_limit=BATCHES,
            **QUIET,
        )
        self.stop.click(self.cancel, outputs=self.stop, queue=False, **QUIET)

    def announce(self, path: str | None, request: gr.Request) -> tuple[Any, ...]:
        """Says whether the batch begins or waits for others."""
        words = words_of(request)
        if path is None:
            return self._shown(notice("hint", words("batch.choose")))
        try:
            before = self.queue.announce(session_of(request), visitor_of(request))
        except UserError as error:
            return self._shown(notice("problem", words.error(error)))
        if before:
            told = words.count("batch.before", before)
            return self._shown(notice("waiting", told, words("batch.turn")), busy=True)
        return self._shown(notice("busy", words("tag.reading_file")), busy=True)

    def cancel(self, request: gr.Request) -> Any:
        """Lets the batch stop before its next rows."""
        self.queue.cancel(session_of(request))
        return gr.Button(label("page.stopping"), interactive=False)

    def tag(
        self,
        path: str | None,
        columns: str,
        max_tags: int,
        threshold: float,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Tags the file and shows how far it is; at the end there is something to download."""
        words = words_of(request)
        if path is None:
            yield self._shown(notice("hint", words("batch.choose")))
            return
        session = session_of(request)
        try:
            flag = self.queue.cancel_flag(session, visitor_of(request))
        except UserError as error:
            yield self._shown(notice("problem", words.error(error)))
            return
        folder = result_folder()
        try:
            if flag.is_set():
                yield self._shown(notice("hint", words("batch.cancelled_before")))
                return
            self.files.take(visitor_of(request))
            self.reserve.check(2 * MAX_BYTES)  # gradio copies the result
            options = Options(max_tags=max_tags, threshold=threshold)
            states = tag_file(
                self.service, Path(path), folder, options, flag.is_set, named_columns(columns)
            )
            yield from self._progress(states, flag.is_set, words)
        except UserError as error:
            yield self._shown(notice("problem", words.error(error)))
        finally:
            # Gradio has its own copy of the result by now, at an address made of its contents.
            shutil.rmtree(folder, ignore_errors=True)
            self.queue.leave(session, flag)

    def _progress(
        self, states: Iterator[BatchState], cancelling: Callable[[], bool], words: Words
    ) -> Iterator[tuple[Any, ...]]:
        shown = 0.0
        for state in states:
            if state.result is not None:
                yield self._shown(draw_summary(state, words), state.result if state.done else None)
            elif time.monotonic() - shown > SHOW_SECONDS:
                shown = time.monotonic()
                stop = (
                    gr.skip() if cancelling() else gr.Button(label("page.cancel"), interactive=True)
                )
                yield draw_progress(state, words), gr.skip(), gr.skip(), stop

    def _shown(
        self, result: str, download: Path | None = None, busy: bool = False
    ) -> tuple[Any, ...]:
        path = None if download is None else str(download)
        return (
            result,
            gr.DownloadButton(value=path, visible=path is not None),
            gr.Button(interactive=not busy),
            gr.Button(label("page.cancel"), interactive=busy),
        )


def draw_progress(state: BatchState, words: Words = ENGLISH) -> str:
    """Returns the bar, with how fast it goes and how long it takes."""
    pace, left = words("batch.starting"), state.seconds_left
    if left is not None:
        pace = words("batch.pace", rate=_rate(state.rate), time=duration(left, words))
    told = words.count("batch.progress", state.total, done=state.done)
    if state.problem_count:
        told += f", {words.count('batch.problem_count', state.problem_count)}"
    return progress_bar(told, words("batch.tagged_bar"), state.done, state.total, pace)


def draw_summary(state: BatchState, words: Words = ENGLISH) -> str:
    """Returns what came of a batch: figures, notes, and the first problems with their places."""
    parts = []
    done = {"done": state.done, "total": state.total}
    if state.cancelled:
        detail = words("batch.done_by_then", **done) if state.done else ""
        parts.append(notice("waiting", words("page.cancelled"), detail))
    elif state.broken:
        told = words("batch.broken", left=state.total - state.done, **done)
        parts.append(notice("problem", state.broken, told))
    else:
        parts.append(notice("saved", words.count("batch.done", state.tagged)))
    figures = {
        "tagged": words.number(state.tagged),
        "with_problems": words.number(state.problem_count),
        "time": duration(state.seconds, words),
    }
    cells = "".join(
        f"<div><dt>{words(f'batch.figure_{name}')}</dt><dd>{value}</dd></div>"
        for name, value in figures.items()
    )
    parts.append(f'<dl class="tl-figures">{cells}</dl>')
    if state.problems:
        more = state.problem_count - len(state.problems)
        rows = "".join(
            f"<li><b>{safe(problem.where)}</b>{safe(problem.reason)}</li>"
            for problem in state.problems
        )
        rows += f"<li>{words('batch.more', count=more)}</li>" if more else ""
        parts.append(f'<h2>{words("batch.problems")}</h2><ul class="tl-reasons">{rows}</ul>')
    parts += [f'<p class="tl-note">{safe(note)}</p>' for note in state.notes]
    return f'<div class="tl-summary">{"".join(parts)}</div>'


def duration(seconds: float, words: Words = ENGLISH) -> str:
    """Returns a time as people say it: ``1 h 5 min``, ``2 min 10 s``, ``less than a second``."""
    whole = round(seconds)
    if whole < 1:
        return words("batch.second")
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:,.1f}"

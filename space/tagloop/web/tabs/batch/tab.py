"""The tab where a whole file of articles gets its tags."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.batch.named_columns import FIELD, named_columns
from tagloop.batch.queue import BATCHES, BatchQueue, result_folder
from tagloop.batch.results import MAX_BYTES
from tagloop.batch.rows import MAX_FILE_BYTES, MAX_ROWS
from tagloop.batch.run import BatchState, tag_file
from tagloop.errors import UserError
from tagloop.limits import MAX_TAGS, MAX_TEXT_CHARACTERS
from tagloop.rate_limits import RateLimit
from tagloop.service.disk_reserve import DiskReserve
from tagloop.service.service import TaggingService
from tagloop.tagger.options import Options
from tagloop.web.events import QUIET
from tagloop.web.tabs.markup import notice, placeholder, progress_bar, safe
from tagloop.web.visitors import session_of, visitor_of

FILES_A_MINUTE = 20
SHOW_SECONDS = 0.4
"""The page is told of progress so often at the most."""
EMPTY = placeholder("The tagged file appears here.")
HELP = (
    '<div class="tl-batch-help"><p>Your own file comes back, with tags where it has its tags:</p>'
    "<ul><li><b>A table</b> (.csv, .tsv, a spreadsheet, JSON, JSON Lines) with a column "
    "<code>text</code>, <code>body</code> or <code>content</code>, and <code>title</code> or "
    "<code>headline</code> if there is one: <code>tags</code>, <code>confidences</code> and "
    "<code>error</code> are added. A spreadsheet comes back as CSV; a cell that it would run as a "
    "formula gets an apostrophe in front.</li>"
    "<li><b>A zip of article files</b>, or one of them (Markdown, Org, reStructuredText …, of any "
    "generator): <code>tags</code> and <code>confidences</code> are added to their front matter; "
    "what follows it is not touched.</li>"
    "<li><b>An export or a feed</b> (WordPress, Ghost, Blogger, RSS …): a table of its articles "
    "with their tags.</li></ul>"
    f"<p>Up to {MAX_ROWS:,} articles and {MAX_FILE_BYTES // 1_000_000} MB; of a text longer than "
    f"{MAX_TEXT_CHARACTERS:,} characters the beginning is read. Tags that an article has already "
    "stay as they are: the new ones are then called <code>suggested_tags</code>. An article with a "
    "problem stays in the file, with the reason.</p></div>"
)


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
                    label="A table, a zip of article files, an export",
                    height=150,
                    elem_id="batch-file",
                )
                self.columns = gr.Textbox(
                    label=FIELD,
                    placeholder="title=headline, text=story",
                    max_lines=1,
                    elem_id="batch-columns",
                )
                with gr.Row(elem_classes="tl-actions"):
                    self.run = gr.Button(
                        "Tag the file", variant="primary", elem_id="batch-run", scale=3
                    )
                    self.stop = gr.Button(
                        "Cancel", elem_id="batch-cancel", min_width=90, scale=1, interactive=False
                    )
                with gr.Accordion("Options", open=False, elem_id="batch-options"):
                    options: list[gr.components.Component] = [
                        gr.Slider(
                            1, MAX_TAGS // 3, value=settings.max_tags, step=1, label="At most tags"
                        ),
                        gr.Slider(
                            0, 0.95, value=settings.threshold, step=0.01, label="Least confidence"
                        ),
                    ]
            with gr.Column(scale=5, min_width=320, elem_classes="tl-sheet"):
                self.result = gr.HTML(EMPTY, elem_id="batch-result")
                self.download = gr.DownloadButton(
                    "Download the tagged file",
                    variant="primary",
                    visible=False,
                    elem_id="batch-download",
                )
        gr.HTML(HELP)
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
        if path is None:
            return self._shown(notice("hint", "Choose a file first."))
        try:
            before = self.queue.announce(session_of(request), visitor_of(request))
        except UserError as error:
            return self._shown(notice("problem", str(error)))
        if before:
            files = "One other file is" if before == 1 else f"{before} other files are"
            waiting = notice(
                "waiting", f"{files} before yours.", "It begins as soon as it is its turn."
            )
            return self._shown(waiting, busy=True)
        return self._shown(notice("busy", "Reading the file …"), busy=True)

    def cancel(self, request: gr.Request) -> Any:
        """Lets the batch stop before its next rows."""
        self.queue.cancel(session_of(request))
        return gr.Button("Stopping …", interactive=False)

    def tag(
        self,
        path: str | None,
        columns: str,
        max_tags: int,
        threshold: float,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Tags the file and shows how far it is; at the end there is something to download."""
        if path is None:
            yield self._shown(notice("hint", "Choose a file first."))
            return
        session = session_of(request)
        try:
            flag = self.queue.cancel_flag(session, visitor_of(request))
        except UserError as error:
            yield self._shown(notice("problem", str(error)))
            return
        folder = result_folder()
        try:
            if flag.is_set():
                yield self._shown(notice("hint", "Cancelled before it began."))
                return
            self.files.take(visitor_of(request))
            self.reserve.check(2 * MAX_BYTES)  # gradio copies the result
            options = Options(max_tags=max_tags, threshold=threshold)
            states = tag_file(
                self.service, Path(path), folder, options, flag.is_set, named_columns(columns)
            )
            yield from self._progress(states, flag.is_set)
        except UserError as error:
            yield self._shown(notice("problem", str(error)))
        finally:
            # Gradio has its own copy of the result by now, at an address made of its contents.
            shutil.rmtree(folder, ignore_errors=True)
            self.queue.leave(session, flag)

    def _progress(
        self, states: Iterator[BatchState], cancelling: Callable[[], bool]
    ) -> Iterator[tuple[Any, ...]]:
        shown = 0.0
        for state in states:
            if state.result is not None:
                yield self._shown(draw_summary(state), state.result if state.done else None)
            elif time.monotonic() - shown > SHOW_SECONDS:
                shown = time.monotonic()
                stop = gr.skip() if cancelling() else gr.Button("Cancel", interactive=True)
                yield draw_progress(state), gr.skip(), gr.skip(), stop

    def _shown(
        self, result: str, download: Path | None = None, busy: bool = False
    ) -> tuple[Any, ...]:
        path = None if download is None else str(download)
        return (
            result,
            gr.DownloadButton(value=path, visible=path is not None),
            gr.Button(interactive=not busy),
            gr.Button("Cancel", interactive=busy),
        )


def draw_progress(state: BatchState) -> str:
    """Returns the bar, with how fast it goes and how long it takes."""
    left = state.seconds_left
    pace = "" if left is None else f"{_rate(state.rate)}, {duration(left)} left"
    problems = f", {_count(state.problem_count, 'problem')}" if state.problem_count else ""
    told = f"{state.done:,} of {_count(state.total, 'article')}{problems}"
    return progress_bar(told, "Articles tagged", state.done, state.total, pace or "Starting …")


def draw_summary(state: BatchState) -> str:
    """Returns what came of a batch: figures, notes, and the first problems with their places."""
    parts = []
    if state.cancelled:
        detail = f"The file has the {state.done:,} of {state.total:,} that were done by then."
        parts.append(notice("waiting", "Cancelled.", detail if state.done else ""))
    elif state.broken:
        left = state.total - state.done
        told = f"The file has the {state.done:,} of {state.total:,} before that; {left:,} are not."
        parts.append(notice("problem", state.broken, told))
    else:
        parts.append(notice("saved", f"Done: {_count(state.tagged, 'article')} tagged."))
    figures = {
        "tagged": f"{state.tagged:,}",
        "with problems": f"{state.problem_count:,}",
        "time": duration(state.seconds),
    }
    cells = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items()
    )
    parts.append(f'<dl class="tl-figures">{cells}</dl>')
    if state.problems:
        more = state.problem_count - len(state.problems)
        rows = "".join(
            f"<li><b>{safe(problem.where)}</b>{safe(problem.reason)}</li>"
            for problem in state.problems
        )
        rows += f"<li>and {more:,} more, all in the file</li>" if more else ""
        parts.append(f'<h2>Problems</h2><ul class="tl-reasons">{rows}</ul>')
    parts += [f'<p class="tl-note">{safe(note)}</p>' for note in state.notes]
    return f'<div class="tl-summary">{"".join(parts)}</div>'


def duration(seconds: float) -> str:
    """Returns a time as people say it: ``1 h 5 min``, ``2 min 10 s``, ``less than a second``."""
    whole = round(seconds)
    if whole < 1:
        return "less than a second"
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _rate(rate: float) -> str:
    return f"{rate:,.0f} a second" if rate >= 10 else f"{rate:,.1f} a second"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"

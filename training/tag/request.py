"""What a person asks of ``tagloop tag``."""

from __future__ import annotations

from dataclasses import dataclass

from tagloop.tagger.options import Options


@dataclass(frozen=True)
class Request:
    """The command line, read.

    Attributes:
        source: A place of articles, as `training.data.sources.open_source` takes it; ``-`` is
            standard input.
        model: Folder or ``owner/tagger[@revision]``; empty: the newest one here, or the base.
        threshold: See ``Options``, as for the next two.
        max_tags: See there.
        allowed_tags: See there.
        batch_size: Articles that the model reads at a time.
        title: Of the one article.
        json: Whether its tags come as JSON.
        evidence: Whether each tag comes with what speaks for it.
        out: Where to write many; empty: see ``training.tag.targets``.
        push: Dataset to publish them as; empty: none.
        columns: As ``tagloop.reading.columns.parse_mapping`` takes them.
        limit: So many articles at the most.
        workers: Processes, or parts at a time; None: as many as is usual.
        executor: Where parts run; empty: one machine tags, not in parts.
        executor_settings: YAML file of a cluster's own settings; None: none.
        work_dir: Where parts leave things to one another; empty: under ``build/tag``.
        verbose: Whether what goes into the log is shown.
        words: The command line itself, for reports.
    """

    source: str
    model: str = ""
    threshold: float | None = None
    max_tags: int | None = None
    allowed_tags: tuple[str, ...] | None = None
    batch_size: int = 16
    title: str = ""
    json: bool = False
    evidence: bool = False
    out: str = ""
    push: str = ""
    columns: tuple[str, ...] = ()
    limit: int | None = None
    workers: int | None = None
    executor: str = ""
    executor_settings: str | None = None
    work_dir: str = ""
    verbose: bool = False
    words: tuple[str, ...] = ()

    @property
    def options(self) -> Options:
        """What is asked of the tags."""
        return Options(
            threshold=self.threshold, max_tags=self.max_tags, allowed_tags=self.allowed_tags
        )

"""Articles that get their tags where they lie: for hooks of git, and jobs on a pull request."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagloop.batch.articles import row_of
from tagloop.batch.rows import RowTags
from tagloop.batch.writers.article_files import ArticleFilesWriter
from tagloop.batch.writers.writer import Written
from tagloop.errors import UserError
from tagloop.reading.entries import entry_of
from tagloop.reading.record import Entry
from tagloop.reading.sources import open_path
from tagloop.reading.sources.files import InputFile
from training import console
from training.tag.models import BUILD, find_model
from training.tag.request import Request
from training.tag.tagging import Work, tags_of


@dataclass(frozen=True)
class _Post:
    path: Path
    entry: Entry


def tag_in_place(sources: Sequence[str], request: Request) -> None:
    """Writes tags into the front matter of articles that have front matter, but no tags.

    All others stay as they are, and are counted: a README among the posts is none. A file is
    written whole or not at all.

    Args:
        sources: Files.
        request: What is asked of the tags; its source is not heeded.

    Raises:
        UserError: None of those that need tags can have any, or the model cannot be had.
    """
    posts, problems, left = [], [], 0
    for source in sources:
        try:
            post = _post(Path(source).expanduser())
        except UserError as error:
            problems.append(f"{source}: {error}")
            continue
        left += post is None
        posts += [post] if post else []
    written = 0
    if posts:
        with console.quiet(BUILD / "tag" / "log.txt", request.verbose, sys.stderr):
            model = find_model(request.model, allowlist=bool(request.allowed_tags))
            work = Work(model.folder, request.options, request.batch_size)
            tagged = list(tags_of(work.load(), [row_of(post.entry) for post in posts], work))
        print(f"model: {model}", file=sys.stderr)
        for post, tags in zip(posts, tagged, strict=True):
            try:
                _write(post, tags)
            except UserError as error:
                problems.append(f"{post.path}: {error}")
            else:
                written += 1
                print(f"{post.path}: {', '.join(tags.tags)}")
    _say(written, left, problems)


def _post(path: Path) -> _Post | None:
    """Reads a file; None if it needs no tags.

    Raises:
        UserError: It is no article's file, or cannot be read.
    """
    if not path.is_file():
        raise UserError("there is no such file.")
    source = open_path(path)
    if source.kind != "markdown" or source.unit != "row":
        raise UserError(f"no article, but {source.kind}.")
    (record,) = source.records
    entry = entry_of(record)
    if entry.problem:
        raise UserError(entry.problem)
    return _Post(path, entry) if record.values and not entry.tags else None


def _write(post: _Post, tagged: RowTags) -> None:
    """Puts tags, without their confidences, into an article's file.

    Raises:
        UserError: There are none, or its front matter takes none.
    """
    if tagged.problem or not tagged.tags:
        raise UserError(tagged.problem or "no tag is sure enough.")
    writer = ArticleFilesWriter(InputFile(post.path, post.path.name))
    piece = writer.write(Written(post.entry, RowTags(tagged.tags)))
    if piece.problem or writer.notes():
        raise UserError(piece.problem or "its front matter has another use for tags.")
    part = post.path.with_name(f".{post.path.name}.part")
    try:
        part.write_bytes(piece.content)
        part.chmod(post.path.stat().st_mode)
        os.replace(part, post.path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UserError(f"cannot be written ({error.strerror or error}).") from error


def _say(written: int, left: int, problems: Sequence[str]) -> None:
    """Tells what became of all files.

    Raises:
        UserError: There are problems, and no file got tags.
    """
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems and not written:
        raise UserError(f"no file got tags; the first is {problems[0].rstrip('.')}.")
    files = "file" if written == 1 else "files"
    print(
        f"{written:,} {files} tagged, {left:,} left as they are (tags, or no front matter), "
        f"{len(problems):,} could not be tagged",
        file=sys.stderr,
    )

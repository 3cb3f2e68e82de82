"""The command line of ``tagloop``: what a person may say, and which way an article or many go.

Nothing heavy is imported before it is known what is to be done, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tagloop.errors import UserError
from tagloop.reading.settings import setting_name
from tagloop.service.options import written_list
from training.command import command
from training.tag.request import Request

STDIN = "-"
ABOUT = "Articles in, tags out."
EXAMPLES = """\
examples:
  tagloop tag post.md                        the tags of an article, one a line
  cat post.txt | tagloop tag --json          with confidences and the model
  tagloop tag posts.csv                      posts-tagged.csv: the table with tags
  tagloop tag my-blog/content                content-tagged/: tags in the front matter
"""
TAG_EXAMPLES = """\
examples:
  tagloop tag post.md                        the tags of an article, one a line
  cat post.txt | tagloop tag --title "Ferries in winter" -
  tagloop tag post.md --json | jq -r '.tags[].tag'
  tagloop tag post.md --evidence             and what speaks for each
  tagloop tag post.md --allowed-tags tags.txt --model me/blog-tagger@v1.2.0

  tagloop tag posts.csv                      posts-tagged.csv: the table with tags
  tagloop tag old.jsonl.gz --columns text=story --out old.parquet --workers 4
  tagloop tag my-blog/content                content-tagged/: tags in the front matter
  tagloop tag me/articles@v1.0.0 --push me/articles-tagged
  tagloop tag --in-place content/posts/*.md  tags for those that have none
  tagloop tag "shards/*.jsonl" --executor slurm --executor_settings slurm.yaml

Interrupted, the same command goes on where it stopped.
Exit status: 0 tagged; 2 an error that the last line explains; 130 interrupted.
"""
PARTS = ("executor", "executor_settings", "work_dir")
OF_MANY = ("out", "push", "columns", "limit", "workers", *PARTS)
OF_ONE = ("title", "json", "evidence")


@command("interrupted; what is tagged is kept, and the same command goes on")
def main(words: list[str]) -> int | None:
    """Runs the command line."""
    parser = _parser()
    given = parser.parse_args(words)
    if given.command is None:
        parser.print_help()
        return 0
    if given.in_place:
        from training.tag.in_place import tag_in_place

        _refuse(given, (*OF_MANY, *OF_ONE), "with --in-place the tags go into the files")
        tag_in_place(given.source, _request(given, words))
        return 0
    request = _request(given, words)
    if request.source == STDIN:
        from training.tag.one_article import tag_stdin

        _refuse(given, OF_MANY, "standard input is one article; give a file, a folder or a dataset")
        tag_stdin(request)
        return 0
    from training.tag.one_article import is_article, tag_file

    if not (request.out or request.push) and is_article(request.source):
        _refuse(given, OF_MANY, f"{request.source} is one article")
        tag_file(request)
        return 0
    _refuse(given, OF_ONE, "that is for one article; many get tags and confidences in their file")
    if request.executor:
        _refuse(given, ("limit",), "parts are tagged whole; name fewer shards")
        _tag_in_parts(request)
        return 0
    _refuse(given, PARTS, f"that is for parts: {setting_name('executor', 'local')}, or another")
    from training.tag.many import tag_many

    tag_many(request)
    return 0


def _tag_in_parts(request: Request) -> None:
    from training.cluster.settings import find_cluster, whole_place
    from training.tag.articles import stem_of
    from training.tag.many import PLACE

    work_dir = whole_place(request.work_dir or str(PLACE / stem_of(request.source) / "parts"))
    cluster = find_cluster(request.executor, request.workers, request.executor_settings, work_dir)
    from training.tag.cluster.run import tag_in_parts  # datatrove, which not everyone has

    tag_in_parts(request, cluster, work_dir)


def _refuse(given: argparse.Namespace, names: Sequence[str], why: str) -> None:
    """Refuses settings that would not be heeded.

    Raises:
        UserError: One is given.
    """
    for name in names:
        if getattr(given, name):
            raise UserError(f"--{name}: {why}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "tagloop",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
    _add_tag(
        commands.add_parser(
            "tag",
            help="tags of one article, or of many",
            usage="tagloop tag [options] [SOURCE]\n"
            "       tagloop tag --in-place [options] FILE ...",
            description="Prints the tags of an article, or writes a table, a folder or a dataset\n"
            "again with the tags of all of its articles.",
            epilog=TAG_EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
    )
    return parser


def _add_tag(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "source",
        nargs="*",
        metavar="SOURCE",
        help="an article's file, or - for standard input; a table, a folder or zip of articles, an "
        "export, a feed or its address, a Hub dataset owner/name[:config][@revision]",
    )
    add("-v", "--verbose", action="store_true", help="show what goes into the log otherwise")
    tags = parser.add_argument_group("the tags")
    add = tags.add_argument
    add("--model", default="", metavar="MODEL", help="a folder, or owner/tagger[@revision] on the "
        "Hub; default: the newest under build/, else the bundled base")  # fmt: skip
    add("--allowed-tags", default="", metavar="TAGS", help="no other tags than these: a,b,c or a "
        "file with one a line")  # fmt: skip
    add("--threshold", type=_share, metavar="0..1", help="least confidence of a tag")
    add("--max-tags", type=_positive, metavar="N", help="at most so many tags an article")
    one = parser.add_argument_group("one article")
    add = one.add_argument
    add("--title", default="", help="its title")
    add("--json", action="store_true", help="tags with confidences, and the model's revision")
    add("--evidence", action="store_true", help="what speaks for each tag")
    files = parser.add_argument_group("files of a site")
    files.add_argument("--in-place", action="store_true", help="write tags into the front matter "
        "of the files that have some, but no tags; the others stay as they are")  # fmt: skip
    many = parser.add_argument_group("many articles")
    add = many.add_argument
    add("--out", default="", metavar="PATH", help="where to write: in the source's own format, or "
        "as .parquet; default: …-tagged in this folder")  # fmt: skip
    add("--push", default="", metavar="owner/name", help="publish as a dataset with a card; a new "
        "one is private")  # fmt: skip
    add("--columns", action="append", default=[], metavar="F=NAME", help="which column holds what, "
        "where the names do not say it: title=headline,text=body")  # fmt: skip
    add("--limit", type=_positive, metavar="N", help="only the first articles")
    add("--workers", type=_positive, metavar="N", help="processes, each with a model; default 1")
    add("--executor", default="", metavar="KIND", help="tag a folder, files or a dataset shard by "
        "shard: local, slurm, ray or jobs; --workers are then shards at a time")  # fmt: skip
    add("--executor_settings", metavar="YAML", help="a cluster's own settings")
    add("--work_dir", default="", metavar="DIR", help="where the parts meet")
    add("--batch-size", type=_positive, default=16, metavar="N", help="articles that the model "
        "reads at a time; default 16")  # fmt: skip


def _request(given: argparse.Namespace, words: Sequence[str]) -> Request:
    """Returns what is asked for.

    Raises:
        UserError: There is no article or more than one source, or the list of tags cannot be read.
    """
    source = given.source[0] if given.source else None
    if len(given.source) > 1 and not given.in_place:
        raise UserError(
            f"{len(given.source)} sources: take one, such as their folder; files of a site get "
            "their tags with --in-place."
        )
    if source is None:
        if sys.stdin is None or sys.stdin.isatty():
            raise UserError(
                "No article given: name its file, or pipe its text; tagloop tag --help has "
                "examples."
            )
        source = STDIN
    return Request(
        source=source,
        model=given.model,
        threshold=given.threshold,
        max_tags=given.max_tags,
        allowed_tags=allowed_tags(given.allowed_tags),
        batch_size=given.batch_size,
        title=given.title,
        json=given.json,
        evidence=given.evidence,
        out=given.out,
        push=given.push,
        columns=tuple(given.columns),
        limit=given.limit,
        workers=given.workers,
        executor=given.executor,
        executor_settings=given.executor_settings,
        work_dir=given.work_dir,
        verbose=given.verbose,
        words=tuple(words[1:]),
    )


def allowed_tags(given: str) -> tuple[str, ...] | None:
    """Reads tags: of a file if there is one of that name, else separated by commas.

    Raises:
        UserError: The file cannot be read or is not there, or no tag is in it.
    """
    if not given:
        return None
    path = Path(given).expanduser()
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else given
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--allowed-tags: {given} cannot be read ({error}).") from None
    if text is given and re.search(r"\.(?:txt|csv|tsv|json|md)\Z", given):
        raise UserError(f"--allowed-tags: there is no file {given}.")
    tags = tuple(written_list(text))
    if not tags:
        raise UserError(f"--allowed-tags: {given} has no tag in it.")
    return tags


def _number(
    kind: Callable[[str], float], fits: Callable[[float], bool], what: str
) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not fits(value):
            raise argparse.ArgumentTypeError(f"take {what}, not {text!r}")
        return value

    return read


_positive = _number(int, lambda value: value >= 1, "a whole number from 1 on")
_share = _number(float, lambda value: 0 <= value <= 1, "a number from 0 to 1")

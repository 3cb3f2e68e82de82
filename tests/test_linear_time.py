"""No regular expression takes longer than in proportion to the length of what it reads.

Every pattern of `tagloop` and `training.hub` is found by itself: those that a module or class
holds, and those written where they are used. Python's matcher backtracks and holds the interpreter
meanwhile, so one pattern whose time grows with the square of a text stops a whole Space.
"""

from __future__ import annotations

import ast
import gc
import importlib
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

import tagloop
import training.hub
from tagloop.corrections.review.suspicion import _stands_in
from tagloop.errors import UserError
from tagloop.generation.evidence import find_spans
from tagloop.generation.wordpiece import WordPieceTokenizer
from tagloop.ranking.keyphrases import KnownPhrases, Words
from tagloop.reading.documents.org import read_org
from tagloop.reading.front_matter.adding import add_values
from tagloop.reading.front_matter.body_tags import body_tags
from tagloop.reading.tag_lists import tags_of
from tagloop.reading.texts import unescaped_html
from tagloop.service.options import written_list
from tagloop.text.markup import html_to_text, looks_like_html
from tagloop.text.sentences import split_sentences
from tagloop.text.site_markup import MARKDOWN
from tagloop.text.words import divided, split_words
from tagloop.vocabulary.abbreviations import stated_meanings
from tagloop.vocabulary.normal_form import compatible, folded, normal_form, occurring, parse_tags
from tagloop.vocabulary.surface import find_surface
from tagloop.vocabulary.vocabulary import Vocabulary
from training.finetune.preprocess import BUNDLED_BASE

from .hostile_strings import hostile_strings, run_of

SIZES = (24, 200, 1_000, 10_000, 100_000)
TEXT_SIZES = (60, 400, 4_000, 40_000)
FLOOR_SECONDS = 0.02
"""What takes less is never too slow: 10,000 characters take a linear pattern a millisecond."""
SUSPECT = 1.3
"""So many times the length's growth: the largest size is tried, too. What grows by less before
grows by three times as much at the most then."""
TOO_MUCH = 3.5
"""A square grows by ten times the length's growth, from one size to ten times as much."""
LONGEST_SECONDS = 0.5
"""What hangs is stopped then, unless it may take longer for how long a shorter text took."""
PARTS = 8
"""Of the patterns, which the processes that run the tests share among them."""
INLINE = frozenset({"search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"})


@cache
def modules() -> tuple[ModuleType, ...]:
    found = []
    for package in (tagloop, training.hub):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not info.name.endswith("__main__"):
                found.append(importlib.import_module(info.name))
    return (tagloop, training.hub, *found)


def held(value: Any, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    """Yields the patterns of a value, of what it contains, and of a class's attributes."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        for item in (*value.keys(), *value.values()):
            yield from held(item, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from held(item, depth - 1)
    elif depth and isinstance(value, type) and value.__module__.startswith(("tagloop", "training")):
        yield from held(dict(vars(value)), depth - 1)


def regex_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "re":
                yield node


def source_of(module: ModuleType) -> ast.Module:
    assert module.__file__ is not None
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def written_inline(module: ModuleType) -> Iterator[re.Pattern[Any]]:
    """Yields the patterns that stand in calls such as ``re.sub("…", …)``."""
    for call in regex_calls(source_of(module)):
        assert isinstance(call.func, ast.Attribute)
        if call.func.attr in INLINE and isinstance(call.args[0], ast.Constant):
            yield re.compile(call.args[0].value)


@cache
def all_patterns() -> dict[re.Pattern[Any], str]:
    """Returns every pattern with the first place where it stands."""
    found: dict[re.Pattern[Any], str] = {}
    for module in modules():
        for name, value in vars(module).items():
            for pattern in held(value):
                found.setdefault(pattern, f"{module.__name__}.{name}")
        for pattern in written_inline(module):
            found.setdefault(pattern, module.__name__)
    return found


class TooSlow(Exception):
    """Raised within a match: unlike a loop over starts, a match looks for signals."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stops after so many seconds of this process's own time."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def seconds_of(work: Callable[[], object], longest: float = LONGEST_SECONDS) -> float:
    gc.disable()  # with all modules loaded a collection takes longer than what is measured
    try:
        with at_most(longest):
            begun = time.process_time()
            work()
            return time.process_time() - begun
    finally:
        gc.enable()


def growth(work: Callable[[int], Callable[[], object]], sizes: Sequence[int]) -> str:
    """Says at which size the work takes too long for its size; nothing if it never does.

    Args:
        work: Gives, for a size, what is to be timed.
        sizes: Rising; the small ones stop work of exponential or cubic time before it hangs. The
            last is left out where the time has not grown by more than ``SUSPECT`` times the length.
    """
    smaller, before = 1, 0.0
    for size in sizes:
        limit = TOO_MUCH * size / smaller * before
        longest = max(LONGEST_SECONDS, limit)
        try:
            now = seconds_of(work(size), longest)
            for _ in range(4):  # a machine that is busy is not slow twice at the same place
                if now <= FLOOR_SECONDS or now <= limit:
                    break
                limit = TOO_MUCH * size / smaller * max(before, seconds_of(work(smaller)))
                now = min(now, seconds_of(work(size), longest))
        except TooSlow:
            return f"{size:,} characters take more than {longest:.1f} s"
        if now > FLOOR_SECONDS and now > limit:
            return f"{size:,} characters take {now:.3f} s, {smaller:,} take {before:.5f} s"
        if size == sizes[-2]:
            calm = SUSPECT * size / smaller
            if now < calm * max(before, 1e-5):
                return ""
            # Most that seem to grow were disturbed: to look again takes a tenth of the next size.
            again, smaller_again = seconds_of(work(size), longest), seconds_of(work(smaller))
            if min(now, again) < calm * max(before, smaller_again, 1e-5):
                return ""
        smaller, before = size, now
    return ""


def uses_of(pattern: re.Pattern[Any], text: str) -> list[Callable[[], object]]:
    read = text.encode("utf-8") if isinstance(pattern.pattern, bytes) else text
    return [lambda: sum(1 for _ in pattern.finditer(read)), lambda: pattern.fullmatch(read)]


def slow_strings(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Yields what the pattern is too slow for."""
    for make in hostile_strings(pattern):
        for use in range(2):

            def work(
                size: int, make: Callable[[int], str] = make, use: int = use
            ) -> Callable[[], object]:
                return uses_of(pattern, make(size))[use]

            if problem := growth(work, SIZES):
                yield f"{make(12)!r} and so on: {problem}"


@pytest.mark.parametrize("part", range(PARTS))
def test_every_pattern_takes_time_in_proportion_to_the_text(part: int) -> None:
    patterns = sorted(all_patterns().items(), key=lambda item: (item[1], repr(item[0].pattern)))
    assert len(patterns) > 300
    slow = {
        f"{name}: {pattern.pattern!r}": problem
        for pattern, name in patterns[part::PARTS]
        if (problem := next(slow_strings(pattern), None))
    }
    assert not slow


@pytest.mark.parametrize(
    "pattern",
    [
        r"[.!?…]+[\"'”’»)\]]*(?=\s)",
        r"[a-z][a-z0-9+.-]*://|\bwww\.|\b[\w-]+\.[a-z]{2,12}/",
        r"(?<=[(\[{])\s+|\s+(?=[)\]}])",
        r"<meta[^>]+charset\s*=",
        r"#+\s*\w",
        r"\A(?:\w+)+$",
    ],
)
def test_a_pattern_that_reads_a_text_again_and_again_is_found(pattern: str) -> None:
    assert next(slow_strings(re.compile(pattern)), None)


def test_a_pattern_of_linear_time_is_not() -> None:
    for pattern in (r"\w+", r"(?<!\s)\s++(?=x)", r"<[^<>]*+>"):
        assert list(slow_strings(re.compile(pattern))) == []


HOSTILE_TAGS = (
    "& " * 30 + "a",
    "a " * 30 + "b",
    "1." * 30 + "1",
    "a.b c++ .net " * 5,
    "a" * 79 + "b",
    "\u4e00" * 79 + "\u4e8c",
    "+ " * 30 + "a",
    "n ' n ' " * 8,
)
UNITS = (
    *(unit for tag in HOSTILE_TAGS for unit in (tag[:-1], tag[:2])),
    *("!", "&", "1..", ". ", "\n", "\n ", "a\n", "#_", "(", "[", "<a ", "<td>", "a-", "\ufdfa"),
    *(
        "\u0301\u0316",
        "a\u0301\uff9e",
        "\u3002",
        "www.a.",
        "a://",
        "-.de",
        "\r\n",
        "\"'",
        "[](",
        "*_",
    ),
)
NO_TAGS = Vocabulary({}, {}, {})


def made_at_run_time() -> set[str]:
    """Returns the functions that make a pattern of what they are given."""
    found = set()
    for module in modules():
        for node in ast.walk(source_of(module)):
            if not isinstance(node, ast.FunctionDef):
                continue
            for call in regex_calls(node):
                assert isinstance(call.func, ast.Attribute)
                name = call.func.attr
                constant = name in INLINE and isinstance(call.args[0], ast.Constant)
                if name != "escape" and not constant:
                    found.add(f"{module.__name__}.{node.name}")
    return found


@cache
def tokenizer() -> WordPieceTokenizer:
    return WordPieceTokenizer.load(BUNDLED_BASE / "tokenizer.json")


def _tagged(begin: str, ending: str, text: str) -> None:
    """Reads front matter and writes it with tags."""
    with suppress(UserError):
        add_values(begin + text, {"tags": ["a"]}, "a", ending)


OVER_A_TEXT: dict[str, Callable[[str], object]] = {
    "tagloop.vocabulary.normal_form.compatible": compatible,
    "tagloop.vocabulary.surface._surfaces": lambda text: [
        find_surface(tag, text) for tag in (*HOSTILE_TAGS, text[:60])
    ],
    "tagloop.generation.evidence.form_pattern": lambda text: [
        find_spans(tag, text, NO_TAGS) for tag in (*HOSTILE_TAGS, "a", text[:60])
    ],
    "tagloop.corrections.review.suspicion._stands_in": lambda text: [
        _stands_in(tag, text) for tag in HOSTILE_TAGS
    ],
    "tagloop.generation.wordpiece.__init__": lambda text: tokenizer()(text),
    "sentences": split_sentences,
    "words of any script": split_words,
    "letters apart": divided,
    "normal form": normal_form,
    "folded": folded,
    "tags in it": lambda text: occurring([tag[:80] for tag in HOSTILE_TAGS], text),
    "generated": parse_tags,
    "abbreviations": stated_meanings,
    "words": lambda text: KnownPhrases({"a": 0, "a b": 1, "a a a a": 2}).in_article(
        Words.of(text[:300], text)
    ),
    "html": html_to_text,
    "html or not": looks_like_html,
    "markdown": lambda text: html_to_text(MARKDOWN.render(text)),
    "list": written_list,
    **{
        f"front matter {begin!r} {ending[1:]}": partial(_tagged, begin, ending)
        for begin, ending in (
            *(("", ending) for ending in (".md", ".rst", ".org", ".mdx")),
            *((begin, ".md") for begin in ("---\n", "+++\n", "a: ", "<!--\n", "# a\n\n", '{"')),
        )
    },
    "tags in a text": body_tags,
    "org": partial(read_org, name="a.org"),
    "tags of an article": tags_of,
    "escaped HTML": unescaped_html,
}


def test_patterns_that_are_made_at_run_time_are_driven_here() -> None:
    assert made_at_run_time() == {name for name in OVER_A_TEXT if "." in name}


@pytest.mark.parametrize("name", OVER_A_TEXT)
def test_what_reads_a_text_takes_time_in_proportion_to_it(name: str) -> None:
    read = OVER_A_TEXT[name]
    slow = {}
    for unit in UNITS:

        def work(size: int, unit: str = unit) -> Callable[[], object]:
            text = run_of(unit, size)
            return lambda: read(text)

        if problem := growth(work, TEXT_SIZES):
            slow[unit[:12]] = problem
    assert not slow


@pytest.mark.parametrize(
    "html",
    [
        f"<table><tr><td>{'x' * 40_000}</td></tr>{'<tr><td>' * 5_000}</table>",
        f"<table><tr><td>{'x<br>' * 8_000}</td>{'<td>' * 10_000}</table>",
        f"{'<table><tr><td>' * 60}{'x' * 40_000}{'<br>x' * 7_000}",
        "<p style='padding-left: 99999em'>x</p>" * 2_000,
        "<p style='margin-top: 99999em'>x</p>" * 2_000,
    ],
    ids=["high", "wide", "nested", "indented", "apart"],
)
def test_markup_comes_to_no_more_text_than_a_few_times_itself(html: str) -> None:
    assert "x" in html_to_text(html)
    assert len(html_to_text(html)) < 3 * len(html)


def test_a_table_of_usual_size_is_laid_out() -> None:
    rows = "".join(f"<tr><td>{'apple ' * (n % 3 + 1)}</td><td>{n}</td></tr>" for n in range(300))
    lines = html_to_text(f"<table>{rows}</table>").strip().split("\n")
    assert lines[0].index("0") == lines[1].index("1") == lines[2].index("2")

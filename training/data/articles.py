"""The Article, the row of the dataset, and the cleaning that every source's texts go through."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypedDict, cast

import datasets
import ftfy

from tagloop.reading.record import Entry
from tagloop.text.words import count_words
from tagloop.vocabulary.normal_form import compatible, normal_form, tidy

MAX_TAG_WORDS = 5
"""Longer tags are sentences or lists that lost their separator; nobody files articles under one."""
MAX_TAG_CHARACTERS = 40
"""Medium allows 25 characters a tag; blogs go somewhat further."""
_MAX_RAW_TAG = 25 * MAX_TAG_CHARACTERS
"""Before entities, blanks and signs are cleaned away; a longer one is not even tried."""
_TAGS_KEPT = 100_000
"""Cleaned tags that are remembered: most of a corpus stand at several articles."""

FEATURES = datasets.Features(
    {
        "id": datasets.Value("string"),
        "title": datasets.Value("string"),
        "text": datasets.Value("string"),
        "tags": datasets.List(datasets.Value("string")),
        "source": datasets.Value("string"),
        "url": datasets.Value("string"),
        "license": datasets.Value("string"),
        "published": datasets.Value("string"),
        "origin": datasets.Value("string"),
    }
)
"""Columns of the dataset, in order."""

# The texts keep their authors' quotation marks, and the wide ones of Chinese and Japanese;
# everything else is ftfy's default.
_FTFY = ftfy.TextFixerConfig(uncurl_quotes=False, fix_character_width=False)
# Soft hyphens, zero-width blanks, byte-order marks; the joiners that scripts and emoji need stay.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
# Printable ASCII without the entities' ampersand.
_NOTHING_TO_REPAIR = re.compile(r"[\t -%'-~]*")


class ArticleRow(TypedDict):
    """A row of the dataset; see `Article`."""

    id: str
    title: str
    text: str
    tags: list[str]
    source: str
    url: str | None
    license: str | None
    published: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class Article:
    """One article with its tags: a row of the dataset.

    Attributes:
        id: See `article_id`.
        title: One line; empty when the source has none.
        text: Plain text, paragraphs separated by a blank line.
        tags: In display form, the author's order.
        source: Where the article comes from: a publication, a file, a Hub dataset.
        url: Address of the original.
        license: As the source states it.
        published: ISO 8601 date, or date and time in UTC.
        origin: ``source``, or ``correction`` when a person's correction gave the tags.
    """

    id: str
    title: str
    text: str
    tags: tuple[str, ...]
    source: str
    url: str | None = None
    license: str | None = None
    published: str | None = None
    origin: str = "source"

    def row(self) -> ArticleRow:
        """Returns the dataset's row."""
        values = {name: getattr(self, name) for name in FEATURES} | {"tags": list(self.tags)}
        return cast(ArticleRow, values)


class RejectedTag(NamedTuple):
    """A tag that cleaning left out, and why."""

    tag: str
    reason: str


class Cleaned(NamedTuple):
    """What cleaning made of one entry: an article, or the reason why it is none."""

    article: Article | None
    reason: str
    rejected_tags: list[RejectedTag]


def article_id(title: str, text: str, url: str | None = None) -> str:
    """Returns the article's stable id: SHA-256 of its URL, else of its normalised title and text.

    Normalised means NFKC, casefolded, words only: a changed blank, quotation mark or line break
    does not change the id.
    """
    if url:
        return hashlib.sha256(url.encode()).hexdigest()
    folded = compatible(f"{title}\n{text}").casefold()
    return hashlib.sha256(" ".join(re.findall(r"\w+", folded)).encode()).hexdigest()


def clean_text(text: str) -> str:
    """Repairs the characters and the white space of a plain text.

    Mojibake, entities, control characters, NFC (ftfy); blanks folded inside lines; paragraphs
    separated by exactly one blank line.
    """
    lines = (" ".join(_repaired(line).split()) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _repaired(line: str) -> str:
    # Most lines have nothing to repair, and ftfy's checks take most of a build's time.
    if _NOTHING_TO_REPAIR.fullmatch(line):
        return line
    return _INVISIBLE.sub("", ftfy.fix_text(line, _FTFY))


def clean_line(text: str) -> str:
    """Repairs a text that must be one line, such as a title."""
    return " ".join(clean_text(text).split())


def clean_tags(tags: Iterable[str]) -> tuple[list[str], list[RejectedTag]]:
    """Tidies tags, drops repetitions (by normal form) and tags that are none.

    Returns:
        The kept tags in their order, and the others with the reason: ``no letters``,
        ``too many words`` or ``too many characters``. Repetitions count as kept.
    """
    kept: dict[str, str] = {}
    rejected = []
    for raw in tags:
        if len(raw) > _MAX_RAW_TAG and len(raw := " ".join(raw.split())) > _MAX_RAW_TAG:
            rejected.append(RejectedTag(f"{raw[:MAX_TAG_CHARACTERS]}…", "too many characters"))
            continue
        tag, form = _tidied(raw)
        if not form:
            if raw.strip():
                rejected.append(RejectedTag(raw.strip(), "no letters"))
        elif len(form.split()) > MAX_TAG_WORDS:
            rejected.append(RejectedTag(tag, "too many words"))
        elif len(tag) > MAX_TAG_CHARACTERS:
            rejected.append(RejectedTag(tag, "too many characters"))
        else:
            kept.setdefault(form, tag)
    return list(kept.values()), rejected


@lru_cache(_TAGS_KEPT)
def _tidied(raw: str) -> tuple[str, str]:
    """Returns a tag's clean and its normal form."""
    tag = tidy(clean_line(raw))
    return tag, normal_form(tag)


def clean_article(
    entry: Entry,
    *,
    default_source: str,
    default_license: str | None = None,
    min_words: int = 0,
    keep_title_only: bool = False,
) -> Cleaned:
    """Makes an article of an entry, or says why it is none.

    Args:
        entry: As the reader gives it.
        default_source: Stands in for a missing ``source``.
        default_license: Stands in for a missing ``license``.
        min_words: A text with fewer words makes no article.
        keep_title_only: An article with a title and no text is one.
    """
    if entry.problem:
        return Cleaned(None, entry.problem, [])
    title, text = clean_line(entry.title), clean_text(entry.text)
    tags, rejected = clean_tags(entry.tags)
    reason = ""
    if not text and not (title and keep_title_only):
        reason = "empty text"
    elif text and count_words(text) < min_words:
        reason = "too short"
    elif not tags:
        reason = "no tags"
    if reason:
        return Cleaned(None, reason, rejected)
    url = _line_or_none(entry.url)
    article = Article(
        id=article_id(title, text, url),
        title=title,
        text=text,
        tags=tuple(tags),
        source=_line_or_none(entry.source) or default_source,
        url=url,
        license=_line_or_none(entry.license) or default_license,
        published=entry.published,
        origin="correction" if entry.origin == "correction" else "source",
    )
    return Cleaned(article, "", rejected)


def _line_or_none(value: str | None) -> str | None:
    return clean_line(value) or None if value is not None else None

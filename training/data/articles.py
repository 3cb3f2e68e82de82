"""The Article, the row of the dataset, and the cleaning that every source's texts go through."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypedDict, cast

import datasets
import ftfy

from tagloop.vocabulary.vocabulary import normal_form, tidy

MAX_TAG_WORDS = 5
"""Longer tags are sentences or lists that lost their separator; nobody files articles under one."""
MAX_TAG_CHARACTERS = 40
"""Medium allows 25 characters a tag; blogs go somewhat further."""
MAX_TAGS = 200
"""An article with more was not tagged by a person: a text was taken for the tags, most likely."""
_MAX_RAW_TAG = 25 * MAX_TAG_CHARACTERS
"""Before entities, blanks and signs are cleaned away; a longer one is not even tried."""
_MAX_DATE_CHARACTERS = 64

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

# The texts keep their authors' quotation marks; everything else is ftfy's default.
_FTFY = ftfy.TextFixerConfig(uncurl_quotes=False)
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
    """What cleaning made of one raw record: an article, or the reason why it is none."""

    article: Article | None
    reason: str
    rejected_tags: list[RejectedTag]
    date_unreadable: bool


def article_id(title: str, text: str, url: str | None = None) -> str:
    """Returns the article's stable id: SHA-256 of its URL, else of its normalised title and text.

    Normalised means NFKC, casefolded, words only: a changed blank, quotation mark or line break
    does not change the id.
    """
    if url:
        return hashlib.sha256(url.encode()).hexdigest()
    folded = unicodedata.normalize("NFKC", f"{title}\n{text}").casefold()
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
        tag = tidy(clean_line(raw))
        form = normal_form(tag)
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


def iso_date(value: Any) -> str | None:
    """Returns a date as ISO 8601 (a time of day in UTC), None when it cannot be read.

    Reads dates, datetimes, ISO 8601 and RFC 2822 texts. Texts such as ``03/04/2021`` are not
    guessed at.
    """
    try:
        if isinstance(value, str):
            value = value.strip()
            if len(value) > _MAX_DATE_CHARACTERS:
                return None
            # A date without a time stays one.
            value = date.fromisoformat(value) if len(value) <= 10 else _parse_datetime(value)
        if isinstance(value, datetime):
            in_utc = value.astimezone(UTC) if value.tzinfo else value
            return in_utc.replace(tzinfo=None, microsecond=0).isoformat() + "Z"
    except (ValueError, TypeError, OverflowError):  # the first hours of year 1 have no UTC
        return None
    return value.isoformat() if isinstance(value, date) else None


def _parse_datetime(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)


def clean_article(
    fields: Mapping[str, Any],
    *,
    default_source: str,
    default_license: str | None = None,
    min_words: int = 0,
    keep_title_only: bool = False,
) -> Cleaned:
    """Makes an article of a raw record, or says why it is none.

    Args:
        fields: Raw values by column name of the dataset; ``tags`` is a list of texts, ``title``
            and ``text`` are plain text. ``problem``, if there is one, says why it makes no article.
        default_source: Stands in for a missing ``source``.
        default_license: Stands in for a missing ``license``.
        min_words: A text with fewer words makes no article.
        keep_title_only: An article with a title and no text is one.
    """
    if problem := fields.get("problem"):
        return Cleaned(None, problem, [], False)
    title, text = clean_line(fields.get("title") or ""), clean_text(fields.get("text") or "")
    tags, rejected = clean_tags(fields.get("tags") or [])
    published = iso_date(fields.get("published"))
    unreadable = published is None and fields.get("published") not in (None, "")
    reason = ""
    if not text and not (title and keep_title_only):
        reason = "empty text"
    elif text and len(text.split()) < min_words:
        reason = "too short"
    elif not tags:
        reason = "no tags"
    if reason:
        return Cleaned(None, reason, rejected, unreadable)
    url = _line_or_none(fields.get("url"))
    article = Article(
        id=article_id(title, text, url),
        title=title,
        text=text,
        tags=tuple(tags),
        source=_line_or_none(fields.get("source")) or default_source,
        url=url,
        license=_line_or_none(fields.get("license")) or default_license,
        published=published,
        origin="correction" if fields.get("origin") == "correction" else "source",
    )
    return Cleaned(article, "", rejected, unreadable)


def _line_or_none(value: Any) -> str | None:
    return clean_line(str(value)) or None if value is not None else None

"""What passes through the reader: a source, its records, and the entries made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """One article as its source has it.

    Attributes:
        where: Its place, for people: ``posts.csv:12``, ``blog/2021/ferry.md``, ``export.xml: item
            3``.
        values: What stands there by the source's own names (columns, keys of the front matter,
            elements); texts as they were written, or lists and mappings of such.
        body: The text, where it stands apart from the values (after front matter).
        markup: How the text is written: a key of `tagloop.reading.documents.BODIES`; empty if it
            may be plain text or HTML, whatever it looks like.
        fallbacks: What holds where the values say nothing, by field: a title from the first
            heading, a date from the file's name, tags from the text.
        draft: How its place shows that it is not published (``it lies in _drafts``); empty if it
            does not. What the values say of it stands in them.
        aside: The ending of a file that is hardly an article of its folder (``LICENSE.txt`` among
            Markdown); empty for all others.
        problem: Why it cannot be read, with the line where one is known; empty if it can.
        oddities: What was repaired to read it, for people.
        given: What the writer of such a file needs to write it again with tags.
    """

    where: str
    values: Mapping[str, Any]
    body: str | None = None
    markup: str = ""
    fallbacks: Mapping[str, Any] = field(default_factory=dict)
    draft: str = ""
    aside: str = ""
    problem: str = ""
    oddities: tuple[str, ...] = ()
    given: Any = None


@dataclass
class Source:
    """One opened input.

    Attributes:
        kind: What it is, for people and reports: ``table``, ``markdown``, ``hub``, ``wordpress`` …
        name: Without a path of this machine; for the Hub ``repo_id@commit``.
        records: Read as they are asked for.
        columns: The names that it states for all records (a table's header); None where each record
            has its own.
        unit: What ``position`` counts: ``B``, ``file`` or ``row``.
        total: How many units there are; None when it is not known.
        position: Tells how many units have been read; None counts records.
        left_out: Files that are not read, by reason (an ending, a folder such as ``.git``).
        notes: What else a person should know; complete when all records are read.
    """

    kind: str
    name: str
    records: Iterator[Record]
    columns: Sequence[str] | None = None
    unit: str = "row"
    total: int | None = None
    position: Callable[[], int] | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reading may take; a visitor's has bounds, a person's own on his machine has none.

    Attributes:
        records: Of a source.
        record_characters: Of one record: a row, a line of JSON, a file.
        columns: Of a table.
        unpacked_bytes: Of all files of an archive together.
    """

    records: int | None = None
    record_characters: int | None = None
    columns: int | None = None
    unpacked_bytes: int | None = None


UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person says about a source.

    Attributes:
        columns: Field (``title``, ``text``, ``tags`` …) to the source's own name; an empty name
            means that it has none.
        tag_separator: Of tags in one text; empty: as the whole column shows. See
            `tagloop.reading.tag_lists.SEPARATORS`.
        needed: Fields that must be found, or given as empty.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    tag_separator: str = ""
    needed: tuple[str, ...] = ("title", "text", "tags")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the reader made of a record.

    Attributes:
        record: What it was made of.
        title: Plain text of one line; may be empty.
        text: Plain text, paragraphs by blank line; may be empty.
        tags: As their author wrote them, each by itself.
        published: ISO 8601 date, or date and time in UTC.
        url: Address of the original.
        language: As the source states it (BCP 47); None if it does not.
        license: As the source states it.
        source: Publication, as the source states it.
        split: As the source states it.
        origin: ``correction`` where a person's correction gave the tags.
        draft: How it shows that it is not published; empty if it is.
        date_unreadable: Whether there is a date that cannot be read.
        problem: Why it is no article; empty if it may be one.
        oddities: What was repaired or guessed, for people.
    """

    record: Record
    title: str = ""
    text: str = ""
    tags: tuple[str, ...] = ()
    published: str | None = None
    url: str | None = None
    language: str | None = None
    license: str | None = None
    source: str | None = None
    split: str | None = None
    origin: str | None = None
    draft: str = ""
    date_unreadable: bool = False
    problem: str = ""
    oddities: tuple[str, ...] = ()

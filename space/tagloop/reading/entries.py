"""Records to entries: which value is the title, the text, the tags, the date, and what is odd."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ftfy.fixes import fix_surrogates

from tagloop.errors import UserError
from tagloop.reading import dates, drafts
from tagloop.reading.column_names import MARKUPS, fold, unnumbered
from tagloop.reading.columns import Columns, no_column, no_such_column, value_at
from tagloop.reading.decisions import Decisions
from tagloop.reading.documents import BODIES
from tagloop.reading.missing import is_missing
from tagloop.reading.record import Entry, ReadOptions, Record, Source
from tagloop.reading.tag_lists import PLAIN, given_style, tags_of
from tagloop.reading.tag_styles import decide
from tagloop.reading.texts import WrongType, line_in, text_in, unescaped_html
from tagloop.text.markup import plain_text

SAMPLE_RECORDS = 5_000
"""Looked at before the first entry: what a whole column shows, shows in so many."""
SAMPLE_CHARACTERS = 20_000_000
"""Of their texts, so that a few huge records do not fill the memory."""

_JEKYLL_KEYS = ("tags", "categories")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S++|[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,6}+/\S*+", re.IGNORECASE
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}", re.IGNORECASE)
_LANGUAGES = {
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr",
    "spanish": "es", "español": "es", "italian": "it", "italiano": "it", "portuguese": "pt",
    "português": "pt", "dutch": "nl", "nederlands": "nl", "polish": "pl", "polski": "pl",
    "russian": "ru", "русский": "ru", "chinese": "zh", "中文": "zh", "japanese": "ja",
    "日本語": "ja", "korean": "ko", "한국어": "ko", "arabic": "ar", "العربية": "ar",
    "turkish": "tr", "türkçe": "tr",
}  # fmt: skip


class Entries(Iterator[Entry]):
    """The entries of a source, made as they are asked for.

    The first records are looked at before the first entry, to decide how the tags and the dates of
    each column are written.
    """

    def __init__(self, source: Source, options: ReadOptions) -> None:
        """Takes the source; `read_entries` says the rest."""
        self.source = source
        self._options = options
        self._fixed: Columns | None = None
        if source.columns is not None:
            self._fixed = Columns.choose(
                source.columns, options.columns, source.name, options.needed
            )
        self._given = given_style(options.tag_separator)
        self._decisions = Decisions()
        self._names: dict[str, None] = {}
        self._columns: dict[str, dict[str, None]] = defaultdict(dict)
        self._found: set[str] = set()
        self._is_table = source.columns is not None
        self._single = False
        self._pending: Iterator[Record] | None = None

    def __next__(self) -> Entry:
        if self._pending is None:
            self._decide()
        assert self._pending is not None
        return self._entry(next(self._pending))

    @property
    def columns(self) -> Columns:
        """Returns which names of the source hold what; of files, those of the sample together."""
        if self._fixed is not None:
            return self._fixed
        if self._pending is None:
            self._decide()
        return Columns({name: tuple(names) for name, names in self._columns.items()})

    @property
    def single_tags(self) -> bool:
        """Returns whether every record of the sample has one tag at the most, and none a list.

        Then a table may have a row for each tag of an article.
        """
        if self._pending is None:
            self._decide()
        return self._single

    def decisions(self) -> list[str]:
        """Returns what was decided about the whole source, a sentence each, with examples.

        Complete when all entries have been read.
        """
        if self._pending is None:
            self._decide()
        columns = self.columns if self._is_table else None
        seen = self.source.columns or (list(self._names) if self.source.kind == "table" else ())
        return list(
            self._decisions.sentences(columns, seen, separator_given=self._given is not None)
        )

    def _columns_of(self, record: Record) -> Columns:
        if self._fixed is not None:
            return self._fixed
        return Columns.of_record(
            record.values, self._options.columns, front_matter=record.body is not None
        )

    def _decide(self) -> None:
        """Reads the sample and decides what a whole column shows."""
        sample: list[Record] = []
        rest = iter(self.source.records)
        try:
            for record in _first(rest):
                sample.append(record)
        except UserError as error:
            # What came before a source breaks off is read before that is said.
            rest = _raising(error)
        self._pending = itertools.chain(sample, rest)
        tags: dict[str, list[Any]] = defaultdict(list)
        published: dict[str, list[Any]] = defaultdict(list)
        in_files: set[str] = set()
        for record in sample:
            columns = self._columns_of(record)
            self._note_names(record, columns)
            for name, value in columns.values(record.values, "tags"):
                tags[fold(name)].append(value)
                if record.body is not None:
                    in_files.add(fold(name))
            for name, value in columns.values(record.values, "published"):
                published[fold(name)].append(value)
        for key, values in tags.items():
            front_matter = key in in_files and key.rpartition(".")[2] in _JEKYLL_KEYS
            self._decisions.styles[key] = decide(values, self._given, front_matter=front_matter)
        self._decisions.orders = {
            key: dates.date_order(values) for key, values in published.items()
        }
        named = [style for style in self._decisions.styles.values() if style.most or style.lists]
        self._single = (
            bool(named)
            and not in_files
            and all(style.most <= 1 and not style.lists for style in named)
        )
        self._check_names(sample)

    def _note_names(self, record: Record, columns: Columns) -> None:
        if self._fixed is not None:
            return
        self._names |= dict.fromkeys(record.values)
        for field_name, names in columns.names.items():
            self._columns[field_name] |= dict.fromkeys(names)
            if names and (names[0] in record.values or value_at(record.values, names[0])):
                self._found.add(field_name)

    def _check_names(self, sample: list[Record]) -> None:
        """Looks for what must be there, where each record has names of its own."""
        self._decisions.names = names = list(self._names)
        given = self._options.columns
        if self._fixed is not None or not names:
            return
        for field_name, name in given.items():
            if name and field_name not in self._found:
                raise no_such_column(self.source.name, field_name, name, names)
        # Files have their text apart; what has it among its values, as JSON does, is a table.
        self._is_table = all(record.body is None and not record.fallbacks for record in sample)
        if self._is_table:
            for field_name in self._options.needed:
                if not self._columns.get(field_name) and field_name not in given:
                    raise no_column(self.source.name, field_name, names)

    def _entry(self, record: Record) -> Entry:
        if record.problem:
            return Entry(record, problem=record.problem, oddities=record.oddities)
        columns = self._columns_of(record)
        values = record.values
        try:
            title, text = self._title_and_text(record, columns)
        except WrongType as error:
            return Entry(record, problem=str(error), oddities=record.oddities)
        except UserError as error:
            problem = str(error).removeprefix(f"{record.where}: ").rstrip(".")
            return Entry(record, problem=problem, oddities=record.oddities)
        tags, problem = self._tags(record, columns)
        published, unreadable = self._published(record, columns)
        named = "draft" in self._options.columns
        return Entry(
            record,
            title=title,
            text=text,
            tags=tags,
            published=published,
            url=_address(columns, values),
            language=_language(columns.first(values, "language")),
            license=_line(columns.first(values, "license")),
            source=_line(columns.first(values, "source")),
            split=_line(columns.first(values, "split")),
            origin=_line(columns.first(values, "origin")),
            draft=record.draft
            or drafts.draft_reason(
                values, next(iter(columns.names["draft"]), "") if named else None
            ),
            date_unreadable=unreadable,
            problem=problem if "tags" in self._options.needed else "",
            oddities=record.oddities,
        )

    def _title_and_text(self, record: Record, columns: Columns) -> tuple[str, str]:
        name, value = next(columns.values(record.values, "title"), ("title", None))
        with _of_column(name, "title"):
            title = " ".join(plain_text(line_in(value)).split())
        heading = ""
        if record.body is not None:
            heading, text = _read_body(record)
        else:
            heading, text = self._text_of_values(record, columns)
        if heading:
            title, text = _with_heading(title, heading, text)
        if not title:
            title = line_in(record.fallbacks.get("title"))
        return title, text

    def _text_of_values(self, record: Record, columns: Columns) -> tuple[str, str]:
        for name, value in columns.values(record.values, "text"):
            with _of_column(name, "text"):
                text = unescaped_html(text_in(value))
            if is_missing(text):
                continue
            markup = record.markup or MARKUPS.get(fold(name), "")
            if read := BODIES.get(markup):
                return read(text, record.where)
            return "", plain_text(text)
        return "", text_in(record.fallbacks.get("text"))

    def _tags(self, record: Record, columns: Columns) -> tuple[tuple[str, ...], str]:
        """Returns the tags, or why there are none that can be read."""
        problem = ""
        tags: list[str] = []
        series = ""
        numbers: tuple[str, tuple[str, ...]] = ("", ())
        for name, value in columns.values(record.values, "tags"):
            if tags and unnumbered(name) != series:
                break  # the tags of one column, or of several that are numbered
            style = self._decisions.styles.get(fold(name))
            found = tags_of(value, style.style if style else self._given or PLAIN)
            if found.tags and all(tag.isdigit() for tag in found.tags):
                numbers = numbers if numbers[0] else (name, found.tags)
            elif found.tags:
                if not tags:
                    self._decisions.count_tags(name)
                tags += found.tags
                series = unnumbered(name)
            if found.too_many:
                problem = problem or "too many tags"
            if found.numbers:
                self._decisions.numbers_in[name] += 1
                problem = problem or f"the tags in '{name}' are numbers (ids?), not names"
        if tags:
            return tuple(tags), ""
        if numbers[0]:  # years, unless another name has words
            self._decisions.count_tags(numbers[0])
            return numbers[1], ""
        if "tags" not in self._options.columns:
            found = tags_of(record.fallbacks.get("tags"))
            if found.tags:
                self._decisions.tags_in_text += 1
                return found.tags, ""
        return (), problem

    def _published(self, record: Record, columns: Columns) -> tuple[str | None, bool]:
        """Returns the date, and whether there is one that cannot be read."""
        unreadable = False
        for name, value in columns.values(record.values, "published"):
            if dates.is_flag(value) or dates.no_date(value):
                continue
            if found := dates.iso_date(value, self._decisions.orders.get(fold(name), "")):
                self._decisions.dates_from[name] += 1
                return found, False
            unreadable = True
            if dates.depends_on_order(value):
                self._decisions.dates_open[name] += 1
        if found := dates.iso_date(record.fallbacks.get("published")):
            return found, False
        return None, unreadable


def read_entries(source: Source, options: ReadOptions | None = None) -> Entries:
    """Returns the entries of a source.

    Raises:
        UserError: A column that a person names, or one that is needed, is not there.
    """
    return Entries(source, options or ReadOptions())


def entry_of(record: Record, options: ReadOptions | None = None) -> Entry:
    """Returns the entry of one record."""
    source = Source("article", record.where, iter((record,)))
    return next(read_entries(source, options or ReadOptions(needed=())))


def _raising(error: UserError) -> Iterator[Record]:
    raise error
    yield


@contextmanager
def _of_column(name: str, kind: str) -> Iterator[None]:
    """Says in which column a value is that cannot be its field."""
    try:
        yield
    except WrongType as error:
        what = "one line" if kind == "title" else "a text"
        raise WrongType(f"column '{name}': expected {what}, found {error}") from None


def _read_body(record: Record) -> tuple[str, str]:
    """Returns the heading at the top of a body, if there is one, and its text."""
    body = record.body or ""
    if record.markup == "html":
        body = unescaped_html(body)
    if read := BODIES.get(record.markup):
        return read(body, record.where)
    return "", plain_text(unescaped_html(body))


def _with_heading(title: str, heading: str, text: str) -> tuple[str, str]:
    """Makes the heading at the top the title, or else a part of the text, but never both."""
    heading = " ".join(heading.split())
    first, _, rest = text.lstrip().partition("\n")
    stands_there = " ".join(first.split()) == heading
    if title in ("", heading):
        return heading, rest.lstrip("\n") if stands_there else text
    return title, text if stands_there else f"{heading}\n\n{text}"


def _address(columns: Columns, values: Mapping[str, Any]) -> str | None:
    """Returns the address; a path (``/2021/ferry``) is none without the site before it."""
    for _, value in columns.values(values, "url"):
        text = value.strip() if isinstance(value, str) else ""
        if len(text) < 3_000 and _ADDRESS.fullmatch(text):
            return fix_surrogates(text)
    return None


def _language(value: Any) -> str | None:
    text = _line(value)
    if text is None:
        return None
    known = _LANGUAGES.get(text.casefold())
    return known or (text.replace("_", "-") if _LANGUAGE.fullmatch(text) else None)


def _line(value: Any) -> str | None:
    try:
        return line_in(value) or None
    except WrongType:
        return None


def _first(records: Iterator[Record]) -> Iterator[Record]:
    characters = 0
    for record in itertools.islice(records, SAMPLE_RECORDS):
        yield record
        characters += len(record.body or "")
        characters += sum(len(value) for value in record.values.values() if isinstance(value, str))
        if characters > SAMPLE_CHARACTERS:
            break

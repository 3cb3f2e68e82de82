"""Dates as people and programs write them, to ISO 8601."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from dateutil import parser

from tagloop.reading.missing import is_missing

Order = Literal["", "day first", "month first"]
"""How a column writes ``03/04/2021``; empty where it does not show."""

MAX_CHARACTERS = 64
"""Of a date: the longest are those of JavaScript, with the zone's name."""
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Of a Unix time: before 1990 nobody published on the web, and other numbers are no times."""
_TICKS = (1, 1_000, 1_000_000, 1_000_000_000)
"""A second of Unix time, in the units of which programs write it."""

_STAMP = re.compile(
    r"(?:\[\[|[<\[])(\d{4}-\d\d-\d\d)(?:\s[^\W\d]{2,12}\.?)?(?:\s(\d{1,2}:\d\d))?(?:[>\]]|\]\])"
)
"""``<2021-05-06 Thu 10:00>`` of Org, ``[[2021-05-06]]`` of note programs."""
_NUMBER = re.compile(r"\d{8,19}(?:\.\d{1,9})?|\d\.\d{1,18}[eE]\+?\d{1,2}")
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_YEAR_FIRST = re.compile(
    r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)\s?[日.]?[T\s]*(.*)", re.DOTALL
)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)[,\s]*(.*)", re.DOTALL)
_TIME = re.compile(
    r"(?:at\s|um\s|à\s|,)?\s?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s?([ap])?\.?m?\.?\s?"
    r"(Z|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|(?:UTC|GMT)?[+-]\d{1,2}|[A-Z]{3,4})?(?:\sUhr)?",
    re.IGNORECASE,
)
_RFC_2822 = re.compile(
    r"(?:[A-Za-z]{3,9},?\s{1,2})?\d{1,2}[\s-][A-Za-z]{3}[\s-]\d{4}\s{1,2}\d{1,2}:\d{2}(?::\d{2})?"
    r"\s{1,2}(?:[A-Z]{1,5}|[+-]\d{4})(?:\s?\([^()]{0,40}\))?"
)
_NAMED_MONTH = re.compile(r"[^\W\d]{3}")
_WORD = re.compile(r"[^\W\d_]++")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_ZONE_IN_WORDS = re.compile(r"\s?\([^()]{0,40}\)\Z")
_FIRST_WORD = re.compile(r"\A([^\W\d]{2,12})\.?,?\s?(?=[^\W_])")
_NOISE = re.compile(r"(?<=\d)(?:er|re|º|ª|°)(?=\s)|(?<=\s)(?:GMT|UTC)(?=[+-]\d)|(?<=\s)à(?=\s)")
"""French and Spanish ordinals; ``GMT+0100``, of which the library makes the opposite; "at"."""
_NAMES_OF_MONTHS = (
    "jan january januar janvier janv enero ene gennaio gen janeiro januari stycznia",
    "feb february februar fevrier fevr febrero febbraio fevereiro fev februari lutego",
    "mar march marz maerz mrz mars marzo marco maart marca",
    "apr april avril avr abril abr aprile kwietnia",
    "may mai mayo maggio mag maio mei maj maja",
    "jun june juni juin junio giugno giu junho czerwca",
    "jul july juli juillet juil julio luglio lug julho lipca",
    "aug august aout agosto ago augustus augusti sierpnia",
    "sep sept september septembre septiembre settembre set setembro wrzesnia",
    "oct october oktober okt octobre octubre ottobre ott outubro out pazdziernika",
    "nov november novembre noviembre novembro listopada",
    "dec december dezember dez decembre diciembre dic dicembre dezembro grudnia",
)
"""English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Polish; no accents."""
_MORE_NAMES_OF_MONTHS = (
    "jan января январь ocak",
    "feb февраля февраль subat",
    "mar марта март mart marts",
    "apr апреля апрель nisan",
    "may мая маи mayıs",  # noqa: RUF001
    "jun июня июнь haziran",
    "jul июля июль temmuz",
    "aug августа август agustos",
    "sep сентября сентябрь eylul",
    "oct октября октябрь ekim",
    "nov ноября ноябрь kasım",  # noqa: RUF001
    "dec декабря декабрь desember aralık",  # noqa: RUF001
)
"""Russian, Turkish, Danish, Norwegian."""
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_ZONES |= {"BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "JST": 9}
_TZINFOS = {name: timezone(timedelta(hours=hours)) for name, hours in _ZONES.items()}


_ENGLISH = {
    name: names.split()[0]
    for names in (*_NAMES_OF_MONTHS, *_MORE_NAMES_OF_MONTHS)
    for name in names.split()
}
_BETWEEN = dict.fromkeys(("de", "del", "den", "le", "el", "um", "uhr", "kl", "at"), "")


def is_flag(value: Any) -> bool:
    """Tells ``published: true`` from ``published: 2021-05-06``."""
    if isinstance(value, str):
        return value.strip().casefold() in ("true", "false", "yes", "no", "on", "off", "1", "0")
    return isinstance(value, bool) or (isinstance(value, int) and value in (0, 1))


def no_date(value: Any) -> bool:
    """Tells whether nothing stands there: no value, or the zero that programs write for one."""
    if isinstance(value, str):
        # 0001-01-01 is Go's, and so Hugo's.
        return is_missing(value) or value.strip().startswith(("0000", "0001-01-01"))
    if isinstance(value, date):
        return value.year == 1
    return is_missing(value)


def iso_date(value: Any, order: Order = "") -> str | None:
    """Returns a date as ISO 8601 (a time of day in UTC), None when it cannot be read.

    Reads dates, datetimes, ISO 8601, RFC 2822, Unix times in seconds to nanoseconds as numbers or
    texts, and dates with the month's name in common European languages. ``03/04/2021`` is read
    only in a column that shows its order; ``2021`` and ``March 2021`` are no days.

    Args:
        value: As it stands in the source.
        order: See `date_order`.
    """
    for _ in range(2):  # [[2021-05-06]], which YAML takes for a list in a list
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
    if isinstance(value, Mapping):
        # {"$date": …}, {"$numberLong": …} of MongoDB's exports; {"created": …} of MkDocs.
        names = ("$date", "$numberLong", "created")
        value = next((value[key] for key in names if key in value), None)
        return None if isinstance(value, Mapping) and "$date" in value else iso_date(value, order)
    try:
        if isinstance(value, str):
            value = _from_text(value.strip(), order)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = _from_number(value)
        if isinstance(value, datetime):
            in_utc = value.astimezone(UTC) if value.tzinfo else value
            return in_utc.replace(tzinfo=None, microsecond=0).isoformat() + "Z"
    except (ValueError, TypeError, OverflowError):  # the first hours of year 1 have no UTC
        return None
    return value.isoformat() if isinstance(value, date) else None


def date_order(values: Iterable[Any]) -> Order:
    """Returns what the dates of a column such as ``25/12/2021`` show of its order.

    One number over 12 in one place, and never one in the other, shows it.
    """
    first = second = False
    for value in values:
        text = value.strip() if isinstance(value, str) else ""
        found = _YEAR_LAST.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
        if found and found[2] != ".":
            first |= int(found[1]) > 12
            second |= int(found[3]) > 12
    if first == second:
        return ""
    return "day first" if first else "month first"


def depends_on_order(value: Any) -> bool:
    """Tells whether a date is one such as ``03/04/2021``, which two orders read differently."""
    text = value.strip() if isinstance(value, str) else ""
    found = _YEAR_LAST.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
    if not found or found[2] == ".":
        return False
    return found[1] != found[3] and max(int(found[1]), int(found[3])) <= 12


def _from_text(text: str, order: Order) -> date | None:
    if len(text) > MAX_CHARACTERS:
        return None
    if found := _STAMP.fullmatch(text):
        text = f"{found[1]} {found[2] or ''}".strip()
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        return _from_number(float(text) if "." in text else int(text))
    try:
        # A date without a time stays one.
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        pass
    if found := _YEAR_FIRST.fullmatch(text):
        return _with_time(date(int(found[1]), int(found[2]), int(found[3])), found[4])
    if found := _YEAR_LAST.fullmatch(text):
        day = _day(int(found[1]), int(found[3]), found[4], found[2], order)
        return _with_time(day, found[5]) if day else None
    return _with_named_month(text)


def _from_number(number: float) -> date | None:
    digits = str(int(number))
    if number == int(number) and (form := _COMPACT.get(len(digits))):
        try:
            found = datetime.strptime(digits, form)
            if _EARLIEST.year <= found.year < _LATEST.year:
                return found.date() if len(digits) == 8 else found
        except ValueError:
            pass
    for ticks in _TICKS:
        if _EARLIEST.timestamp() <= number / ticks < _LATEST.timestamp():
            return datetime.fromtimestamp(number // ticks, UTC)
    return None


def _day(first: int, second: int, written: str, sign: str, order: Order) -> date | None:
    if len(written) == 2 and sign == "-":
        return None  # 21-02-03 may begin with the year
    year = int(written)
    if len(written) == 2:
        year += 2000 if year < 70 else 1900  # as POSIX has it
    # With points the day comes first wherever people write so.
    if sign == "." or first > 12 or first == second or order == "day first":
        return date(year, second, first)
    if second > 12 or order == "month first":
        return date(year, first, second)
    return None


def _with_time(day: date, rest: str) -> date | None:
    if not rest.strip():
        return day
    found = _TIME.fullmatch(rest.strip())
    if not found:
        return None
    hour = int(found[1])
    if found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    zone = (found[5] or "").upper()
    time = datetime(day.year, day.month, day.day, hour, int(found[2]), int(found[3] or 0))
    if not zone:
        return time
    if zone in ("Z", "UTC", "GMT"):
        return time.replace(tzinfo=UTC)
    if zone.isalpha():
        return time.replace(tzinfo=_TZINFOS[zone]) if zone in _TZINFOS else None
    zone = zone.removeprefix("UTC").removeprefix("GMT")
    zone = zone if len(zone) > 2 else f"{zone[0]}0{zone[1]}"
    minutes = int(zone[1:3]) * 60 + int(zone[-2:] if len(zone) > 3 else 0)
    offset = timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    return time.replace(tzinfo=timezone(offset))


def _with_named_month(text: str) -> date | None:
    if _RFC_2822.fullmatch(text):
        return parsedate_to_datetime(text)
    if not _NAMED_MONTH.search(text) or not _YEAR.search(text):
        return None
    text = _NOISE.sub("", _ZONE_IN_WORDS.sub("", text))
    text = unicodedata.normalize("NFKD", text)
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    first = _FIRST_WORD.match(text)
    if first and first[1].casefold() not in _ENGLISH:
        text = text[first.end() :]  # the day of the week, in whatever language
    known = _ENGLISH | _BETWEEN
    text = _WORD.sub(lambda word: known.get(word[0].casefold(), word[0]), text)
    # What a date leaves open the library takes from a default: two of them must give one day.
    found: list[datetime] = []
    for default in (datetime(1996, 1, 1), datetime(2004, 2, 2)):
        with warnings.catch_warnings():
            warnings.simplefilter("error", parser.UnknownTimezoneWarning)
            try:
                found.append(parser.parse(text, default=default, tzinfos=_TZINFOS))
            except (ValueError, OverflowError, parser.UnknownTimezoneWarning):
                return None
    if found[0] != found[1]:
        return None
    return found[0] if ":" in text else found[0].date()

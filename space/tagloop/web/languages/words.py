"""The page's words in a visitor's language: what gradio's page shows, and what is made on request.

``en.json`` and its like hold them, a section for each tab. What stands on the page from the start
is translated in the browser, by `gr.I18n` (`label`, `page_translations`); what is made for a
visitor has the words of the request (`words_of`). Both take the first language of the browser, as
gradio does, and English where that is none of ours. A word in several numbers has the forms
``one`` and ``other``.

Errors are written in English where they arise, below the page; those that a visitor meets often are
found again by their sentence (`Words.error`), others stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.i18n import I18nData

from tagloop.batch.rows import MAX_FILE_BYTES, MAX_ROWS
from tagloop.errors import UserError
from tagloop.limits import MAX_TEXT_CHARACTERS

LANGUAGES = ("en", "de", "fr", "es", "zh")
"""The first is the one that others fall back to."""
OF_BROWSER = {"zh-cn": "zh", "zh-tw": "zh"}
"""Chinese, which gradio's page knows by these two names alone."""
LIMITS = {
    "text_limit": MAX_TEXT_CHARACTERS,
    "rows_limit": MAX_ROWS,
    "file_megabytes": MAX_FILE_BYTES // 1_000_000,
}
"""Numbers that a word may name without being given them."""
UNITS = {"second": "s", "seconds": "s", "minute": "min", "minutes": "min"}
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
_NAMESPACE = "tagloop"
"""Before our keys, for gradio looks up its own words, and a field's first value, in one table."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

Forms = str | dict[str, str]


@dataclass(frozen=True)
class Words:
    """The words of one language.

    Attributes:
        language: One of `LANGUAGES`.
        forms: Each key, such as ``tag.title``, and its word.
    """

    language: str
    forms: Mapping[str, Forms]

    def __call__(self, key: str, **values: object) -> str:
        """Returns a word, with values in its places; whole numbers as the language writes them."""
        form = self.forms[key]
        if not isinstance(form, str):
            raise TypeError(f"{key} depends on a number: use count().")
        return self._filled(form, values)

    def count(self, key: str, count: int, **values: object) -> str:
        """Returns a word in the form that a number asks for, with the number as ``count``."""
        forms = self.forms[key]
        if isinstance(forms, str):
            raise TypeError(f"{key} has one form only.")
        # French has its singular for none, too (CLDR plural rules).
        single = count == 1 or (self.language == "fr" and count == 0)
        form = forms["one"] if single and "one" in forms else forms["other"]
        return self._filled(form, {"count": count, **values})

    def number(self, number: int) -> str:
        """Returns a whole number with its thousands apart."""
        return f"{number:,}".replace(",", "," if self.language in ("en", "zh") else THIN_SPACE)

    def error(self, error: UserError) -> str:
        """Returns an error's sentence, in this language where it is one of the section "error"."""
        sentence = str(error)
        if self.language == LANGUAGES[0]:
            return sentence
        for key, form in ENGLISH.forms.items():
            if key.startswith("error.") and (values := values_in(sentence, str(form))) is not None:
                return self(key, **{name: self._rewritten(of) for name, of in values.items()})
        return sentence

    def _rewritten(self, value: str) -> object:
        if re.fullmatch(r"\d{1,3}(?:,\d{3})*", value):
            return int(value.replace(",", ""))
        return UNITS.get(value, value)

    def section(self, name: str) -> dict[str, Forms]:
        """Returns the words of a section by their names in it, for scripts in the browser."""
        start = f"{name}."
        return {
            key.removeprefix(start): form
            for key, form in self.forms.items()
            if key.startswith(start)
        }

    def _filled(self, form: str, values: Mapping[str, object]) -> str:
        # Not str.format: a value's own attributes are no business of a translation.
        def value(match: re.Match[str]) -> str:
            found = values[match[1]] if match[1] in values else LIMITS[match[1]]
            return self.number(found) if isinstance(found, int) else str(found)

        return _PLACEHOLDER.sub(value, form)


@cache
def words_in(language: str) -> Words:
    """Reads the words of one of `LANGUAGES`."""
    path = Path(__file__).with_name(f"{language}.json")
    sections = json.loads(path.read_text(encoding="utf-8"))
    forms = {f"{name}.{key}": form for name, of in sections.items() for key, form in of.items()}
    return Words(language, forms)


def values_in(sentence: str, form: str) -> dict[str, str] | None:
    """Returns what a sentence has in the places of a form; None if it is not of that form."""
    begin, *rest = _PLACEHOLDER.split(form)  # text, name, text, name, text
    if not sentence.startswith(begin):
        return None
    at, values = len(begin), {}
    for name, text in zip(rest[::2], rest[1::2], strict=True):
        end = sentence.find(text, at) if text else len(sentence)
        if end <= at:
            return None
        values[name], at = sentence[at:end], end + len(text)
    return values if at == len(sentence) else None


ENGLISH = words_in(LANGUAGES[0])
"""For programs, and where nobody asks."""


def words_of(request: gr.Request | None) -> Words:
    """Returns the words of the first language that a visitor's browser accepts."""
    headers: Any = getattr(request, "headers", None)
    accepted = (headers.get("accept-language") if headers else None) or ""
    first = accepted.partition(",")[0].partition(";")[0].strip().lower()
    language = OF_BROWSER.get(first, first.partition("-")[0])
    known = language in LANGUAGES and (language != "zh" or first in OF_BROWSER)
    return words_in(language) if known else ENGLISH


def words_by_language(section: str) -> dict[str, dict[str, Forms]]:
    """Returns a section's words in all languages: a script chooses by the page's ``lang``."""
    return {language: words_in(language).section(section) for language in LANGUAGES}


def label(key: str) -> I18nData:
    """Returns a word for the page itself, which gradio translates in the browser.

    In HTML it may stand within other text, once: gradio translates the first alone.
    """
    if key not in _translated(LANGUAGES[0]):
        raise KeyError(key)
    return gr.I18n()(f"{_NAMESPACE}.{key}")


def page_translations() -> gr.I18n:
    """Returns the words of the page itself in all languages, for `gr.Blocks.launch`."""
    return gr.I18n(
        **{
            language: {f"{_NAMESPACE}.{key}": word for key, word in _translated(language).items()}
            for language in LANGUAGES
        }
    )


@cache
def _translated(language: str) -> dict[str, str]:
    """Returns the words that need no value."""
    words = words_in(language)
    return {
        key: words(key)
        for key, form in words.forms.items()
        if isinstance(form, str) and set(_PLACEHOLDER.findall(form)) <= set(LIMITS)
    }

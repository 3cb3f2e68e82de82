"""Every word in every language, none too many, with the same values in its places."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tagloop.allowlist.allowed_tags import AllowedTags
from tagloop.batch.named_columns import FIELD
from tagloop.corrections.review.suspicion import KINDS
from tagloop.corrections.withdrawals import withdrawal
from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from tagloop.limits import check_article, check_length
from tagloop.rate_limits import DayCap, RateLimit
from tagloop.reading.sandbox import read_address, read_file
from tagloop.service.service import NO_CORRECTIONS
from tagloop.vocabulary.vocabulary import Vocabulary
from tagloop.web.languages.words import (
    ENGLISH,
    LANGUAGES,
    LIMITS,
    Forms,
    label,
    page_translations,
    values_in,
    words_in,
    words_of,
)

WEB = Path("space/tagloop/web")


def placeholders(form: Forms) -> list[set[str]]:
    texts = [form] if isinstance(form, str) else list(form.values())
    return [set(re.findall(r"\{(\w+)\}", text)) - set(LIMITS) for text in texts]


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_language_has_every_word_with_the_same_values(language: str) -> None:
    words = words_in(language)
    assert list(words.forms) == list(ENGLISH.forms)
    for key, english in ENGLISH.forms.items():
        form = words.forms[key]
        assert isinstance(form, str) == isinstance(english, str), key
        wanted = set[str]().union(*placeholders(english))
        assert all(found <= wanted for found in placeholders(form)), key
        if not key.startswith("error."):
            assert placeholders(form)[-1] == placeholders(english)[-1], key
        tags = re.compile(r"</?[a-z]+>")
        assert tags.findall(str(form)) == tags.findall(str(english)), key
    same = [key for key, form in words.forms.items() if form == ENGLISH.forms[key]]
    assert len(same) < len(ENGLISH.forms) / 12, same  # “F1@M”, “Hashtags” and their like


def test_no_word_is_unused() -> None:
    python = "\n".join(path.read_text(encoding="utf-8") for path in sorted(WEB.rglob("*.py")))
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in sorted(WEB.rglob("*.js")))
    named = set(re.findall(r"""["']([a-z]+\.[a-z0-9_]+)["']""", python))
    begun = re.findall(r"""f["']([a-z]+\.(?:[a-z0-9]+_)+)\{""", python)
    for section in set(re.findall(r"""words_by_language\("([a-z]+)"\)""", python)):
        named |= {f"{section}.{name}" for name in re.findall(r'"([a-z0-9_]+)"', scripts)}
        begun += [f"{section}.{name}" for name in re.findall(r"`([a-z]+_)\$\{", scripts)]
    assert begun and all("_" in beginning for beginning in begun)
    begun.append("error.")  # below
    unused = [key for key in ENGLISH.forms if key not in named and not key.startswith(tuple(begun))]
    assert unused == []


def test_the_browser_is_given_what_needs_no_value() -> None:
    tables = page_translations().translations
    assert list(tables) == list(LANGUAGES)
    assert tables["de"]["tagloop.page.title"] == "Titel"
    assert tables["fr"]["tagloop.tag.article_hint"].startswith("Collez le texte ici, 50\u202f000")
    for table in tables.values():
        assert list(table) == list(tables["en"])
        assert not any(set("{}$`") & set(word) for word in table.values())
    assert label("page.title").key == "tagloop.page.title"
    for no_label in ("page.titel", "tag.parts"):
        with pytest.raises(KeyError):
            label(no_label)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr", "fr"),
        ("ES-mx;q=1", "es"),
        ("zh-CN,zh;q=0.9", "zh"),
        ("zh-TW", "zh"),
        ("zh-HK", "en"),  # gradio's page does not know it either, and would mix the two
        ("pt-BR,de;q=0.5", "en"),  # gradio takes the first alone
        ("*", "en"),
        ("", "en"),
        ("../../de", "en"),
        ("d" * 10_000, "en"),
    ],
)
def test_the_first_language_of_the_browser_is_taken(accepted: str, language: str) -> None:
    request = SimpleNamespace(headers={"accept-language": accepted})
    assert words_of(cast("Any", request)).language == language


def test_nobody_is_told_in_english() -> None:
    assert words_of(None) is words_of(cast("Any", SimpleNamespace(headers=None))) is ENGLISH


def test_numbers_are_written_as_a_language_does() -> None:
    english, german, french = (words_in(language) for language in ("en", "de", "fr"))
    assert english.count("explore.found", 1) == "1 article"
    assert english.count("explore.found", 0) == "0 articles"
    assert french.count("explore.found", 0) == "0 article"
    assert german.count("explore.found", 12_345) == "12\u202f345 Artikel"
    assert words_in("zh").count("explore.found", 1) == "1 篇文章"
    assert english("tag.parts", done=4, total=16) == "4 of 16 parts of it are read"


def test_a_value_is_no_template() -> None:
    told = ENGLISH("flag.refused", problem="{id} {0.__class__}")
    assert told == "Not in the dataset yet: {id} {0.__class__}"


def test_words_that_stand_elsewhere_too_are_the_same() -> None:
    assert ENGLISH("batch.columns") == FIELD
    assert {kind: ENGLISH(f"review.mark_{kind}") for kind in KINDS} == KINDS


def errors(folder: Path) -> list[UserError]:
    """What goes wrong most often, as it is raised."""
    files, corrections = RateLimit("MB of files", 1), DayCap("corrections", 1)
    files.take("me")
    corrections.take("me")
    (folder / "empty.md").touch()
    vocabulary = Vocabulary({}, {}, {})
    wrong: list[Callable[[], object]] = [
        lambda: check_article("", " "),
        lambda: check_article("x" * 1_001, "text"),
        lambda: check_article("", "x" * 1_234_567),
        lambda: check_length("note", "x" * 3_000, 2_000),
        lambda: files.take("me", 10),
        lambda: files.take("me", 1),
        lambda: corrections.take("me"),
        lambda: AllowedTags(["!"], None, vocabulary, TaggingSettings()),
        lambda: read_file(folder / "{what}.doc"),
        lambda: read_file(folder / "a.csv"),
        lambda: read_file(folder / "a.exe"),
        lambda: read_file(folder / "empty.md"),
        lambda: read_address("https://a b"),
        lambda: read_address("ftp://example.com"),
        lambda: withdrawal("12"),
    ]
    raised = [UserError(NO_CORRECTIONS)]
    for does in wrong:
        with pytest.raises(UserError) as caught:
            does()
        raised.append(caught.value)
    return raised


def test_what_goes_wrong_often_is_told_in_every_language(tmp_path: Path) -> None:
    german, raised = words_in("de"), errors(tmp_path)
    for language in LANGUAGES[1:]:
        told = [words_in(language).error(error) for error in raised]
        assert not {str(error) for error in raised} & set(told), language
        assert not any("{" in one for one in told if "{what}.doc" not in one), told
    assert [ENGLISH.error(error) for error in raised] == [str(error) for error in raised]
    told = [german.error(error) for error in raised]
    assert "Der Text hat 1\u202f234\u202f567 Zeichen; erlaubt sind 50\u202f000." in told[3]
    assert any(one.startswith("{what}.doc ist eine alte Word-Datei") for one in told)
    assert any(re.search(r"Warten Sie \d+ (s|min) und", one) for one in told)
    unknown = [
        key
        for key, form in ENGLISH.forms.items()
        if key.startswith("error.")
        and not any(values_in(str(error), str(form)) is not None for error in raised)
    ]
    assert unknown == []  # nobody raises it


def test_any_other_error_is_told_as_it_is() -> None:
    german = words_in("de")
    for sentence in ("The disk is full.", "x" * 2_000, "Paste", ""):
        assert german.error(UserError(sentence)) == sentence

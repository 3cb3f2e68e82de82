from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tagloop.text.languages import (
    NAMES,
    _identifier,
    count_languages,
    detect,
    language_name,
    language_of,
    relevant_languages,
)

PARAGRAPHS: dict[str, str] = json.loads(
    (Path(__file__).parent / "paragraphs.json").read_text(encoding="utf-8")
)
"""The same two sentences in languages, by code."""


@pytest.mark.parametrize("code", PARAGRAPHS)
def test_the_language_of_a_paragraph(code: str) -> None:
    assert detect(PARAGRAPHS[code]) == code


def test_a_title_in_another_language() -> None:
    assert detect("Pourquoi nous avons vendu la voiture") == "fr"
    assert detect("なぜ私たちは車を売ったのか") == "ja"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "C++",
        "Kubernetes",
        "1234 5678",
        "🚂🚂🚂",
        "\ud800",
        "|a|b|\n|---|---|\n|1|2|",
        "xqzv wkkj pqrz mvvt zzxq kwjv qpzt bvxk " * 5,
    ],
)
def test_what_tells_no_language(text: str) -> None:
    assert detect(text) is None


def test_code_before_the_text_does_not_hide_it() -> None:
    code = "for (let i = 0; i < n; i++) { x[i] = y[i]; }\n" * 20
    assert detect(code + PARAGRAPHS["zh"] * 20) == "zh"


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("pt-BR", "pt"),
        ("zh_Hant_TW", "zh"),
        (" DE ", "de"),
        ("yue", "zh"),
        ("nb-NO", "no"),
        ("English", None),
        ("", None),
        ("und", None),
    ],
)
def test_the_language_of_a_tag(tag: str, code: str | None) -> None:
    assert language_of(tag) == code


def test_languages_are_counted_and_the_unknown_left_out() -> None:
    texts = [PARAGRAPHS["de"], "42", *[PARAGRAPHS["en"]] * 3]
    assert list(count_languages(texts).items()) == [("en", 3), ("de", 1)]


def test_a_quotation_makes_no_language_of_the_corpus() -> None:
    assert relevant_languages({"fr": 3, "zh": 60, "en": 40}) == {
        "zh": pytest.approx(60 / 103),
        "en": pytest.approx(40 / 103),
    }
    assert relevant_languages({}) == {}


def test_what_can_be_detected_has_a_name() -> None:
    two = [code for code in _identifier().labels if len(code) == 2]
    assert {code for code in two if language_name(language_of(code) or "") == code} <= {
        *("an", "ay", "gn", "li", "vo", "wa")
    }
    assert language_name("zh") == "Chinese"
    assert language_name("tlh") == "tlh"
    assert all(name[0].isupper() for name in NAMES.values())


def test_the_model_is_loaded_only_when_it_is_asked() -> None:
    code = "import sys, tagloop.text.languages as l; print(int('py3langid' in sys.modules))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "0\n"
    )

"""The pictures as HTML: one sentence each, nothing of a visitor's unescaped, gaps said in words."""

from __future__ import annotations

import json
import re
import shutil
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagloop.files import BEFORE, CTRANSLATE2
from tagloop.inside.before import Before, base_of, tag_before
from tagloop.inside.view import View, look_inside
from tagloop.service.examples import Example, load_examples
from tagloop.service.service import TaggingService
from tagloop.tagger.tagger import Tag, Tagger
from tagloop.web.languages.words import LANGUAGES, words_in
from tagloop.web.settings import SPACE_FOLDER
from tagloop.web.tabs.inside.figure import decimal, human, percent, strip
from tagloop.web.tabs.inside.tab import InsideTab, draw_view
from tagloop.web.tabs.inside.tags import draw_before

HOSTILE = '<img src=x onerror=alert(1)> & "${1+1}" {{value}} `x`'
TEXT = "Customers of a bank ask chatbots about mortgages. Machine learning finds the answers."
FIGURES = ["tokens", "parts", "linear", "looks", "writing"]


@pytest.fixture(scope="module")
def view(ctranslate2_tagger: Tagger) -> View:
    return look_inside(ctranslate2_tagger, "Banking", TEXT)


def tree(html: str) -> ElementTree.Element:
    """Parses HTML of ours, which is well-formed but for attributes without a value."""
    closed = re.sub(r"(<input [^>]*?)(?: checked)?>", r"\1/>", html)
    return ElementTree.fromstring(f"<div>{closed}</div>")


def sentences(html: str) -> list[str]:
    return ["".join(caption.itertext()) for caption in tree(html).iter("figcaption")]


def test_every_picture_has_one_sentence(view: View) -> None:
    html = draw_view(view)
    figures = [figure.attrib["id"].removeprefix("inside-") for figure in tree(html).iter("figure")]
    assert figures == FIGURES
    said = sentences(html) + sentences(draw_before(None, [], None))
    for ranked in (False, True):
        said += sentences(draw_before(Before("base", [], frozenset()), [], None, ranked))
    assert len(said) == 8 and "ranker" in said[-1] and "ranker" not in said[-2]
    for sentence in said:
        assert sentence.endswith(".") and not re.search(r"[.!?:;] ", sentence), sentence


def test_nothing_of_a_visitor_is_markup(ctranslate2_tagger: Tagger) -> None:
    view = look_inside(ctranslate2_tagger, HOSTILE, f"{HOSTILE} {TEXT}")
    tags = [*view.tags, Tag(HOSTILE, 0.5, False)]
    attention = [*view.attention, replace(view.attention[0], tag=HOSTILE)]
    html = draw_view(replace(view, tags=tags, attention=attention))
    html += draw_before(Before(HOSTILE, tags, frozenset()), [HOSTILE], None)
    report = {"examples": [{"title": HOSTILE, "before": [HOSTILE], "after": [{"tag": HOSTILE}]}]}
    html += draw_before(None, [HOSTILE], report)
    assert "<img" not in html
    assert not set("{}$`") & set(html)
    assert "onerror" in "".join(tree(html).itertext())  # it is there, as text


def test_the_tokens_and_ids_are_drawn(view: View) -> None:
    lists = tree(draw_view(view)).iter("ol")
    rows = next(one for one in lists if one.get("class") == "tl-in-rows")
    drawn = [[span.text for span in row.iter("span")] for row in rows.iter("li")]
    pieces = view.article.pieces[: len(drawn)]
    assert drawn == [[piece.token, str(piece.id)] for piece in pieces]


def test_a_strip_shows_sign_and_size() -> None:
    svg = ElementTree.fromstring(strip([1.0, -1.0, 0.0, 0.5, -9.0], 1.0))
    cells = {path.attrib["class"]: path.attrib["d"] for path in svg}
    assert cells == {
        "tl-in-p4": "M0 0h1v1h-1z",
        "tl-in-n4": "M1 0h1v1h-1zM4 0h1v1h-1z",
        "tl-in-p2": "M3 0h1v1h-1z",
    }
    assert svg.attrib["viewBox"] == "0 0 5 1"
    assert ElementTree.fromstring(strip(np.zeros(3), 0.0)) is not None


def test_numbers_for_people() -> None:
    assert [human(n) for n in (7, 1536, 590_592, 27_524_352, 3_000_000_000)] == [
        "7", "1.5 k", "591 k", "27.5 M", "3.0 bn",
    ]  # fmt: skip
    assert decimal(-0.5) == "\N{MINUS SIGN}0.50"
    assert [percent(share) for share in (0.0, 0.001, 0.5, 1.0)] == ["0 %", "<1 %", "50 %", "100 %"]


def test_gaps_are_sentences(view: View) -> None:
    bare = replace(
        view,
        rows=None,
        parameters=[],
        worked=None,
        attention=[],
        steps=[],
        problem="No weights here.",
    )
    html = draw_view(bare)
    assert html.count("tl-in-missing") == 5 and html.count("No weights here.") == 3
    assert "<svg" not in html
    for sentence in sentences(html):
        assert sentence.endswith(".") and ". " not in sentence


def test_bars_of_a_step_are_its_probabilities(view: View) -> None:
    html = draw_view(view)
    steps = [step for of in view.steps for step in of.steps]
    drawn = [
        [float(re.findall(r"width:([\d.]+)%", bar.attrib["style"])[0]) for bar in span.iter("i")]
        for span in tree(html).iter("span")
        if span.get("class") == "tl-in-chances"
    ]
    expected = [[100 * choice.probability for choice in step.choices] for step in steps]
    assert len(drawn) == len(expected)
    for ours, theirs in zip(drawn, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=0.01) and sum(ours) <= 100.1


def test_the_base_beside_its_tagger_answers(model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    folder.mkdir()
    for path in model_dir.iterdir():
        (folder / path.name).symlink_to(path)
    assert base_of(str(folder), None, "none") is None
    base_of.cache_clear()
    before = folder / BEFORE
    before.mkdir()
    for path in model_dir.iterdir():
        if path.name == CTRANSLATE2 or path.suffix == ".json":
            (before / path.name).symlink_to(path)
    tagger = Tagger.from_pretrained(folder, threads=1)
    tags = [tag.tag for tag in tagger.tag(TEXT, "Banking")]
    found = tag_before(tagger, "Banking", TEXT, tags)
    assert found is not None and len(found.kept) == len(tags) > 0  # the same model
    html = draw_before(found, tags, None)
    assert html.count("tl-in-both") == 2 * len(tags)
    base_of.cache_clear()


def test_without_a_base_a_measured_article_stands_there() -> None:
    interval = {"value": 0.41, "low": 0.36, "high": 0.46}
    report: dict[str, Any] = {
        "split": "test",
        "systems": {"before": {"f1@m": interval | {"value": 0.06}}, "after": {"f1@m": interval}},
        "examples": [
            {"title": "Snow", "before": ["snow", "x"], "after": [{"tag": "Snow"}, {"tag": "Alps"}]}
        ],
    }
    html = draw_before(None, ["Banking"], report)
    assert "Snow" in html and "Banking" not in html and html.count("tl-in-both") == 2
    assert "width:41.0%" in html and "width:6.0%" in html
    assert html.count("<h3>") == 2 and "alone" not in html  # a report of an earlier version
    report["systems"]["checkpoint"] = {"f1@m": interval | {"value": 0.33}}
    report["examples"][0]["checkpoint"] = ["alps", "y"]
    html = draw_before(None, ["Banking"], report)
    assert html.index("After: checkpoint alone") < html.index("After: with Tagloop")
    assert "width:33.0%" in html and html.count("<h3>") == 3
    assert "can&#x27;t run" in draw_before(None, [], json.loads('{"systems": {}}'))


def test_the_tab_says_what_is_wrong_and_draws_what_is_right(ctranslate2_tagger: Tagger) -> None:
    tab = InsideTab(TaggingService(ctranslate2_tagger), Example("Banking", TEXT))
    (hint, nothing), *rest = tab.look("", "  ")
    assert "Paste the text" in hint and nothing == "" and not rest
    first, last = tab.look("Banking", TEXT)
    assert first[0].count("<figure") == 5 and "tl-busy" in first[1]
    assert 'id="inside-before"' in last[1]


def test_a_long_article_takes_no_longer_than_promised(ctranslate2_tagger: Tagger) -> None:
    """Bound: 1.5 s on two cores for 500 words; one core and a busy machine get twice that."""
    text = " ".join(example.text for example in load_examples(SPACE_FOLDER / "examples"))
    text = " ".join(text.split()[:500])
    look_inside(ctranslate2_tagger, "", TEXT)
    started = time.perf_counter()
    draw_view(look_inside(ctranslate2_tagger, "The news", text))
    assert time.perf_counter() - started < 3.0


def test_without_the_conversion_it_works_too(model_dir: Path, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns(CTRANSLATE2)
    folder = shutil.copytree(model_dir, tmp_path / "plain", ignore=ignored)
    view = look_inside(Tagger.from_pretrained(folder), "Banking", TEXT)
    assert draw_view(view).count("<figure") == 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_has_one_sentence_in_every_language(view: View, language: str) -> None:
    words = words_in(language)
    html = draw_view(view, words) + draw_before(None, [], None, words=words)
    said = sentences(html)
    assert len(said) == len(FIGURES) + 1
    for sentence in said:
        assert sentence[-1] in ".。" and not re.search(r"[.!?;] |[。！？；].", sentence), sentence
    assert words("inside.part_words") in html and words("inside.step_mark") in html
    assert words("inside.layer_encoder", number=1) in html

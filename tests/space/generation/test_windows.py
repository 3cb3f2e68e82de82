"""Long articles: where they are cut, what is generated for the windows, and what an answer is."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tagloop.generation.decoding import Decoding
from tagloop.generation.evidence import INFERRED
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.windows import Windows, by_article
from tagloop.tagger.tagger import Tag, Tagger
from tagloop.text.sentences import split_sentences

from ...training.tiny_models import make_tiny_t5
from ..article import Article

LIMIT = 64
SENTENCES = (
    "The trains of the region wait for each other.",
    "Dr. Ko, who planned the timetable, is late herself!",
    "Why does nobody buy a ticket?",
    "Kaufen Sie bitte eine Fahrkarte, sagt der Schaffner.",
)
LONG = "\n\n".join(" ".join(SENTENCES[n % 4 :] + SENTENCES[: n % 4]) for n in range(12))
TITLE = "Trains and timetables"


@pytest.fixture(scope="module")
def word_pieces(model_dir: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model_dir)


@pytest.fixture(scope="module")
def sentence_pieces(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(make_tiny_t5(tmp_path_factory.mktemp("t5") / "tiny-t5"))


@pytest.fixture(params=["word_pieces", "sentence_pieces"])
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def windows_of(tokenizer: Any, limit: int = LIMIT) -> Windows:
    return Windows(tokenizer, TaggingSettings(max_input_tokens=limit))


def names(tags: list[Tag]) -> list[str]:
    return [tag.tag for tag in tags]


def test_windows_are_whole_sentences_and_hold_the_whole_text(tokenizer: Any) -> None:
    windows = windows_of(tokenizer, 2 * LIMIT)
    sentences = split_sentences(LONG)
    spans = windows.spans(TITLE, LONG, 100)
    assert len(spans) > 3
    assert {a for a, _ in spans} <= {a for a, _ in sentences}
    assert {b for _, b in spans} <= {b for _, b in sentences}
    for begin, end in sentences:
        assert any(a <= begin and end <= b for a, b in spans)
    for ids, (a, b) in zip(windows.prompts(TITLE, LONG, 100), spans, strict=True):
        whole = tokenizer(f"{TITLE}\n{LONG[a:b]}").input_ids
        assert ids == whole  # the title is there, nothing is cut
        assert LIMIT < len(ids) <= 2 * LIMIT  # none is a mere rest


def test_a_text_without_blanks_and_stops_is_read_to_its_end(word_pieces: Any) -> None:
    text = "夜行列车又晚点了一个小时站台上没有人感到惊讶" * 20
    windows = windows_of(word_pieces)
    spans = windows.spans("", text, 100)
    assert len(spans) > 3
    assert spans[0][0] == 0 and spans[-1][1] == len(text)
    assert all(after[0] <= before[1] for before, after in pairwise(spans))


def test_too_few_windows_are_evenly_spread_from_beginning_to_end(tokenizer: Any) -> None:
    text = "\n\n".join([LONG] * 8)
    windows = windows_of(tokenizer)
    for most in (2, 3, 5):
        spans = windows.spans(TITLE, text, most)
        assert len(spans) == most
        assert spans[0][0] == 0 and spans[-1][1] == len(text)
        for number, (begin, _) in enumerate(spans):
            wanted = number * spans[-1][0] / (most - 1)
            assert abs(begin - wanted) <= max(map(len, SENTENCES))


def test_what_fits_is_one_window_as_it_always_was(tokenizer: Any) -> None:
    windows = windows_of(tokenizer)
    words = LONG.split()
    for count in range(1, len(words), 3):
        text = " ".join(words[:count])
        plain = tokenizer(f"{TITLE}\n{text}").input_ids
        cut = tokenizer(f"{TITLE}\n{text}", truncation=True, max_length=LIMIT).input_ids
        assert windows.prompts(TITLE, text, 1) == [cut]
        spans = windows.spans(TITLE, text, 3)
        assert len(windows.prompts(TITLE, text, 3)) == len(spans)
        if len(plain) <= LIMIT:
            assert spans == [(0, len(text))]
            assert windows.prompts(TITLE, text, 3) == [plain]
        else:
            assert len(spans) > 1
    assert windows.spans("", "", 3) == [(0, 0)]


def test_no_window_cuts_a_word(tokenizer: Any) -> None:
    text = " ".join(LONG.replace(".", "").replace("!", "").replace("?", "").split())
    text = text.replace("Schaffner", "Donaudampfschifffahrtsgesellschaftskapitänspatent")
    spans = windows_of(tokenizer).spans(TITLE, text, 100)
    assert len(spans) > 5
    for word in re.finditer(r"\S+", text):
        assert any(a <= word.start() and word.end() <= b for a, b in spans)
    for a, b in spans:
        assert text[a:b].split() == f" {text} "[a : b + 2].split()
        assert len(tokenizer(f"{TITLE}\n{text[a:b]}").input_ids) <= LIMIT


def test_a_word_that_no_window_holds_is_cut_and_what_follows_it_is_read(tokenizer: Any) -> None:
    word = "trainticket" * 15
    text = f"{LONG} {word} The end."
    windows = windows_of(tokenizer)
    prompts = windows.prompts(TITLE, text, 100)
    assert max(map(len, prompts)) <= LIMIT
    last = text[slice(*windows.spans(TITLE, text, 100)[-1])]
    assert last.endswith("The end.")
    for hostile in (word * 300, f"{word * 300} {LONG}", f"{LONG} {word * 300}"):
        found = windows.spans(TITLE, hostile, 4)
        assert 1 <= len(found) <= 4
        assert all(hostile[a:b].strip() for a, b in found)


def test_a_title_that_fills_a_window_leaves_one(tokenizer: Any) -> None:
    windows = windows_of(tokenizer)
    assert windows.spans(LONG, LONG, 4) == [(0, len(LONG))]
    (ids,) = windows.prompts(LONG, LONG, 4)
    assert len(ids) == LIMIT


def test_windows_of_like_length_are_written_together_and_return_in_their_order() -> None:
    prompts = [[[1] * 5, [2] * 9], [[3] * 6], [], [[4] * 8, [5] * 5, [6] * 9]]
    batches: list[list[int]] = []

    def write(batch: Any) -> list[int]:
        batches.append([len(ids) for ids in batch])
        return [ids[0] for ids in batch]

    assert by_article(write, prompts, 2) == [[1, 2], [3], [], [4, 5, 6]]
    assert batches == [[5, 5], [6, 8], [9, 9]]


def test_progress_comes_before_each_batch_and_may_end_the_work() -> None:
    prompts = [[[1] * 5, [2] * 9], [[3] * 6]]
    told: list[tuple[int, int]] = []
    written: list[int] = []

    def write(batch: Any) -> list[int]:
        written.extend(ids[0] for ids in batch)
        return [ids[0] for ids in batch]

    def stop_at_the_second(done: int, total: int) -> None:
        told.append((done, total))
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        by_article(write, prompts, 2, stop_at_the_second)
    assert told == [(0, 3), (2, 3)]
    assert written == [1, 3]


@pytest.fixture
def short_sighted(float32_tagger: Tagger) -> Tagger:
    """Returns the bundled base with windows of 64 tokens."""
    tagger = float32_tagger
    settings = replace(tagger.settings, max_input_tokens=LIMIT)
    return Tagger(tagger.generator, tagger.tokenizer, settings, tagger.vocabulary)


PARTS = (
    "My garden is full of roses, tomatoes and herbs, and gardening is what I do all day long. "
    "Compost and seeds are what a gardener needs. In spring the seedlings go out into the beds.",
    "Bread needs flour, water, salt and a good sourdough. Baking bread takes a hot oven. "
    "The dough rests for a night, then the loaf is baked until its crust is dark and crisp.",
    "The Python programming language has a garbage collector. Python code is easy to read. "
    "Programming in Python means to test the code, to refactor the code and to run the tests.",
)
MIXED = "\n\n".join(PARTS)


def test_tags_of_all_windows_are_in_the_answer(short_sighted: Tagger) -> None:
    assert len(short_sighted._windows.spans("", MIXED, 9)) >= 3
    few = names(short_sighted.tag(MIXED, max_tags=20))
    many = names(short_sighted.tag(MIXED, max_tags=20, max_windows=9))
    assert len(many) > len(few)
    assert not any("python" in tag.casefold() for tag in few)
    assert any("python" in tag.casefold() for tag in many)
    assert len(short_sighted.tag(MIXED, max_windows=9)) <= 5


def test_short_articles_are_tagged_as_ever(float32_tagger: Tagger, articles: list[Article]) -> None:
    chosen = articles[:8]
    assert float32_tagger.tag_batch(chosen, max_windows=4) == float32_tagger.tag_batch(chosen)


@pytest.mark.parametrize("decoding", ["greedy", "sample", Decoding("beam", outputs=3)], ids=str)
def test_a_batch_is_its_articles_one_by_one(short_sighted: Tagger, decoding: Any) -> None:
    chosen: list[Article] = [
        {"title": "", "text": part} for part in (MIXED, PARTS[0], "", LONG, "One word.")
    ]
    done: list[int] = []
    together = short_sighted.tag_batch(
        chosen, batch_size=2, max_windows=3, decoding=decoding, progress=done.append
    )
    assert sum(done) == len(chosen) and len(done) == 3
    assert together[2] == []
    for tags in together:
        assert tags == sorted(tags, key=lambda tag: -tag.confidence)
        assert all(0 <= tag.confidence <= 1 for tag in tags)
    if decoding == "sample":  # what is drawn depends on the batch
        return
    for article, tags in zip(chosen, together, strict=True):
        alone = short_sighted.tag(**article, max_windows=3, decoding=decoding)
        assert names(alone) == names(tags)


def test_the_default_is_the_models(short_sighted: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = short_sighted.tag(MIXED, max_windows=3)
    assert wide != short_sighted.tag(MIXED)
    monkeypatch.setattr(short_sighted, "settings", replace(short_sighted.settings, max_windows=3))
    assert short_sighted.tag(MIXED) == wide
    assert short_sighted.tag(MIXED, max_windows=1) != wide


def test_monsters_are_tagged(short_sighted: Tagger) -> None:
    book = (MIXED + "\n\n") * (100_000 // len(MIXED) + 1)
    assert len(book) > 100_000
    assert 1 <= len(short_sighted.tag(book, TITLE, max_windows=4)) <= 5
    word = "gardening" * 5_556
    assert isinstance(short_sighted.tag(word, TITLE, max_windows=4, evidence=True), list)
    assert isinstance(short_sighted.tag(f"{MIXED} {word} {MIXED}", max_windows=4), list)


def test_evidence_is_a_sentence_of_the_window_that_the_tag_is_of(short_sighted: Tagger) -> None:
    (inferred,) = short_sighted.explain("", MIXED, ["Software Development"], max_windows=9)
    assert inferred.kind == INFERRED
    ((begin, end),) = inferred.text
    assert MIXED[begin:end] in PARTS[2]
    assert (begin, end) in split_sentences(MIXED)
    # With one window only its beginning is read.
    ((begin, end),) = short_sighted.explain("", MIXED, ["Software Development"])[0].text
    assert end <= len(short_sighted.read_part("", MIXED)) < MIXED.index("Python")


def test_the_part_that_is_read_ends_with_the_last_window(short_sighted: Tagger) -> None:
    assert short_sighted.read_part(TITLE, f"{LONG}\n ", 3) == LONG
    once = short_sighted.read_part(TITLE, LONG)
    assert LONG.startswith(once) and len(once) < LIMIT * 6


def test_a_tag_scores_as_in_its_best_window(short_sighted: Tagger) -> None:
    several = replace(short_sighted.settings, max_windows=9)
    tagger = Tagger(
        short_sighted.generator, short_sighted.tokenizer, several, short_sighted.vocabulary
    )
    parts = [MIXED[a:b] for a, b in tagger._windows.spans("", MIXED, 9)]
    alone = tagger.log_probs([{"title": "", "text": part} for part in parts], ["Python"] * 3)
    assert tagger.log_probs([{"title": "", "text": MIXED}], ["Python"]) == pytest.approx(
        [max(alone)], abs=1e-3
    )


def test_old_settings_have_one_window(tmp_path: Path) -> None:
    (tmp_path / "tagging.json").write_text('{"schema": 1, "max_input_tokens": 256}')
    assert TaggingSettings.load(tmp_path).max_windows == TaggingSettings().max_windows
    TaggingSettings(max_windows=3).save(tmp_path)
    assert TaggingSettings.load(tmp_path).max_windows == 3

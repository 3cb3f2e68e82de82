"""What stock ``tokenizer.decode`` makes of the tags of a fine-tuned model."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer, BertTokenizer, ByT5Tokenizer

from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.model_folder import load_tokenizer
from tagloop.vocabulary.aliases import Overrides
from tagloop.vocabulary.vocabulary import Vocabulary, join_tags, tidy
from training.finetune import display_forms
from training.finetune.display_forms import save_display_forms
from training.finetune.preprocess import BUNDLED_BASE

from ..tiny_models import starter_articles

TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
ALIASES = {"js": "javascript", "ecmascript": "javascript", "nyc": "new york"}
ODD = [
    *(
        "C++",
        "C#",
        ".NET",
        "Node.js",
        "D3.js",
        "OpenOffice.org",
        "Python 3.11",
        "F#",
        "x*y",
        "f(x)",
    ),
    *("CI/CD", "GNU/Linux", "24/7", "R&D", "AT&T", "Covid-19", "e-commerce", "GPT-4", "pop/rock"),
    *("O'Reilly", "Women's Rights", "Bayes' Theorem", "Rock 'n' Roll", "Repair Café", "São Paulo"),
    *("naïve", "U.S.", "Ph.D.", "50% Off", "$HOME", "a|b", "back\\slash", "^caret", "what?"),
    *("Резюме", "東京", "CU–Boulder", "snake_case", "Q&A", "[sic]", "C", "R", "AI"),
    *("Java", "Java Virtual Machine", "JavaScript", "New York", "Washington, DC", "iPhone"),
]


def vocabulary_of(tags: Iterable[str], aliases: dict[str, str] | None = None) -> Vocabulary:
    overrides = Overrides(aliases=aliases or {})
    return Vocabulary.from_tag_lists([[tag] for tag in tags], overrides=overrides)


def folder_of(vocabulary: Vocabulary, folder: Path, base: Path = BUNDLED_BASE) -> Path:
    """Saves the base's tokenizer as training does, without weights."""
    folder.mkdir(parents=True)
    for name in (*TOKENIZER, "config.json"):
        shutil.copyfile(base / name, folder / name)
    TaggingSettings().save(folder)
    save_display_forms(folder, vocabulary)
    return folder


def decoded(tokenizer: Any, generated: str) -> str:
    """Returns the text of what a model generates when it generates these tags."""
    ids = tokenizer(generated).input_ids
    return str(tokenizer.decode(ids, skip_special_tokens=True))


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd") / "model"
    return folder_of(vocabulary_of(ODD, ALIASES), folder)


@pytest.fixture(scope="module")
def tokenizer(odd: Path) -> Any:
    return AutoTokenizer.from_pretrained(odd)


@pytest.mark.parametrize("tag", ODD)
def test_every_known_tag_has_its_display_form_wherever_it_stands(tokenizer: Any, tag: str) -> None:
    target = join_tags([tag])
    for before, after in (([], []), (["AI"], ["New York"]), ([], ["C"]), (["Java"], [])):
        if tag not in (*before, *after):
            tags = [*before, target, *after]
            assert decoded(tokenizer, ", ".join(tags)) == ", ".join(tags)
    assert decoded(tokenizer, f"xylophone {target} lessons").count("ylophone") == 1


@pytest.mark.parametrize(
    ("generated", "tags"),
    [
        ("javascript, ai, new york", "JavaScript, AI, New York"),
        ("js, ai, nyc, ecmascript", "JavaScript, AI, New York"),
        ("ai, ai", "AI"),
        ("ai, ai, ai, java, ai, java, c, ai", "AI, Java, C"),
        ("ecmascript, javascript, js", "JavaScript"),
        ("some thing, c, some thing, c, some thing", "Some Thing, C"),
        ("ai, , java, , , c", "AI, Java, C"),
        (", ai,", "AI"),
        ("ai, -, !, ., java, ?", "AI, Java"),
        (", ,", ""),
        ("java, java virtual machine, virtual java", "Java, Java Virtual Machine, Virtual Java"),
        ("e commerce, e-commerce, r and d", "e-commerce, R&D"),
        ("new-york, ci-cd, java, new york", "New York, CI/CD, Java"),
        ("", ""),
    ],
)
def test_aliases_are_folded_repeated_and_empty_tags_dropped(
    tokenizer: Any, generated: str, tags: str
) -> None:
    assert decoded(tokenizer, generated) == tags


UNKNOWN = [
    *("self-hosting", "wi-fi 6", "input/output", "o'brien", "the parents' evening", "g++", "q#"),
    *("chart.js", "asp.net", "version 2.5", ".bashrc", "cook's tour", "10 things we don't do"),
]


@pytest.mark.parametrize("known", [["Machine Learning", "AI"], ["machine learning", "AI", "ops"]])
def test_unknown_tags_are_spelled_as_tagloop_does(known: list[str], tmp_path: Path) -> None:
    vocabulary = vocabulary_of(known)
    tokenizer = AutoTokenizer.from_pretrained(folder_of(vocabulary, tmp_path / "model"))
    plain = load_tokenizer(tmp_path / "model")
    for tag in UNKNOWN:
        generated = plain.decode(plain(tag, add_special_tokens=False).input_ids)
        assert generated != tidy(generated), "a tag that WordPiece does not space"
        assert decoded(tokenizer, f"ai, {tag}") == f"AI, {vocabulary.display(generated)}"


def test_lists_of_a_blogs_tags_come_back_as_tagloop_shows_them(tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_tag_lists(article["tags"] for article in starter_articles())
    tokenizer = AutoTokenizer.from_pretrained(folder_of(vocabulary, tmp_path / "model"))
    chance = random.Random(5)
    rows = [chance.sample(vocabulary.tags, 8) for _ in range(100)]
    ids = tokenizer([", ".join(row).lower() for row in rows]).input_ids
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
    assert texts == [", ".join(row) for row in rows]


def test_tags_of_the_same_tokens_are_what_tagloop_takes_them_for(tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_tag_lists([["Résumé"], ["Résumé"], ["resume"], ["LÄNDER"]])
    tokenizer = AutoTokenizer.from_pretrained(folder_of(vocabulary, tmp_path / "model"))
    for generated in ("resume", "lander"):
        assert decoded(tokenizer, generated) == vocabulary.display(generated)
    assert decoded(tokenizer, "lander, länder") == "LÄNDER"


def test_a_model_of_no_tags_has_no_rules_of_any(tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder_of(vocabulary_of([]), tmp_path / "model"))
    assert decoded(tokenizer, "e-mail, ai, , e-mail") == "e-mail, ai"


def test_who_saves_the_tokenizer_again_keeps_the_decoder(odd: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(odd)
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert decoded(again, "js, covid-19, js") == "JavaScript, Covid-19"
    before = AutoTokenizer.from_pretrained(BUNDLED_BASE)
    text = "JavaScript's 3 rules: naïve, C++"
    assert dict(again(text)) == dict(before(text))
    assert again.model_max_length == before.model_max_length


def test_another_version_renews_the_decoder(odd: Path, tmp_path: Path) -> None:
    later = vocabulary_of(["Javascript", "Beekeeping"])
    fresh = folder_of(later, tmp_path / "fresh")
    renewed = shutil.copytree(odd, tmp_path / "renewed")
    for _ in range(2):
        save_display_forms(renewed, later)
        files = [(folder / "tokenizer.json").read_bytes() for folder in (fresh, renewed)]
        assert files[0] == files[1]
    tokenizer = AutoTokenizer.from_pretrained(renewed)
    assert decoded(tokenizer, "javascript, beekeeping, js") == "Javascript, Beekeeping, Js"


def test_the_most_frequent_tags_have_a_rule_where_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display_forms, "MOST_RULES", 2)
    vocabulary = Vocabulary.from_tag_lists([["AI", "JavaScript"], ["AI", "JavaScript", "GPT"]])
    tokenizer = AutoTokenizer.from_pretrained(folder_of(vocabulary, tmp_path / "model"))
    assert decoded(tokenizer, "gpt, javascript, ai") == "Gpt, JavaScript, AI"


@pytest.mark.parametrize("class_name", ["BertTokenizer", "BertTokenizerFast"])
def test_a_tokenizer_that_was_published_before_decodes_as_it_did(
    class_name: str, tmp_path: Path
) -> None:
    for name in TOKENIZER:
        shutil.copyfile(BUNDLED_BASE / name, tmp_path / name)
    path = tmp_path / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"tokenizer_class": class_name}
    path.write_text(json.dumps(config), encoding="utf-8")
    for tokenizer in (AutoTokenizer.from_pretrained(tmp_path), load_tokenizer(tmp_path)):
        assert type(tokenizer) is BertTokenizer
        assert decoded(tokenizer, "JavaScript, AI, , AI") == "javascript, ai,, ai"


def test_a_model_that_has_capitals_loses_repeated_tags_and_aliases(
    tiny_t5: Path, tmp_path: Path
) -> None:
    vocabulary = vocabulary_of(["Life Lessons", "Travel", "iPhone"], {"journeys": "travel"})
    tokenizer = AutoTokenizer.from_pretrained(folder_of(vocabulary, tmp_path / "model", tiny_t5))
    before = AutoTokenizer.from_pretrained(tiny_t5)
    generated = "Life Lessons, Journeys, iPhone, travel, , Life - Lessons, Travel, new topics"
    wanted = "Life Lessons, Travel, iPhone, Life - Lessons, new topics"
    assert decoded(before, generated) == generated
    assert decoded(tokenizer, generated) == wanted
    text = "Generate tags: The bank's chatbot\nIt answers, and it is cheap."
    assert dict(tokenizer(text)) == dict(before(text))
    assert tokenizer.get_vocab() == before.get_vocab()


def test_what_is_no_fast_tokenizer_stays_as_it_is(tmp_path: Path) -> None:
    ByT5Tokenizer().save_pretrained(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    TaggingSettings().save(tmp_path)
    save_display_forms(tmp_path, vocabulary_of(["AI"]))
    assert before.items() <= {path.name: path.read_bytes() for path in tmp_path.iterdir()}.items()


def test_a_long_output_takes_no_more_than_its_share_of_time(tokenizer: Any) -> None:
    ids = tokenizer("ai, java, new, " * 400, add_special_tokens=False).input_ids
    begin = time.process_time()
    assert tokenizer.decode(ids) == "AI, Java, New"
    assert time.process_time() - begin < 1


JAVASCRIPT = """
const {decoder, rows} = JSON.parse(require("fs").readFileSync(0));
const [, , ...rules] = decoder.decoders;
const found = rules.map(({pattern, content}) => [new RegExp(pattern.Regex, "gu"), content]);
const spell = (text) => found.reduce((text, [old, now]) => text.replaceAll(old, now), text);
console.log(JSON.stringify(rows.map(spell)));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_rules_mean_the_same_in_javascript(odd: Path, tokenizer: Any) -> None:
    chance = random.Random(7)
    pool = [*map(join_tags, ([tag] for tag in ODD)), *ALIASES, *UNKNOWN, "", "-", "ai"]
    rows = [tokenizer(", ".join(chance.choices(pool, k=9))).input_ids for _ in range(200)]
    plain = load_tokenizer(odd).batch_decode(rows, skip_special_tokens=True)
    decoder = json.loads((odd / "tokenizer.json").read_text(encoding="utf-8"))["decoder"]
    assert spelled_by_node(decoder, plain) == tokenizer.batch_decode(rows, skip_special_tokens=True)


def spelled_by_node(decoder: dict[str, Any], rows: Sequence[str]) -> list[str]:
    done = subprocess.run(
        ["node", "-e", JAVASCRIPT],
        input=json.dumps({"decoder": decoder, "rows": rows}),
        capture_output=True,
        text=True,
        check=True,
    )
    texts: list[str] = json.loads(done.stdout)
    return texts

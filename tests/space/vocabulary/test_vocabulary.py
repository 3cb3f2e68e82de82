"""Tags: normal form, display form, parsing and joining, and what the vocabulary merges."""

import json
import random
import re
import time

import pytest

from tagloop.vocabulary.vocabulary import (
    Vocabulary,
    join_tags,
    normal_form,
    occurs_in,
    parse_tags,
    squeezed,
    tidy,
    unique_tags,
)

# As people write it, as a WordPiece model's decoder spells it, and the form that both have.
SPELLINGS = [
    ("c", "c", "c"),
    ("C++", "c + +", "c++"),
    ("C#", "c #", "c#"),
    ("F#", "f #", "f#"),
    (".NET", ". net", ".net"),
    (".NET Core", ". net core", ".net core"),
    ("Node.js", "node. js", "node.js"),
    ("Vue.js", "vue . js", "vue.js"),
    ("ASP.NET", "asp. net", "asp.net"),
    ("Notepad++", "notepad + +", "notepad++"),
    ("Google+", "google +", "google+"),
    ("A+", "a +", "a+"),
    ("U.S.", "u. s.", "us"),
    ("U.S", "u. s", "us"),
    ("U.S.A.", "u. s. a.", "usa"),
    ("S.H.I.E.L.D.", "s. h. i. e. l. d.", "shield"),
    ("J.R.R. Tolkien", "j. r. r. tolkien", "jrr tolkien"),
    ("Ph.D.", "ph. d.", "ph.d"),
    ("St. Louis", "st. louis", "st louis"),
    ("R&D", "r & d", "r and d"),
    ("AT&T", "at & t", "at and t"),
    ("Q&A", "q & a", "q and a"),
    ("e-commerce", "e - commerce", "e commerce"),
    ("E_Commerce", "e _ commerce", "e commerce"),
    ("COVID-19", "covid - 19", "covid 19"),
    ("GPT-3.5", "gpt - 3. 5", "gpt 3.5"),
    ("Web 3.0", "web 3. 0", "web 3.0"),
    ("3.14", "3. 14", "3.14"),
    ("24/7", "24 / 7", "24 7"),
    ("TCP/IP", "tcp / ip", "tcp ip"),
    ("I/O", "i / o", "i o"),
    ("A/B Testing", "a / b testing", "a b testing"),
    ("scikit-learn", "scikit - learn", "scikit learn"),
    ("Machine Learning (ML)", "machine learning ( ml )", "machine learning ml"),
    ("Don't Panic", "don ' t panic", "dont panic"),
    ("Women’s Health", "women ’ s health", "womens health"),
    ("Rock 'n' Roll", "rock ' n ' roll", "rock n roll"),
    ("#MeToo", "# metoo", "metoo"),
    ("$100", "$ 100", "100"),
    ("100%", "100 %", "100"),
    ("Yahoo!", "yahoo!", "yahoo"),
    ("x86_64", "x86 _ 64", "x86 64"),
    ("k8s", "k8s", "k8s"),
    ("5G", "5g", "5g"),
]
# What else arrives: another writing system, invisible characters, full-width forms.
ODD = [
    ("人工智能", "人工智能"),
    ("機械 学習", "機械 学習"),
    ("한국어", "한국어"),
    ("Привет-Мир", "привет мир"),
    ("שלום", "שלום"),
    ("\u202bسلم\u202c", "سلم"),
    ("py\u200bthon\ufeff", "python"),
    ("zero\u00adwidth", "zerowidth"),
    ("machine\u00a0\u3000learning", "machine learning"),
    ("\uff46\uff55\uff4c\uff4c\u3000width", "full width"),
    ("港口\uff08大\uff09", "港口 大"),
    ("\uff08大港\uff09", "大港"),
    ("\uff23\uff0b\uff0b", "c++"),
    ("Straße", "strasse"),
    ("ﬁnance", "finance"),
    ("H₂O", "h2o"),
    ("cafe\u0301", "café"),
    ("snake_case_name", "snake case name"),
    ("party 🎉", "party"),
    ("Visual Basic .NET", "visual basic .net"),
    ("[draft] post", "draft post"),
    ("“quoted”", "quoted"),
    ("line\nbreak\x00nul", "line break nul"),
    ("lone\ud800surrogate", "lone surrogate"),
    ("a" * 10_000, "a" * 10_000),
]
WITHOUT_WORDS = ["", " ", "🎉", "👩‍💻", "!!!", "...", "-", "#", "++", "\u200b", "\x00", "()", "&?"]
PIECES = [
    *"abcXYZ019 .+#-_/&'’,;:|\"`“”()[]{}<>!?*~@%$^=\\\n\t…",
    *"\uff0e\uff0c\uff03\uff08\uff09\uff1a\uff01",
    *"№½²ªßİéᾳŉ中文本\u00a0\u3000\ufeff",
    *("c++", "c#", ".net", "node.js", "U.S.", " . ", "+ +", "'s", "js", " io", "ph. d.", "e\u0301"),
    *("ﬁ", "ﷺ", "سلم", "שלום", "\u200b", "\u200d", "\u202e", "\x00", "\ud800", "😀", "👩‍💻"),
]


def random_tags(count: int, seed: int = 5) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(PIECES, k=rng.randrange(9))) for _ in range(count)]


@pytest.mark.parametrize(("tag", "word_piece", "form"), SPELLINGS)
def test_a_tag_and_its_word_piece_spelling_have_one_form(
    tag: str, word_piece: str, form: str
) -> None:
    assert normal_form(tag) == form
    assert normal_form(word_piece) == form
    assert normal_form(tidy(word_piece)) == form


@pytest.mark.parametrize(("tag", "form"), ODD, ids=[ascii(tag)[:20] for tag, _ in ODD])
def test_odd_tags_have_a_form(tag: str, form: str) -> None:
    assert normal_form(tag) == form
    assert normal_form(tidy(tag)) == form


@pytest.mark.parametrize("tag", WITHOUT_WORDS, ids=ascii)
def test_what_has_no_letter_and_no_digit_is_no_tag(tag: str) -> None:
    assert normal_form(tag) == ""
    assert parse_tags(tag) == []
    assert not occurs_in(tag, f"text {tag} text")


@pytest.mark.parametrize(
    ("generated", "shown"),
    [
        ("c + +", "c++"),
        ("node. js", "node.js"),
        ("e - commerce", "e-commerce"),
        ("u. s.", "u.s."),
        ("machine learning ( ml )", "machine learning (ml)"),
        ("(a whole tag)", "a whole tag"),
        ("an open (", "an open"),
        ("Visual Basic .NET", "Visual Basic .NET"),
        ("U.S.", "U.S."),
        ("Ph.D.", "Ph.D."),
        ("A sentence.", "A sentence"),
        (" - #hashtag; ", "hashtag"),
        ("py\u200bthon", "python"),
    ],
)
def test_tidy_cleans_without_changing_words(generated: str, shown: str) -> None:
    assert tidy(generated) == shown


def test_forms_settle() -> None:
    """What is normal or tidy stays so, and tidying does not change what a tag is."""
    for tag in random_tags(12_000):
        form, clean = normal_form(tag), tidy(tag)
        assert normal_form(form) == form, ascii(tag)
        assert tidy(clean) == clean, ascii(tag)
        assert normal_form(clean) == form, ascii(tag)
        assert form == form.strip() and "  " not in form and "," not in form
        assert not form or any(char.isalnum() for char in form)
        assert squeezed(tag) == form.replace(" ", "")


@pytest.mark.parametrize("separator", [", ", "; ", " | ", "\n"])
def test_joined_tags_parse_to_the_same_tags(separator: str) -> None:
    rng = random.Random(7)
    pool = random_tags(3000, seed=11)
    mark = separator.strip() or separator
    for _ in range(1200):
        tags = rng.choices(pool, k=rng.randrange(5))
        wanted = unique_tags(tidy(tag).replace(mark, " ") for tag in tags)
        assert parse_tags(join_tags(tags, separator), separator) == wanted, ascii(tags)


def test_a_separator_inside_a_tag_makes_no_second_tag() -> None:
    assert join_tags(["salt, pepper", "food"]) == "salt pepper, food"
    assert join_tags(["salt\uff0cpepper"]) == "salt pepper"  # full-width, a comma after NFKC
    assert parse_tags(join_tags(["salt, pepper", "food"])) == ["salt pepper", "food"]


def test_parse_drops_the_empty_and_the_repeated_and_keeps_the_order() -> None:
    generated = "python,, Machine-Learning , machine learning, !!!, PYTHON, c + +, c,"
    assert parse_tags(generated) == ["python", "Machine-Learning", "c++", "c"]


def test_very_long_text_is_parsed_in_no_time() -> None:
    started = time.perf_counter()
    for text in (
        "a" * 10_000,
        "a " * 20_000,
        ". " * 20_000,
        "+ " * 20_000,
        "([" * 5_000 + "a.," * 10_000,
    ):
        normal_form(text)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("tag", "text", "stands"),
    [
        ("machine learning", "On Machine-Learning, again.", True),
        ("machine learning", "The learning machine", False),
        ("U.S.", "The U.S. economy", True),
        ("u. s.", "The U.S.", True),
        ("R&D", "Our R&D budget", True),
        ("c++", "Write C++, not C.", True),
        ("c", "Write C++ alone.", False),
        ("c", "Write C++, not C.", True),
        (".net", "The .NET way", True),
        (".net", "The net of a fisher", False),
        ("node.js", "We love Node.js.", True),
        ("art", "A smart party", False),
        ("women's health", "Women’s health matters", True),
        ("python", "py\u200bthon", True),
    ],
)
def test_occurs_in_wants_whole_words_in_order(tag: str, text: str, stands: bool) -> None:
    assert occurs_in(tag, text) is stands


def test_every_written_tag_occurs_in_a_text_that_has_it() -> None:
    for tag, word_piece, _ in SPELLINGS:
        assert occurs_in(tag, f"About {tag}, and more."), tag
        assert occurs_in(word_piece, f"About {tag}, and more."), word_piece


DIFFERENT = [
    ["C", "C++", "C#"],
    [".NET", "Net"],
    ["New", "News"],
    ["Good", "Goods"],
    ["Glass", "Glasses"],
    ["Economic", "Economics"],
    ["Physic", "Physics"],
    ["Mean", "Means"],
    ["Bus", "Buses"],
    ["Java", "JavaScript"],
    ["Virus", "Viru"],
    ["A", "A+", "AS"],
    ["IO", "I.O", "iOS"],
    ["Co-op", "Coop"],
    ["Node.js", "Node"],
    ["Web 3.0", "Web 30"],
]


@pytest.mark.parametrize("tags", DIFFERENT, ids=" ".join)
def test_what_differs_in_meaning_is_never_merged(tags: list[str]) -> None:
    vocabulary = Vocabulary.from_tag_lists([[tag] for tag in tags] * 3)
    forms = {normal_form(tag) for tag in tags}
    assert set(vocabulary.counts) == forms
    assert vocabulary.aliases == {}
    assert [vocabulary.display(tag) for tag in tags if normal_form(tag) != "io"] == [
        tag for tag in tags if normal_form(tag) != "io"
    ]


@pytest.mark.parametrize(
    ("lists", "aliases"),
    [
        ([["Neural Networks"], ["neural networks"], ["Neural Network"]], {"neural network"}),
        ([["Startup"], ["Startup"], ["Startups"]], {"startups"}),
        ([["Cities"], ["Cities"], ["City", "x"]], set()),  # four letters: left alone
        ([["Strategies"], ["Strategy"], ["Strategies"]], {"strategy"}),
        ([["Open Source"], ["OpenSource"], ["open-source"]], {"opensource"}),
        ([["e-commerce"], ["ecommerce"], ["Ecommerce"]], {"e commerce"}),
    ],
)
def test_plurals_and_blanks_are_merged_into_the_most_frequent(
    lists: list[list[str]], aliases: set[str]
) -> None:
    vocabulary = Vocabulary.from_tag_lists(lists)
    assert set(vocabulary.aliases) == aliases
    for alias in aliases:
        (form,) = {vocabulary.aliases[alias]}
        assert vocabulary.canonical(alias) == form
        assert vocabulary.counts[form] == 3
        assert alias in vocabulary
    merged = [[one["form"] for one in entry["merged"]] for entry in vocabulary.report()]
    assert merged == ([sorted(aliases)] * bool(aliases))


def test_display_is_what_most_authors_write() -> None:
    vocabulary = Vocabulary.from_tag_lists(
        [["JavaScript", "NASA"], ["Javascript"], ["JavaScript"], ["javascript", "NASA"], ["Café"]]
    )
    assert vocabulary.tags == ["JavaScript", "NASA", "Café"]
    assert vocabulary.counts == {"javascript": 4, "nasa": 2, "café": 1}
    assert vocabulary.display("java script") == "JavaScript"  # WordPiece may cut it
    assert vocabulary.display("cafe") == "Café"  # an uncased model writes no accents
    assert "cafe" in vocabulary and "tea" not in vocabulary and len(vocabulary) == 3


@pytest.mark.parametrize(
    ("tag", "text", "shown"),
    [
        ("openai", "We asked OpenAI, and openai.com, and OpenAI.", "OpenAI"),
        ("u. s.", "They told us of the U.S. economy", "U.S."),
        ("r & d", "Our R&D budget", "R&D"),
        ("e - commerce", "E-commerce grows", "E-commerce"),
        ("quantum sheep", "nothing of it", "Quantum Sheep"),  # the vocabulary's case
        ("mother's day", "", "Mother's Day"),
    ],
)
def test_an_unknown_tag_is_shown_as_the_article_writes_it(tag: str, text: str, shown: str) -> None:
    vocabulary = Vocabulary.from_tag_lists([["Food"], ["Travel"], ["art"]])
    assert vocabulary.display(tag, text) == shown


def test_lower_case_vocabularies_keep_lower_case() -> None:
    assert Vocabulary.from_tag_lists([["food"], ["travel"]]).display("quantum sheep") == (
        "quantum sheep"
    )


def test_patterns_in_a_tag_are_only_characters() -> None:
    vocabulary = Vocabulary({}, {}, {})
    assert vocabulary.display("c++ (.*) [a", "a text") == "c++ (.*) [a"
    assert re.escape("c++") != "c++"  # the tag would be a broken pattern


def test_json_round_trip() -> None:
    lists = [[tag for tag, _, _ in SPELLINGS], [tag for tag, _ in ODD[:12]], ["c + +", "Yahoo"]]
    vocabulary = Vocabulary.from_tag_lists([*lists, ["Startup", "Startups"], ["Startup"]])
    data = json.loads(json.dumps(vocabulary.to_json()))
    again = Vocabulary.from_json(data)
    assert again.to_json() == vocabulary.to_json()
    assert again.tags == vocabulary.tags
    assert again.counts == vocabulary.counts and list(again.counts) == list(vocabulary.counts)
    plural = {"form": "startups", "articles": 1, "reason": "plural"}
    wanted = [{"tag": "Startup", "articles": 2, "merged": [plural]}]
    assert again.report() == vocabulary.report() == wanted
    for tag in ("cplusplus", "C ++", "startups", "yahoo!"):
        assert again.display(tag) == vocabulary.display(tag)


def test_the_order_of_the_articles_does_not_matter() -> None:
    rng = random.Random(3)
    lists = [
        rng.choices(["SQL", "Sql", "Startup", "Startups", "C++", "c + +", "Cats", "U.S."], k=3)
        for _ in range(40)
    ]
    first = Vocabulary.from_tag_lists(lists).to_json()
    for _ in range(5):
        rng.shuffle(lists)
        assert Vocabulary.from_tag_lists(lists).to_json() == first


def test_wide_brackets_stay_as_their_author_wrote_them() -> None:
    assert tidy("港口\uff08大\uff09") == "港口\uff08大\uff09"
    assert tidy("\uff08大港\uff09\uff01") == "大港" and tidy("港口\uff1a小") == "港口\uff1a小"
    assert normal_form("港口\uff08大\uff09") == normal_form("港口(大)")

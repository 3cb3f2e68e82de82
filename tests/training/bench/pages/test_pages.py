"""The made pages, and how what is found in them is scored."""

import random

from tagloop.reading.documents.html_page import read_html
from training.bench.pages.__main__ import made_pages
from training.bench.pages.scores import average, score
from training.bench.pages.texts import make_article
from training.bench.pages.themes import THEMES, without_names


def test_a_score_counts_what_is_missing_and_what_is_too_much() -> None:
    article = make_article(random.Random(1))
    whole = score(article, f"{article.title}\n{article.text}")
    assert (whole.recall, whole.precision, whole.begins) == (1.0, 1.0, True)
    words = article.text.split()
    half = score(article, " ".join(words[len(words) // 2 :]))
    assert half.recall < 0.6 and half.precision == 1.0 and not half.begins
    more = score(article, f"Accept all cookies please\n{article.text}")
    assert more.recall == 1.0 and more.precision < 1.0 and not more.begins
    assert score(article, "").precision == 0.0


def test_pages_are_the_same_every_time_and_half_of_them_have_no_names() -> None:
    made = made_pages(2, 3)
    assert made == made_pages(2, 3) and len(made) == len(THEMES)
    assert "wp" not in without_names("<p class='wp-block'>")
    nameless, named = (page for _, page in made["wordpress"])
    assert "entry-content" in named and "entry-content" not in nameless


def test_our_reader_finds_the_articles() -> None:
    scores = [
        score(article, read_html(page, "page")[1])
        for pages in made_pages(2, 7).values()
        for article, page in pages
    ]
    found = average(scores)
    assert found["recall"] > 0.97 and found["precision"] > 0.95 and found["begins"] > 0.9

"""The list of articles that fit a search, twenty a page; a text is read only when one is opened."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

import numpy as np

from tagloop.errors import UserError
from tagloop.explore.articles import NOT_STATED
from tagloop.explore.loader import DatasetLoader, LoadedDataset
from tagloop.explore.search import Query
from tagloop.text.words import count_words
from tagloop.web.languages.words import ENGLISH, Words
from tagloop.web.tabs.explore.pictures import picks, source_name
from tagloop.web.tabs.markup import notice, safe

PAGE_ROWS = 20
BEGINNING_CHARACTERS = 1500
DATE = re.compile(r"\d{4}(-\d\d){0,2}")
PLACE = re.compile(r"([0-9a-f]{7,64}):(\d{1,9})")


def article_list(
    dataset: LoadedDataset, query: Query, rows: np.ndarray, page: int, words: Words = ENGLISH
) -> str:
    """Returns one page of the articles found.

    Args:
        dataset: The dataset.
        query: What was looked for.
        rows: Those found.
        page: From 1; one that does not exist becomes the nearest.
        words: The visitor's.
    """
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    page = min(max(page, 1), pages)
    first = (page - 1) * PAGE_ROWS
    heading = (
        '<div role="status"><h3 id="explore-found" class="tl-found" tabindex="-1">'
        f"{_found(len(rows), query, dataset, words)}</h3></div>"
    )
    if not len(rows):
        return heading + notice("hint", _advice(dataset, query, words))
    shown = rows[first : first + PAGE_ROWS]
    items = "".join(_item(dataset, int(row), words) for row in shown)
    return (
        f'{heading}{_link(query, words)}<ol class="tl-articles" start="{first + 1}">{items}</ol>'
        f"{_pager(page, pages, words)}"
    )


def opened(loader: DatasetLoader, place: object, words: Words = ENGLISH) -> dict[str, str]:
    """Returns the beginning of a text, for the browser to show as text.

    Args:
        loader: The dataset.
        place: As the list gave it; anything else is answered with a sentence.
        words: The visitor's.

    Returns:
        ``text`` and ``note``; or ``problem``.
    """
    dataset, match = loader.dataset, PLACE.fullmatch(place) if isinstance(place, str) else None
    stale = {"problem": words("explore.stale")}
    if dataset is None or match is None or dataset.version.key != match[1]:
        return stale
    row = int(match[2])
    if row >= len(dataset.articles):
        return stale
    try:
        text = dataset.articles.text_of(row).strip()
    except UserError as error:
        return {"problem": words.error(error)}
    if not text:
        return {"text": "", "note": words("explore.title_only")}
    count = int(dataset.articles.words[row])
    shown = _beginning(text)
    if len(shown) == len(text):
        return {"text": shown, "note": words.count("explore.whole", count)}
    note = words.count("explore.beginning", count, shown=count_words(shown))
    return {"text": f"{shown} …", "note": note}


def _beginning(text: str) -> str:
    if len(text) <= BEGINNING_CHARACTERS:
        return text
    cut = text[:BEGINNING_CHARACTERS]
    # Not in the middle of a word, if the script has any blanks.
    return cut[: cut.rfind(" ")] if cut.rfind(" ") > BEGINNING_CHARACTERS // 2 else cut


def _found(count: int, query: Query, dataset: LoadedDataset, words: Words) -> str:
    told = words.count("explore.found", count) if count else words("explore.found_none")
    parts = []
    if query.tags:
        names = [dataset.articles.display(tag) for tag in query.tags]
        tags = words("explore.and").join(f"<bdi>{safe(name)}</bdi>" for name in names)
        parts.append(words("explore.found_tagged", tags=tags))
    if query.words:
        sought = f"<bdi>{safe(' '.join(query.words))}</bdi>"
        where = "explore.found_text" if query.in_text else "explore.found_words"
        parts.append(words(where, words=sought))
    if query.split is not None:
        parts.append(words("explore.found_split", split=safe(query.split)))
    if query.source is not None:
        source = f"<bdi>{source_name(query.source, words)}</bdi>"
        parts.append(words("explore.found_source", source=source))
    return f"{told} {', '.join(parts)}".strip()


def _advice(dataset: LoadedDataset, query: Query, words: Words) -> str:
    if not query.words and len(query.tags) == 1 and query.split is None and query.source is None:
        return words("explore.no_such_tag", tag=query.tags[0])
    return words("explore.fewer_words" if query.words and not query.in_text else "explore.fewer")


def _link(query: Query, words: Words) -> str:
    """Returns the address that leads here, where the tags alone are what was asked for."""
    if not query.tags or query.words or query.split is not None or query.source is not None:
        return ""
    address = "?" + urlencode([("tag", tag) for tag in query.tags])
    return (
        f'<p class="tl-permalink"><a href="{safe(address)}" target="_blank" rel="noopener">'
        f"{words('explore.permalink')}</a></p>"
    )


def _item(dataset: LoadedDataset, row: int, words: Words) -> str:
    articles = dataset.articles
    title = articles.title[row].as_py().strip() or words("explore.no_title")
    tags = articles.tags_of(row)
    chips = "".join(
        f'<li><button {picks([tag])} data-more="1"><bdi>{safe(tag)}</bdi></button></li>'
        for tag in tags
    )
    address = web_address(articles.url[row].as_py())
    original = (
        f' <a href="{safe(address)}" target="_blank" rel="noopener nofollow">'
        f'{words("explore.original")}<span class="tl-unseen">'
        f"{words('explore.original_of', title=safe(title))}</span></a>"
        if address
        else ""
    )
    return (
        f'<li class="tl-article"><details data-place="{dataset.version.key}:{row}">'
        f'<summary><span dir="auto">{safe(title)}</span></summary>'
        f'<div class="tl-opened" role="status">{words("explore.reading")}</div></details>'
        f'<ul class="tl-tags" aria-label="{words("explore.tags_of")}">{chips}</ul>'
        f'<p class="tl-facts">{_facts(dataset, row, words)}{original}</p></li>'
    )


def _facts(dataset: LoadedDataset, row: int, words: Words) -> str:
    articles = dataset.articles
    published = articles.published[row].as_py() or ""
    license_name = articles.licenses[articles.license[row]]
    source = articles.sources[articles.source[row]]
    stated = license_name != NOT_STATED
    licence = safe(license_name) if stated else words("explore.not_stated")
    facts = [
        f"<bdi>{source_name(source, words)}</bdi>" if source != NOT_STATED else "",
        published if DATE.fullmatch(published) else "",
        words.count("explore.word_count", int(articles.words[row])),
        safe(articles.splits[articles.split[row]]),
        words("explore.licence", name=licence),
    ]
    return "".join(f"<span>{fact}</span>" for fact in facts if fact)


def web_address(url: str | None) -> str | None:
    """Returns a link's address if it is one of the web: nothing that runs here, nothing local."""
    if not url or re.search(r"[\x00-\x20\x7f\\]", url):
        return None
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and named else None


def _pager(page: int, pages: int, words: Words) -> str:
    if pages == 1:
        return ""
    steps = (("first", 1), ("previous", page - 1), ("next", page + 1), ("last", pages))
    buttons = [
        f'<button type="button" data-page="{to}"{"" if 1 <= to <= pages and to != page else off}>'
        f"{words(f'explore.to_{name}')}</button>"
        for name, to in steps
        for off in [" disabled"]
    ]
    middle = f"<span>{words('explore.page', page=page, pages=pages)}</span>"
    return (
        f'<nav class="tl-pager" aria-label="{words("explore.pages")}">'
        f"{''.join(buttons[:2])}{middle}{''.join(buttons[2:])}</nav>"
    )

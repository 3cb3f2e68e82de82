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
from tagloop.web.tabs.explore.pictures import picks, source_name
from tagloop.web.tabs.markup import notice, safe

PAGE_ROWS = 20
BEGINNING_CHARACTERS = 1500
DATE = re.compile(r"\d{4}(-\d\d){0,2}")
PLACE = re.compile(r"([0-9a-f]{7,64}):(\d{1,9})")


def article_list(dataset: LoadedDataset, query: Query, rows: np.ndarray, page: int) -> str:
    """Returns one page of the articles found.

    Args:
        dataset: The dataset.
        query: What was looked for.
        rows: Those found.
        page: From 1; one that does not exist becomes the nearest.
    """
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    page = min(max(page, 1), pages)
    first = (page - 1) * PAGE_ROWS
    heading = (
        '<div role="status"><h3 id="explore-found" class="tl-found" tabindex="-1">'
        f"{_found(len(rows), query, dataset)}</h3></div>"
    )
    if not len(rows):
        return heading + notice("hint", _advice(dataset, query))
    items = "".join(_item(dataset, int(row)) for row in rows[first : first + PAGE_ROWS])
    return (
        f'{heading}{_link(query)}<ol class="tl-articles" start="{first + 1}">{items}</ol>'
        f"{_pager(page, pages)}"
    )


def opened(loader: DatasetLoader, place: object) -> dict[str, str]:
    """Returns the beginning of a text, for the browser to show as text.

    Args:
        loader: The dataset.
        place: As the list gave it; anything else is answered with a sentence.

    Returns:
        ``text`` and ``note``; or ``problem``.
    """
    dataset, match = loader.dataset, PLACE.fullmatch(place) if isinstance(place, str) else None
    stale = {"problem": "The dataset has changed since this list was made: search again."}
    if dataset is None or match is None or dataset.version.key != match[1]:
        return stale
    row = int(match[2])
    if row >= len(dataset.articles):
        return stale
    try:
        text = dataset.articles.text_of(row).strip()
    except UserError as error:
        return {"problem": str(error)}
    if not text:
        return {"text": "", "note": "This article has a title only."}
    words = int(dataset.articles.words[row])
    shown = _beginning(text)
    if len(shown) == len(text):
        return {"text": shown, "note": f"The whole text, {words:,} words."}
    return {
        "text": f"{shown} …",
        "note": f"The first {count_words(shown):,} of {words:,} words.",
    }


def _beginning(text: str) -> str:
    if len(text) <= BEGINNING_CHARACTERS:
        return text
    cut = text[:BEGINNING_CHARACTERS]
    # Not in the middle of a word, if the script has any blanks.
    return cut[: cut.rfind(" ")] if cut.rfind(" ") > BEGINNING_CHARACTERS // 2 else cut


def _found(count: int, query: Query, dataset: LoadedDataset) -> str:
    told = "1 article" if count == 1 else f"{count:,} articles" if count else "No article"
    parts = []
    if query.tags:
        names = [dataset.articles.display(tag) for tag in query.tags]
        parts.append("tagged " + " and ".join(f"<bdi>{safe(name)}</bdi>" for name in names))
    if query.words:
        where = "title, tags or text" if query.in_text else "title or tags"
        parts.append(f"with “<bdi>{safe(' '.join(query.words))}</bdi>” in {where}")
    if query.split is not None:
        parts.append(f"of the split {safe(query.split)}")
    if query.source is not None:
        parts.append(f"from <bdi>{source_name(query.source)}</bdi>")
    return f"{told} {', '.join(parts)}".strip()


def _advice(dataset: LoadedDataset, query: Query) -> str:
    if not query.words and len(query.tags) == 1 and query.split is None and query.source is None:
        return f"The dataset does not have the tag “{query.tags[0]}”."
    if query.words and not query.in_text:
        return "Try fewer words, or look in the texts too."
    return "Try fewer words or fewer tags."


def _link(query: Query) -> str:
    """Returns the address that leads here, where the tags alone are what was asked for."""
    if not query.tags or query.words or query.split is not None or query.source is not None:
        return ""
    address = "?" + urlencode([("tag", tag) for tag in query.tags])
    return (
        f'<p class="tl-permalink"><a href="{safe(address)}" target="_blank" rel="noopener">'
        "Link to this list</a></p>"
    )


def _item(dataset: LoadedDataset, row: int) -> str:
    articles = dataset.articles
    title = articles.title[row].as_py().strip() or "(no title)"
    tags = articles.tags_of(row)
    chips = "".join(
        f'<li><button {picks([tag])} data-more="1"><bdi>{safe(tag)}</bdi></button></li>'
        for tag in tags
    )
    address = web_address(articles.url[row].as_py())
    original = (
        f' <a href="{safe(address)}" target="_blank" rel="noopener nofollow">Original'
        f'<span class="tl-unseen"> of {safe(title)}</span></a>'
        if address
        else ""
    )
    return (
        f'<li class="tl-article"><details data-place="{dataset.version.key}:{row}">'
        f'<summary><span dir="auto">{safe(title)}</span></summary>'
        f'<div class="tl-opened" role="status">Reading …</div></details>'
        f'<ul class="tl-tags" aria-label="Tags">{chips}</ul>'
        f'<p class="tl-facts">{_facts(dataset, row)}{original}</p></li>'
    )


def _facts(dataset: LoadedDataset, row: int) -> str:
    articles = dataset.articles
    published = articles.published[row].as_py() or ""
    license_name = articles.licenses[articles.license[row]]
    source = articles.sources[articles.source[row]]
    facts = [
        f"<bdi>{source_name(source)}</bdi>" if source != NOT_STATED else "",
        published if DATE.fullmatch(published) else "",
        f"{articles.words[row]:,} words",
        safe(articles.splits[articles.split[row]]),
        f"Licence: {safe(license_name) if license_name != NOT_STATED else 'not stated'}",
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


def _pager(page: int, pages: int) -> str:
    if pages == 1:
        return ""
    steps = (("First", 1), ("Previous", page - 1), ("Next", page + 1), ("Last", pages))
    buttons = [
        f'<button type="button" data-page="{to}"{"" if 1 <= to <= pages and to != page else off}>'
        f"{name}</button>"
        for name, to in steps
        for off in [" disabled"]
    ]
    middle = f"<span>Page {page:,} of {pages:,}</span>"
    return (
        '<nav class="tl-pager" aria-label="Pages">'
        f"{''.join(buttons[:2])}{middle}{''.join(buttons[2:])}</nav>"
    )

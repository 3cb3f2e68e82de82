"""The pictures of a dataset: bars, columns and a heat map in HTML, each with its sentence.

Made of elements that wrap and shrink, so that they read well on a phone; every tag in them is a
button that filters the list of articles (see explore.js).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from tagloop.explore.articles import NOT_STATED, Articles
from tagloop.explore.cooccurrence import TagMap, map_tags
from tagloop.explore.counts import (
    OTHER_SOURCES,
    count_lengths,
    count_sources,
    count_splits,
    count_tags_each,
    median_words,
    top_tags,
)
from tagloop.explore.loader import LoadedDataset
from tagloop.web.tabs.markup import repo_link, safe

MAP_STEPS = 8
"""Shades of the map; more could not be told apart."""


def picks(tags: Sequence[str]) -> str:
    """Returns the attributes of a button that filters by these tags."""
    return f'type="button" data-tags="{safe(json.dumps(list(tags)))}"'


def source_name(source: str | None) -> str:
    """Returns how a source is called, in HTML."""
    if source is OTHER_SOURCES:
        return "other sources"
    return "not stated" if source == NOT_STATED else safe(source)


def pictures(dataset: LoadedDataset) -> str:
    """Returns all pictures, under a line that says what they are of."""
    articles = dataset.articles
    shown = [_splits(articles), _tags(articles), _tags_each(articles), _lengths(articles)]
    if len(articles.tag_names) > 1:
        shown.append(_map(map_tags(articles), len(articles)))
    figures = "".join(shown)
    return f'{_heading(dataset)}<div class="tl-pictures">{figures}</div>'


def _heading(dataset: LoadedDataset) -> str:
    articles, version = dataset.articles, dataset.version
    link = repo_link(dataset.name, version.commit, kind="datasets/")
    least = "more than " if articles.is_least else ""
    of = f" of {least}{articles.total:,}" if articles.total > len(articles) or least else ""
    first = "the first " if of else ""
    return (
        '<h2 class="tl-question">What the tagger learned from</h2>'
        f'<p class="tl-dataset">{first.capitalize()}{len(articles):,}{of} articles with '
        f"{len(articles.tag_names):,} different tags: {link}</p>"
    )


def _figure(name: str, heading: str, sentence: str, picture: str) -> str:
    return (
        f'<figure class="tl-picture tl-{name}" aria-labelledby="tl-{name}-name">'
        f'<h3 id="tl-{name}-name">{heading}</h3>{picture}'
        f"<figcaption>{sentence}</figcaption></figure>"
    )


def _share(count: float, most: float) -> str:
    """Returns a bar's length in percent; what there is at all can be seen."""
    return f"{max(100 * count / most, 0.5) if count else 0:.2f}%"


def _splits(articles: Articles) -> str:
    sources, splits = count_sources(articles), count_splits(articles)
    most = max(source.articles for source in sources)
    rows = "".join(
        f'<li><span class="tl-bar-name" dir="auto">{source_name(source.source)}</span>'
        f'<span class="tl-bar-track" aria-hidden="true">{_pieces(source.by_split, most)}</span>'
        f'<span class="tl-count">{source.articles:,}'
        f"{_unseen_splits(articles.splits, source.by_split)}</span></li>"
        for source in sources
    )
    keys = "".join(
        f'<span><i class="tl-split-{min(place, 3)}"></i>{safe(split)} {count:,}</span>'
        for place, (split, count) in enumerate(splits.items())
    )
    return _figure(
        "sources",
        "Articles by source and split",
        "The model learns from <em>train</em>, is tuned on <em>validation</em> and is measured on "
        "<em>test</em>, which it never sees.",
        f'<ul class="tl-bars">{rows}</ul><p class="tl-keys">{keys}</p>',
    )


def _pieces(counts: Sequence[int], most: int) -> str:
    return "".join(
        f'<i class="tl-split-{min(place, 3)}" style="width:{_share(count, most)}"></i>'
        for place, count in enumerate(counts)
        if count
    )


def _unseen_splits(splits: Sequence[str], counts: Sequence[int]) -> str:
    told = ", ".join(f"{safe(s)} {count:,}" for s, count in zip(splits, counts, strict=True))
    return f'<span class="tl-unseen"> articles: {told}</span>'


def _tags(articles: Articles) -> str:
    top = top_tags(articles)
    most = top[0][1] if top else 1
    rows = "".join(
        f"<li><button {picks([tag])}>"
        f'<span class="tl-bar-name" dir="auto">{safe(tag)}</span>'
        f'<span class="tl-bar-track" aria-hidden="true">'
        f'<i class="tl-split-0" style="width:{_share(count, most)}"></i></span>'
        f'<span class="tl-count">{count:,}<span class="tl-unseen"> articles</span></span>'
        "</button></li>"
        for tag, count in top
    )
    single = int((articles.tag_counts == 1).sum())
    return _figure(
        "top",
        "The most frequent tags",
        f"Number of articles that carry each; {single:,} of the {len(articles.tag_names):,} tags "
        "stand on one article only. Choose a tag to see its articles below.",
        f'<ol class="tl-bars">{rows}</ol>',
    )


def _tags_each(articles: Articles) -> str:
    average = float(articles.tags_each.mean())
    return _figure(
        "each",
        "Tags of an article",
        f"How many articles have how many tags; {average:.1f} on average.",
        _columns(count_tags_each(articles), "tags"),
    )


def _lengths(articles: Articles) -> str:
    empty = int((articles.words == 0).sum())
    without = f"; {empty:,} have a title only" if empty else ""
    return _figure(
        "lengths",
        "Length of an article in words",
        f"How many articles are how long; half of them have {median_words(articles):,} words or "
        f"more{without}.",
        _columns(count_lengths(articles), "words"),
    )


def _columns(counts: Sequence[tuple[str, int]], unit: str) -> str:
    most = max((count for _, count in counts), default=1)
    columns = "".join(
        f'<li><span class="tl-count">{count:,}<span class="tl-unseen"> articles with </span></span>'
        f'<i aria-hidden="true" style="height:{_share(count, most)}"></i>'
        f'<span class="tl-column-name">{safe(label)}'
        f'<span class="tl-unseen"> {unit}</span></span></li>'
        for label, count in counts
    )
    return f'<ul class="tl-columns-chart">{columns}</ul>'


def _map(tags: TagMap, articles: int) -> str:
    strongest = max((index for *_, index in tags.closest(1)), default=0.0)
    head = "".join(
        f'<th scope="col" aria-label="{safe(tag)}">{place}</th>'
        for place, tag in enumerate(tags.tags, 1)
    )
    rows = "".join(_map_row(tags, place, strongest) for place in range(len(tags.tags)))
    pairs = "".join(
        f"<li><button {picks([one, other])}>"
        f'<bdi>{safe(one)}</bdi> <span aria-hidden="true">+</span>'
        f'<span class="tl-unseen">and</span> <bdi>{safe(other)}</bdi></button> '
        f"<span>{count:,} articles, {index:.2f}</span></li>"
        for one, other, count, index in tags.closest()
    )
    closest = f'<h4>The closest pairs</h4><ul class="tl-pairs">{pairs}</ul>' if pairs else ""
    return _figure(
        "map",
        "Which tags stand together",
        f"The {len(tags.tags)} most frequent tags against each other: the stronger the colour, the "
        "larger the share of articles with both among those with either (Jaccard index; the "
        f"strongest is {strongest:.2f}), and related tags are neighbours.",
        '<div class="tl-map-sheet"><table class="tl-heat"><thead><tr><td></td>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"<div>{closest}</div></div>",
    )


def _map_row(tags: TagMap, row: int, strongest: float) -> str:
    name = tags.tags[row]
    cells = []
    for column, other in enumerate(tags.tags):
        both = int(tags.together[row, column])
        if row == column:
            cells.append(f'<td class="tl-self" title="{safe(name)}: {both:,} articles"></td>')
            continue
        index = float(tags.jaccard[row, column])
        step = round(MAP_STEPS * index / strongest) if strongest else 0
        shade = max(step, 1) if both else 0
        told = f"{safe(name)} and {safe(other)}: {both:,} articles, Jaccard index {index:.2f}"
        pick = f' data-tags="{safe(json.dumps([name, other]))}"' if both else ""
        cells.append(
            f'<td class="tl-heat-{shade}" title="{told}"{pick}>'
            f'<span class="tl-unseen">{both}</span></td>'
        )
    return (
        f'<tr><th scope="row"><button {picks([name])} title="{safe(name)}">'
        f'<span class="tl-number" aria-hidden="true">{row + 1}</span>'
        f'<span dir="auto">{safe(name)}</span></button></th>{"".join(cells)}</tr>'
    )

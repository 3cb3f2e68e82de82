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
from tagloop.web.languages.words import ENGLISH, Words
from tagloop.web.tabs.markup import repo_link, safe

MAP_STEPS = 8
"""Shades of the map; more could not be told apart."""


def picks(tags: Sequence[str]) -> str:
    """Returns the attributes of a button that filters by these tags."""
    return f'type="button" data-tags="{safe(json.dumps(list(tags)))}"'


def source_name(source: str | None, words: Words = ENGLISH) -> str:
    """Returns how a source is called, in HTML."""
    if source is OTHER_SOURCES:
        return words("explore.other_sources")
    return words("explore.not_stated") if source == NOT_STATED else safe(source)


def pictures(dataset: LoadedDataset, words: Words = ENGLISH) -> str:
    """Returns all pictures, under a line that says what they are of."""
    articles = dataset.articles
    drawn = (_splits, _tags, _tags_each, _lengths)
    figures = "".join(draw(articles, words) for draw in drawn)
    if len(articles.tag_names) > 1:
        figures += _map(map_tags(articles), words)
    return f'{_heading(dataset, words)}<div class="tl-pictures">{figures}</div>'


def _heading(dataset: LoadedDataset, words: Words) -> str:
    articles, version = dataset.articles, dataset.version
    link = repo_link(dataset.name, version.commit, kind="datasets/")
    counts: dict[str, object] = {"shown": len(articles), "tags": len(articles.tag_names)}
    key = "explore.dataset"
    if articles.is_least or articles.total > len(articles):
        key = "explore.dataset_least" if articles.is_least else "explore.dataset_part"
        counts["total"] = articles.total
    return (
        f'<h2 class="tl-question">{words("explore.learned")}</h2>'
        f'<p class="tl-dataset">{words(key, link=link, **counts)}</p>'
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


def _splits(articles: Articles, words: Words) -> str:
    sources, splits = count_sources(articles), count_splits(articles)
    most = max(source.articles for source in sources)
    rows = "".join(
        f'<li><span class="tl-bar-name" dir="auto">{source_name(source.source, words)}</span>'
        f'<span class="tl-bar-track" aria-hidden="true">{_pieces(source.by_split, most)}</span>'
        f'<span class="tl-count">{words.number(source.articles)}'
        f"{_unseen_splits(articles.splits, source.by_split, words)}</span></li>"
        for source in sources
    )
    keys = "".join(
        f'<span><i class="tl-split-{min(place, 3)}"></i>{safe(split)} {words.number(count)}</span>'
        for place, (split, count) in enumerate(splits.items())
    )
    return _figure(
        "sources",
        words("explore.sources"),
        words("explore.sources_said"),
        f'<ul class="tl-bars">{rows}</ul><p class="tl-keys">{keys}</p>',
    )


def _pieces(counts: Sequence[int], most: int) -> str:
    return "".join(
        f'<i class="tl-split-{min(place, 3)}" style="width:{_share(count, most)}"></i>'
        for place, count in enumerate(counts)
        if count
    )


def _unseen_splits(splits: Sequence[str], counts: Sequence[int], words: Words) -> str:
    told = ", ".join(
        f"{safe(s)} {words.number(count)}" for s, count in zip(splits, counts, strict=True)
    )
    return f'<span class="tl-unseen">{words("explore.unseen_splits", splits=told)}</span>'


def _tags(articles: Articles, words: Words) -> str:
    top = top_tags(articles)
    most = top[0][1] if top else 1
    rows = "".join(
        f"<li><button {picks([tag])}>"
        f'<span class="tl-bar-name" dir="auto">{safe(tag)}</span>'
        f'<span class="tl-bar-track" aria-hidden="true">'
        f'<i class="tl-split-0" style="width:{_share(count, most)}"></i></span>'
        f'<span class="tl-count">{words.number(count)}<span class="tl-unseen">'
        f"{words('explore.unseen_articles')}</span></span></button></li>"
        for tag, count in top
    )
    single = int((articles.tag_counts == 1).sum())
    return _figure(
        "top",
        words("explore.top"),
        words("explore.top_said", single=single, tags=len(articles.tag_names)),
        f'<ol class="tl-bars">{rows}</ol>',
    )


def _tags_each(articles: Articles, words: Words) -> str:
    average = float(articles.tags_each.mean())
    return _figure(
        "each",
        words("explore.each"),
        words("explore.each_said", average=f"{average:.1f}"),
        _columns(count_tags_each(articles), "explore.unit_tags", words),
    )


def _lengths(articles: Articles, words: Words) -> str:
    empty = int((articles.words == 0).sum())
    median = median_words(articles)
    said = words("explore.lengths_said", median=median)
    if empty:
        said = words("explore.lengths_titles", median=median, empty=empty)
    return _figure(
        "lengths",
        words("explore.lengths"),
        said,
        _columns(count_lengths(articles), "explore.unit_words", words),
    )


def _columns(counts: Sequence[tuple[str, int]], unit: str, words: Words) -> str:
    most = max((count for _, count in counts), default=1)
    columns = "".join(
        f'<li><span class="tl-count">{words.number(count)}<span class="tl-unseen">'
        f"{words('explore.articles_with')}</span></span>"
        f'<i aria-hidden="true" style="height:{_share(count, most)}"></i>'
        f'<span class="tl-column-name">{safe(label)}'
        f'<span class="tl-unseen">{words(unit)}</span></span></li>'
        for label, count in counts
    )
    return f'<ul class="tl-columns-chart">{columns}</ul>'


def _map(tags: TagMap, words: Words) -> str:
    strongest = max((index for *_, index in tags.closest(1)), default=0.0)
    head = "".join(
        f'<th scope="col" aria-label="{safe(tag)}">{place}</th>'
        for place, tag in enumerate(tags.tags, 1)
    )
    rows = "".join(_map_row(tags, place, strongest, words) for place in range(len(tags.tags)))
    pairs = "".join(
        f"<li><button {picks([one, other])}>"
        f'<bdi>{safe(one)}</bdi> <span aria-hidden="true">+</span>'
        f'<span class="tl-unseen">{words("explore.pair_and")}</span> '
        f"<bdi>{safe(other)}</bdi></button> "
        f"<span>{words.count('explore.pair', count, index=f'{index:.2f}')}</span></li>"
        for one, other, count, index in tags.closest()
    )
    closest = f'<h4>{words("explore.closest")}</h4><ul class="tl-pairs">{pairs}</ul>'
    return _figure(
        "map",
        words("explore.map"),
        words("explore.map_said", count=len(tags.tags), strongest=f"{strongest:.2f}"),
        '<div class="tl-map-sheet"><table class="tl-heat"><thead><tr><td></td>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"<div>{closest if pairs else ''}</div></div>",
    )


def _map_row(tags: TagMap, row: int, strongest: float, words: Words) -> str:
    name = tags.tags[row]
    cells = []
    for column, other in enumerate(tags.tags):
        both = int(tags.together[row, column])
        if row == column:
            told = words.count("explore.map_self", both, tag=safe(name))
            cells.append(f'<td class="tl-self" title="{told}"></td>')
            continue
        index = float(tags.jaccard[row, column])
        step = round(MAP_STEPS * index / strongest) if strongest else 0
        shade = max(step, 1) if both else 0
        pair = {"tag": safe(name), "other": safe(other), "index": f"{index:.2f}"}
        told = words.count("explore.map_cell", both, **pair)
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

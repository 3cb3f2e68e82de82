"""Tags that no training article has, on a list: what of them is guessed right, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tqdm.auto import tqdm

from tagloop.allowlist.preferences import LEAST_SURE
from tagloop.tagger.selection import Tag
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import normal_form
from training.bench.means import intervals
from training.bench.peers.tagloop_system import BATCH
from training.bench.studies.allowlist.articles import SHOWN, Allowlist, keep
from training.evaluation.scores import Values

ENGINE = "ctranslate2"
WAYS = ("by their meaning", "with embeddings", "by presence alone")
"""What is known of them: all, and what a plain checkpoint has with and without its weights."""


def measure_never(allowlist: Allowlist) -> dict[str, Any]:
    """Tags articles with tags that no training article has, these tags on the list."""
    names = [*allowlist.tags, *allowlist.never.values()]
    articles = [{"title": row.title, "text": row.text} for row in allowlist.with_never]
    systems = {}
    tagger = Tagger.from_pretrained(allowlist.model, engine=ENGINE)
    least = max(tagger.settings.threshold, LEAST_SURE)
    for name in WAYS:
        if name != WAYS[0]:
            tagger.allowlist.sentence_encoder = None
        if name == WAYS[-1]:
            tagger.allowlist.embeddings = None
        with tqdm(total=len(articles), desc=f"never seen, {name}", unit="article") as bar:
            found = tagger.tag_batch(
                articles,
                allowed_tags=names,
                max_tags=len(names),
                threshold=0.0,
                batch_size=BATCH,
                progress=bar.update,
            )
        scores = [
            never_scores(tags, set(allowlist.never), set(row.forms), least)
            for tags, row in zip(found, allowlist.with_never, strict=True)
        ]
        systems[name] = intervals(scores)
    return {"tags": len(allowlist.never), "articles": len(articles), "systems": systems}


def never_scores(tags: Sequence[Tag], never: set[str], theirs: set[str], least: float) -> Values:
    """Scores the never-seen tags of one article's answer.

    Returns:
        ``precision@1`` of the surest of them, ``recall@5`` of the five surest, ``recall`` of those
        that are shown by default, among the known tags of the list.
    """
    ours = [form for tag in tags if (form := normal_form(tag.tag)) in never]
    shown_forms = set(map(normal_form, keep(tags, least)))
    wanted = never & theirs
    return {
        "precision@1": float(ours[0] in wanted) if ours else 0.0,
        "recall@5": len(wanted & set(ours[:SHOWN])) / len(wanted),
        "recall": len(wanted & shown_forms) / len(wanted),
    }

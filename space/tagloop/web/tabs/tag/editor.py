"""The chips of an article's tags, which a visitor adds to, removes, renames and reorders."""

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.generation.evidence import Evidence
from tagloop.limits import MAX_TAGS
from tagloop.service.service import Tagging
from tagloop.vocabulary.vocabulary import normal_form
from tagloop.web.languages.words import words_by_language

SCRIPTS = ("copying.js", "chips.js")
MAX_CHOICES = 5_000
"""Tags that the page carries to choose from; the rarest can still be typed."""


def build_editor(
    vocabulary: Sequence[str], articles: bool, elem_id: str = "editor", prefix: str = "tl"
) -> gr.HTML:
    """Lays the editor out inside the `gr.Blocks` that is open.

    Args:
        vocabulary: Tags to choose from.
        articles: Whether the page shows a dataset, so that a tag can link to its articles.
        elem_id: Of the editor.
        prefix: Of the ids in it; another for each editor of a page.
    """
    # What never changes is written into the script: on a slow machine gradio's page can lose the
    # props of a component that gets its value in the moment when it is first shown.
    fixed = {
        "prefix": prefix,
        "vocabulary": list(vocabulary[:MAX_CHOICES]),
        "limit": MAX_TAGS,
        "articles": articles,
        "words": words_by_language("chips"),
    }
    scripts = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in SCRIPTS]
    return gr.HTML(
        None,
        html_template='<div class="tl-editor"></div>',
        js_on_load="\n".join([f"const fixed = {json.dumps(fixed)};", *scripts]),
        apply_default_css=False,
        elem_id=elem_id,
        evidence=None,
    )


def chips_of(tagging: Tagging | None, shared: Sequence[str] | None = None) -> dict[str, Any] | None:
    """Returns the editor's value for an article's tags.

    Args:
        tagging: What was suggested for it.
        shared: The tags that a link brought, which are shown instead.
    """
    if tagging is None:
        return None
    tags: list[dict[str, Any]] = [
        {"tag": tag.tag, "confidence": tag.confidence, "present": tag.present}
        for tag in tagging.tags
    ]
    if shared is not None:
        suggested = {normal_form(tag["tag"]): tag for tag in tags}
        linked = {"confidence": None, "present": None, "linked": True}
        tags = [suggested.get(normal_form(tag), linked) | {"tag": tag} for tag in shared]
    return {"id": tagging.id, "tags": tags}


def evidence_of(tagging: Tagging, found: Sequence[Evidence]) -> dict[str, Any]:
    """Returns the editor's evidence: what speaks for each tag, with the words themselves.

    A browser counts UTF-16 units where Python counts characters, so places are converted.
    """
    parts = {"title": tagging.title, "text": tagging.text}
    return {
        "id": tagging.id,
        "of": {
            tag.tag: {"kind": of.kind}
            | {name: _spans(getattr(of, name), text) for name, text in parts.items()}
            for tag, of in zip(tagging.tags, found, strict=True)
        },
    }


def _spans(spans: Sequence[tuple[int, int]], text: str) -> list[list[Any]]:
    # The text is counted once, not anew up to each of its places.
    units = [0, *accumulate(1 + (char > "\uffff") for char in text)] if spans else []
    return [[units[begin], units[end], text[begin:end]] for begin, end in spans]


def tags_in(value: Mapping[str, Any] | None) -> list[str]:
    """Reads the tags out of what the browser sent; what is no text comes back as it is."""
    tags = value.get("tags") if isinstance(value, dict) else None
    if not isinstance(tags, list):
        return []
    return [chip["tag"] for chip in tags if isinstance(chip, dict) and "tag" in chip]

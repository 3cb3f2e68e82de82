"""Sharing a tagged article by a link that carries it, so that the Space stores nothing.

`gr.DeepLinkButton` would keep all that the visitor's page holds in a file of the server, without a
bound, and the admission (`tagloop.web.admission.middleware`) lets nobody there. Here the article is
packed into the link's fragment, by scripts in the browser (``article_link.js``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from tagloop.limits import MAX_TAG_CHARACTERS, MAX_TAGS, MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS
from tagloop.web.events import PRIVATE
from tagloop.web.languages.words import label, words_by_language

LIMITS = {
    "title": MAX_TITLE_CHARACTERS,
    "text": MAX_TEXT_CHARACTERS,
    "tag": MAX_TAG_CHARACTERS,
    "tags": MAX_TAGS,
}


@dataclass(frozen=True)
class SharedArticle:
    """An article that a link carried.

    Attributes:
        title: May be empty.
        text: The article.
        tags: As whoever made the link left them; None where it has none.
    """

    title: str
    text: str
    tags: tuple[str, ...] | None


def open_script() -> str:
    """Returns what opens a link's article: the event ``opened``, or a notice in the element."""
    return _script("open_link.js")


def build_copy(title: gr.Textbox, text: gr.Textbox, editor: gr.HTML) -> None:
    """Lays out the button that copies a link, inside the `gr.Blocks` that is open."""
    button = gr.Button(label("link.copy"), elem_id="copy-link", size="md")
    said = gr.HTML(elem_id="link-copied")
    script = f"async (title, text, chips) => {{\n{_script('copy_link.js')}}}"
    button.click(None, [title, text, editor], said, js=script, **PRIVATE)


def _script(name: str) -> str:
    fixed = json.dumps({"limits": LIMITS, "words": words_by_language("link")})
    folder = Path(__file__).parent
    scripts = (folder / part for part in ("article_link.js", name))
    read = [script.read_text(encoding="utf-8") for script in scripts]
    return "\n".join([f"const fixed = {fixed};", *read])


def shared_article(sent: Any) -> SharedArticle | None:
    """Reads what the browser sent, which may be anything; None where it is no article."""
    if not isinstance(sent, dict):
        return None
    title, text, tags = sent.get("title"), sent.get("text"), sent.get("tags")
    if not isinstance(title, str) or not isinstance(text, str):
        return None
    if tags is None:
        return SharedArticle(title, text, None)
    if not isinstance(tags, list) or len(tags) > MAX_TAGS:
        return None
    if not all(isinstance(tag, str) and len(tag) <= MAX_TAG_CHARACTERS for tag in tags):
        return None
    return SharedArticle(title, text, tuple(tags))

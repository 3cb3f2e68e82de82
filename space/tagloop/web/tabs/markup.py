"""HTML that the tabs show. Everything that came from outside goes through `safe`."""

import html
from collections.abc import Sequence

from huggingface_hub import constants

from tagloop.tagger.tagger import Tag
from tagloop.web.languages.words import ENGLISH, Words, label

# `gr.HTML` is filled in by JavaScript template code; its marks must mean nothing in a value.
_TEMPLATE_MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "{}$`"})


def safe(text: str) -> str:
    """Returns text that shows as it stands, wherever in the HTML it is put."""
    return html.escape(text, quote=True).translate(_TEMPLATE_MARKS)


def placeholder(key: str) -> str:
    """Returns what stands where a result will be: three pale tags and a sentence of ours."""
    return (
        '<div class="tl-empty"><div class="tl-ghosts" aria-hidden="true">'
        f"<span></span><span></span><span></span></div><p>{label(key)}</p></div>"
    )


def notice(kind: str, message: str, detail: str = "") -> str:
    """Returns a message to the visitor: ``kind`` is hint, busy, saved, waiting or problem.

    Screen readers read it out when it changes; a problem at once.
    """
    role = "alert" if kind == "problem" else "status"
    small = f"<small>{safe(detail)}</small>" if detail else ""
    return f'<div class="tl-notice tl-{kind}" role="{role}"><p>{safe(message)}</p>{small}</div>'


def page_notice(kind: str, key: str) -> str:
    """Returns a message to the visitor that gradio translates in the browser, as `label` does."""
    return f'<div class="tl-notice tl-{kind}" role="status"><p>{label(key)}</p></div>'


def progress_bar(told: str, label: str, done: int, total: int, detail: str) -> str:
    """Returns a bar with what it tells above it, and a detail below.

    Args:
        told: What a visitor reads, such as "3 of 16 articles".
        label: What the bar counts, for screen readers.
        done: How much of it is done.
        total: Of how much; 0 where that is not known.
        detail: In small letters.
    """
    percent = 100 * done / total if total else 0.0
    return (
        f'<div class="tl-progress"><p>{safe(told)}</p>'
        f'<div class="tl-track" role="progressbar" aria-label="{safe(label)}" aria-valuemin="0" '
        f'aria-valuemax="{total}" aria-valuenow="{done}">'
        f'<i style="width: {percent:.1f}%"></i></div><small>{safe(detail)}</small></div>'
    )


def legend(tags: Sequence[Tag], words: Words = ENGLISH) -> str:
    """Says what the looks of the chips mean; a hint where there are none."""
    if not tags:
        return notice("hint", words("tag.no_tag"))
    return (
        '<p class="tl-legend">'
        f'<span><i class="tl-key tl-present"></i>{words("tag.named")}</span>'
        f'<span><i class="tl-key tl-inferred"></i>{words("tag.inferred")}</span></p>'
    )


def repo_link(repo_id: str, revision: str | None = None, kind: str = "") -> str:
    """Returns a link to a repository on the Hub, at a commit if one is given; a folder as text.

    Args:
        repo_id: ``owner/name``.
        revision: A commit; shown by its first seven characters.
        kind: ``""`` for a model, ``"datasets/"`` for a dataset.
    """
    shown = safe(repo_id)
    if "/" in repo_id:
        place = f"/tree/{safe(revision)}" if revision else ""
        address = f"{safe(constants.ENDPOINT)}/{kind}{shown}{place}"
        shown = f'<a href="{address}" target="_blank" rel="noopener">{shown}</a>'
    return shown + (f" <code>{safe(revision[:7])}</code>" if revision else "")

"""The components of the Review tab and how they are laid out; all of them are empty at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from tagloop.corrections.review.access import MAX_NAME_CHARACTERS
from tagloop.corrections.review.suspicion import KINDS
from tagloop.web.languages.words import ENGLISH, Words, label
from tagloop.web.tabs.review.session import Session
from tagloop.web.tabs.tag.editor import build_editor

ORDERS = ("value", "oldest")
MODES = ("open", "decided")
MARKS = ("", "none", "any", *KINDS)


def _choices(words: Words) -> dict[str, list[tuple[str, str]]]:
    """Returns what the bar has to choose from, each with its value."""
    return {
        "mode": [(words(f"review.mode_{mode}"), mode) for mode in MODES],
        "order": [(words(f"review.order_{order}"), order) for order in ORDERS],
        "mark": [(words(f"review.mark_{mark or 'all'}"), mark) for mark in MARKS],
    }


@dataclass
class Components:
    """The components that events read and write."""

    status: gr.HTML
    signing_in: gr.Column
    name: gr.Textbox
    secret: gr.Textbox
    sign_in: gr.Button
    workspace: gr.Column
    mode: gr.Radio
    order: gr.Radio
    mark: gr.Dropdown
    refresh: gr.Button
    sign_out: gr.Button
    count: gr.HTML
    queue: gr.HTML
    people: gr.Slider
    share: gr.Slider
    find: gr.Button
    bulk: gr.HTML
    confirming: gr.Row
    confirm: gr.Button
    spare: gr.Button
    item: gr.HTML
    deciding: gr.Column
    note: gr.Textbox
    accept: gr.Button
    edit: gr.Button
    reject: gr.Button
    skip: gr.Button
    undo: gr.Button
    editing: gr.Column
    editor: gr.HTML
    save: gr.Button
    cancel: gr.Button
    sent: gr.HTML

    @property
    def all(self) -> list[Any]:
        """All components, as outputs of an event."""
        return [getattr(self, one.name) for one in fields(self)]

    def choices_in(self, words: Words, session: Session) -> dict[Any, Any]:
        """Shows what the bar has to choose from, which gradio does not translate by itself."""
        choices = _choices(words)
        mode = "decided" if session.decided else "open"
        return {
            self.mode: gr.Radio(choices["mode"], value=mode),
            self.order: gr.Radio(choices["order"], value=session.order),
            self.mark: gr.Dropdown(choices["mark"], value=session.mark),
        }


def build_parts(script: str, by_secret: bool, vocabulary: Sequence[str]) -> Components:
    """Lays the tab out inside the `gr.Blocks` that is open.

    Args:
        script: What runs in the list and in the article.
        by_secret: Whether there is a secret to sign in with.
        vocabulary: Tags to choose from.
    """
    parts: dict[str, Any] = {"status": gr.HTML(elem_id="review-status")}
    with gr.Column(elem_id="review-sign-in") as parts["signing_in"]:
        parts |= _sign_in(by_secret)
    # "hidden", not False: gradio's page loses a component's props (the editor's vocabulary) if the
    # component gets a value before it was ever shown.
    with gr.Column(visible="hidden", elem_id="review-workspace") as parts["workspace"]:
        with gr.Row(elem_classes="tl-review-bar"):
            parts |= _bar()
        with gr.Row(elem_classes="tl-columns"):
            with gr.Column(scale=4, min_width=300):
                parts["count"] = gr.HTML(elem_id="review-count")
                parts["queue"] = gr.HTML(
                    elem_id="review-list", js_on_load=script, apply_default_css=False
                )
                with gr.Accordion(label("review.bulk"), open=False, elem_id="review-bulk"):
                    parts |= _bulk()
            with gr.Column(scale=7, min_width=320, elem_classes="tl-sheet"):
                parts |= _article(script, vocabulary)
    return Components(**parts)


def _sign_in(by_secret: bool) -> dict[str, Any]:
    told = label("review.private" if by_secret else "review.private_account")
    gr.HTML('<p class="tl-says">' + told + "</p>")
    with gr.Row(visible=by_secret, elem_classes="tl-columns"):
        parts: dict[str, Any] = {
            "name": gr.Textbox(
                label=label("review.name"),
                max_lines=1,
                max_length=MAX_NAME_CHARACTERS,
                elem_id="review-name",
            ),
            "secret": gr.Textbox(
                label=label("review.secret"),
                type="password",
                max_lines=1,
                elem_id="review-secret",
            ),
        }
    parts["sign_in"] = gr.Button(
        label("review.sign_in"), variant="primary", elem_id="review-enter", visible=by_secret
    )
    return parts


def _bar() -> dict[str, Any]:
    choice: dict[str, Any] = {"elem_classes": "tl-choice"}
    button: dict[str, Any] = {"size": "md", "min_width": 90}
    choices = _choices(ENGLISH)
    shown, order, only = (label(f"review.choose_{what}") for what in ("shown", "order", "only"))
    return {
        "mode": gr.Radio(
            choices["mode"], value="open", label=shown, elem_id="review-mode", **choice
        ),
        "order": gr.Radio(
            choices["order"], value="value", label=order, elem_id="review-order", **choice
        ),
        "mark": gr.Dropdown(choices["mark"], value="", label=only, elem_id="review-mark", **choice),
        "refresh": gr.Button(label("review.refresh"), elem_id="review-refresh", **button),
        "sign_out": gr.Button(label("review.leave"), elem_id="review-leave", **button),
    }


def _bulk() -> dict[str, Any]:
    parts: dict[str, Any] = {
        "people": gr.Slider(2, 10, value=3, step=1, label=label("review.people")),
        "share": gr.Slider(50, 100, value=75, step=5, label=label("review.share")),
        "find": gr.Button(label("review.count"), size="md", elem_id="review-find"),
        "bulk": gr.HTML(elem_id="review-found"),
    }
    with gr.Row(visible=False, elem_classes="tl-actions") as parts["confirming"]:
        parts["confirm"] = gr.Button(
            label("review.accept"), variant="primary", elem_id="review-confirm"
        )
        parts["spare"] = gr.Button(label("review.not_now"), elem_id="review-spare")
    return parts


def _article(script: str, vocabulary: Sequence[str]) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "item": gr.HTML(elem_id="review-item", js_on_load=script, apply_default_css=False)
    }
    with gr.Column(visible="hidden", elem_id="review-editing") as parts["editing"]:
        parts["editor"] = build_editor(vocabulary, False, "review-editor", "tl-review")
        with gr.Row(elem_classes="tl-actions"):
            parts["save"] = gr.Button(
                label("review.save"), variant="primary", elem_id="review-save"
            )
            parts["cancel"] = gr.Button(label("page.cancel"), elem_id="review-cancel", min_width=90)
    with gr.Column(elem_id="review-deciding") as parts["deciding"]:
        with gr.Row(elem_classes="tl-actions tl-decide"):
            parts["accept"] = gr.Button(
                label("review.key_accept"), variant="primary", elem_id="review-accept", min_width=90
            )
            for name in ("edit", "reject", "skip"):
                parts[name] = gr.Button(
                    label(f"review.key_{name}"), elem_id=f"review-{name}", min_width=90
                )
        parts["note"] = gr.Textbox(label=label("review.note"), max_lines=3, elem_id="review-note")
    parts["undo"] = gr.Button(
        label("review.key_undo"), elem_id="review-undo", size="md", interactive=False
    )
    parts["sent"] = gr.HTML(elem_id="review-sent")
    gr.Checkbox(
        True,
        label=label("review.keys"),
        elem_id="review-keys",
        container=False,
        interactive=True,
    )
    return parts

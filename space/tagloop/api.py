"""The endpoints for programs: ``/tag`` and ``/correct``.

From Python::

    from gradio_client import Client

    client = Client("me/my-space")
    answer = client.predict(title="", text="…", api_name="/tag")
    client.predict(
        title="", text="…", predicted=answer["tags"], corrected=["Banking"], verdict="fixed",
        note="", api_name="/correct",
    )
"""

from typing import Any

import gradio as gr

from tagloop.errors import UserError
from tagloop.service import Tagging, TaggingService

# A tagger uses both cores of a small machine by itself; more at a time only wait on each other.
TAGGER_SLOTS: dict[str, Any] = {"concurrency_id": "tagger", "concurrency_limit": 2}


def add_endpoints(service: TaggingService) -> None:
    """Add the endpoints to the `gr.Blocks` that is being built."""

    def tag(
        title: str, text: str, max_tags: int | None = None, threshold: float | None = None
    ) -> dict[str, Any]:
        """Suggest tags for an article.

        Args:
            title: The article's title; may be empty.
            text: The article as plain text.
            max_tags: At most so many tags (1 to 30); the model's own number when left out.
            threshold: Leave out tags with less confidence than this (0 to 1).

        Returns:
            {"tags": [{"tag", "confidence", "present"}], "model_repo", "model_revision"}, where
            "present" tells whether the tag's words stand in the article.
        """
        try:
            tagging = service.tag(title, text, max_tags, threshold)
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return {
            "tags": [tag.to_json() for tag in tagging.tags],
            "model_repo": tagging.model_repo,
            "model_revision": tagging.model_revision,
        }

    def correct(
        title: str,
        text: str,
        predicted: list[dict[str, Any]],
        corrected: list[str],
        verdict: str,
        note: str = "",
    ) -> dict[str, Any]:
        """Say whether an article's tags are right; the article and the tags are stored.

        Args:
            title: The title that was tagged.
            text: The text that was tagged.
            predicted: The tags that /tag gave: [{"tag": "Banking", "confidence": 0.9}].
            corrected: The right tags.
            verdict: "good" (the predicted tags are right), "fixed" (the corrected are) or "bad".
            note: Anything to add.

        Returns:
            {"id", "saved"}: the correction's id, and true once it is safe.
        """
        tagging = Tagging(title, text, (), service.model_name, service.tagger.model_revision)
        try:
            saved_id = service.correct(
                tagging, corrected=corrected, verdict=verdict, note=note, predicted=predicted
            )
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return {"id": saved_id, "saved": True}

    gr.api(tag, api_name="tag", **TAGGER_SLOTS)
    gr.api(correct, api_name="correct", concurrency_limit=8)

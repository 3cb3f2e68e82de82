"""What programs call and agents (MCP) have as tools: ``/tag``, ``/tag_batch`` and ``/correct``.

From Python::

    from gradio_client import Client

    client = Client("me/my-space")
    answer = client.predict(text="…", api_name="/tag")
    client.predict(
        title="", text="…", predicted=answer["tags"], corrected=["Banking"], verdict="fixed",
        api_name="/correct",
    )
"""

from typing import Any

import gradio as gr

from tagloop.corrections.delivery.status import HUB_PATIENCE_SECONDS
from tagloop.corrections.pseudonyms import pseudonym
from tagloop.errors import UserError
from tagloop.limits import MAX_ARTICLES
from tagloop.service.service import Tagging, TaggingService
from tagloop.tagger.options import Options
from tagloop.web.events import TAGGER_SLOTS
from tagloop.web.visitors import visitor_of


def add_endpoints(service: TaggingService) -> None:
    """Adds the endpoints to the `gr.Blocks` that is being built."""
    endpoints = Endpoints(service)
    gr.api(endpoints.tag, api_name="tag", **TAGGER_SLOTS)
    gr.api(endpoints.tag_batch, api_name="tag_batch", **TAGGER_SLOTS)
    gr.api(endpoints.correct, api_name="correct", concurrency_limit=8)


def refusal(error: UserError) -> gr.Error:
    """Turns a visitor's mistake into what gradio shows and answers with, without a traceback."""
    return gr.Error(str(error), print_exception=False)


class Endpoints:
    """What programs call; each method's docstring tells them and agents what it does for them."""

    def __init__(self, service: TaggingService) -> None:
        self._service = service

    def tag(
        self,
        title: str = "",
        text: str = "",
        max_tags: int | None = None,
        threshold: float | None = None,
        allowed_tags: list[str] | None = None,
        prefer_tags: list[str] | None = None,
        max_windows: int | None = None,
        evidence: bool = False,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Suggest tags (topics, keywords) for an article, the surest first, with confidences.

        Args:
            title: The article's title; may be empty.
            text: The article as plain text, up to 50,000 characters.
            max_tags: At most so many tags (1 to 30); the model's own number when left out.
            threshold: Leave out tags with less confidence than this (0 to 1).
            allowed_tags: An allowlist: only tags of this list come out.
            prefer_tags: Tags of this list count as surer; others may still come out.
            max_windows: Read so many parts of a long article (1 to 16), not only its beginning.
            evidence: Also say what speaks for each tag: where its words stand, as [begin, end] in
                characters of title and text, or the sentence that the model needs most for it.

        Returns:
            {"tags": [{"tag", "confidence", "present"}], "model_repo", "model_revision"}, where
            "present" tells whether the tag's words stand in the article.
        """
        options = Options(
            max_tags=max_tags,
            threshold=threshold,
            allowed_tags=allowed_tags,
            prefer_tags=prefer_tags,
            max_windows=max_windows,
        )
        try:
            self._service.taggings.take(visitor_of(request, from_any_site=True))
            tagging = self._service.tag(title, text, options)
            found = self._service.explain(tagging) if evidence else None
        except UserError as error:
            raise refusal(error) from error
        tags = [tag.to_json() for tag in tagging.tags]
        for tag, of in zip(tags, found or [], strict=False):
            tag["evidence"] = of.to_json()
        return self._answer({"tags": tags}, tagging.model_revision)

    def tag_batch(
        self,
        articles: list[dict[str, str]],
        max_tags: int | None = None,
        threshold: float | None = None,
        allowed_tags: list[str] | None = None,
        prefer_tags: list[str] | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Suggest tags for up to 64 articles at once, which takes less time than one by one.

        Args:
            articles: [{"title": "…", "text": "…"}]; the title may be left out.
            max_tags: At most so many tags an article (1 to 30); the model's own number if left out.
            threshold: Leave out tags with less confidence than this (0 to 1).
            allowed_tags: An allowlist: only tags of this list come out.
            prefer_tags: Tags of this list count as surer; others may still come out.

        Returns:
            {"results": [{"tags": [{"tag", "confidence", "present"}]}], "model_repo",
            "model_revision"}, in the order of the articles; one that cannot be tagged has
            {"tags": [], "error": "why"} and does not stop the others.
        """
        options = Options(
            max_tags=max_tags,
            threshold=threshold,
            allowed_tags=allowed_tags,
            prefer_tags=prefer_tags,
        )
        try:
            if not isinstance(articles, list) or not 0 < len(articles) <= MAX_ARTICLES:
                raise UserError(f"articles must be a list of 1 to {MAX_ARTICLES} articles.")
            visitor = visitor_of(request, from_any_site=True)
            self._service.taggings.take(visitor, len(articles))
            results, revision = self._service.tag_batch(articles, options)
        except UserError as error:
            raise refusal(error) from error
        return self._answer({"results": results}, revision)

    def correct(
        self,
        title: str,
        text: str,
        predicted: list[dict[str, Any]],
        corrected: list[str],
        verdict: str,
        note: str = "",
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Say whether an article's tags are right.

        The article, the tags and the note are stored in the Space's private dataset and may be
        used to train the next model.

        Args:
            title: The title that was tagged; may be empty.
            text: The text that was tagged.
            predicted: The tags that /tag gave: [{"tag": "Banking", "confidence": 0.9}].
            corrected: The right tags.
            verdict: "good" (the predicted tags are right), "fixed" (the corrected are) or "bad".
            note: Anything to add.

        Returns:
            {"id", "saved"}: the correction's id, with which it can be withdrawn on the Space's
            page, and true once it is safe; where the dataset cannot be reached in time, false
            and a "message" that says where it is meanwhile.
        """
        service = self._service
        tagging = Tagging(title, text, (), service.model_name, service.tagger.model_revision)
        try:
            service.corrections.take(visitor_of(request))
            saved_id = service.correct(
                tagging,
                corrected=corrected,
                verdict=verdict,
                note=note,
                predicted=predicted,
                visitor=pseudonym(visitor_of(request)),
            )
        except UserError as error:
            raise refusal(error) from error
        delivery_status = service.delivery_status(saved_id, HUB_PATIENCE_SECONDS)
        if delivery_status.saved:
            return {"id": saved_id, "saved": True}
        return {"id": saved_id, "saved": False, "message": delivery_status.message}

    def _answer(self, content: dict[str, Any], revision: str | None) -> dict[str, Any]:
        return {
            **content,
            "model_repo": self._service.model_name,
            "model_revision": revision,
        }

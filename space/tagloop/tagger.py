"""Tagger: article in, tags with confidence out; two engines, one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tagloop.candidates import (
    DIGITS,
    Candidate,
    Ranks,
    ScoredTag,
    read_candidates,
    score_candidates,
    select,
)
from tagloop.decoding import Decoding, score_votes, weights
from tagloop.engines import Engine, Written, choose_engine, separator_ids
from tagloop.evidence import Evidence, Explainer, target_ids
from tagloop.model_folder import fetch_model, load_tokenizer, load_vocabulary
from tagloop.ranking import Ranker
from tagloop.tagging import TaggingSettings
from tagloop.vocabulary import Vocabulary, occurs_in


@dataclass(frozen=True)
class Tag:
    """One tag of an article.

    Attributes:
        tag: Display form.
        confidence: Probability (0..1) that the article's author would give it, where the model has
            a ranker; else with which the model writes just this tag at its place.
        present: Whether the tag's words stand in the title or the text.
        evidence: What speaks for it; only when asked for.
    """

    tag: str
    confidence: float
    present: bool
    evidence: Evidence | None = None

    def to_json(self) -> dict[str, Any]:
        """Gives the tag as a plain dict; with ``evidence`` only if it has some."""
        plain = {"tag": self.tag, "confidence": self.confidence, "present": self.present}
        return plain | ({"evidence": self.evidence.to_json()} if self.evidence else {})


class Tagger:
    """A fine-tuned seq2seq model that tags articles.

    Attributes:
        model_repo: The folder or repo id that it was loaded from.
        model_revision: The Hub commit, or None for a local folder.
        settings: The model's ``tagging.json``.
        vocabulary: The tags it was trained on, with their display forms.
        engine: Name of the engine in use.
        tokenizer: The model's.
        ranker: What gives the confidences; None takes the model's own probabilities.
    """

    def __init__(
        self,
        engine: Engine,
        tokenizer: Any,
        settings: TaggingSettings,
        vocabulary: Vocabulary,
        *,
        ranker: Ranks | None = None,
        model_repo: str = "",
        model_revision: str | None = None,
    ) -> None:
        self._engine = engine
        self.tokenizer = tokenizer
        self.settings = settings
        self.vocabulary = vocabulary
        self.ranker = ranker
        self._marks = separator_ids(tokenizer, settings.separator)
        self._explainer = Explainer(engine, tokenizer, settings, vocabulary)
        self.model_repo = model_repo
        self.model_revision = model_revision

    @property
    def engine(self) -> str:
        """Name of the engine in use: ``ctranslate2`` or ``transformers``."""
        return self._engine.name

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path,
        *,
        revision: str | None = None,
        engine: str = "auto",
        token: str | None = None,
        threads: int | None = None,
    ) -> Tagger:
        """Loads a tagger from a folder or from the Hub (at its current commit, or ``revision``).

        Raises:
            UserError: The model cannot be had, or the engine cannot run it.
        """
        folder, commit = fetch_model(str(model), revision, token)
        tokenizer = load_tokenizer(folder)
        vocabulary = load_vocabulary(folder)
        return cls(
            choose_engine(engine, folder, tokenizer, threads),
            tokenizer,
            TaggingSettings.load(folder),
            vocabulary,
            ranker=Ranker.load(folder, tokenizer, vocabulary),
            model_repo=str(model),
            model_revision=commit,
        )

    def tag(
        self,
        text: str,
        title: str = "",
        *,
        max_tags: int | None = None,
        min_tags: int | None = None,
        threshold: float | None = None,
        decoding: Decoding | str = "greedy",
        evidence: bool = False,
    ) -> list[Tag]:
        """Tags one article, the surest tag first.

        Args:
            text: Plain text; what is beyond ``settings.max_input_tokens`` is not read.
            title: May be empty.
            max_tags: Upper bound; the model's default when None.
            min_tags: So many tags even below the threshold; the model's default when None.
            threshold: Least confidence (0..1); the model's default when None. Up to that default
                the answer has ``settings.min_tags`` tags even if they are below it; beyond it
                only tags that reach the threshold.
            decoding: ``greedy``, ``beam`` or ``sample``, or one with its numbers (``Decoding``).
            evidence: Whether to give each tag its evidence, which takes about as long again.

        Raises:
            UserError: The decoding is none.
        """
        article = {"title": title, "text": text}
        tags = self.tag_batch(
            [article],
            max_tags=max_tags,
            min_tags=min_tags,
            threshold=threshold,
            decoding=decoding,
        )[0]
        if not evidence:
            return tags
        found = self.explain(title, text, [tag.tag for tag in tags])
        return [replace(tag, evidence=of) for tag, of in zip(tags, found, strict=True)]

    def explain(self, title: str, text: str, tags: Sequence[str]) -> list[Evidence]:
        """Gives the evidence of any tags for an article, the model's own or not, in order.

        A tag is present if its words, or those of another form of it, stand in the title or the
        text; else it is inferred, from the sentence that the model looks at when it is made to
        write the tag.
        """
        return self._explainer.explain(title, text, tags)

    def log_probs(self, articles: Sequence[Mapping[str, Any]], tags: Sequence[str]) -> list[float]:
        """Gives the log-probability with which the model would write each tag as its article's
        first; one tag an article.
        """
        targets = [target_ids(tag, self.tokenizer) for tag in tags]
        prompts = [self._input_ids(article) for article in articles]
        return [sum(row) for row in self._engine.score(prompts, targets)]

    def read_part(self, title: str, text: str) -> str:
        """Gives the part of the text that the model reads: what ``max_input_tokens`` leave."""
        return self._explainer.read_part(title, text)

    def tag_batch(
        self,
        articles: Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 16,
        max_tags: int | None = None,
        min_tags: int | None = None,
        threshold: float | None = None,
        decoding: Decoding | str = "greedy",
        progress: Callable[[int], object] | None = None,
    ) -> list[list[Tag]]:
        """Tags many articles (mappings with ``title`` and ``text``), in their order.

        Articles of like length share a batch, so little is computed on padding. ``progress`` is
        called with the number of articles that each batch has done.

        Raises:
            UserError: The decoding is none.
        """
        how = Decoding(decoding) if isinstance(decoding, str) else decoding
        prompts = [self._input_ids(article) for article in articles]
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        tags: list[list[Tag]] = [[] for _ in articles]
        for first in range(0, len(order), batch_size):
            chosen = order[first : first + batch_size]
            # An article without a word has no tags; the model would invent some.
            chosen = [i for i in chosen if _words_of(articles[i])]
            scored = self._scored([articles[i] for i in chosen], [prompts[i] for i in chosen], how)
            for index, found in zip(chosen, scored, strict=True):
                tags[index] = self._select(found, articles[index], max_tags, min_tags, threshold)
            if progress:
                progress(len(order[first : first + batch_size]))
        return tags

    def _scored(
        self,
        articles: Sequence[Mapping[str, Any]],
        prompts: Sequence[list[int]],
        decoding: Decoding,
    ) -> list[list[ScoredTag]]:
        """Writes and scores the tags of a batch."""
        limit = self.settings.max_new_tokens
        if decoding.mode == "greedy":
            written = self._engine.write(prompts, limit, starts=self.ranker is not None)
            return [
                self._score(self._candidates([output], article), [output], article)
                for output, article in zip(written, articles, strict=True)
            ]
        scored = []
        many = self._engine.write_many(prompts, limit, decoding)
        for outputs, article in zip(many, articles, strict=True):
            shares = weights(decoding, [output.total for output in outputs])
            found = [self._candidates([output], article) for output in outputs]
            scored.append(score_votes(found, shares))
        return scored

    def _input_ids(self, article: Mapping[str, Any]) -> list[int]:
        prompt = self.settings.prompt(article.get("title") or "", article.get("text") or "")
        limit = self.settings.max_input_tokens
        return self.tokenizer(prompt, truncation=True, max_length=limit).input_ids

    def _candidates(
        self, outputs: Sequence[Written], article: Mapping[str, Any]
    ) -> list[Candidate]:
        """Reads the tags that the model wrote for an article, one output a window."""
        text = _text_of(article)
        return [
            candidate
            for window, written in enumerate(outputs)
            for candidate in read_candidates(
                written, self.tokenizer, self._marks, self.vocabulary, text, window
            )
        ]

    def _score(
        self, candidates: list[Candidate], outputs: Sequence[Written], article: Mapping[str, Any]
    ) -> list[ScoredTag]:
        """Gives each tag its confidence; a ranker may also add tags that were not written."""
        if self.ranker is None:
            return score_candidates(candidates)
        return self.ranker.rank(article, candidates, outputs)

    def _select(
        self,
        scored: Sequence[ScoredTag],
        article: Mapping[str, Any],
        max_tags: int | None,
        min_tags: int | None,
        threshold: float | None,
    ) -> list[Tag]:
        settings = self.settings
        least = settings.threshold if threshold is None else threshold
        # Who asks for surer tags than the model's default would rather have fewer.
        if min_tags is None:
            min_tags = settings.min_tags if least <= settings.threshold else 0
        chosen = select(
            scored, min_tags, settings.max_tags if max_tags is None else max_tags, least
        )
        text = _text_of(article)
        return [
            Tag(tag.display, round(tag.confidence, DIGITS), occurs_in(tag.display, text))
            for tag in chosen
        ]


def _text_of(article: Mapping[str, Any]) -> str:
    return f"{article.get('title') or ''}\n{article.get('text') or ''}"


def _words_of(article: Mapping[str, Any]) -> bool:
    return any(char.isalnum() for name in ("title", "text") for char in article.get(name) or "")

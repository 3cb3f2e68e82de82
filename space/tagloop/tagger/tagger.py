"""Tagger: article in, tags with confidence out; two engines, one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tagloop.allowlist.preferences import Preferences
from tagloop.allowlist.scorer import AllowlistScorer
from tagloop.generation.candidates import (
    Candidate,
    Ranks,
    ScoredTag,
    read_candidates,
    score_candidates,
)
from tagloop.generation.decoding import Decoding, score_votes, weights
from tagloop.generation.engine import Engine, Output, choose_engine, separator_ids
from tagloop.generation.evidence import Evidence, Explainer, target_ids
from tagloop.generation.input_embeddings import InputEmbeddings
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.threads import done_by
from tagloop.generation.windows import WINDOWS_AT_ONCE, Windows, by_article
from tagloop.ranking.ranker import Ranker
from tagloop.tagger.model_folder import fetch_model, load_tokenizer, load_vocabulary
from tagloop.tagger.selection import Tag as Tag
from tagloop.tagger.selection import answer, has_words, parts, text_of
from tagloop.vocabulary.vocabulary import Vocabulary


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
        embeddings: InputEmbeddings | None = None,
        model_repo: str = "",
        model_revision: str | None = None,
    ) -> None:
        self._engine = engine
        self.tokenizer = tokenizer
        self.settings = settings
        self.vocabulary = vocabulary
        self.ranker = ranker
        self._marks = separator_ids(tokenizer, settings.separator)
        self._windows = Windows(tokenizer, settings)
        self._allowlist = AllowlistScorer(engine, tokenizer, vocabulary, settings, embeddings)
        self._explainer = Explainer(engine, tokenizer, settings, vocabulary)
        self.model_repo = model_repo
        self.model_revision = model_revision

    @property
    def engine(self) -> str:
        """Name of the engine in use: ``ctranslate2`` or ``transformers``."""
        return self._engine.name

    @property
    def writer(self) -> Engine:
        """The engine itself, for what looks inside the model (``tagloop.inside``)."""
        return self._engine

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
            ranker=Ranker.load(folder, tokenizer, vocabulary, threads),
            embeddings=InputEmbeddings(folder),
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
        max_windows: int | None = None,
        allowed_tags: Sequence[str] | None = None,
        prefer_tags: Sequence[str] | None = None,
        evidence: bool = False,
        progress: Callable[[int, int], object] | None = None,
    ) -> list[Tag]:
        """Tags one article, the surest tag first.

        Args:
            text: Plain text; what its windows cannot hold is not read.
            title: May be empty.
            max_tags: Upper bound; the model's default when None.
            min_tags: So many tags even below the threshold; the model's default when None.
            threshold: Least confidence (0..1); the model's default when None. Up to that default
                the answer has ``settings.min_tags`` tags even if they are below it; beyond it
                only tags that reach the threshold.
            decoding: ``greedy``, ``beam`` or ``sample``, or one with its numbers (``Decoding``).
            max_windows: So many windows of ``settings.max_input_tokens`` each are read of a long
                text at the most; the model's default when None.
            allowed_tags: Only tags of this list come out, as it writes them, and by default only
                those that reach the threshold (``Preferences.bounds``); other spellings of a known
                tag are the tag. What confidence then means: see ``AllowlistScorer``. Greedy
                decoding
            only.
            prefer_tags: Tags of this list count as surer than the model has them; others stay.
            evidence: Whether to give each tag its evidence, which takes about as long again.
            progress: Called before each few windows with how many are read and how many there
                are; what it raises ends the work.

        Raises:
            UserError: The decoding is none, or a list of tags is.
        """
        tags = self.tag_batch(
            [{"title": title, "text": text}],
            batch_size=WINDOWS_AT_ONCE if progress else 16,
            max_tags=max_tags,
            min_tags=min_tags,
            threshold=threshold,
            decoding=decoding,
            max_windows=max_windows,
            allowed_tags=allowed_tags,
            prefer_tags=prefer_tags,
            reading=progress,
        )[0]
        if not evidence:
            return tags
        found = self.explain(title, text, [tag.tag for tag in tags], max_windows)
        return [replace(tag, evidence=of) for tag, of in zip(tags, found, strict=True)]

    def explain(
        self, title: str, text: str, tags: Sequence[str], max_windows: int | None = None
    ) -> list[Evidence]:
        """Returns the evidence of any tags for an article, the model's own or not, in order.

        A tag is present if its words, or those of another form of it, stand in the title or the
        text; else it is inferred, from the sentence that the model looks at when it is made to
        write the tag, in the window where it would do so most likely.
        """
        return self._explainer.explain(title, text, tags, self._most(max_windows))

    def log_probs(self, articles: Sequence[Mapping[str, Any]], tags: Sequence[str]) -> list[float]:
        """Returns the log-probability of each tag as its article's first; one tag an article.

        It is that of the window where the tag is likeliest.
        """
        targets = [target_ids(tag, self.tokenizer) for tag in tags]
        windows = [self._prompts(article, self._most(None)) for article in articles]
        pairs = [(one, of) for all_, of in zip(windows, targets, strict=True) for one in all_]
        rows = self._engine.score([one for one, _ in pairs], [of for _, of in pairs])
        scores = iter(map(sum, rows))
        return [max(next(scores) for _ in prompts) for prompts in windows]

    def read_part(self, title: str, text: str, max_windows: int | None = None) -> str:
        """Returns the part of the text that the model reads: what its windows hold."""
        return self._explainer.read_part(title, text, self._most(max_windows))

    def tag_batch(
        self,
        articles: Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 16,
        max_tags: int | None = None,
        min_tags: int | None = None,
        threshold: float | None = None,
        decoding: Decoding | str = "greedy",
        max_windows: int | None = None,
        allowed_tags: Sequence[str] | None = None,
        prefer_tags: Sequence[str] | None = None,
        progress: Callable[[int], object] | None = None,
        reading: Callable[[int, int], object] | None = None,
    ) -> list[list[Tag]]:
        """Tags many articles (mappings with ``title`` and ``text``), in their order.

        Articles of like length share a batch, so little is computed on padding; the windows of its
        articles are written ``batch_size`` at a time. ``progress`` is called with the number of
        articles that each batch has done, ``reading`` as ``by_article`` calls it.

        Raises:
            UserError: The decoding is none, or a list of tags is.
        """
        how = Decoding(decoding) if isinstance(decoding, str) else decoding
        preferences = self._allowlist.preferences(allowed_tags, prefer_tags, how)
        fewest, least = preferences.bounds(self.settings, min_tags, threshold)
        prompts = [self._prompts(article, self._most(max_windows)) for article in articles]
        order = sorted(range(len(prompts)), key=lambda index: sum(map(len, prompts[index])))
        tags: list[list[Tag]] = [[] for _ in articles]

        def tag(batch: Sequence[int]) -> None:
            # An article without a word has no tags; the model would invent some.
            chosen = [i for i in batch if has_words(articles[i])]
            rows, read = [articles[i] for i in chosen], [prompts[i] for i in chosen]
            scored = self._scored(rows, read, how, batch_size, preferences, reading)
            for index, found in zip(chosen, scored, strict=True):
                found = preferences.prefer(found)
                tags[index] = answer(found, articles[index], self.settings, max_tags, fewest, least)

        batches = [order[at : at + batch_size] for at in range(0, len(order), batch_size)]
        for batch in done_by(tag, batches, self._engine.workers):
            if progress:
                progress(len(batch))
        return tags

    def _scored(
        self,
        articles: Sequence[Mapping[str, Any]],
        prompts: Sequence[list[list[int]]],
        decoding: Decoding,
        batch_size: int,
        preferences: Preferences,
        reading: Callable[[int, int], object] | None,
    ) -> list[list[ScoredTag]]:
        """Writes and scores the tags of a batch."""
        limit = self.settings.max_new_tokens
        if decoding.mode == "greedy":
            starts = self.ranker is not None or preferences.allowed is not None
            write = partial(self._engine.write, max_new_tokens=limit, starts=starts)
            written = by_article(write, prompts, batch_size, reading)
            return self._score(articles, prompts, written, preferences)
        write_many = partial(self._engine.write_many, max_new_tokens=limit, decoding=decoding)
        many = by_article(write_many, prompts, batch_size, reading)
        scored = []
        for windows, article in zip(many, articles, strict=True):
            found: list[list[Candidate]] = []
            shares: list[float] = []
            for outputs in windows:
                found += [self._candidates([output], article) for output in outputs]
                votes = weights(decoding, [output.total for output in outputs])
                shares += [vote / len(windows) for vote in votes]
            scored.append(score_votes(found, shares))
        return scored

    def _most(self, max_windows: int | None) -> int:
        return self.settings.max_windows if max_windows is None else max_windows

    def _prompts(self, article: Mapping[str, Any], most: int) -> list[list[int]]:
        return self._windows.prompts(*parts(article), most)

    def _input_ids(self, article: Mapping[str, Any]) -> list[int]:
        return self._prompts(article, 1)[0]

    def _candidates(self, outputs: Sequence[Output], article: Mapping[str, Any]) -> list[Candidate]:
        """Reads the tags that the model wrote for an article, one output a window."""
        text = text_of(article)
        return [
            candidate
            for window, written in enumerate(outputs)
            for candidate in read_candidates(
                written, self.tokenizer, self._marks, self.vocabulary, text, window
            )
        ]

    def _score(
        self,
        articles: Sequence[Mapping[str, Any]],
        prompts: Sequence[Sequence[list[int]]],
        outputs: Sequence[Sequence[Output]],
        preferences: Preferences,
    ) -> list[list[ScoredTag]]:
        """Scores each tag; a ranker may also add tags that were not written."""
        found = list(map(self._candidates, outputs, articles))
        if preferences.allowed is not None:
            return [
                self._allowlist.score(preferences.allowed, *each, self.ranker)
                for each in zip(articles, prompts, outputs, found, strict=True)
            ]
        if self.ranker is None:
            return list(map(score_candidates, found))
        return self.ranker.rank(articles, found, outputs)

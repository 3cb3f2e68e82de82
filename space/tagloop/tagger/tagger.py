"""Tagger: article in, tags with confidence out; two engines, one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from tagloop.allowlist.preferences import Preferences
from tagloop.allowlist.scorer import AllowlistScorer
from tagloop.article import has_words, text_of, title_and_text
from tagloop.deadline import unlimited
from tagloop.generation.candidates import (
    Candidate,
    Generated,
    Ranks,
    ScoredTag,
    read_candidates,
    score_candidates,
    score_votes,
    vote_shares,
)
from tagloop.generation.decoding import Decoding
from tagloop.generation.engine import Engine
from tagloop.generation.evidence import Evidence, Explainer, target_ids
from tagloop.generation.input_embeddings import InputEmbeddings
from tagloop.generation.loading import choose_engine
from tagloop.generation.outputs import Output, separator_ids
from tagloop.generation.settings import TaggingSettings
from tagloop.generation.threads import done_by
from tagloop.generation.windows import WINDOWS_AT_ONCE, Windows, by_article
from tagloop.limits import readable
from tagloop.ranking.features import Embedder
from tagloop.ranking.ranker import Ranker
from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.tagger.model_folder import fetch_model, load_tokenizer, load_vocabulary
from tagloop.tagger.options import Options, check_names
from tagloop.tagger.selection import Tag as Tag
from tagloop.tagger.selection import answer
from tagloop.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class Steps:
    """What is done between two steps.

    Attributes:
        check: What it raises ends the work.
        reading: Told how many windows of how many are read, if anybody listens.
    """

    check: Callable[[], object]
    reading: Callable[[int, int], object] | None = None

    def tell(self, done: int, total: int) -> None:
        """Is called before each batch of windows."""
        self.check()
        if self.reading:
            self.reading(done, total)


class Tagger:
    """A fine-tuned seq2seq model that tags articles.

    Attributes:
        model_repo: The folder or repo id that it was loaded from.
        model_revision: The Hub commit, or None for a local folder.
        settings: The model's ``tagging.json``.
        vocabulary: The tags it was trained on, with their display forms.
        generator: The engine itself, which runs the model.
        tokenizer: The model's.
        ranker: What gives the confidences; None takes the model's own probabilities.
        allowlist: Scores the tags of a given list.
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
        sentence_encoder: Embedder | None = None,
        model_repo: str = "",
        model_revision: str | None = None,
    ) -> None:
        self.generator = engine
        self.tokenizer = tokenizer
        self.settings = settings
        self.vocabulary = vocabulary
        self.ranker = ranker
        self._marks = separator_ids(tokenizer, settings.separator)
        self._windows = Windows(tokenizer, settings)
        self.allowlist = AllowlistScorer(
            engine, tokenizer, vocabulary, settings, embeddings, sentence_encoder
        )
        self._explainer = Explainer(engine, tokenizer, settings, vocabulary)
        self.model_repo = model_repo
        self.model_revision = model_revision

    @property
    def engine(self) -> str:
        """Name of the engine in use: ``ctranslate2`` or ``transformers``."""
        return self.generator.name

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
        encoder = SentenceEncoder.load(folder, threads)
        return cls(
            choose_engine(engine, folder, tokenizer, threads),
            tokenizer,
            TaggingSettings.load(folder),
            vocabulary,
            ranker=Ranker.load(folder, tokenizer, vocabulary, encoder),
            embeddings=InputEmbeddings(folder),
            sentence_encoder=encoder,
            model_repo=str(model),
            model_revision=commit,
        )

    def tag(
        self,
        text: str,
        title: str = "",
        *,
        evidence: bool = False,
        progress: Callable[[int, int], object] | None = None,
        check: Callable[[], object] = unlimited,
        **options: Unpack[Options],
    ) -> list[Tag]:
        """Tags one article, the surest tag first.

        Args:
            text: Plain text; what its windows cannot hold is not read.
            title: May be empty.
            evidence: Whether to give each tag its evidence, which takes about as long again.
            progress: Called before each few windows with how many are read and how many there
                are; what it raises ends the work.
            check: Called between any two steps; what it raises ends the work.
            **options: See ``Options``.

        Raises:
            UserError: The decoding is unknown, or a list of tags is no list of strings.
        """
        tags = self.tag_batch(
            [{"title": title, "text": text}],
            batch_size=16 if progress is None and check is unlimited else WINDOWS_AT_ONCE,
            reading=progress,
            check=check,
            **options,
        )[0]
        if not evidence:
            return tags
        names = [tag.tag for tag in tags]
        found = self.explain(title, text, names, options.get("max_windows"), check)
        return [replace(tag, evidence=of) for tag, of in zip(tags, found, strict=True)]

    def tag_batch(
        self,
        articles: Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 16,
        progress: Callable[[int], object] | None = None,
        reading: Callable[[int, int], object] | None = None,
        check: Callable[[], object] = unlimited,
        **options: Unpack[Options],
    ) -> list[list[Tag]]:
        """Tags many articles, in their order.

        Articles of like length share a batch, so little is computed on padding.

        Args:
            articles: ``title`` and ``text`` each.
            batch_size: Articles of a batch; so many of their windows are read at a time, too.
            progress: Called with the number of articles that each batch has done.
            reading: Called as ``by_article`` calls its ``progress``.
            check: Called between any two steps; what it raises ends the work.
            **options: See ``Options``.

        Raises:
            UserError: The decoding is unknown, or a list of tags is no list of strings.
        """
        check_names(options)
        articles = [_readable(article) for article in articles]
        decoding = options.get("decoding", "greedy")
        how = Decoding(decoding) if isinstance(decoding, str) else decoding
        preferences = self.allowlist.preferences(
            options.get("allowed_tags"), options.get("prefer_tags"), how
        )
        fewest, least = preferences.bounds(
            self.settings, options.get("min_tags"), options.get("threshold")
        )
        most = self._most_windows(options.get("max_windows"))
        prompts = []
        for article in articles:
            check()
            prompts.append(self._prompts(article, most))
        order = sorted(range(len(prompts)), key=lambda index: sum(map(len, prompts[index])))
        tags: list[list[Tag]] = [[] for _ in articles]
        told = Steps(check, reading)

        def tag(batch: Sequence[int]) -> None:
            # An article without a word has no tags; the model would invent some.
            chosen = [i for i in batch if has_words(articles[i])]
            rows, read = [articles[i] for i in chosen], [prompts[i] for i in chosen]
            scored = self._scored(rows, read, how, batch_size, preferences, told)
            for index, found in zip(chosen, scored, strict=True):
                check()
                tags[index] = answer(
                    preferences.prefer(found),
                    articles[index],
                    self.settings,
                    options.get("max_tags"),
                    fewest,
                    least,
                )

        batches = [order[at : at + batch_size] for at in range(0, len(order), batch_size)]
        for batch in done_by(tag, batches, self.generator.workers):
            if progress:
                progress(len(batch))
        return tags

    def explain(
        self,
        title: str,
        text: str,
        tags: Sequence[str],
        max_windows: int | None = None,
        check: Callable[[], object] = unlimited,
    ) -> list[Evidence]:
        """Returns the evidence of any tags for an article, the model's own or not, in order.

        A tag is present if its words, or those of another form of it, stand in the title or the
        text; else it is inferred, from the sentence that the model attends to when it is made to
        generate the tag, in the window where it would do so most likely. ``check`` is called
        between any two steps; what it raises ends the work.
        """
        most = self._most_windows(max_windows)
        title, text, *names = map(readable, (title, text, *tags))
        return self._explainer.explain(title, text, names, most, check)

    def read_part(self, title: str, text: str, max_windows: int | None = None) -> str:
        """Returns the part of the text that the model reads: what its windows hold."""
        most = self._most_windows(max_windows)
        return self._explainer.read_part(readable(title), readable(text), most)

    def log_probs(self, articles: Sequence[Mapping[str, Any]], tags: Sequence[str]) -> list[float]:
        """Returns the log-probability of each tag as its article's first; one tag an article.

        It is that of the window where the tag is likeliest.
        """
        targets = [target_ids(readable(tag), self.tokenizer) for tag in tags]
        windows = [self._prompts(article, self._most_windows(None)) for article in articles]
        pairs = [(one, of) for all_, of in zip(windows, targets, strict=True) for one in all_]
        rows = self.generator.score([one for one, _ in pairs], [of for _, of in pairs])
        scores = iter(map(sum, rows))
        return [max(next(scores) for _ in prompts) for prompts in windows]

    def input_ids(self, article: Mapping[str, Any]) -> list[int]:
        """Returns the prompt that the model reads of an article in one window, as token ids."""
        return self._prompts(article, 1)[0]

    def _most_windows(self, max_windows: int | None) -> int:
        return self.settings.max_windows if max_windows is None else max_windows

    def _prompts(self, article: Mapping[str, Any], most: int) -> list[list[int]]:
        return self._windows.prompts(*title_and_text(_readable(article)), most)

    def _scored(
        self,
        articles: Sequence[Mapping[str, Any]],
        prompts: Sequence[list[list[int]]],
        decoding: Decoding,
        batch_size: int,
        preferences: Preferences,
        steps: Steps,
    ) -> list[list[ScoredTag]]:
        """Generates and scores the tags of a batch."""
        limit = self.settings.max_new_tokens
        if decoding.mode != "greedy":
            many = partial(self.generator.generate_many, max_new_tokens=limit, decoding=decoding)
            windows = by_article(many, prompts, batch_size, steps.tell)
            return [self._voted(*each, decoding) for each in zip(articles, windows, strict=True)]
        starts = self.ranker is not None or preferences.allowed is not None
        greedy = partial(self.generator.generate, max_new_tokens=limit, starts=starts)
        outputs = by_article(greedy, prompts, batch_size, steps.tell)
        generated = []
        for article, read, found in zip(articles, prompts, outputs, strict=True):
            steps.check()
            generated.append(Generated(article, read, found, self._candidates(article, found)))
        if preferences.allowed is not None:
            allowed = preferences.allowed
            return [
                self.allowlist.score(allowed, one, self.ranker, steps.check) for one in generated
            ]
        if self.ranker is None:
            return [score_candidates(one.candidates) for one in generated]
        return self.ranker.rank(generated)

    def _voted(
        self, article: Mapping[str, Any], windows: Sequence[Sequence[Output]], decoding: Decoding
    ) -> list[ScoredTag]:
        """Scores an article's tags by the outputs that hold them; each window has the same say."""
        found: list[list[Candidate]] = []
        shares: list[float] = []
        for outputs in windows:
            found += [self._candidates(article, [output]) for output in outputs]
            votes = vote_shares(decoding, [output.total for output in outputs])
            shares += [vote / len(windows) for vote in votes]
        return score_votes(found, shares)

    def _candidates(self, article: Mapping[str, Any], outputs: Sequence[Output]) -> list[Candidate]:
        """Reads the tags of an article's outputs, one a window."""
        text = text_of(article)
        return [
            candidate
            for window, output in enumerate(outputs)
            for candidate in read_candidates(
                output, self.tokenizer, self._marks, self.vocabulary, text, window
            )
        ]


def _readable(article: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the article, title and text as long as they were, of what a tokenizer takes."""
    title, text = title_and_text(article)
    # Whoever ranks may know it by something else that it has.
    return {**article, "title": readable(title), "text": readable(text)}

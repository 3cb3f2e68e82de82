"""Measures systems on the articles of a split, some of them at a time.

Of each article its scores stay, and the answer only where it is an example: what is measured grows
by a few hundred bytes an article.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from datasets import Dataset

from tagloop.article import text_of
from tagloop.generation.candidates import ScoredTag
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.selection import answer
from tagloop.tagger.tagger import Tag, Tagger
from tagloop.vocabulary.vocabulary import Vocabulary, normal_form
from training.console import progress_bar
from training.evaluation.checkpoint import Checkpoint
from training.evaluation.scores import CUT, ArticleScores, answer_scores, writing_scores
from training.finetune.calibration import Reliability, judged, reliability

AT_ONCE = 1024
"""Articles that are answered, then scored; of like length together they are computed faster."""
Predictions = list[list[Tag]]
Answers = Sequence[Sequence[str]]
"""What a system answers, a list of tags an article."""


@dataclass
class Measured:
    """What is kept of a system's answers.

    Attributes:
        scores: Of each article.
        answers: Those to the examples, by the article's place.
    """

    scores: ArticleScores = field(default_factory=ArticleScores)
    answers: dict[int, list[str]] = field(default_factory=dict)


@dataclass
class MeasuredTagloop(Measured):
    """What is kept of Tagloop's answers.

    Attributes:
        tags: Of the examples, by the article's place.
        calibration: Of all tags that it ranked.
    """

    tags: dict[int, list[Tag]] = field(default_factory=dict)
    calibration: Reliability = field(default_factory=lambda: reliability([], []))


class Measuring:
    """The articles that several systems are measured on.

    Attributes:
        articles: With ``title``, ``text`` and ``tags``.
    """

    def __init__(
        self, articles: Dataset, vocabulary: Vocabulary, examples: Collection[int] = ()
    ) -> None:
        """Takes the articles.

        Args:
            articles: See the attribute.
            vocabulary: Of the training tags.
            examples: Places of the articles whose answers are kept.
        """
        self.articles = articles
        self._vocabulary = vocabulary
        self._known = frozenset(vocabulary.counts) | frozenset(vocabulary.aliases)
        self._examples = frozenset(examples)

    def alone(self, checkpoint: Checkpoint, name: str) -> Measured:
        """Measures a checkpoint by its answers as written; ``name`` is for the progress bar."""
        found = Measured()
        for first, part, progress in self._parts(name):
            self._take(found, first, part, checkpoint.answer_each(part, progress))
        return found

    def tagloop(self, tagger: Tagger, name: str) -> MeasuredTagloop:
        """Measures Tagloop by its default answers, and by all tags that it ranks."""
        found = MeasuredTagloop()
        confidences, right = array("d"), array("b")
        for first, part, progress in self._parts(name):
            ranked = predict(tagger, part, progress)
            shown = default_answers(ranked, part, tagger.settings)
            self._take(found, first, part, _names(shown), _names(ranked))
            found.tags |= {place: shown[place - first] for place in self._examples_of(first, part)}
            for tags, theirs in zip(ranked, part["tags"], strict=True):
                sure, hits = judged(tags, theirs)
                confidences.extend(sure)
                right.extend(hits)
        found.calibration = reliability(confidences, right)
        return found

    def same_answer(self, tags: list[str]) -> Measured:
        """Measures a system that answers the same to every article."""
        found = Measured()
        for first, part, _ in self._parts("most frequent tags"):
            self._take(found, first, part, [tags] * len(part))
        return found

    def _parts(self, name: str) -> Iterator[tuple[int, Dataset, Callable[[int], object]]]:
        """Yields the first place of each part, the part, and what to tell how many are done."""
        count = len(self.articles)
        with progress_bar(total=count, desc=f"tagging, {name}", unit="article") as bar:
            for first in range(0, count, AT_ONCE):
                places = range(first, min(first + AT_ONCE, count))
                yield first, self.articles.select(places), bar.update

    def _take(
        self,
        found: Measured,
        first: int,
        part: Dataset,
        answers: Answers,
        ranked: Answers | None = None,
    ) -> None:
        """Scores a part's answers against the authors' tags: how right they are, how written.

        Args:
            found: To add to.
            first: Place of the part's first article.
            part: The articles.
            answers: The tags of each answer, empty ones of a checkpoint included.
            ranked: All tags, the surest first, where more are known than an answer shows.
        """
        for all_tags, tags, row in zip(ranked or answers, answers, part, strict=True):
            filled = [tag for tag in tags if tag]
            right = answer_scores(all_tags, filled, row["tags"], text_of(row), self._known)
            found.scores.append(right | writing_scores(tags, self._vocabulary))
        for place in self._examples_of(first, part):
            found.answers[place] = list(answers[place - first])

    def _examples_of(self, first: int, part: Dataset) -> Iterator[int]:
        return (place for place in range(first, first + len(part)) if place in self._examples)


def predict(tagger: Tagger, articles: Dataset, progress: Callable[[int], Any]) -> Predictions:
    """Ranks every article's tags, the surest first; tells how many are done.

    Returns:
        As many as any measure asks for, and as an answer can have.
    """
    rows = [{"title": row["title"], "text": row["text"]} for row in articles]
    most = max(tagger.settings.max_tags, CUT)
    return tagger.tag_batch(rows, threshold=0.0, max_tags=most, progress=progress)


def default_answers(
    ranked: Predictions, articles: Dataset, settings: TaggingSettings
) -> Predictions:
    """Returns what Tagloop answers when nobody asks for more or fewer tags, or for surer ones.

    Args:
        ranked: All tags of each article, the surest first.
        articles: Those.
        settings: Content of ``tagging.json``, which says how many tags an answer has.
    """
    return [
        answer(
            [ScoredTag(normal_form(tag.tag), tag.tag, tag.confidence) for tag in tags],
            article,
            settings,
            max_tags=None,
            min_tags=None,
            threshold=None,
        )
        for tags, article in zip(ranked, articles, strict=True)
    ]


def _names(predictions: Predictions) -> list[list[str]]:
    return [[tag.tag for tag in tags] for tags in predictions]

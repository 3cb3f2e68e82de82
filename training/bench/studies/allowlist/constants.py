"""Fits the constants of the allowlist on the validation split: ``tagloop.allowlist.scorer``.

    python -m training.bench.studies.allowlist.constants --data DATA

They are those of a plain checkpoint; a tagger has a sentence encoder, by which
``tagloop.allowlist.zero_shot`` knows tags, and ``training.bench.given_list.fit`` fits that.

What no training article has: a logistic regression of whether the author gave such a tag, over all
pairs of an article whose author gave one and all such tags of the split. The bonus of a tag that
stands in the article: F1@5 of the model alone (CTranslate2) for several values.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from tqdm.auto import tqdm

import tagloop.allowlist.scorer
from tagloop.allowlist.allowed_tags import AllowedTags
from tagloop.allowlist.preferences import LEAST_SURE
from tagloop.article import text_of
from tagloop.errors import UserError
from tagloop.files import TAGS
from tagloop.generation.input_embeddings import InputEmbeddings
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import Vocabulary
from training.bench.data import Row, load_suites
from training.bench.studies.allowlist.articles import Allowlist, choose, summarise, tag_all
from training.bench.tables import markdown_table, with_interval
from training.command import command
from training.config import option, parse_config
from training.finetune.ctranslate2_conversion import convert
from training.finetune.preprocess import BUNDLED_BASE
from training.json_files import write_json

MODULE = "training.bench.studies.allowlist.constants"
BONUSES = (0.0, 0.5, 1.0, 1.5, 2.0)
STRENGTH = 10.0
"""Inverse strength of the regularisation (scikit-learn's C): hardly any, for three weights."""


@dataclass
class ConstantsSettings:
    """Flags of the fit."""

    data: list[str] = option([], "folders with the labelled files")
    model: str = option("", "model folder with ctranslate2/ and tags.json")
    tags: int = option(300, "tags of the list")
    limit: int = option(150, "articles of each kind, for the bonus")


def unseen_pairs(allowlist: Allowlist) -> tuple[np.ndarray, np.ndarray]:
    """Returns nearness and presence of every never-seen tag in every article that has one.

    Returns:
        (pairs, 2), and whether the article's author gave the tag, (pairs,).
    """
    tagger = Tagger.from_pretrained(allowlist.model)
    embeddings = InputEmbeddings(allowlist.model)
    allowed = AllowedTags(
        list(allowlist.never.values()), tagger.tokenizer, tagger.vocabulary, tagger.settings
    )
    features, given = [], []
    for row in tqdm(allowlist.with_never, desc="tags never seen", unit="article"):
        article = {"title": row.title, "text": row.text}
        present = allowed.standing_in(text_of(article))
        read = tagger.tokenizer(
            tagger.settings.prompt(row.title, row.text),
            add_special_tokens=False,
            truncation=True,
            max_length=tagger.settings.max_input_tokens,
        ).input_ids
        near = embeddings.nearness(read, allowed.pieces)
        features.append(np.column_stack([near, present]))
        given += [form in row.forms for form in allowed.forms]
    return np.concatenate(features), np.array(given)


def fit_unseen(allowlist: Allowlist) -> dict[str, float]:
    """Fits the log-odds of a never-seen tag.

    Raises:
        UserError: The split has no such tags.
    """
    if not allowlist.with_never:
        raise UserError(
            "The validation split has no tag that the train split lacks: nothing to fit."
        )
    features, given = unseen_pairs(allowlist)
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(features, given)
    near, present = model.coef_[0]
    return {
        "UNSEEN_BIAS": round(float(model.intercept_[0]), 2),
        "UNSEEN_NEAR": round(float(near), 2),
        "UNSEEN_PRESENT": round(float(present), 2),
    }


@contextmanager
def bonus(value: float) -> Iterator[None]:
    """Sets the bonus of present tags for a while."""
    before = tagloop.allowlist.scorer.PRESENT_BONUS
    tagloop.allowlist.scorer.PRESENT_BONUS = value
    try:
        yield
    finally:
        tagloop.allowlist.scorer.PRESENT_BONUS = before


def try_bonuses(allowlist: Allowlist) -> str:
    """Renders F1@5 and F1@M of the model alone for every bonus."""
    tagger = Tagger.from_pretrained(allowlist.model)
    tagger.ranker = None
    lines = []
    for value in BONUSES:
        with bonus(value):
            answers, _ = tag_all(tagger, allowlist, allowlist.tags, f"bonus {value}")
        kinds = summarise(allowlist, answers, LEAST_SURE)
        for kind, part in kinds.items():
            scores = part["scores"]
            lines.append(
                [str(value), kind, with_interval(scores["f1@5"]), with_interval(scores["f1@m"])]
            )
    return markdown_table(["PRESENT_BONUS", "articles", "F1@5", "F1@M"], lines)


def make_model(folder: Path, train: Sequence[Row]) -> Path:
    """Makes the bundled base with the corpus's tags and its conversion, without a ranker."""
    model = Path(shutil.copytree(BUNDLED_BASE, folder / "model"))
    write_json(model / TAGS, Vocabulary.from_tag_lists([row.tags for row in train]).to_json())
    convert(model)
    return model


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(ConstantsSettings, words, f"python -m {MODULE}")
    suite = load_suites(settings.data, ["in-domain"], "validation")[0]
    with tempfile.TemporaryDirectory() as folder:
        model = Path(settings.model) if settings.model else make_model(Path(folder), suite.train)
        fitted = fit_unseen(choose(suite, model, settings.tags, len(suite.measured)))
        bonuses = try_bonuses(choose(suite, model, settings.tags, settings.limit))
    print(*(f"{name} = {value}" for name, value in fitted.items()), sep="\n", end="\n\n")
    print(bonuses)


if __name__ == "__main__":
    raise SystemExit(main())

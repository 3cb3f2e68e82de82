"""What ranks phrases: the base in three ways, and the two extractors."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tqdm.auto import tqdm

from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.tagger import Tagger
from tagloop.vocabulary.vocabulary import parse_tags
from training.bench.data import Row
from training.bench.peers import load_system
from training.bench.system import RANKED
from training.evaluation.checkpoint import Checkpoint
from training.finetune.ctranslate2_conversion import convert
from training.finetune.preprocess import BUNDLED_BASE

BEAMS = 10
"""Beams whose outputs are read for phrases, the likeliest first: a tagger's own output has three
or four, and these sets ask for ten."""
BATCH = 8
Lists = list[list[str]]


def greedy(rows: Sequence[Row], validation: Sequence[Row]) -> Lists:
    """Ranks by the checkpoint alone, as the card's snippet runs it: its tags in their order."""
    answers = _checkpoint().answer(_articles(rows), "checkpoint")
    return [list(answer) for answer in answers]


def beams(rows: Sequence[Row], validation: Sequence[Row]) -> Lists:
    """Ranks by the checkpoint alone under stock beam search: the phrases of all beams.

    Source of the reading: Yuan et al., "One Size Does Not Fit All" (ACL 2020), section 3.4.
    """
    alone = _checkpoint()
    prompts = [alone.settings.prompt(row.title, row.text) for row in rows]
    found: Lists = []
    for first in tqdm(range(0, len(prompts), BATCH), "checkpoint, beams", unit="batch"):
        inputs = alone.tokenizer(
            prompts[first : first + BATCH],
            truncation=True,
            max_length=alone.settings.max_input_tokens,
            padding=True,
            return_tensors="pt",
        )
        output = alone.model.generate(**inputs, num_beams=BEAMS, num_return_sequences=BEAMS)
        texts = alone.tokenizer.batch_decode(output, skip_special_tokens=True)
        for place in range(0, len(texts), BEAMS):
            joined = alone.settings.separator.join(texts[place : place + BEAMS])
            found.append(parse_tags(joined, alone.settings.separator)[:RANKED])
    return found


def _checkpoint() -> Checkpoint:
    return Checkpoint.from_pretrained(str(BUNDLED_BASE), TaggingSettings.load(BUNDLED_BASE))


def tagloop_base(rows: Sequence[Row], validation: Sequence[Row]) -> Lists:
    """Ranks by the tagger on the base: windows, candidates, evidence; no neighbours, no ranker."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        shutil.copytree(BUNDLED_BASE, model)
        convert(model)
        tagger = Tagger.from_pretrained(model)
        tags = tagger.tag_batch(_articles(rows), max_tags=RANKED, min_tags=0, threshold=0.0)
    return [[tag.tag for tag in found] for found in tags]


def extractor(name: str, rows: Sequence[Row], validation: Sequence[Row]) -> Lists:
    """Ranks by a peer whose settings are tuned on the validation documents of all sets.

    Raises:
        UserError: A package that it needs is missing.
    """
    system = load_system(name)
    system.fit([], validation)
    return [[entry.tag for entry in found.ranked] for found in system.tag(rows)]


SYSTEMS: dict[str, Callable[[Sequence[Row], Sequence[Row]], Lists]] = {
    "checkpoint, greedy": greedy,
    "checkpoint, 10 beams": beams,
    "tagloop-base": tagloop_base,
    "keybert": partial(extractor, "keybert"),
    "yake": partial(extractor, "yake"),
}
OF_BASE = ("checkpoint, greedy", "checkpoint, 10 beams", "tagloop-base")


def _articles(rows: Sequence[Row]) -> list[dict[str, str]]:
    return [{"title": row.title, "text": row.text} for row in rows]

"""What it costs that a tokenizer's decoder has a rule for each tag: loading it, and ``decode``.

    python -m training.bench.studies.display_forms

For vocabularies of several sizes, of made-up tags that need a rule each, this tells the size of
``tokenizer.json``, the processor time to load the tokenizer, and that to decode one output of seven
tags; medians, beside the bundled base's own tokenizer.
"""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from tagloop.errors import UserError
from tagloop.generation.settings import TaggingSettings
from tagloop.vocabulary.vocabulary import Vocabulary, join_tags
from training.command import command
from training.finetune.display_forms import TOKENIZER_CONFIG, save_display_forms
from training.finetune.preprocess import BUNDLED_BASE

SIZES = (0, 300, 1_000, 4_000, 10_000)
OUTPUTS, TAGS_EACH = 40, 7
ROUNDS = 5
TOKENIZER = "tokenizer.json"


def made_up_tags(tokenizer: Any, count: int) -> list[str]:
    """Returns so many tags of one to three words, no two the same, spelled like ``reaCT hoOKS``."""
    words = sorted(word for word in tokenizer.get_vocab() if word.isascii() and word.isalpha())
    words = [word[:-2] + word[-2:].upper() for word in words if 4 <= len(word) <= 9]
    chance = random.Random(20)
    tags: dict[str, None] = {}
    while len(tags) < count:
        tags[" ".join(chance.choices(words, k=chance.choice((1, 2, 2, 3))))] = None
    return list(tags)


def saved(folder: Path, tags: Sequence[str]) -> Path:
    """Writes a folder with the base's tokenizer; with the rules of the tags, if there are any."""
    folder.mkdir()
    for name in (TOKENIZER, TOKENIZER_CONFIG):
        shutil.copyfile(BUNDLED_BASE / name, folder / name)
    if tags:
        TaggingSettings().save(folder)
        save_display_forms(folder, Vocabulary.from_tag_lists([tags], learn=False))
    return folder


def median_seconds(run: Callable[[], object]) -> float:
    """Returns the median processor time of a call."""
    found = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        run()
        found.append(time.process_time() - begin)
    return statistics.median(found)


@command("interrupted; nothing was kept")
def main(words: list[str]) -> None:
    """Runs the command line, which takes no flags."""
    if words:
        raise UserError("This takes no flags.")
    base = AutoTokenizer.from_pretrained(BUNDLED_BASE)
    known = made_up_tags(base, max(SIZES))
    print("tags     tokenizer.json  loaded in  decoded in")
    with tempfile.TemporaryDirectory() as place:
        for size in SIZES:
            folder = saved(Path(place) / str(size), known[:size])
            tokenizer = AutoTokenizer.from_pretrained(folder)
            chance = random.Random(size)
            rows = [chance.sample(known[: size or 300], TAGS_EACH) for _ in range(OUTPUTS)]
            ids = base([join_tags(row).lower() for row in rows]).input_ids
            decode = partial(tokenizer.batch_decode, ids, skip_special_tokens=True)
            load = median_seconds(partial(AutoTokenizer.from_pretrained, folder))
            megabytes = (folder / TOKENIZER).stat().st_size / 1e6
            milliseconds = median_seconds(decode) / OUTPUTS * 1e3
            print(f"{size:6}  {megabytes:11.1f} MB  {load:7.2f} s  {milliseconds:7.2f} ms")


if __name__ == "__main__":
    raise SystemExit(main())

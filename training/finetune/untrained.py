"""A tagger without training data: the base as it is, for people who have a list of tags alone.

    python -m training.finetune.untrained --folder build/untrained

``Tagger.from_pretrained(folder).tag(text, title, allowed_tags=[…])`` then tags by the list: the
folder has the sentence encoder, by which the tags of a list are known that no article taught.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tagloop.errors import UserError
from training.command import command
from training.config import option, parse_config
from training.finetune.ctranslate2_conversion import convert, convert_sentence_encoder
from training.finetune.preprocess import BUNDLED_BASE


def make_untrained(folder: Path, weights: Path = BUNDLED_BASE) -> Path:
    """Makes a tagger's folder of a base: weights, the conversion, the sentence encoder.

    Args:
        folder: To make; must not be there.
        weights: The seq2seq model's folder.

    Returns:
        ``folder``.
    """
    shutil.copytree(weights, folder)
    convert(folder)
    convert_sentence_encoder(folder)
    return folder


@dataclass
class UntrainedSettings:
    """Flags of the command."""

    folder: str = option("", "folder to make")
    base: str = option(str(BUNDLED_BASE), "seq2seq model's folder")


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(UntrainedSettings, words, "python -m training.finetune.untrained")
    if not settings.folder or Path(settings.folder).exists():
        raise UserError("--folder names the folder to make; it must not be there yet.")
    if not Path(settings.base).is_dir():
        raise UserError(f"{settings.base}: --base names no folder here.")
    make_untrained(Path(settings.folder), Path(settings.base))
    print(f"{settings.folder}: a tagger that answers by a list of tags")


if __name__ == "__main__":
    raise SystemExit(main())

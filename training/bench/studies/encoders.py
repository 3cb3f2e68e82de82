"""Does a sentence encoder find neighbours in other languages? The bundled one next to another.

    python -m training.bench.studies.encoders --encoder intfloat/multilingual-e5-small

``encoders.json`` beside this module has three sentences of our own on each of eight subjects, the
same in German, Spanish, Russian and English. Of each sentence the two nearest others of its
language are looked up, as a tagger looks up its training articles: they should be the two on the
same subject.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tagloop.ranking.sentence_encoder import SentenceEncoder
from tagloop.text.languages import language_name
from training.command import command
from training.config import option, parse_config
from training.finetune.ctranslate2_conversion import convert_sentence_encoder
from training.finetune.sentence_encoders import encoder_name

TEXTS = Path(__file__).with_suffix(".json")
NEAREST = 2


@dataclass
class EncoderSettings:
    """Flags of the study."""

    encoder: str = option("", "folder or id on the Hub; without, the bundled one alone")


def found_share(encoder: SentenceEncoder, subjects: dict[str, list[str]]) -> float:
    """Returns the share (0..1) of the nearest sentences that are on the same subject."""
    texts = [text for sentences in subjects.values() for text in sentences]
    of = np.repeat(np.arange(len(subjects)), [len(part) for part in subjects.values()])
    vectors = encoder.embed(texts)
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -np.inf)
    nearest = np.argsort(-alike, axis=1)[:, :NEAREST]
    return float((of[nearest] == of[:, None]).mean())


def measure(name: str) -> dict[str, float]:
    """Returns `found_share` of an encoder, by language.

    Raises:
        UserError: The encoder cannot be taken.
    """
    texts = json.loads(TEXTS.read_text(encoding="utf-8"))
    with TemporaryDirectory() as folder:
        convert_sentence_encoder(Path(folder), name)
        encoder = SentenceEncoder.load(Path(folder))
        assert encoder is not None  # just written
        return {language: found_share(encoder, texts[language]) for language in texts}


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    settings = parse_config(EncoderSettings, words, "python -m training.bench.studies.encoders")
    names = list(dict.fromkeys(["", settings.encoder]))
    rows = {encoder_name(name): measure(name) for name in names}
    languages = list(next(iter(rows.values())))
    print(f"| encoder | {' | '.join(map(language_name, languages))} |")
    print(f"|---|{'--:|' * len(languages)}")
    for name, shares in rows.items():
        print(f"| {name} | {' | '.join(f'{shares[code]:.2f}' for code in languages)} |")


if __name__ == "__main__":
    raise SystemExit(main())

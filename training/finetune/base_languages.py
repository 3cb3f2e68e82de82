"""Which languages a base was trained on, and what to take for articles in others.

A base learns to write tags from a few hundred articles because it can read already; in a language
that it never read it learns little, and its tokenizer may not even have the letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from datasets import Dataset

from tagloop.text.languages import count_languages, language_name, relevant_languages
from training.finetune.sentence_encoders import MULTILINGUAL_ENCODER

SAMPLE = 500
"""Articles whose language is looked at: enough to see a share of 5 % (give or take 2 %), in a
fifth of a second."""

# https://github.com/google-research/multilingual-t5, "Languages covered": those of mC4. Filipino is
# `tl` here, and Hebrew `he`.
_MC4 = frozenset(
    """af am ar az be bg bn ca ceb co cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha haw
    he hi hmn ht hu hy id ig is it ja jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt
    my ne nl no ny pa pl ps pt ro ru sd si sk sl sm sn so sq sr st su sv sw ta te tg th tl tr uk ur
    uz vi xh yi yo zh zu""".split()
)
# Liu et al., "Multilingual Denoising Pre-training for Neural Machine Translation" (TACL 2020).
_CC25 = frozenset(
    "ar cs de en es et fi fr gu hi it ja kk ko lt lv my ne nl ro ru si tr vi zh".split()
)
# Tang et al., "Multilingual Translation with Extensible Multilingual Pretraining and Finetuning"
# (2020), table 1.
_ML50 = _CC25 | frozenset(
    """af az bn fa gl he hr id ka km mk ml mn mr pl ps pt sl sv sw ta te th tl uk ur xh""".split()
)
_ENGLISH = frozenset({"en"})


@dataclass(frozen=True)
class TrainedOn:
    """What a kind of base was trained on.

    Attributes:
        bases: Ids on the Hub, ``*`` for any ending.
        languages: Codes of the languages that it can be taken for.
        said: The same in words.
    """

    bases: tuple[str, ...]
    languages: frozenset[str]
    said: str


KNOWN = (
    # training/base/card.md: English articles on an encoder of English sentences.
    TrainedOn(("tagloop-base",), _ENGLISH, "English"),
    # Chung et al., "Scaling Instruction-Finetuned Language Models" (2022): T5 1.1, trained on
    # English, then on 1,836 tasks, few of them in other languages.
    TrainedOn(("google/flan-t5-*",), _ENGLISH, "English for the most part"),
    # Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
    # Transformer" (JMLR 2020), section 2.2: pages that are English; the first T5 was taught to
    # translate from it, too.
    TrainedOn(("google/t5-*", "google-t5/t5-*", "t5-*"), _ENGLISH, "English"),
    # Lewis et al., "BART" (ACL 2020), section 5; Beltagy et al., "Longformer" (2020), section 7;
    # Zhang et al., "PEGASUS" (ICML 2020), section 4.
    TrainedOn(
        ("facebook/bart-*", "allenai/led-*", "google/pegasus-*", "google/long-t5-*"),
        _ENGLISH,
        "English",
    ),
    TrainedOn(("google/mt5-*",), _MC4, "101 languages"),
    # Xue et al., "ByT5" (TACL 2022), section 3: mC4, too.
    TrainedOn(("google/byt5-*",), _MC4, "101 languages"),
    TrainedOn(("facebook/mbart-large-50*",), _ML50, "50 languages"),
    TrainedOn(("facebook/mbart-large-cc25",), _CC25, "25 languages"),
)
MULTILINGUAL = ("google/mt5-small", "google/byt5-small", "facebook/mbart-large-50")
"""Bases to name for articles in other languages, the first to be taken first."""


def trained_on(base: str) -> TrainedOn | None:
    """Returns what a base was trained on; None where that is not known.

    Args:
        base: Its name in cards: ``tagloop-base``, an id on the Hub or the name of a folder.
    """
    return next(
        (known for known in KNOWN if any(fnmatchcase(base, id) for id in known.bases)), None
    )


def sampled_languages(articles: Dataset) -> dict[str, int]:
    """Counts the languages of at most ``SAMPLE`` articles, taken evenly; the unknown left out."""
    step = max(1, -(-len(articles) // SAMPLE))
    rows = articles.select(range(0, len(articles), step)).select_columns(["title", "text"])
    return count_languages(row["text"] or row["title"] or "" for row in rows)


def foreign_languages(base: str, languages: Mapping[str, int]) -> dict[str, float]:
    """Returns the languages of a corpus that a base was not trained on, with their shares.

    Args:
        base: As `trained_on` takes it; none is foreign to one that is not known.
        languages: Articles by language.
    """
    known = trained_on(base)
    if known is None:
        return {}
    shares = relevant_languages(languages)
    return {code: share for code, share in shares.items() if code not in known.languages}


def bases_for(languages: Mapping[str, float]) -> list[str]:
    """Returns the bases of `MULTILINGUAL` that were trained on all of these languages."""
    return [
        base
        for base in MULTILINGUAL
        if (known := trained_on(base)) is not None and known.languages.issuperset(languages)
    ]


def foreign_sentence(base: str, languages: Mapping[str, int]) -> str:
    """Says which share of the articles a base cannot read, and what could; empty if it reads all.

    >>> foreign_sentence("tagloop-base", {"en": 30, "zh": 60, "ru": 10})
    '60 % of the articles are in Chinese and 10 % in Russian, and tagloop-base was trained on \
English. Bases trained on them: google/mt5-small, google/byt5-small, facebook/mbart-large-50.'
    """
    known, foreign = trained_on(base), foreign_languages(base, languages)
    if known is None or not foreign:
        return ""
    parts = [f"{100 * share:.0f} % in {language_name(code)}" for code, share in foreign.items()]
    parts[0] = parts[0].replace(" in ", " of the articles are in ", 1)
    listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    named = ", ".join(bases_for(foreign)) or "none that is known"
    return (
        f"{listed}, and {base} was trained on {known.said}. Bases trained on "
        f"{'them' if len(foreign) > 1 else 'it'}: {named}."
    )


def encoder_sentence(encoder: str, languages: Mapping[str, int]) -> str:
    """Says that the default sentence encoder reads English, where articles are in other languages.

    Args:
        encoder: As a person named it; only of the default one, the empty text, anything is said.
        languages: Articles by language.
    """
    foreign = set(relevant_languages(languages)) - _ENGLISH
    if encoder or not foreign:
        return ""
    return (
        "The sentence encoder that finds neighbours reads English alone: take one for "
        f"{' and '.join(map(language_name, sorted(foreign)))} with make train "
        f"ENCODER={MULTILINGUAL_ENCODER} (--encoder {MULTILINGUAL_ENCODER})."
    )


def foreign_warnings(base: str, encoder: str, languages: Mapping[str, int]) -> list[str]:
    """Returns what is to be said of a base and an encoder that do not read all the articles."""
    return list(
        filter(None, [foreign_warning(base, languages), encoder_sentence(encoder, languages)])
    )


def foreign_warning(base: str, languages: Mapping[str, int]) -> str:
    """Says what `foreign_sentence` does, and how another base is taken."""
    said, named = foreign_sentence(base, languages), bases_for(foreign_languages(base, languages))
    if not said or not named:
        return said
    return f"{said} Take one with make train BASE={named[0]} (--base {named[0]})."

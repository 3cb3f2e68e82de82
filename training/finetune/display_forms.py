"""Tags as people spell them from the tokenizer alone: ``tokenizer.decode`` gives display forms.

A WordPiece model generates ``javascript, covid - 19, js``. Tagloop knows the vocabulary and makes
``JavaScript, COVID-19`` of it; who loads the checkpoint with transformers has only its tokenizer.
So the tokenizer's own decoder, which ``tokenizer.json`` describes, gets rules behind it, each one a
``Replace`` of the ``tokenizers`` library:

1. empty places between tags are dropped: ``ai, , java`` is ``ai, java``;
2. the blanks that WordPiece sets around signs are taken out, as ``tidy`` does: ``node. js``;
3. where most tags of the vocabulary begin with a capital, so do all words, unknown tags' as well;
4. a known tag that is not right by then gets a rule of its own, for its aliases and for its words
   with hyphens as well. It looks for what this tokenizer itself makes of the tag;
5. a tag that stands twice is dropped where it stands again.

A rule of a tag matches a whole one, so ``java`` is left as it is in ``java virtual machine``. The
patterns mean the same to Oniguruma, which the library takes, and in JavaScript, whose libraries
read the same file. Both have look-behinds of any length and back-references, but not the same
word characters and flags. A ``Replace`` puts a fixed text in, so no rule can serve several tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from tokenizers import Regex, decoders

from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.model_folder import load_tokenizer
from tagloop.vocabulary.vocabulary import Vocabulary, join_tags
from training.json_files import read_json, write_json

TOKENIZER_CONFIG = "tokenizer_config.json"
FROM_FILE = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    # Else transformers 4 and JavaScript's libraries change blanks behind the decoder.
    "clean_up_tokenization_spaces": False,
}
"""Of ``tokenizer_config.json``: a class that takes its decoder from ``tokenizer.json``, named as
transformers 4 and 5 know it. A ``BertTokenizer`` makes its own and drops that of the file."""
SAID_BY_FILE = ("BertTokenizer", "T5Tokenizer", "TokenizersBackend")
"""Classes of tokenizers of which ``tokenizer.json`` says all. Another one may do more (mBART's sets
a language's code before the text), so its tokenizer stays as it is."""
MOST_RULES = 10_000
"""Display forms that get a rule, the most frequent first. ``decode`` tries them all: of seven tags
in 0.1 ms with 300 rules, 2 ms with 4,000, 5 to 7 ms with 10,000, which also take 0.2 s to load
(``training.bench.studies.display_forms``); generating takes 75 ms and more."""

_PLACES = [
    (r"[ ,]*,[ ,]*", ", "),
    (r"(?<=^|, )[^\p{L}\p{N},]+(?:, |$)", ""),  # no letter, no digit: no tag
    (r"^[ ,]+|[ ,]+$", ""),
]
_SPACED_SIGNS = [
    (r"(?<=[^ ,]) - (?=[^ ,])", "-"),
    (r"(?<=[^ ,]) / (?=[^ ,])", "/"),
    (r"(?<=s) ' (?=[^ ,][^ ,])", "' "),  # bayes ' theorem
    (r"(?<=[^ ,]) ' (?=[^ ,])", "'"),
    (r"(?<=[^ ,]) \+ \+(?![^ ,])", "++"),
    (r"(?<=[^ ,]) #(?![^ ,])", "#"),
    (r"(?<=[0-9])\. (?=[0-9])|(?<=^|, )\. (?=[^ ,])", "."),
    (r"(?<=[^ ,])\. (?=(?:js|net|io|ai|py|org|com)(?![^ ,]))", "."),
]
_REPEATED = (r", ([^,]+)(?![^,])(?<=(?:^|, )\1,(?:[^,]*,)* \1)", "")
_WORD_BEGINS = r"(?<![\p{L}\p{M}\p{N}_'’.])"
_SIGNS = re.compile(r"[\\^$.*+?()\[\]{}|]")


def save_display_forms(folder: Path, vocabulary: Vocabulary) -> None:
    """Gives a model's saved tokenizer a decoder that spells tags as people do.

    It takes the place of one that an earlier version of the model had. A tokenizer that is none of
    ``SAID_BY_FILE`` stays as it is, and so does one of a model that parts tags by other signs.

    Args:
        folder: The model's, with its tokenizer and ``tagging.json``.
        vocabulary: The tags that it was trained on.
    """
    tokenizer = load_tokenizer(folder)
    by_commas = TaggingSettings.load(folder).separator.strip() == ","
    if not by_commas or type(tokenizer).__name__ not in SAID_BY_FILE:
        return
    tokenizer.backend_tokenizer.decoder = display_decoder(tokenizer, vocabulary)
    tokenizer.save_pretrained(folder)
    path = folder / TOKENIZER_CONFIG
    write_json(path, read_json(path) | FROM_FILE)


def display_decoder(tokenizer: Any, vocabulary: Vocabulary) -> decoders.Decoder:
    """Returns the tokenizer's own decoder with the rules behind it.

    Args:
        tokenizer: Of the model, with its own decoder.
        vocabulary: The tags that the model was trained on.
    """
    own = tokenizer.backend_tokenizer.decoder
    spaced = _SPACED_SIGNS if isinstance(own, decoders.WordPiece) else []
    steps = [own, decoders.Fuse(), *_rules(_PLACES), *_rules(spaced)]
    forms = list(_generated_forms(tokenizer, vocabulary))
    uncased = tokenizer.tokenize("A") == tokenizer.tokenize("a")
    if vocabulary.title_case and uncased:
        lower = decoders.Sequence(steps)
        steps += _rules(_capitals(lower.decode(tokens) for _, tokens in forms))
    general = decoders.Sequence(steps)
    texts = ((form, general.decode(tokens)) for form, tokens in forms)
    return decoders.Sequence([*steps, *_rules([*_of_tags(texts, vocabulary), _REPEATED])])


def _rules(replaced: Iterable[tuple[str, str]]) -> list[decoders.Decoder]:
    return [decoders.Replace(Regex(pattern), content) for pattern, content in replaced]


def _generated_forms(tokenizer: Any, vocabulary: Vocabulary) -> Iterator[tuple[str, list[str]]]:
    """Yields every way to write a known tag with its tokens; the most frequent tags come first."""
    aliases: dict[str, list[str]] = {}
    for alias, form in vocabulary.aliases.items():
        # Normal forms have no capitals; a model that has them writes them, too.
        aliases.setdefault(form, []).extend((alias, alias.title(), alias.upper()))
    forms = [
        written
        for form in vocabulary.counts
        for written in (
            *(vocabulary.display(form), form, form.replace(" ", "-")),
            *aliases.get(form, ()),
        )
    ]
    # As a model learns them; see ``training.finetune.preprocess.features``.
    targets = [join_tags([form]) for form in forms]
    if not targets:
        return
    rows = tokenizer(targets, add_special_tokens=False).input_ids
    for form, ids in zip(forms, rows, strict=True):
        if tokenizer.unk_token_id not in ids:
            yield form, tokenizer.convert_ids_to_tokens(ids)


def _capitals(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Returns a rule a letter that writes it large where a word begins, as the vocabulary does."""
    letters = set(ascii_lowercase).union(*texts)
    return [
        (_WORD_BEGINS + letter, letter.upper())
        for letter in sorted(letters)
        if letter != letter.upper() and len(letter.upper()) == 1
    ]


def _of_tags(texts: Iterable[tuple[str, str]], vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """Returns a rule a display form, for all texts that stand for it and are not it.

    Args:
        texts: Ways to write known tags, each with what the decoder makes of its tokens so far.
        vocabulary: The tags.
    """
    wanted: dict[str, set[str]] = {}
    for form, text in texts:
        # Two tags may have the same tokens (``resume``, ``résumé``): what Tagloop takes them for.
        known = text if text in vocabulary else form
        display = join_tags([vocabulary.display(known)])
        if text and "," not in text and text != display:
            wanted.setdefault(display, set()).add(text)
    return [
        (f"(?<=^|, ){_any_of(sorted(found))}(?![^,])", display)
        for display, found in islice(wanted.items(), MOST_RULES)
    ]


def _any_of(texts: list[str]) -> str:
    quoted = [_SIGNS.sub(r"\\\g<0>", text) for text in texts]
    return quoted[0] if len(quoted) == 1 else f"(?:{'|'.join(quoted)})"

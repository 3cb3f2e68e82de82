"""The settings of every command: one dataclass a command, filled from flags or from a file.

``python -m training.build_dataset --source articles.csv --min_words 50`` and
``python -m training.build_dataset build.yaml`` (or ``.json``) are the same thing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import reprlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

from tagloop.errors import UserError
from tagloop.limits import readable

Config = TypeVar("Config")
TYPE_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
}
NAMED = 5
"""Settings of a file that are unknown and named; the rest of them is counted."""

TAG_OVERRIDES_HELP = (
    "YAML file that says which tags are the same or different and how they are shown: 'aliases', "
    "'never', 'display'."
)


def option(default: Any, help: str, **metadata: Any) -> Any:
    """Returns a settings field with the text that ``--help`` shows; a list is one's own."""
    described = {"help": help, **metadata}
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=described)
    return field(default=default, metadata=described)


@dataclass
class ConsoleConfig:
    """What a command shows in the terminal."""

    verbose: bool = option(False, "Show what goes into the log otherwise.", aliases="-v")


@dataclass(kw_only=True)
class ReadingConfig:
    """What a person says about articles, wherever they are read."""

    columns: list[str] = option(
        [],
        "Which column holds what, where the names do not say it, e.g. "
        "title=headline,text=body,tags=labels; title= says that there is none.",
        action="extend",
    )
    tag_separator: str = option(
        "",
        "What stands between the tags in one text: comma, semicolon, pipe, slash, blank, line, "
        "none, or the sign itself; default: as the whole column shows.",
    )
    license: str | None = option(None, "Licence of the articles that state none, e.g. CC0-1.0.")
    min_words: int = option(10, "Shorter texts are dropped.")
    keep_title_only: bool = option(False, "Keep articles that have a title but no text.")
    drafts: bool = option(False, "Take in what is not published: drafts, private posts.")
    strict: bool = option(False, "Stop at the first broken row or file instead of dropping it.")
    tag_overrides: str | None = option(None, TAG_OVERRIDES_HELP)

    def reading_words(self) -> list[str]:
        """Returns the flags of what is not as by default, as words of a command line."""
        words = []
        for entry in dataclasses.fields(ReadingConfig):
            value = getattr(self, entry.name)
            if value is True:
                words.append(f"--{entry.name}")
            elif value not in (False, None, [], entry.default):
                words += [f"--{entry.name}", *(value if isinstance(value, list) else [str(value)])]
        return words


@dataclass(kw_only=True)
class BuildConfig(ConsoleConfig, ReadingConfig):
    """Settings of ``training.build_dataset``."""

    source: list[str] = field(
        metadata={
            "action": "extend",
            "help": "Where articles come from: a folder, file or zip of articles (Markdown, HTML, "
            "…), a table (CSV, JSON, Parquet, a spreadsheet, …), an export of WordPress, Ghost and "
            "others, a feed or its address, or a Hub dataset owner/name[:config][@revision]. May "
            "be given several times.",
        }
    )
    name: str = option("tagloop", "Name of the project's repositories.")
    output_dir: str | None = option(None, "Dataset folder to write; default build/<name>/dataset.")
    limit: int | None = option(None, "Read only the first rows of each source.")
    streaming: bool = option(False, "Read Hub datasets row by row without storing them.")
    previous: str | None = option(
        None,
        "An earlier build (dataset folder or repo_id): its articles keep their splits "
        "whatever is added.",
    )
    dry_run: bool = option(False, "Read everything and say what came of it, write nothing.")
    executor: str = option(
        "",
        "Build in parts, one a source, by datatrove: local (processes of this machine), slurm, ray "
        "or jobs (Hugging Face Jobs); default: this process alone.",
    )
    workers: int | None = option(
        None, "Parts at a time; default: as many as there are cores, or as the cluster takes."
    )
    executor_settings: str | None = option(
        None, "YAML file with a cluster's own settings, as datatrove's executor takes them."
    )
    work_dir: str | None = option(
        None,
        "Where the parts leave things to one another, with logs: a folder that all machines see, "
        "or for jobs an address such as hf://buckets/you/build; default build/<name>/parts.",
    )


def parse_config(config_class: type[Config], argv: Sequence[str], command: str) -> Config:
    """Fills a settings dataclass from flags, or from one YAML or JSON file, with or without ``-v``.

    Args:
        config_class: The dataclass of the command.
        argv: The command line without the program's name.
        command: How the command is called, for its help.

    Raises:
        UserError: The file cannot be read, is no mapping, or holds an unknown or no required name.
    """
    from transformers import HfArgumentParser  # half a second, which not every importer needs

    parser = HfArgumentParser(config_class, prog=command)  # type: ignore[arg-type]
    quiet = [word for word in argv if word not in ("-v", "--verbose")]
    words = quiet if issubclass(config_class, ConsoleConfig) else argv
    if len(words) == 1 and Path(words[0]).suffix in (".yaml", ".yml", ".json"):
        values = read_settings(Path(words[0]), config_class)
        values |= {"verbose": True} if len(words) < len(argv) else {}
        return parser.parse_dict(values)[0]
    return parser.parse_args_into_dataclasses(list(argv), look_for_args_file=False)[0]


def command_line(module: str, argv: Sequence[str]) -> str:
    """Returns the command for reports and cards, without the folders of this machine."""
    return shlex.join(["python", "-m", module, *map(_without_folders, argv)])


def _without_folders(word: str) -> str:
    # Several places may stand in one word, as `SOURCE` has them.
    parts = [word] if os.path.exists(word) else re.split(r"(\s+)", word)
    outside = [Path(part).is_absolute() or part.startswith("..") for part in parts]
    return "".join(
        Path(part).name if out else part for part, out in zip(parts, outside, strict=True)
    )


def read_settings(path: Path, config_class: Any) -> dict[str, Any]:
    """Reads a settings file for a dataclass.

    Raises:
        UserError: The file cannot be read, is no mapping, holds an unknown or no required name, or
            a value of another type.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML, too
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{line}: this is no readable YAML or JSON.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected settings as 'name: value', found none.")
    fields = {entry.name: entry for entry in dataclasses.fields(config_class)}
    unknown = sorted(set(map(str, values)) - set(fields))
    if unknown:
        # What a command shows is not what it does: its setting is named last.
        there = sorted(fields, key=lambda name: hasattr(ConsoleConfig, name))
        named = ", ".join(unknown[:NAMED])
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        raise UserError(f"{path}: unknown setting {named}{more}; there are {', '.join(there)}.")
    hints = get_type_hints(config_class)
    for name, entry in fields.items():
        required = entry.default is entry.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise UserError(f"{path}: the setting '{name}' is missing.")
        if "list" in str(entry.type) and isinstance(values.get(name), str):
            values[name] = [values[name]]
        if name in values:
            values[name] = _typed(path, name, values[name], hints[name])
    return values


def _typed(path: Path, name: str, value: Any, hint: Any) -> Any:
    """Returns the value in the setting's type; YAML reads a number such as ``3e-4`` as text."""
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    types = tuple(get_origin(kind) or kind for kind in kinds)
    if float in types and isinstance(value, int | str) and not isinstance(value, bool):
        with contextlib.suppress(ValueError):
            value = float(value)
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        kind = TYPE_NAMES[types[0]]
        # In full it could be of any length: aliases of YAML multiply.
        raise UserError(f"{path}: the setting '{name}' must be {kind}, not {reprlib.repr(value)}.")
    texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    for text in texts:
        if not isinstance(text, str) or readable(text) != text:
            raise UserError(f"{path}: the setting '{name}' has something else than text in it.")
    return value


BY_FREQUENCY = "frequency"
TAG_ORDERS = (BY_FREQUENCY, "author")
"""Frequent tags first is the order that gained in the trials of the base, too (its card);
``training.bench.studies.small_training`` compares both on small corpora."""


@dataclass
class TrainConfig(ConsoleConfig):
    """Settings of ``training.train``."""

    dataset: str = option(
        "", "Dataset folder or owner/name[@revision]; default build/<name>/dataset."
    )
    base: str = option("", "Any seq2seq model: folder or repo_id; default the bundled.")
    encoder: str = option(
        "", "Any sentence encoder for the neighbours: folder or repo_id; default the English one."
    )
    name: str = option("tagloop", "Name of the project's repositories.")
    output_dir: str | None = option(None, "Model folder to write; default build/<name>/model.")
    prompt_template: str | None = option(
        None, "Prompt with {title} and {text}; default as the base says."
    )
    max_input_tokens: int = option(256, "Longer prompts are cut.")
    max_new_tokens: int = option(48, "Bound of the output.")
    epochs: float | None = option(
        None,
        "Passes over the articles at the most; default 6, for fewer than 500 articles 16 of the "
        "upper layers.",
    )
    frozen_layers: int | None = option(
        None,
        "So many lower layers of an encoder of BART's kind, and the embeddings, stay as they are; "
        "they read each article only once. Default 4 for fewer than 500 articles where --epochs is "
        "not set, else 0.",
    )
    batch_size: int = option(16, "Articles a step.")
    learning_rate: float = option(3e-4, "Peak rate of AdamW.")
    weight_decay: float = option(0.01, "Of AdamW.")
    warmup: float = option(0.06, "Share of the steps that warm up.")
    label_smoothing: float = option(0.0, "Of the cross-entropy.")
    tag_order: str = option(
        BY_FREQUENCY,
        "Of the tags in an answer: frequency (those of most articles first) or author (as they "
        "were given).",
    )
    freeze_encoder: bool = option(
        False, "Train the decoder alone; the encoder reads each article only once."
    )
    freeze_embeddings: bool = option(
        False, "Leave embeddings and output layer as they are: most of a multilingual base."
    )
    patience: int = option(2, "Epochs without a better f1@m to stop, where all weights learn.")
    eval_limit: int = option(200, "Validation articles that are tagged after each epoch.")
    seed: int = option(20, "Seed of everything random.")
    precision: str = option("auto", "auto (bf16 where it is faster), bf16 or fp32.")
    resume: bool = option(False, "Continue from the last checkpoint.")

    def __post_init__(self) -> None:
        """Refuses what no training can run with.

        Raises:
            UserError: A number that must be above 0 is not, the order is unknown, or the prompt
                lacks the article.
        """
        for name in ("max_input_tokens", "max_new_tokens", "epochs", "batch_size"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UserError(f"--{name} {value}: take a number above 0.")
        if self.tag_order not in TAG_ORDERS:
            raise UserError(f"--tag_order {self.tag_order}: take {' or '.join(TAG_ORDERS)}.")
        if self.frozen_layers is not None and self.frozen_layers < 0:
            raise UserError("--frozen_layers cannot be below 0.")
        if self.prompt_template is not None and "{text}" not in self.prompt_template:
            given = f"--prompt_template {self.prompt_template!r}"
            raise UserError(f"{given} needs {{text}}, where the article goes.")


@dataclass
class MergesConfig:
    """Settings of ``training.tag_merges``."""

    dataset: str = option("", "Dataset folder; default build/<name>/dataset.")
    name: str = option("tagloop", "Name of the project's repositories.")
    reason: str | None = option(None, "Only merges for this reason, e.g. initials.")


@dataclass
class EvaluateConfig(ConsoleConfig):
    """Settings of ``training.evaluation``."""

    model: str = option("", "Tagger; default build/<name>/model.")
    before: str = option("", "What to compare with; default the model's own base.")
    dataset: str = option(
        "", "Dataset folder or owner/name[@revision]; default build/<name>/dataset."
    )
    name: str = option("tagloop", "Name of the project's repositories.")
    split: str = option("test", "Split to measure on.")
    limit: int | None = option(None, "Only the first articles of it.")
    examples: int = option(4, "Articles shown before and after.")
    seed: int = option(20, "Seed of the bootstrap.")
    output: str | None = option(None, "Report to write; default report.json in the model folder.")


@dataclass(kw_only=True)
class StationsConfig(ConsoleConfig, ReadingConfig):
    """Settings of ``training.publish.pipeline``."""

    name: str = option("tagloop", "Name of the project's repositories.")
    source: list[str] = option([], "Articles; default the starter corpus.", action="extend")
    base: str = option("", "Any seq2seq model: folder or repo_id; default the bundled.")
    encoder: str = option(
        "", "Any sentence encoder for the neighbours: folder or repo_id; default the English one."
    )
    training: str | None = option(None, "YAML or JSON file with more settings of training.train.")


@dataclass(kw_only=True)
class PublishConfig(StationsConfig):
    """Settings of ``training.publish``."""

    namespace: str = option("", "Your user or organisation on the Hub.")
    private: bool = option(False, "Make dataset, model, Space private.")
    auto_retrain: bool | None = option(
        None,
        "1: a webhook of the Hub starts a Job that retrains when corrections arrive; 0: removes "
        "it; default: leaves it as it is.",
    )
    space: str = option(
        "",
        "gradio: a Space with a server; static: one that runs in the visitor's browser; both; "
        "default: gradio where your plan on the Hub allows it, else static.",
    )
    dry_run: bool = option(False, "Print what would be done, do nothing.")

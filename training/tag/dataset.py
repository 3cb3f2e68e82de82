"""Tagged articles as a dataset of the Hub: Parquet by split, a report, a card, a private push."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict, cast

import pyarrow
from datasets import DatasetInfo, Features, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData, HfApi

from dataset_card.check import check_card
from dataset_card.describe import size_category
from dataset_card.licenses import hub_licenses
from dataset_card.markdown import Markdown, code, escape, fenced, render, shorten
from dataset_card.sections import pretty_name
from tagloop.batch.rows import RowTags
from tagloop.errors import UserError
from tagloop.files import CARD, TAGGING_REPORT
from tagloop.reading.record import Entry
from training.cards.cards import repo_link, repo_url
from training.data.sources.hub import PATTERN
from training.json_files import read_json, write_json
from training.publish.errors import check_access
from training.publish.repository import Published, Repository
from training.tag.articles import Articles
from training.tag.models import Model
from training.tag.outcome import Outcome
from training.tag.parquet import ArticleColumns, ParquetFile
from training.tag.targets import Target, unfit_notes

SHARD_BYTES = 500_000_000
"""Of values, before Parquet packs them; `datasets` cuts its own shards so."""
SCHEMA = 1
VERSIONS = ("ctranslate2", "transformers", "pyarrow")
TEMPLATE = Path(__file__).with_name("card.md")
SUBJECT = ["article-tagging", "tag-generation", "machine-generated"]
ROWS = 20
"""Of a table in the card."""
_SPLIT = re.compile(r"\w+(?:\.\w+)*")
"""What `datasets` takes for the name of a split."""
_ANY_SPLIT = "train"
SNIPPET = """\
from datasets import load_dataset

articles = load_dataset({repo_id}, revision={version})
print(articles)
"""
"""Loads the dataset."""


class TaggingReport(TypedDict):
    """``tagging_report.json``: what was tagged by what, and what came of it.

    Attributes:
        source: As `Source.name`.
        model: Its name, and its commit on the Hub.
        options: Those that were asked for.
        splits: Articles by split.
        tagged: Articles with tags.
        untagged: The others by reason, with the first place of each.
        tags: The most frequent tags with their articles.
        columns: What tags, confidences and errors are called.
        licenses: As the Hub names them.
        command: What was run.
    """

    schema: int
    source: str
    model: dict[str, str | None]
    options: dict[str, Any]
    splits: dict[str, int]
    tagged: int
    untagged: dict[str, dict[str, Any]]
    tags: dict[str, int]
    columns: list[str]
    licenses: list[str]
    command: str
    versions: dict[str, str]


@dataclass
class _Split:
    """A split that is written.

    Attributes:
        shards: Files.
        rows: Articles in those that are complete.
        bytes: Of all values in them.
    """

    shards: int = 0
    rows: int = 0
    bytes: int = 0


class DatasetTarget(Target):
    """A dataset's folder: Parquet files of each split, cut by their size.

    Attributes:
        columns: Of an article.
        splits: What is in each.
    """

    def __init__(self, path: Path, columns: ArticleColumns) -> None:
        super().__init__(path)
        self.remove_partial()
        self.columns = columns
        self.splits: dict[str, _Split] = {}
        self._file: ParquetFile | None = None
        self._split = ""
        (self.partial / "data").mkdir(parents=True)

    def add(self, entry: Entry, tagged: RowTags) -> str:
        """Writes an article; returns why it has no tags there, empty if it has."""
        named = str(entry.record.fallbacks.get("split") or "")
        split = named if _SPLIT.fullmatch(named) else _ANY_SPLIT
        if self._file and (split != self._split or self._file.bytes > SHARD_BYTES):
            self._complete()
        if self._file is None:
            self._split = split
            shard = self.splits.setdefault(split, _Split())
            self._file = ParquetFile(self._shard(split, shard.shards), self.columns)
            shard.shards += 1
        self._file.add(entry, tagged)
        return tagged.problem

    def close(self) -> list[str]:
        """Gives the files the names that `datasets` gives them."""
        self._complete()
        for split, of in self.splits.items():
            for number in range(of.shards):
                path = self._shard(split, number)
                path.rename(path.with_stem(f"{path.stem}-of-{of.shards:05d}"))
        return unfit_notes(self.columns)

    def info(self) -> DatasetInfo:
        """Returns what `load_dataset` reads in the card."""
        splits = SplitDict()
        for name, of in self.splits.items():
            splits.add(SplitInfo(name=name, num_bytes=of.bytes, num_examples=of.rows))
        files = self.path.glob("data/*.parquet")
        return DatasetInfo(
            features=Features.from_arrow_schema(self.columns.schema),
            splits=splits,
            download_size=sum(path.stat().st_size for path in files),
            dataset_size=sum(of.bytes for of in self.splits.values()),
        )

    def _complete(self) -> None:
        if self._file:
            self._file.close()
            of = self.splits[self._split]
            of.rows += self._file.rows
            of.bytes += self._file.bytes
        self._file = None

    def _shard(self, split: str, number: int) -> Path:
        return self.partial / "data" / f"{split}-{number:05d}.parquet"


def repository(repo_id: str) -> Repository:
    """Returns the dataset's repository, into which this person may push tagged articles.

    Raises:
        UserError: There is no valid token, the namespace is somebody else's, or the name is taken.
    """
    if repo_id.count("/") != 1:
        raise UserError(f"--push {repo_id}: name a dataset as owner/name.")
    api = HfApi()
    check_access(api, repo_id.split("/")[0], "a name of ")
    found = Repository(api, repo_id, "dataset", TAGGING_REPORT)
    found.check_name()
    return found


def push(
    target: DatasetTarget,
    into: Repository,
    articles: Articles,
    model: Model,
    outcome: Outcome,
    options: Mapping[str, Any],
    command: str,
) -> Published:
    """Publishes a folder that was written; a new dataset is private.

    Raises:
        UserError: The Hub refuses.
    """
    columns = target.columns
    report = TaggingReport(
        schema=SCHEMA,
        source=articles.name,
        model={"name": model.shown, "revision": model.revision},
        options={name: value for name, value in options.items() if value is not None},
        splits={name: of.rows for name, of in target.splits.items()},
        tagged=outcome.tagged,
        untagged={
            kind: {"articles": some.count, "first": some.first}
            for kind, some in outcome.untagged.items()
        },
        tags=dict(outcome.tags.most_common(ROWS)),
        columns=[columns.tags, columns.confidences, columns.error],
        licenses=hub_licenses(outcome.licenses),
        command=command,
        versions={name: version(name) for name in VERSIONS},
    )
    write_json(target.path / TAGGING_REPORT, report)
    into.create(private=True)
    return into.push(
        target.path,
        lambda number: write_card(target.path, target.info(), into.repo_id, number),
        f"Tags by {model.shown}",
    )


def write_card(folder: Path, info: DatasetInfo, repo_id: str, version: str) -> str:
    """Writes the card of a folder with its report; returns its text."""
    report = cast(TaggingReport, read_json(folder / TAGGING_REPORT))
    articles = sum(report["splits"].values())
    body = render(
        TEMPLATE,
        title=pretty_name(repo_id),
        articles=articles,
        tagged=report["tagged"],
        splits=report["splits"],
        source=_source(report["source"]),
        model=_model(report["model"]),
        snippet=fenced(SNIPPET.format(repo_id=f'"{repo_id}"', version=f'"{version}"'), "python"),
        columns=_columns(info.features, report["columns"]),
        more_columns=max(len(info.features) - ROWS, 0),
        tags=report["tags"],
        untagged=report["untagged"],
        options=", ".join(_option(*each) for each in report["options"].items()),
        command=fenced(report["command"], "bash"),
        versions=", ".join(f"{name} {of}" for name, of in report["versions"].items()),
        version=version,
        discussions=Markdown(f"{repo_url(repo_id, 'dataset')}/discussions"),
    )
    text = f"---\n{_metadata(info, report, repo_id).to_yaml()}\n---\n\n{body}"
    check_card(text)
    (folder / CARD).write_text(text, encoding="utf-8", newline="\n")
    return text


def _metadata(info: DatasetInfo, report: TaggingReport, repo_id: str) -> DatasetCardData:
    licenses = report["licenses"]
    data = DatasetCardData(
        pretty_name=pretty_name(repo_id),
        license=licenses[0] if len(licenses) == 1 else licenses,
        task_categories=["text-classification"],
        task_ids=["multi-label-classification"],
        size_categories=[size_category(sum(report["splits"].values()))],
        tags=SUBJECT,
        configs=[
            {
                "config_name": "default",
                "data_files": [
                    {"split": split, "path": f"data/{split}-*"} for split in report["splits"]
                ],
            }
        ],
    )
    if licenses == ["other"]:
        data["license_name"] = "see-articles"
        data["license_link"] = repo_url(repo_id, "dataset")
    DatasetInfosDict({"default": info}).to_dataset_card_data(data)
    return data


def _source(name: str) -> Markdown:
    found = PATTERN.fullmatch(name)
    if found and found["revision"] and "/" in found["repo_id"]:
        return Markdown(f"{repo_link(found['repo_id'], 'dataset')} at {code(found['revision'])}")
    return escape(name)


def _model(model: Mapping[str, str | None]) -> Markdown:
    name, revision = str(model["name"]), model["revision"]
    return Markdown(f"{repo_link(name, 'model')} at {code(revision)}") if revision else code(name)


def _columns(features: Features, added: list[str]) -> list[dict[str, Any]]:
    tags, confidences, error = added
    meanings = {
        tags: "the model's tags, the surest first",
        confidences: "of each tag, 0 to 1",
        error: "why there are no tags; empty where nothing went wrong",
    }
    shown = [*list(features)[: ROWS - len(added)], *added] if len(features) > ROWS else features
    return [
        {
            "name": name,
            "type": _type(features.arrow_schema.field(name).type),
            "meaning": meanings.get(name, "as in the source"),
        }
        for name in shown
    ]


def _type(kind: pyarrow.DataType) -> str:
    if pyarrow.types.is_struct(kind):
        return "struct"
    return f"list of {_type(kind.value_type)}" if pyarrow.types.is_list(kind) else str(kind)


def _option(name: str, value: Any) -> str:
    shown = value if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)
    return f"{name.replace('_', ' ')} {shorten(str(shown), 200)}"

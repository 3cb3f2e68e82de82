"""The card of a dataset that a model tagged, made of the report that lies beside its data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, cast

import pyarrow
from datasets import DatasetInfo, Features
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData

from dataset_card.check import check_card
from dataset_card.describe import size_category
from dataset_card.markdown import Markdown, code, escape, fenced, render, shorten
from dataset_card.sections import pretty_name
from tagloop.files import CARD, TAGGING_REPORT
from training.cards.links import repo_link, repo_url
from training.cards.metadata import source_dataset
from training.data.sources.hub import PATTERN
from training.json_files import read_json

TEMPLATE = Path(__file__).with_name("card.md")
SUBJECT = ["article-tagging", "tag-generation", "machine-generated"]
SNIPPET = """\
from datasets import load_dataset

articles = load_dataset({repo_id}, revision={version})
print(articles)
"""
ROWS = 20
"""Of a table."""


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
        tags=dict(list(report["tags"].items())[:ROWS]),
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
        annotations_creators=["machine-generated"],
        source_datasets=[source_dataset(report["source"])],
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

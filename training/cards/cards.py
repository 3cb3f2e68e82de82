"""The cards of a dataset and a model, generated from what building, training and measuring wrote.

The same files and arguments give the same bytes, so that publishing them again changes nothing;
links go to the Hub in use (``HF_ENDPOINT``), so a card differs from one Hub to the other.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dataset_card.charts import (
    lengths_chart,
    reliability_chart,
    tags_chart,
    thumbnail,
    training_chart,
)
from dataset_card.check import check_card
from dataset_card.describe import describe
from dataset_card.markdown import Markdown, render
from dataset_card.sections import dataset_sections
from tagloop.errors import UserError
from tagloop.files import BUILD_REPORT, CARD, CONFIG, EVALUATION_REPORT, ONNX, TRAINING_LOG
from tagloop.generation.settings import TaggingSettings
from training.cards.changelog import latest_changes
from training.cards.links import (
    at_commit,
    base_link,
    encoder_link,
    repo_link,
    repo_url,
    version_tag,
)
from training.cards.metadata import LICENSE, THUMBNAIL, dataset_metadata, model_metadata
from training.cards.model_sections import model_sections
from training.cards.model_snippets import space_address
from training.cards.notebook import write_notebook
from training.cards.repo_names import Names
from training.data.build_report import read_build_report
from training.data.corpus import DataSource
from training.data.corrections_file import RepoCommit
from training.evaluation.report import EvaluationReport, read_report
from training.finetune.training_log import TrainingLog, read_log
from training.json_files import read_json

__all__ = ["check_card", "write_dataset_card", "write_model_card"]

DATASET_TEMPLATE = Path(__file__).parents[2] / "dataset_card" / "template.md"
MODEL_TEMPLATE = Path(__file__).parent / "model_card.md"
Content = TypeVar("Content")


def write_dataset_card(dataset_dir: str | Path, names: Names, version: str) -> str:
    """Writes ``README.md`` and ``charts/`` into a dataset folder, all anew from its data.

    Args:
        dataset_dir: Folder with ``data/*.parquet`` and ``build_report.json``.
        names: The project's repositories on the Hub.
        version: The dataset's version, ``v1.2.3``; also the git tag that the snippet loads.

    Returns:
        The card's text.

    Raises:
        UserError: A file is missing or broken, or something else stands for a repo_id.
    """
    folder, version = Path(dataset_dir), version_tag(version)
    description = describe(folder)
    report = _read(read_build_report, folder / BUILD_REPORT, "make data")
    tags_chart(description.tag_counts, folder / "charts" / "tags.png")
    lengths_chart(
        description.words, description.tags_per_article, folder / "charts" / "lengths.png"
    )
    metadata = dataset_metadata(description, names.dataset, report)
    body = render(
        DATASET_TEMPLATE,
        version=version,
        model_link=repo_link(names.model, "model"),
        space_link=repo_link(names.space, "space"),
        corrections_link=repo_link(names.corrections, "dataset"),
        discussions=Markdown(f"{repo_url(names.dataset, 'dataset')}/discussions"),
        **dataset_sections(description, report, names.dataset, version),
    )
    return _write(folder, metadata.to_yaml(), body)


def write_model_card(
    model_dir: str | Path, names: Names, version: str, dataset_revision: str
) -> str:
    """Writes ``README.md``, ``notebook.ipynb`` and ``charts/`` into a model folder, all anew.

    Args:
        model_dir: Folder with the model, ``tagging.json``, ``training_log.json``, ``report.json``.
        names: The project's repositories on the Hub.
        version: The model's version, ``v1.2.3``; also the git tag that the snippet loads.
        dataset_revision: The dataset's commit that the training's local folder was published as.
            Where training or measuring read from the Hub, the dataset and commit that they noted
            stand in the card instead.

    Returns:
        The card's text.

    Raises:
        UserError: A file is missing or broken, or something else stands for a repo_id.
    """
    folder, version = Path(model_dir), version_tag(version)
    log = _read(read_log, folder / TRAINING_LOG, "make train")
    report = _read(read_report, folder / EVALUATION_REPORT, "make evaluate")
    published = RepoCommit(repo_id=names.dataset, revision=dataset_revision)
    trained_on = _on_the_hub(log["dataset"], published)
    measured_on = _on_the_hub(report["dataset"], published)
    _model_charts(folder, names.model, log, report)
    metadata = model_metadata(names.model, version, log, report, trained_on, measured_on)
    sections = model_sections(
        log,
        report,
        settings=TaggingSettings.load(folder),
        model_type=_read(read_json, folder / CONFIG, "make train")["model_type"],
        repo_id=names.model,
        version=version,
        space_repo=names.space,
    )
    sections |= _model_links(names, trained_on, measured_on)
    sections |= {"version": version, "license": LICENSE, "base": base_link(log)}
    sections["encoder_link"] = encoder_link(TaggingSettings.load(folder).sentence_encoder)
    graphs = folder / ONNX / EVALUATION_REPORT
    sections["onnx"] = read_json(graphs) if graphs.is_file() else None
    write_notebook(folder, names, version, measured_on, report)
    body = render(MODEL_TEMPLATE, changes=latest_changes(folder), **sections)
    return _write(folder, metadata.to_yaml(), body)


def _model_links(
    names: Names, trained_on: RepoCommit, measured_on: RepoCommit
) -> dict[str, Markdown]:
    return {
        "dataset_link": repo_link(names.dataset, "dataset"),
        "trained_link": at_commit(trained_on),
        "measured_link": at_commit(measured_on),
        "space_link": repo_link(names.space, "space"),
        "discussions": Markdown(f"{repo_url(names.model, 'model')}/discussions"),
        "space_address": Markdown(space_address(names.space)),
        "agents_link": Markdown(f"[agents.md]({repo_url(names.space, 'space')}/agents.md)"),
    }


def _on_the_hub(source: DataSource, published: RepoCommit) -> RepoCommit:
    """Returns the commit that a step read its articles from, or that they were published as."""
    if not source.get("revision"):
        return published
    return RepoCommit(repo_id=source["repo_id"], revision=str(source["revision"]))


def _model_charts(folder: Path, repo_id: str, log: TrainingLog, report: EvaluationReport) -> None:
    if calibration := report.get("calibration"):
        reliability_chart(calibration["bins"], folder / "charts" / "reliability.png")
    training_chart(log["log"], "eval_f1@m", "F1@M", folder / "charts" / "training.png")
    first = report["examples"][0] if report["examples"] else None
    title, tags = (first["title"], [tag["tag"] for tag in first["after"]]) if first else ("", [])
    thumbnail(repo_id, title, tags, folder / THUMBNAIL)


def _read(read: Callable[[Path], Content], path: Path, command: str) -> Content:
    """Reads a file that a command makes, or says which command that is."""
    try:
        return read(path)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: make it with {command}.") from None
    except ValueError as error:
        raise UserError(
            f"{path} is no JSON object ({error}): make it anew with {command}."
        ) from None


def _write(folder: Path, front_matter: str, body: str) -> str:
    text = f"---\n{front_matter}\n---\n\n{body}"
    check_card(text)
    (folder / CARD).write_text(text, encoding="utf-8", newline="\n")
    return text

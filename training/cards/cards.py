"""The cards of a dataset and a model, generated from what building, training and measuring wrote.

The same files and arguments give the same bytes, so that publishing them again changes nothing;
links go to the Hub in use (``HF_ENDPOINT``), so a card differs from one Hub to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData, EvalResult, ModelCardData, constants
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined, unused-ignore]

from dataset_card.charts import lengths_chart, reliability_chart, tags_chart, training_chart
from dataset_card.check import check_card
from dataset_card.describe import Description, describe, size_category
from dataset_card.licenses import hub_license, hub_licenses
from dataset_card.markdown import Markdown, escape, render
from dataset_card.sections import dataset_sections, pretty_name
from tagloop.errors import UserError
from tagloop.files import BUILD_REPORT, CARD, CONFIG, EVALUATION_REPORT, ONNX, TRAINING_LOG
from tagloop.generation.settings import TaggingSettings
from tagloop.text.languages import relevant_languages
from training.cards.changelog import latest_changes
from training.cards.citations import BUNDLED
from training.cards.model_sections import model_sections
from training.cards.repo_names import Names
from training.data.build_report import read_build_report
from training.data.corpus import DataSource
from training.data.corrections_file import RepoCommit
from training.evaluation.measures import SYSTEMS, metric_of
from training.evaluation.report import EvaluationReport, read_report
from training.finetune.training_log import TrainingLog, read_log
from training.json_files import read_json

__all__ = ["check_card", "write_dataset_card", "write_model_card"]

DATASET_TEMPLATE = Path(__file__).parents[2] / "dataset_card" / "template.md"
MODEL_TEMPLATE = Path(__file__).parent / "model_card.md"
SUBJECT = ["article-tagging", "tag-generation", "text2text-generation"]
"""Plain tags of both cards; the last was a task of the Hub once, and people still search for it."""
PIPELINE_TAG = "summarization"
"""The task of the Hub nearest to writing a short text about a long one: text2text-generation is
none any more."""
Content = TypeVar("Content")
LANGUAGE = "en"
"""Of the articles of builds and trainings that did not look for it."""
LICENSE = "apache-2.0"
"""Of the weights."""
PUBLISHED = ("checkpoint", "after")
"""Systems of the model-index; first the one that the Hub's own code snippets run."""
HUB_METRICS = {"f1", "precision", "rouge"}
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
"""The Hub's model whose weights the bundled base begins with."""


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
    metadata = _dataset_metadata(description, names.dataset, report.get("languages"))
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
    """Writes ``README.md`` and ``charts/`` into a model folder, all anew from its files.

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
    _model_charts(folder, log, report)
    metadata = _model_metadata(names.model, log, report, trained_on, measured_on)
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
    sections |= {"version": version, "license": LICENSE, "base": _base_link(log)}
    sections["encoder_link"] = _encoder_link(TaggingSettings.load(folder).sentence_encoder)
    graphs = folder / ONNX / EVALUATION_REPORT
    sections["onnx"] = read_json(graphs) if graphs.is_file() else None
    body = render(MODEL_TEMPLATE, changes=latest_changes(folder), **sections)
    return _write(folder, metadata.to_yaml(), body)


def _model_links(
    names: Names, trained_on: RepoCommit, measured_on: RepoCommit
) -> dict[str, Markdown]:
    return {
        "dataset_link": repo_link(names.dataset, "dataset"),
        "trained_link": _at_commit(trained_on),
        "measured_link": _at_commit(measured_on),
        "space_link": repo_link(names.space, "space"),
        "discussions": Markdown(f"{repo_url(names.model, 'model')}/discussions"),
    }


def _on_the_hub(source: DataSource, published: RepoCommit) -> RepoCommit:
    """Returns the commit that a step read its articles from, or that they were published as."""
    if not source.get("revision"):
        return published
    return RepoCommit(repo_id=source["repo_id"], revision=str(source["revision"]))


def _model_charts(folder: Path, log: TrainingLog, report: EvaluationReport) -> None:
    if calibration := report.get("calibration"):
        reliability_chart(calibration["bins"], folder / "charts" / "reliability.png")
    training_chart(log["log"], "eval_f1@m", "F1@M", folder / "charts" / "training.png")


def version_tag(version: str) -> str:
    """Returns ``1.2.3`` and ``v1.2.3`` as the git tag ``v1.2.3``."""
    return f"v{version.removeprefix('v')}"


def repo_url(repo_id: str, repo_type: str) -> str:
    """Returns a repository's page on the Hub in use (``HF_ENDPOINT`` at import).

    Raises:
        UserError: ``repo_id`` cannot be the id of a repository.
    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise UserError(f"{repo_id!r} is no repo_id of a Hub: {error}") from None
    prefix = constants.REPO_TYPES_URL_PREFIXES.get(repo_type, "")
    return f"{constants.ENDPOINT}/{prefix}{repo_id}"


def repo_link(repo_id: str, repo_type: str) -> Markdown:
    """Returns a Markdown link to a repository."""
    return Markdown(f"[{escape(repo_id)}]({repo_url(repo_id, repo_type)})")


def _at_commit(source: RepoCommit) -> Markdown:
    commit = escape(source["revision"])
    url = repo_url(source["repo_id"], "dataset")
    return Markdown(f"[{escape(source['repo_id'])}@{commit[:10]}]({url}/tree/{commit})")


def _base_model(log: TrainingLog) -> str | None:
    """Returns the base's id on the Hub; None for a folder of the person who trained."""
    base = log["base_model"]
    if base == BUNDLED:
        return MINILM
    if not base or not (log["base_revision"] or "/" in base):
        return None
    try:
        validate_repo_id(base)
    except HFValidationError:
        return None
    return base


def _base_link(log: TrainingLog) -> Markdown:
    base = _base_model(log)
    if log["base_model"] == BUNDLED:
        return Markdown(
            f"Tagloop's small base (the encoder of {repo_link(MINILM, 'model')} and a decoder of "
            "two layers, in the shape of BART)"
        )
    return repo_link(base, "model") if base else escape(log["base_model"] or "")


def _encoder_link(name: str | None) -> Markdown:
    """Names the sentence encoder; models from before there was a choice have all-MiniLM."""
    if name in (None, MINILM):
        return Markdown(f"[all-MiniLM-L6-v2]({repo_url(MINILM, 'model')}), Apache-2.0")
    encoder = str(name)
    try:
        validate_repo_id(encoder)
    except HFValidationError:
        return escape(encoder)
    link = repo_link(encoder, "model") if "/" in encoder else escape(encoder)
    return Markdown(f"{link} (under its own licence)")


def _dataset_metadata(
    description: Description, repo_id: str, languages: Mapping[str, int] | None
) -> DatasetCardData:
    licenses = hub_licenses(description.licenses)
    single = licenses[0] if len(licenses) == 1 else licenses
    data = DatasetCardData(
        pretty_name=pretty_name(repo_id),
        language=_languages(languages),
        license=single,
        task_categories=[PIPELINE_TAG, "text-classification"],
        task_ids=["multi-label-classification"],
        size_categories=[size_category(description.articles)],
        tags=SUBJECT,
        configs=[
            {
                "config_name": "default",
                "data_files": [
                    {"split": split, "path": f"data/{split}-*"} for split in description.splits
                ],
            }
        ],
    )
    if single == "other":
        data["license_name"] = "see-card"
        data["license_link"] = f"{repo_url(repo_id, 'dataset')}#sources-and-licences"
    DatasetInfosDict({"default": description.info}).to_dataset_card_data(data)
    return data


def _model_metadata(
    repo_id: str,
    log: TrainingLog,
    report: EvaluationReport,
    trained_on: RepoCommit,
    measured_on: RepoCommit,
) -> ModelCardData:
    repo_url(measured_on["repo_id"], "dataset")
    results = [
        EvalResult(
            task_type=PIPELINE_TAG,
            task_name="Article tagging",
            dataset_type=measured_on["repo_id"],
            dataset_name=pretty_name(measured_on["repo_id"]),
            dataset_split=report["split"],
            dataset_revision=measured_on["revision"],
            metric_type=metric_of(name).hub_type,
            # The Hub shows a metric by its name and nothing else of ours.
            metric_name=f"{metric_of(name).label} ({SYSTEMS[system]})",
            # numpy's floats do not go into YAML
            metric_value=round(float(measured["value"]), 4),
        )
        for system in PUBLISHED
        for name, measured in report["systems"].get(system, {}).items()
    ]
    base = _base_model(log)
    return ModelCardData(
        language=_languages(log.get("languages")),
        license=hub_license(LICENSE),
        library_name="transformers",
        pipeline_tag=PIPELINE_TAG,
        tags=SUBJECT,
        base_model=base,
        base_model_relation="finetune" if base else None,
        datasets=[trained_on["repo_id"]],
        metrics=sorted({result.metric_type for result in results} & HUB_METRICS),
        model_name=repo_id.split("/")[-1],
        eval_results=results,
    )


def _languages(found: Mapping[str, int] | None) -> list[str] | None:
    """Returns the codes for a card's metadata, the most frequent first; None if none was found.

    Args:
        found: Articles by language; None in files from before they were looked for.
    """
    return [LANGUAGE] if found is None else list(relevant_languages(found)) or None


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

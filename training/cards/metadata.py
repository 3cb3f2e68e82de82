"""The cards' front matter, by which the Hub finds, filters and shows a dataset or a model."""

from __future__ import annotations

from collections.abc import Mapping

from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData, EvalResult, ModelCardData

from dataset_card.describe import Description, size_category
from dataset_card.licenses import hub_license, hub_licenses
from dataset_card.sections import pretty_name
from tagloop.text.languages import relevant_languages
from training.cards.links import base_model, repo_url
from training.data.build_report import BuildReport
from training.data.corrections_file import RepoCommit
from training.data.sources.hub import PATTERN
from training.evaluation.measures import SYSTEMS, metric_of
from training.evaluation.report import EvaluationReport
from training.finetune.training_log import TrainingLog

SUBJECT = ["article-tagging", "tag-generation", "text2text-generation"]
"""Plain tags of both cards; the last was a task of the Hub once, and people still search for it."""
PIPELINE_TAG = "summarization"
"""The task of the Hub nearest to writing a short text about a long one: text2text-generation is
none any more."""
LANGUAGE = "en"
"""Of the articles of builds and trainings that did not look for it."""
PUBLISHED = ("checkpoint", "after")
"""Systems of the model-index; first the one that the Hub's own code snippets run."""
LICENSE = "apache-2.0"
"""Of the weights."""
HUB_METRICS = {"f1", "precision", "rouge"}
THUMBNAIL = "charts/thumbnail.png"
"""Of a model: what a link to it shows on other pages."""


def dataset_metadata(
    description: Description, repo_id: str, report: BuildReport
) -> DatasetCardData:
    """Returns a dataset card's front matter.

    Args:
        description: What the Parquet files hold.
        repo_id: The dataset's id on the Hub.
        report: Content of build_report.json.
    """
    licenses = hub_licenses(description.licenses)
    single = licenses[0] if len(licenses) == 1 else licenses
    data = DatasetCardData(
        pretty_name=pretty_name(repo_id),
        language=_languages(report.get("languages")),
        license=single,
        # Tags stood at the articles already; who corrects them in the Space is anyone.
        annotations_creators=["found", *["crowdsourced"] * bool(description.corrections)],
        source_datasets=_source_datasets(report),
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


def model_metadata(
    repo_id: str,
    version: str,
    log: TrainingLog,
    report: EvaluationReport,
    trained_on: RepoCommit,
    measured_on: RepoCommit,
) -> ModelCardData:
    """Returns a model card's front matter.

    Args:
        repo_id: The model's id on the Hub.
        version: Its git tag.
        log: Content of training_log.json.
        report: Content of report.json.
        trained_on: The dataset that it learned from.
        measured_on: The dataset of the report.

    Raises:
        UserError: Something else stands for a repo_id.
    """
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
    base = base_model(log)
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
        co2_eq_emissions=_co2(log),
        thumbnail=f"{repo_url(repo_id, 'model')}/resolve/{version}/{THUMBNAIL}",
    )


def _co2(log: TrainingLog) -> dict[str, float | str] | None:
    """Returns the Hub's entry about emissions; None for a log without an estimate."""
    emissions = log.get("emissions")
    if not emissions:
        return None
    country = emissions["country"]
    grid = "" if country else ", at the world's mean grid intensity"
    said: dict[str, float | str] = {
        "emissions": emissions["grams"],
        "source": f"CodeCarbon {emissions['version']}, an estimate for the whole machine{grid}",
        "training_type": "fine-tuning",
    }
    if country:
        said["geographical_location"] = country
    return said | {"hardware_used": emissions["hardware"]}


def _source_datasets(report: BuildReport) -> list[str]:
    sources = [entry for entry in report["sources"] if entry["kind"] != "corrections"]
    of_hub = [source_dataset(entry["location"]) for entry in sources if entry["kind"] == "hub"]
    return list(dict.fromkeys(of_hub + ["original"] * (len(of_hub) < len(sources))))


def source_dataset(name: str) -> str:
    """Says by the Hub's words what a dataset was made of.

    Args:
        name: Of a source: ``owner/name@commit`` of one on the Hub.

    >>> source_dataset("me/articles@0123"), source_dataset("posts.csv")
    ('extended|me/articles', 'original')
    """
    found = PATTERN.fullmatch(name)
    return f"extended|{found['repo_id']}" if found and found["revision"] else "original"


def _languages(found: Mapping[str, int] | None) -> list[str] | None:
    """Returns the codes for a card's metadata, the most frequent first; None if none was found.

    Args:
        found: Articles by language; None in files from before they were looked for.
    """
    return [LANGUAGE] if found is None else list(relevant_languages(found)) or None

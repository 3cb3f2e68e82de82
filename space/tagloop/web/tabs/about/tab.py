"""The tab that says what runs here: which model at which commit, how good it was measured to be."""

import json
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from tagloop.explore.folder import display_name
from tagloop.files import CHANGELOG, EVALUATION_REPORT
from tagloop.service.service import TaggingService
from tagloop.tagger.tagger import Tagger
from tagloop.web.languages.words import ENGLISH, Words
from tagloop.web.settings import Settings
from tagloop.web.tabs.about.versions import versions_list
from tagloop.web.tabs.markup import repo_link, safe

logger = logging.getLogger(__name__)

MEASURES = {
    "f1@m": "f1m",
    "f1@5": "f15",
    "precision@1": "p1",
    "present_f1@m": "present_f1m",
    "absent_f1@m": "absent_f1m",
}
SYSTEMS = {
    "after": "after",
    "checkpoint": "checkpoint",
    "before": "before",
    "most_frequent": "frequent",
}
"""Of the report, each with its name among the words."""


def build_about(settings: Settings, service: TaggingService) -> gr.HTML:
    """Lays the tab out inside the `gr.Blocks` that is open; returns what `about` fills."""
    with gr.Column(elem_classes="tl-about"):
        return gr.HTML(about(settings, service))


def about(settings: Settings, service: TaggingService, words: Words = ENGLISH) -> str:
    """Says what runs now: the model may have moved since the page was laid out."""
    tagger = service.tagger
    return (
        _what_runs(settings, service, words)
        + _quality(tagger, words)
        + versions_list(read_json(tagger.model_repo, tagger.model_revision, CHANGELOG), words)
        + _corrections(settings, words)
    )


def read_report(model_repo: str, revision: str | None) -> dict[str, Any] | None:
    """Returns the model's ``report.json``, or None where it has none that can be read."""
    return read_json(model_repo, revision, EVALUATION_REPORT)


@lru_cache(maxsize=8)
def read_json(model_repo: str, revision: str | None, name: str) -> dict[str, Any] | None:
    """Returns a JSON file of the model, or None where it has none that can be read."""
    try:
        if Path(model_repo).is_dir():
            path = Path(model_repo) / name
        else:
            path = Path(hf_hub_download(model_repo, name, revision=revision))
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content
    except (FileNotFoundError, LocalEntryNotFoundError, HfHubHTTPError):
        return None
    except ValueError as error:
        logger.warning("%s of %s cannot be read: %s", name, model_repo, error)
        return None


def _what_runs(settings: Settings, service: TaggingService, words: Words) -> str:
    tagger = service.tagger
    rows = {"model": repo_link(service.model_name, tagger.model_revision)}
    if settings.dataset_repo:
        rows["learned_from"] = repo_link(display_name(settings.dataset_repo), kind="datasets/")
    rows["base"] = safe(tagger.settings.base_model or words("about.not_stated"))
    rows["runs_on"] = safe(tagger.engine)
    rows["knows"] = words.count("about.knows_tags", len(tagger.vocabulary.tags))
    rows["licence"] = words("about.licence_is")
    cells = "".join(
        f"<dt>{words(f'about.row_{name}')}</dt><dd>{value}</dd>" for name, value in rows.items()
    )
    return f"<h2>{words('about.runs')}</h2><dl>{cells}</dl>"


def _quality(tagger: Tagger, words: Words = ENGLISH) -> str:
    name = words("about.quality")
    report = read_report(tagger.model_repo, tagger.model_revision)
    if report is None:
        return f"<h2>{name}</h2><p>{words('about.unmeasured')}</p>"
    systems = {key: called for key, called in SYSTEMS.items() if report["systems"].get(key)}
    head = "".join(f'<th scope="col">{words(f"about.system_{of}")}</th>' for of in systems.values())
    body = "".join(
        f'<tr><th scope="row">{words(f"about.measure_{called}")}</th>'
        + "".join(f"<td>{_figure(report['systems'][of].get(key), words)}</td>" for of in systems)
        + "</tr>"
        for key, called in MEASURES.items()
        if any(report["systems"][of].get(key) for of in systems)
    )
    told = [words("about.measured", articles=report["articles"], split=safe(report["split"]))]
    if "checkpoint" in systems:
        told.append(words("about.alone"))
    told.append(words("about.interval"))
    return (
        f"<h2>{name}</h2><p>{' '.join(told)}</p>"
        f'<div class="tl-scroll" tabindex="0" role="region" aria-label="{name}">'
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _figure(value: dict[str, float] | None, words: Words) -> str:
    if value is None:
        return "–"
    return words("about.figure", **{key: f"{value[key]:.3f}" for key in ("value", "low", "high")})


def _corrections(settings: Settings, words: Words) -> str:
    told = words("about.correction_none")
    if settings.corrections_repo is not None:
        repo = f"<code>{safe(settings.corrections_repo)}</code>"
        told = words("about.correction_goes", repo=repo)
    return f"<h2>{words('about.correction')}</h2><p>{told}</p>"

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
from tagloop.web.settings import Settings
from tagloop.web.tabs.about.versions import versions_list
from tagloop.web.tabs.markup import repo_link, safe

logger = logging.getLogger(__name__)

MEASURES = {
    "f1@m": "F1@M, all suggested tags",
    "f1@5": "F1@5, five tags",
    "precision@1": "Precision of the first tag",
    "present_f1@m": "F1@M, tags named in the article",
    "absent_f1@m": "F1@M, inferred tags",
}
SYSTEMS = {
    "after": "Tagloop, as it runs here",
    "checkpoint": "its checkpoint alone",
    "before": "before fine-tuning",
    "most_frequent": "always the most frequent tags",
}

ALONE = (
    "The checkpoint alone is what stock <code>generate</code> gives, Tagloop is the checkpoint "
    "with its neighbours and its ranker. "
)


def build_about(settings: Settings, service: TaggingService) -> gr.HTML:
    """Lays the tab out inside the `gr.Blocks` that is open; returns what `about` fills."""
    with gr.Column(elem_classes="tl-about"):
        return gr.HTML(about(settings, service))


def about(settings: Settings, service: TaggingService) -> str:
    """Says what runs now: the model may have moved since the page was laid out."""
    tagger = service.tagger
    return (
        _what_runs(settings, service)
        + _quality(tagger)
        + versions_list(read_json(tagger.model_repo, tagger.model_revision, CHANGELOG))
        + _corrections(settings)
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


def _what_runs(settings: Settings, service: TaggingService) -> str:
    tagger = service.tagger
    rows = {"Model": repo_link(service.model_name, tagger.model_revision)}
    if settings.dataset_repo:
        rows["Learned from"] = repo_link(display_name(settings.dataset_repo), kind="datasets/")
    rows["Base model"] = safe(tagger.settings.base_model or "not stated")
    rows["Runs on"] = safe(tagger.engine)
    rows["Knows"] = f"{len(tagger.vocabulary.tags):,} tags; it can generate others too"
    rows["Licence"] = "Apache-2.0 (this Space); see the model's and the dataset's card for theirs"
    cells = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows.items())
    return f"<h2>What runs here</h2><dl>{cells}</dl>"


def _quality(tagger: Tagger) -> str:
    heading = "<h2>How good it is</h2>"
    report = read_report(tagger.model_repo, tagger.model_revision)
    if report is None:
        return f"{heading}<p>This model has no measurements with it.</p>"
    systems = {key: name for key, name in SYSTEMS.items() if report["systems"].get(key)}
    head = "".join(f'<th scope="col">{name}</th>' for name in systems.values())
    body = "".join(
        f'<tr><th scope="row">{name}</th>'
        + "".join(f"<td>{_figure(report['systems'][key].get(measure))}</td>" for key in systems)
        + "</tr>"
        for measure, name in MEASURES.items()
        if any(report["systems"][key].get(measure) for key in systems)
    )
    said = ALONE if "checkpoint" in systems else ""
    return (
        f"{heading}<p>Measured on {report['articles']:,} articles of the "
        f"{safe(report['split'])} split that it never saw, against the tags that their authors "
        f"chose. {said}Below each figure: its 95 % bootstrap interval.</p>"
        '<div class="tl-scroll" tabindex="0" role="region" aria-label="How good it is">'
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _figure(value: dict[str, float] | None) -> str:
    if value is None:
        return "–"
    return f"{value['value']:.3f}<small>{value['low']:.3f} to {value['high']:.3f}</small>"


def _corrections(settings: Settings) -> str:
    heading = "<h2>What happens to a correction</h2>"
    if settings.corrections_repo is None:
        return f"{heading}<p>This Space takes none: it stores nothing of what you paste.</p>"
    return (
        f"{heading}<p>Without a correction, nothing of what you paste is stored. When you send "
        "one, title, text, tags and note go to a private dataset on the Hub, "
        f"<code>{safe(settings.corrections_repo)}</code>. “Saved” is said only once it is safe on "
        "disk, and the message tells when it has reached the dataset. Corrections may be used to "
        "train the next model. It also tells the correction’s id: with that you can withdraw it, "
        "and the next dataset leaves it out.</p>"
    )

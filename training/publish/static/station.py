"""What `training.publish` does for a static Space: the graphs with their figures, the folder."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from huggingface_hub import HfApi, RepoCard, constants, hf_hub_download

from tagloop.errors import UserError
from tagloop.files import CARD, EVALUATION_REPORT, ONNX, WEIGHTS
from training.cards.repo_names import Names
from training.data.corpus import Corpus
from training.evaluation.measuring import Measuring
from training.evaluation.report import read_report
from training.json_files import read_json, write_json
from training.publish.errors import clear_errors
from training.publish.repository import Published, Repository
from training.publish.static.graphs import load_onnx_tagger, write_graphs
from training.publish.static.site import PAGE, SITE, Model, write_site

FIGURES = ("f1@m", "precision@1")
SPACES = {"": (), "gradio": ("gradio",), "static": ("static",), "both": ("gradio", "static")}
"""What a person may want, and the kinds of Spaces that it means; nothing said is for the Hub's
plan to decide."""


def wanted_spaces(space: str, private: bool) -> tuple[str, ...]:
    """Returns the kinds of Spaces that a person asks for.

    Raises:
        UserError: It is none of ``SPACES``, or no visitor could fetch the model.
    """
    if space not in SPACES:
        raise UserError(f"SPACE={space} is no kind of Space: take gradio, static or both.")
    if private and "static" in SPACES[space]:
        raise UserError(
            "A static Space fetches the model as its visitor, who may not read a private one: "
            "take SPACE=gradio, or leave PRIVATE=1 out."
        )
    return SPACES[space]


def graphs_station(model_dir: Path, corpus: Corpus, encoder: str) -> str:
    """Writes and measures a model's graphs unless they are there; returns what came of it.

    Args:
        model_dir: Folder of the tagger, measured by ``training.evaluation``.
        corpus: What it was measured on.
        encoder: See ``write_graphs``.

    Raises:
        UserError: The model is not of the kind that a browser can run.
    """
    path = model_dir / ONNX / EVALUATION_REPORT
    weights = hashlib.sha256((model_dir / WEIGHTS).read_bytes()).hexdigest()
    key = {"weights": weights, "fingerprint": corpus.fingerprint}
    if not path.is_file() or not key.items() <= read_json(path).items():
        write_graphs(model_dir, encoder)
        split = read_report(model_dir / EVALUATION_REPORT)["split"]
        measuring = Measuring(corpus.splits[split], corpus.train_vocabulary())
        scores = measuring.tagloop(load_onnx_tagger(model_dir), "as in a browser").scores
        figures = {name: float(scores.column(name).mean()) for name in FIGURES}
        write_json(path, key | {"split": split, "articles": len(scores), **figures})
    report = read_json(path)
    return f"F1@M {report['f1@m']:.3f} as in a browser, on {report['articles']:,} articles"


class StaticSpace:
    """The static Space of a project on the Hub."""

    def __init__(self, api: HfApi, names: Names) -> None:
        """Names it; nothing is asked of the Hub yet.

        Args:
            api: Client with a token that may write.
            names: The project's repositories.
        """
        self.names = names
        self.repository = Repository(api, names.static_space, "space", SITE)

    def pinned(self) -> str | None:
        """Returns the commit of the model that its page runs; None where there is no such Space.

        Raises:
            UserError: The Hub refuses.
        """
        if SITE not in (self.repository.remote_files() or {}):
            return None
        with clear_errors(self.repository.repo_id):
            path = hf_hub_download(self.repository.repo_id, SITE, repo_type="space")
        return str(read_json(Path(path))["model"]["revision"])

    def push(self, model: Published, model_dir: Path) -> Published:
        """Pins the Space to a published model.

        Args:
            model: What became of the model.
            model_dir: The same files here, graphs among them.

        Raises:
            UserError: The browser's runtime cannot be fetched, or the Hub refuses.
        """
        with TemporaryDirectory() as scratch:
            folder = write_static_space(Path(scratch) / "space", self.names, model, model_dir)
            self.repository.create(private=False, space_sdk="static")
            message = "Tagloop publishes the static Space"
            return self.repository.push(folder, lambda version: None, message)


def write_static_space(target: Path, names: Names, model: Published, model_dir: Path) -> Path:
    """Writes the static Space of a published model; returns the folder.

    Args:
        target: To be made.
        names: The project's repositories.
        model: What became of the model's; the page is pinned to its commit.
        model_dir: The same files here, graphs among them.

    Raises:
        UserError: The browser's runtime cannot be fetched.
    """
    base = f"{constants.ENDPOINT}/{names.model}/resolve/{model.revision}/"
    figures = read_json(model_dir / ONNX / EVALUATION_REPORT)
    told = (*FIGURES, "articles")
    about = {"version": model.version} | {name: figures[name] for name in told}
    pinned = Model(model_dir, names.model, model.revision, base, about)
    suggestions = {"hub": constants.ENDPOINT, "repo": names.suggestions}
    write_site(target, pinned, load_onnx_tagger(model_dir), suggestions)
    shutil.copyfile(PAGE / "card.md", target / CARD)
    card = RepoCard.load(target / CARD, ignore_metadata_errors=True)
    card.data["title"] = names.space.split("/")[1].replace("-", " ").capitalize()
    card.data["models"], card.data["datasets"] = [names.model], [names.dataset]
    card.save(target / CARD)
    return target

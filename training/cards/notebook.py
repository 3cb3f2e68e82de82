"""``notebook.ipynb`` of a model: what its card says, to be run.

The Hub shows a notebook and offers to open it in Colab (https://huggingface.co/docs/hub/notebooks).
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat import v4

from dataset_card.markdown import Markdown, render
from tagloop.files import NOTEBOOK
from tagloop.generation.settings import TaggingSettings
from training.cards.links import repo_link
from training.cards.model_snippets import literal, prompt_literal
from training.cards.repo_names import Names
from training.data.corrections_file import RepoCommit
from training.evaluation.report import EvaluationReport

TEMPLATE = Path(__file__).with_suffix(".md")
_CODE = re.compile(r"^```python\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def write_notebook(
    folder: Path, names: Names, version: str, measured_on: RepoCommit, report: EvaluationReport
) -> None:
    """Writes ``notebook.ipynb`` into a model folder; its code cells are plain Python.

    Args:
        folder: With ``tagging.json``.
        names: The project's repositories on the Hub.
        version: The model's git tag.
        measured_on: The dataset of the report.
        report: Content of report.json.

    Raises:
        UserError: Something else stands for a repo_id.
    """
    settings = TaggingSettings.load(folder)
    text = render(
        TEMPLATE,
        name=names.model.split("/")[-1],
        model_link=repo_link(names.model, "model"),
        space_link=repo_link(names.space, "space"),
        version=version,
        repo_literal=_code(names.model),
        version_literal=_code(version),
        prompt=Markdown(prompt_literal(settings.prompt_template)),
        max_input_tokens=settings.max_input_tokens,
        separator=_code(settings.separator.strip() or settings.separator),
        dataset_literal=_code(measured_on["repo_id"]),
        dataset_revision=_code(measured_on["revision"]),
        split=report["split"],
        split_literal=_code(report["split"]),
        articles=report["articles"],
    )
    # Jupyter would choose ids by chance.
    parts = [
        (f"cell-{n}", part.strip()) for n, part in enumerate(_CODE.split(text)) if part.strip()
    ]
    cells = [
        v4.new_code_cell(part, id=name) if n % 2 else v4.new_markdown_cell(part, id=name)
        for n, (name, part) in enumerate(parts)
    ]
    notebook = v4.new_notebook(cells=cells, metadata=METADATA)
    nbformat.validate(notebook)
    (folder / NOTEBOOK).write_text(f"{nbformat.writes(notebook)}\n", encoding="utf-8", newline="\n")


def _code(text: str) -> Markdown:
    return Markdown(literal(text))

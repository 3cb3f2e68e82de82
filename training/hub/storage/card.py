"""The YAML block at the head of a README: read, checked, and made fit for JSON."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any

import yaml

from training.hub.errors import HubError

BLOCK = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)(?:^|\r?\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
MAX_NODES = 100_000
"""Most values in a block, aliases counted as often as they are used."""
SDKS = ("gradio", "docker", "static")
COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")


@dataclass(frozen=True)
class Card:
    """A README taken apart.

    Attributes:
        data: The metadata, empty without a block.
        text: The Markdown below it.
    """

    data: dict[str, Any]
    text: str


def read_card(content: str) -> Card:
    """Takes a README apart.

    Raises:
        HubError: 400, with line and column of a fault in the YAML.
    """
    match = BLOCK.match(content)
    if match is None:
        return Card({}, content)
    try:
        data = yaml.safe_load(match.group(1))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 2}, column {mark.column + 1}" if mark else ""
        raise HubError(400, f"Invalid YAML{where}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise HubError(400, f"Invalid YAML: {error}") from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise HubError(400, "The YAML block must be a mapping of keys to values.")
    return Card(_plain(data, [MAX_NODES]), content[match.end() :])


def lenient_card(content: bytes | None) -> Card:
    """Takes a README apart for display: a faulty block counts as text."""
    text = (content or b"").decode(errors="replace")
    try:
        return read_card(text)
    except HubError:
        return Card({}, text)


def faults(content: str, repo_type: str) -> tuple[list[str], list[str]]:
    """Checks a README as the Hub does before a commit.

    Returns:
        Errors, for which the commit is refused, and warnings.
    """
    try:
        data = read_card(content).data
    except HubError as error:
        return [error.message], []
    errors = [
        f'"{key}" must be a string or a list of strings'
        for key in ("license", "language", "tags", "datasets", "base_model", "metrics")
        if not _is_text_or_list(data.get(key))
    ]
    if repo_type == "model":
        errors += _model_faults(data)
    if repo_type == "space":
        errors += _space_faults(data)
    warnings = [] if data else ["empty or missing yaml metadata in repo card"]
    return errors, warnings


def _is_text_or_list(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return value is None or isinstance(value, str)


def _model_faults(data: dict[str, Any]) -> list[str]:
    for key in ("pipeline_tag", "library_name"):
        if not isinstance(data.get(key, ""), str):
            return [f'"{key}" must be a string']
    index = data.get("model-index", [])
    if not isinstance(index, list):
        return ['"model-index" must be a list']
    for number, model in enumerate(index):
        results = model.get("results") if isinstance(model, dict) else None
        if not isinstance(results, list) or not isinstance(model.get("name"), str):
            return [f'"model-index[{number}]" must have a "name" and a list of "results"']
        for result in results:
            complete = isinstance(result, dict) and {"task", "dataset", "metrics"} <= set(result)
            if not complete:
                return [f'each of "model-index[{number}].results" needs task, dataset and metrics']
    return []


def _space_faults(data: dict[str, Any]) -> list[str]:
    errors = []
    if data.get("sdk") not in SDKS:
        errors.append(f'"sdk" must be one of {", ".join(SDKS)}')
    errors += [
        f'"{key}" must be one of {", ".join(COLORS)}'
        for key in ("colorFrom", "colorTo")
        if data.get(key) not in (None, *COLORS)
    ]
    return errors


def _plain(value: Any, budget: list[int]) -> Any:
    """Copies YAML values into what JSON can carry, and stops where aliases explode."""
    budget[0] -= 1
    if budget[0] < 0:
        raise HubError(400, f"The YAML block has more than {MAX_NODES} values.")
    if isinstance(value, dict):
        return {str(key): _plain(item, budget) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item, budget) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return str(value)
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)

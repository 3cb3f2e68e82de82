"""The YAML block at the head of a README: read and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from training.hub.documents import MalformedError, parse_yaml
from training.hub.errors import HubError
from training.hub.storage.licenses import LICENSES

BLOCK = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)(?:^|\r?\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
SDKS = ("gradio", "docker", "static")
COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")


@dataclass(frozen=True)
class Card:
    """A README taken apart.

    Attributes:
        data: The metadata, empty without a block.
        text: The Markdown below it.
        fault: What is wrong with the block, empty if nothing is.
    """

    data: dict[str, Any]
    text: str
    fault: str = ""


def read_card(content: str) -> Card:
    """Takes a README apart.

    Raises:
        HubError: 400, with line and column of a fault in the YAML.
    """
    match = BLOCK.match(content)
    if match is None:
        return Card({}, content)
    try:
        # As many lines before it as the file has, so that a fault is named by the file's own line.
        before = content[: match.start(1)].count("\n")
        data = parse_yaml("\n" * before + match.group(1))
    except MalformedError as error:
        raise HubError(400, f"Invalid YAML: {error}") from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise HubError(400, "The YAML block must be a mapping of keys to values.")
    return Card(data, content[match.end() :])


def lenient_card(content: bytes | None) -> Card:
    """Takes a README apart for display: a faulty block counts as text, and the fault is named."""
    text = (content or b"").decode(errors="replace")
    try:
        return read_card(text)
    except HubError as error:
        return Card({}, text, error.message)


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
    if not errors:
        errors += _license_faults(data.get("license"))
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


def _license_faults(given: str | list[str] | None) -> list[str]:
    named = [given] if isinstance(given, str) else given or []
    return [
        f'"license" must be one of the Hub\'s identifiers, such as apache-2.0, mit, cc-by-4.0 or '
        f"other, not {name[:100]!r}"
        for name in named
        if name not in LICENSES
    ]


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

"""The README.md of a dataset that grows by rows: its schema is declared, never inferred."""

from collections.abc import Sequence
from typing import Any

import yaml
from huggingface_hub import RepoCard

# One day's folder may hold any number of files; `**` finds them all.
ROWS = "data/**/*.jsonl"


def card_of_rows(
    title: str, body: str, features: Sequence[dict[str, Any]], licence: str | None = None
) -> str:
    """Returns a dataset card that lets ``load_dataset(repo_id)`` read the rows.

    JSON Lines alone do not say what a column is: a file with only nulls, or only empty lists,
    would get another type than the next. So the features stand in ``dataset_info``.

    Args:
        title: The heading.
        body: What the reader should know, as Markdown.
        features: The columns in the Hub's YAML form (``[{"name": …, "dtype": …}, …]``).
        licence: The Hub's name of it; None for none.
    """
    metadata = ({"license": licence} if licence else {}) | {
        "pretty_name": title,
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": ROWS}],
            }
        ],
        "dataset_info": {"config_name": "default", "features": list(features)},
    }
    front = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True, default_flow_style=False)
    return f"---\n{front}---\n\n# {title}\n\n{body.strip()}\n"


def with_newer_columns(card: str, newer: str) -> str | None:
    """Returns an earlier card with the columns that a newer one of the same dataset declares.

    `load_dataset` refuses rows with a column that the card does not know. Whatever else stands in
    the card stays: its owner may have written it.

    Args:
        card: The dataset's README.md.
        newer: What it would be today.

    Returns:
        The card to put there; None if it knows all columns, or declares none at all.
    """
    old, new = (_declared(text) for text in (card, newer))
    if not old or {column["name"] for column in old} >= {column["name"] for column in new}:
        return None
    mended = RepoCard(card, ignore_metadata_errors=True)
    mended.data["dataset_info"] = mended.data["dataset_info"] | {"features": new}
    return str(mended)


def _declared(card: str) -> list[dict[str, Any]]:
    """Returns the columns that a card declares; none where it has no such part."""
    try:
        info = RepoCard(card, ignore_metadata_errors=True).data.to_dict().get("dataset_info")
    except (yaml.YAMLError, ValueError):
        return []  # its owner's slip, which must not keep a correction from its place
    features = info.get("features") if isinstance(info, dict) else None
    named = isinstance(features, list) and all(
        isinstance(column, dict) and "name" in column for column in features
    )
    return features if named else []  # type: ignore[return-value]

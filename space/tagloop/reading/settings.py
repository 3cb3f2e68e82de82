"""What a person who builds a dataset may say, as messages name it."""

from __future__ import annotations

import re

SWITCHES = frozenset({"drafts", "dry_run", "keep_title_only", "strict"})
VARIABLES = SWITCHES | {
    "columns", "executor", "executor_settings", "license", "limit", "min_words", "name", "previous",
    "source", "tag_overrides", "tag_separator", "work_dir", "workers",
}  # fmt: skip
"""Flags of ``training.build_dataset`` that ``make data`` takes by their names in upper case."""


def setting_name(setting: str, value: str = "") -> str:
    """Returns how a person gives a setting: its flag and, where there is one, make's variable.

    Args:
        setting: The flag without its dashes.
        value: What to give; empty for a switch, or where the message only names the setting.
    """
    flag = f"--{setting} {value}".strip()
    if setting not in VARIABLES:
        return flag
    given = f'"{value}"' if re.search(r"[^\w./-]", value) else value
    sign = f"={given}" if value else "=1" if setting in SWITCHES else ""
    return f"{flag} ({setting.upper()}{sign} with make)"

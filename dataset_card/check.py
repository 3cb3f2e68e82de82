"""Refuses an unfinished card: placeholder text, broken or empty metadata, empty sections."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dataset_card.markdown import PLACEHOLDER
from tagloop.errors import UserError

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{20,}")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")


def check_card(text: str) -> None:
    """Checks a whole card, front matter and body.

    Raises:
        UserError: The first fault found, with its line where it has one.
    """
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise UserError("The card does not begin with YAML front matter between two lines of ---.")
    if secret := _TOKEN.search(text):
        line = text.count("\n", 0, secret.start()) + 1
        raise UserError(f"The card holds an access token, line {line}: take it out of its source.")
    _check_metadata(_metadata(match.group(1)), "")
    body, first_line = text[match.end() :], match.group().count("\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    _check_placeholders(body, tokens, first_line)
    _check_sections(tokens, first_line)


def _metadata(front_matter: str) -> dict[str, Any]:
    try:
        data = yaml.safe_load(front_matter)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 2}, column {mark.column + 1}" if mark else ""
        reason = getattr(error, "problem", None) or "it cannot be read"
        raise UserError(f"The card's front matter is no YAML{where}: {reason}.") from None
    if not isinstance(data, dict) or not data:
        raise UserError("The card's front matter holds no fields.")
    return data


def _check_metadata(value: Any, where: str) -> None:
    """Refuses empty values, which the Hub shows as missing, and placeholder text."""
    if isinstance(value, dict | list):
        if not value:
            raise UserError(f"The card's front matter has an empty {where}.")
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            _check_metadata(item, f"{where}.{key}" if where else str(key))
    elif value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        raise UserError(f"The card's front matter has no value for {where}.")
    elif isinstance(value, str) and (found := PLACEHOLDER.fullmatch(value)):
        raise UserError(f"The card's front matter has the placeholder {found.group()} for {where}.")


def _check_placeholders(body: str, tokens: list[Token], first_line: int) -> None:
    lines = body.split("\n")
    for token in tokens:
        if token.type == "fence" and token.map:
            # Strings in code are data, such as an article called "TODO".
            for index in range(*token.map):
                lines[index] = _STRING.sub("", lines[index])
    for index, line in enumerate(lines):
        if found := PLACEHOLDER.search(line):
            raise UserError(
                f"The card has the placeholder {found.group()!r}, line {first_line + index + 1}."
            )


def _check_sections(tokens: list[Token], first_line: int) -> None:
    """Refuses a heading, and a table's head, with nothing below."""
    block = [token for token in tokens if not token.type.endswith("_close")]
    for index, token in enumerate(block):
        if token.type == "table_open" and not _table_has_rows(tokens, token):
            line = first_line + token.map[0] + 1 if token.map else first_line
            raise UserError(f"The card has a table without rows, line {line}.")
        if token.type != "heading_open":
            continue
        following = block[index + 2] if index + 2 < len(block) else None
        deeper = following is not None and (
            following.type != "heading_open" or following.tag > token.tag
        )
        if not deeper:
            title = block[index + 1].content
            raise UserError(f"The card's section {title!r} is empty.")


def _table_has_rows(tokens: list[Token], table: Token) -> bool:
    start = next(index for index, token in enumerate(tokens) if token is table)
    for token in tokens[start:]:
        if token.type in ("tbody_open", "table_close"):
            return token.type == "tbody_open"
    return False

"""The articles that a visitor can try: one Markdown file each, a heading and then the text."""

from dataclasses import dataclass
from pathlib import Path

from tagloop.errors import UserError


@dataclass(frozen=True)
class Example:
    """One article to try."""

    title: str
    text: str


def load_examples(folder: Path) -> list[Example]:
    """Reads ``*.md``, in the order of their names.

    Raises:
        UserError: A file does not begin with a heading.
    """
    return [_read(path) for path in sorted(folder.glob("*.md"))]


def _read(path: Path) -> Example:
    heading, _, text = path.read_text(encoding="utf-8").partition("\n")
    if not heading.startswith("# "):
        raise UserError(f"{path.name}, line 1: expected a heading, '# Title', not {heading!r}.")
    return Example(heading.removeprefix("# ").strip(), text.strip())

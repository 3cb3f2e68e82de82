"""What ``tagging.json`` in a model's folder says: how an article becomes a prompt and text tags."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tagloop.errors import UserError
from tagloop.files import TAGGING

SCHEMA = 1


@dataclass(frozen=True)
class TaggingSettings:
    """The data that makes a seq2seq model a tagger, stored beside its weights.

    Attributes:
        prompt_template: Text with ``{title}`` and ``{text}``.
        separator: What stands between two tags in the model's output.
        max_input_tokens: Of a window; what is longer is read in several or cut at the end.
        max_new_tokens: Bound of the output.
        max_tags: Tags an article gets by default at the most.
        threshold: Tags with less confidence are left out by default.
        base_model: What was fine-tuned.
        dataset: ``{"repo_id": …, "revision": commit}`` of the training data.
        min_tags: So many tags an article gets even below the threshold, as far as there are any.
        max_windows: So many windows of a long text are read at the most.
        sentence_encoder: What ``embedding/`` was converted from; models without the name have
            all-MiniLM-L6-v2.
    """

    prompt_template: str = "{title}\n{text}"
    separator: str = ", "
    max_input_tokens: int = 512
    max_new_tokens: int = 48
    max_tags: int = 5
    threshold: float = 0.0
    base_model: str | None = None
    dataset: dict[str, Any] = field(default_factory=dict)
    min_tags: int = 3
    max_windows: int = 1
    sentence_encoder: str | None = None

    def prompt(self, title: str, text: str) -> str:
        """Fills the template; only its two names are read, so any text is safe in it."""
        return self.place_prompt(title, text)[0]

    def place_prompt(self, title: str, text: str) -> tuple[str, int]:
        """Fills the template and tells where the text stands.

        Returns:
            The prompt, and by how much a character's place in the prompt is greater than its
            place in ``text`` as it was passed in (may be below 0).
        """
        values = {"title": title.strip(), "text": text.strip()}
        pieces = re.split(r"\{(title|text)\}", self.prompt_template)
        prompt, places = "", []
        for index, piece in enumerate(pieces):
            if index % 2 and piece == "text":
                places.append(len(prompt))
            prompt += values[piece] if index % 2 else piece
        blanks = len(prompt) - len(prompt.lstrip())
        before = len(text) - len(text.lstrip())
        return prompt.strip(), (places or [0])[0] - blanks - before

    def to_json(self) -> dict[str, Any]:
        """Returns the file's content."""
        return {"schema": SCHEMA, **asdict(self)}

    def save(self, folder: Path) -> None:
        """Writes ``tagging.json`` into the folder."""
        text = json.dumps(self.to_json(), indent=2, ensure_ascii=False)
        (folder / TAGGING).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TaggingSettings:
        """Reads ``tagging.json``; a model without one gets the defaults.

        Raises:
            UserError: The file is no JSON object or names no ``{text}`` in its template.
        """
        path = folder / TAGGING
        if not path.is_file():
            return cls()
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            known = {item.name for item in fields(cls)}
            settings = cls(**{name: value for name, value in data.items() if name in known})
            if "{text}" not in settings.prompt_template:
                raise UserError(f"{path}: prompt_template needs {{text}}, where the article goes.")
        except (ValueError, TypeError, AttributeError) as error:
            raise UserError(f"{path}: not a valid tagging.json ({error}); write it anew.") from None
        return settings

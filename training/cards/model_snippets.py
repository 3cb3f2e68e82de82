"""The code that a model card shows, with an article's texts as Python strings."""

from __future__ import annotations

import re

from dataset_card.markdown import Markdown, fenced
from tagloop.generation.settings import TaggingSettings

SNIPPET = """\
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

repo_id, revision = {repo_id}, {version}
tokenizer = AutoTokenizer.from_pretrained(repo_id, revision=revision)
model = AutoModelForSeq2SeqLM.from_pretrained(repo_id, revision=revision)

title = {title}
text = {text}
prompt = {prompt}
inputs = tokenizer(prompt, truncation=True, max_length={max_input_tokens}, return_tensors="pt")
output = model.generate(**inputs)
tags = tokenizer.decode(output[0], skip_special_tokens=True).split({separator})
tags = [tag.strip() for tag in tags if tag.strip()]
print(tags)
"""
CLIENT_SNIPPET = """\
from gradio_client import Client

client = Client({space_repo})
answer = client.predict(
    title={title},
    text={text},
    api_name="/tag",
)
print([tag["tag"] for tag in answer["tags"]])
"""


def model_snippet(
    repo_id: str, version: str, settings: TaggingSettings, title: str, text: str
) -> Markdown:
    """Returns the code block that tags an article with nothing but transformers.

    Args:
        repo_id: The model's id on the Hub.
        version: Its git tag.
        settings: Content of tagging.json.
        title: Of the article.
        text: Of the article.
    """
    code = SNIPPET.format(
        repo_id=literal(repo_id),
        version=literal(version),
        title=literal(title),
        text=literal(text),
        prompt=_prompt_literal(settings.prompt_template),
        max_input_tokens=settings.max_input_tokens,
        separator=literal(settings.separator.strip() or settings.separator),
    )
    return fenced(code, "python")


def client_snippet(space_repo: str, title: str, text: str) -> Markdown:
    """Returns the code block that asks the Space for an article's tags."""
    code = CLIENT_SNIPPET.format(
        space_repo=literal(space_repo), title=literal(title), text=literal(text)
    )
    return fenced(code, "python")


def literal(text: str) -> str:
    """Writes a text as a Python string on one line; what is not printable becomes an escape."""
    single = repr(text)
    return f'"{single[1:-1]}"' if single[0] == "'" and '"' not in single else single


def _prompt_literal(template: str) -> str:
    """Writes the prompt template as an f-string of ``title`` and ``text``."""
    parts = re.split(r"(\{title\}|\{text\})", template)
    # Of the other braces, none may be taken for a variable.
    doubled = [
        part if index % 2 else part.replace("{", "{{").replace("}", "}}")
        for index, part in enumerate(parts)
    ]
    return f"f{literal(''.join(doubled))}"

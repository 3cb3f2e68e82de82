"""The code that a model card shows, with an article's texts as Python strings."""

from __future__ import annotations

import json
import re

from dataset_card.markdown import Markdown, fenced
from tagloop.generation.settings import TaggingSettings
from training.hub.space_hosts import subdomain_of

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
BROWSER_SNIPPET = """\
import {{ AutoModelForSeq2SeqLM, AutoTokenizer }} from "@huggingface/transformers";

const repoId = {repo_id}, revision = {version};
const tokenizer = await AutoTokenizer.from_pretrained(repoId, {{ revision }});
const model = await AutoModelForSeq2SeqLM.from_pretrained(repoId, {{ revision, dtype: "q8" }});

const title = {title};
const text = {text};
const inputs = tokenizer({prompt}, {{ truncation: true, max_length: {max_input_tokens} }});
const output = await model.generate(inputs);
console.log(tokenizer.batch_decode(output, {{ skip_special_tokens: true }})[0]);
"""
CURL_SNIPPET = """\
SPACE={address}/gradio_api/call
cat > article.json <<'END'
{article}
END
EVENT=$(curl -sS "$SPACE/v2/tag" -H "Content-Type: application/json" -d @article.json |
  jq -r .event_id)
curl -sSN "$SPACE/tag/$EVENT" | sed -n "s/^data: //p" | tail -n 1 | jq -r ".[0].tags[].tag"
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
        prompt=prompt_literal(settings.prompt_template),
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


def browser_snippet(
    repo_id: str, version: str, settings: TaggingSettings, title: str, text: str
) -> Markdown:
    """Returns the code block that tags an article with nothing but transformers.js.

    Args:
        repo_id: The model's id on the Hub; it has graphs.
        version: Its git tag.
        settings: Content of tagging.json.
        title: Of the article.
        text: Of the article.
    """
    code = BROWSER_SNIPPET.format(
        repo_id=_json(repo_id),
        version=_json(version),
        title=_json(title),
        text=_json(text),
        prompt=_prompt_template(settings.prompt_template),
        max_input_tokens=settings.max_input_tokens,
    )
    return fenced(code, "js")


def curl_snippet(space_repo: str, title: str, text: str) -> Markdown:
    """Returns the code block that asks the Space for an article's tags from a shell."""
    article = _json({"title": title, "text": text, "max_tags": 5})
    return fenced(CURL_SNIPPET.format(address=space_address(space_repo), article=article), "bash")


def space_address(repo_id: str) -> str:
    """Returns where the Hub runs a Space: ``https://me-my-blog.hf.space``."""
    return f"https://{subdomain_of(repo_id)}.hf.space"


def _json(value: object) -> str:
    """Writes a value as JSON on one line, which JavaScript reads, too."""
    return json.dumps(value, ensure_ascii=False)


def literal(text: str) -> str:
    """Writes a text as a Python string on one line; what is not printable becomes an escape."""
    single = repr(text)
    return f'"{single[1:-1]}"' if single[0] == "'" and '"' not in single else single


def prompt_literal(template: str) -> str:
    """Writes the prompt template as a Python f-string of ``title`` and ``text``."""
    parts = re.split(r"(\{title\}|\{text\})", template)
    # Of the other braces, none may be taken for a variable.
    doubled = [
        part if index % 2 else part.replace("{", "{{").replace("}", "}}")
        for index, part in enumerate(parts)
    ]
    return f"f{literal(''.join(doubled))}"


def _prompt_template(template: str) -> str:
    """Writes the prompt template as JavaScript's own kind of template of ``title`` and ``text``."""
    parts = re.split(r"\{(title|text)\}", template)
    written = [
        f"${{{part}}}" if index % 2 else re.sub("[`$]", r"\\\g<0>", _json(part)[1:-1])
        for index, part in enumerate(parts)
    ]
    return f"`{''.join(written)}`"

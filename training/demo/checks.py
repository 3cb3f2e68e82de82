"""What ``make demo CHECK=1`` proves at the end: each thing that a user of the Hub would do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from datasets import load_dataset
from gradio_client import Client
from huggingface_hub import hf_hub_download
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from tagloop.files import TAGS
from tagloop.generation.settings import TaggingSettings
from tagloop.tagger.model_folder import load_vocabulary
from tagloop.vocabulary.vocabulary import normal_form, parse_tags
from training.demo.static_space import check_static_space
from training.publish.publish import PublishResult

TITLE = "The bank teller that never sleeps"
TEXT = (
    "My bank now answers at three in the morning. A voice assistant built on conversational AI "
    "tells me my balance, blocks a lost card and explains a fee without the music that used to "
    "play while I waited. Banks like chatbots because most questions are the same forty "
    "questions, and customers like them as long as a human is one sentence away. The hard part is "
    "trust: a machine that sounds sure about money had better be right, so the good ones hand over "
    "to customer service as soon as the talk turns to loans or fraud."
)
CORRECTED = ["Chatbots", "Banking", "Customer Service"]
SAVED_SECONDS = 60
MEASURED = ("before", "checkpoint", "after")
"""Systems of the report that the check's JSON has figures of."""


def check(outcome: PublishResult, url: str) -> dict[str, Any]:
    """Tags and corrects through the running Space, then reads everything back from the Hub.

    Returns:
        The check's JSON without the seconds; ``ok`` tells whether all is as it should be, and
        ``problems`` what is not.
    """
    problems: list[str] = []
    client = Client(url, verbose=False)
    answer = client.predict(title=TITLE, text=TEXT, api_name="/tag")
    tags = [tag["tag"] for tag in answer["tags"]]
    print(f"the Space tags {TITLE!r}: {', '.join(tags)}")
    model = outcome.repos["model"]
    if not tags:
        problems.append("the Space gave no tags")
    if answer["model_revision"] != model.revision:
        problems.append(f"the Space runs {answer['model_revision']}, not {model.revision}")
    saved = client.predict(
        title=TITLE,
        text=TEXT,
        predicted=answer["tags"],
        corrected=CORRECTED,
        verdict="fixed",
        note="",
        api_name="/correct",
    )
    problems += _read_back(outcome, saved["id"])
    problems += _stock_tools(outcome, tags)
    systems = outcome.report["systems"]
    scores = {
        f"f1_at_{key}": {name: systems[name][f"f1@{key}"]["value"] for name in MEASURED}
        for key in ("5", "m")
    }
    if scores["f1_at_m"]["checkpoint"] <= scores["f1_at_m"]["before"]:
        problems.append("fine-tuning did not improve the checkpoint's F1@M")
    if scores["f1_at_m"]["after"] <= scores["f1_at_m"]["before"]:
        problems.append("Tagloop's F1@M is not above that of the base")
    repos: dict[str, dict[str, Any]] = {
        kind: {"repo_id": repo.repo_id, "revision": repo.revision, "version": repo.version}
        for kind, repo in outcome.repos.items()
    }
    if space := outcome.repos.get("static_space"):
        static, wrong = check_static_space(space, TITLE, TEXT)
        problems += wrong
        repos["static"] = repos.pop("static_space") | {"tags": static}
    repos["corrections"] = {"repo_id": outcome.names.corrections}
    return {"ok": not problems, "problems": problems, **scores, "repos": repos, "tags": tags}


def _read_back(outcome: PublishResult, correction_id: str) -> list[str]:
    """Waits until the correction is a row of the Hub's dataset."""
    end = time.monotonic() + SAVED_SECONDS
    while time.monotonic() < end:
        try:
            rows = load_dataset(outcome.names.corrections, split="train")
        except (FileNotFoundError, ValueError, OSError):
            rows = []  # not made yet: the outbox makes it with its first commit
        found = [row for row in rows if row["id"] == correction_id]
        if found:
            print(f"the correction {correction_id} is a row of {outcome.names.corrections}")
            right = len(found) == 1 and found[0]["corrected"] == CORRECTED
            return [] if right else [f"the correction reads back as {found}"]
        time.sleep(1)
    return [f"the correction {correction_id} is not in the dataset after {SAVED_SECONDS} s"]


def _stock_tools(outcome: PublishResult, tags: list[str]) -> list[str]:
    """Loads model and data as anybody would who never heard of Tagloop."""
    problems = []
    model_repo = outcome.repos["model"]
    tokenizer = AutoTokenizer.from_pretrained(model_repo.repo_id)
    model = AutoModelForSeq2SeqLM.from_pretrained(model_repo.repo_id)
    hf_hub_download(model_repo.repo_id, "README.md")
    settings = TaggingSettings(prompt_template="{title}\n{text}")
    inputs = tokenizer(settings.prompt(TITLE, TEXT), return_tensors="pt")
    generated = str(tokenizer.decode(model.generate(**inputs)[0], skip_special_tokens=True))
    print(f"plain from_pretrained and generate give: {generated}")
    if not parse_tags(generated):
        problems.append("plain generate gave no tags")
    vocabulary = load_vocabulary(Path(hf_hub_download(model_repo.repo_id, TAGS)).parent)
    pieces = generated.split(", ")
    known = [normal_form(tag) in vocabulary.counts for tag in pieces]
    spelled = [
        vocabulary.display(tag) if is_known else tag
        for tag, is_known in zip(pieces, known, strict=True)
    ]
    if pieces != list(dict.fromkeys(spelled)):
        problems.append(f"plain decode does not spell tags, or repeats them: {generated}")
    articles = load_dataset(outcome.repos["dataset"].repo_id)
    print(
        f"load_dataset gives {', '.join(f'{len(part)} {name}' for name, part in articles.items())}"
    )
    if set(articles) != {"train", "validation", "test"}:
        problems.append(f"the dataset's splits are {', '.join(articles)}")
    return problems

"""One full turn of the loop in the demo's check: flag, review, retrain, gate, live in the Space.

The corrections are on two subjects that the starter corpus does not have, bees and boats
(``corrections.jsonl``, our own texts, CC0), so the model in use cannot know their tags; one
more is spam. They go through the running Space as any visitor's do, are reviewed by the service
that the Space's Review tab uses, and ``training.retrain`` makes the next model of them, which the
Space then serves without having been restarted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradio_client import Client
from huggingface_hub import HfApi

from tagloop.corrections.card import corrections_card
from tagloop.corrections.delivery.outbox import Outbox
from tagloop.corrections.review.service import ReviewService
from tagloop.files import REVIEWS
from tagloop.tagger.tagger import Tagger
from training import console
from training.config import command_line
from training.publish.publish import PublishResult
from training.publish.static.station import StaticSpace

CORRECTIONS = Path(__file__).parent / "corrections.jsonl"
SPAM = {
    "title": "Cheap watches",
    "text": "The best watches of the world are sold here at a price that you will not believe.",
    "tags": ["https://watches.example"],
}
UNSEEN_TITLE = "Feeding the hives in autumn"
UNSEEN_TEXT = (
    "When the honey is taken the beekeeper owes the bees a winter's food. I mix sugar and water "
    "and watch each colony carry it down into the frames of the hive."
)
NEW_TAG = "Beekeeping"
REVIEWER = "demo"
ENVIRONMENT = {
    # One visitor gives what many would give, in a minute.
    "TAGLOOP_CORRECTIONS_A_MINUTE": "0",
    "TAGLOOP_CORRECTIONS_A_DAY": "0",
    "TAGLOOP_RELOAD_SECONDS": "1",
}
TOLERANCE = 0.05
"""F1@M that the starter corpus's 31 frozen test articles may lose in the mean.

One tag moves that mean by up to 0.02, so what a blog's own test may lose (0.005) would be a matter
of chance here. A loss that is certain, or no gain on held-out corrections, still fails the check.
"""
ARRIVE_SECONDS, LIVE_SECONDS = 60, 90
AT_A_TIME = 20


def run_full_turn(outcome: PublishResult, url: str, home: Path, *, verbose: bool) -> dict[str, Any]:
    """Takes the loop round once.

    Returns:
        What came of it, ``problems`` among it.
    """
    console.now("flagging")
    client = Client(url, verbose=False)
    ids = _flag(client)
    console.now("reviewing")
    decided = _review(outcome, ids, home)
    console.now("retraining")
    retrain = _retrain(outcome, home, verbose)
    result = {"flagged": len(ids), **decided, "retrain": _last_line(retrain.stdout)}
    if retrain.returncode:
        reason = _last_line(retrain.stderr) or result["retrain"]
        return {**result, "problems": [f"the retrain ended with {retrain.returncode}: {reason}"]}
    console.now("waiting for the Space to serve the new model")
    return {**result, **_live(outcome, client)}


def _flag(client: Client) -> list[str]:
    """Sends the corrections through the Space; returns their ids, the spam's last."""
    rows = [json.loads(line) for line in CORRECTIONS.read_text(encoding="utf-8").splitlines()]
    rows.append(SPAM)
    articles = [{"title": row["title"], "text": row["text"]} for row in rows]
    answers: list[Any] = []
    for first in range(0, len(articles), AT_A_TIME):
        part = articles[first : first + AT_A_TIME]
        answers += client.predict(articles=part, api_name="/tag_batch")["results"]
    ids = []
    for row, answer in zip(rows, answers, strict=True):
        saved = client.predict(
            title=row["title"],
            text=row["text"],
            predicted=answer["tags"],
            corrected=row["tags"],
            verdict="fixed",
            note="",
            api_name="/correct",
        )
        ids.append(str(saved["id"]))
    print(f"{len(ids)} corrections went through the Space, one of them spam")
    return ids


def _review(outcome: PublishResult, ids: Sequence[str], home: Path) -> dict[str, Any]:
    """Accepts what is not suspicious and rejects the rest, as the Review tab does."""
    repo = outcome.names.corrections
    vocabulary = Tagger.from_pretrained(outcome.repos["model"].repo_id).vocabulary
    card = corrections_card(repo, outcome.names.model)
    outbox = Outbox(home / REVIEWS, repo, card=card, folder=REVIEWS).start()
    service = ReviewService(repo, outbox, lambda: vocabulary)
    end = time.monotonic() + ARRIVE_SECONDS
    while not set(ids) <= set(service.records.corrections) and time.monotonic() < end:
        service.refresh()
        time.sleep(0.5)
    counts = {"accepted": 0, "rejected": 0}
    for item in service.waiting("oldest"):
        good = not any(mark.kind == "link" for mark in item.marks)
        decision = "accept" if good else "reject"
        service.decide(REVIEWER, item, "accept" if good else "reject")
        counts[f"{decision}ed"] += len(item.corrections)
    left = outbox.close(ARRIVE_SECONDS)
    print(f"reviewed: {counts['accepted']} accepted, {counts['rejected']} rejected")
    return counts | ({"reviews_left": left} if left else {})


def _retrain(outcome: PublishResult, home: Path, verbose: bool) -> subprocess.CompletedProcess[str]:
    """Runs the command that a person or a schedule would run."""
    command = [sys.executable, "-m", "training.retrain", "--model", outcome.names.model]
    command += ["--tolerance", str(TOLERANCE), "--work", str(home / "retrain")]
    command += ["--verbose"] if verbose else []
    print("$", command_line("training.retrain", command[3:]), flush=True)
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True)
    print(done.stdout, done.stderr, flush=True)
    return done


def _last_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _live(outcome: PublishResult, client: Client) -> dict[str, Any]:
    """Waits until the Space serves the new version, and asks it for what it has learned."""
    problems = []
    head = HfApi().model_info(outcome.names.model).sha
    before = outcome.repos["model"].revision
    if head == before:
        problems.append("the retrained model is not on main")
    end = time.monotonic() + LIVE_SECONDS
    answer: dict[str, Any] = {}
    while answer.get("model_revision") != head and time.monotonic() < end:
        answer = client.predict(title=UNSEEN_TITLE, text=UNSEEN_TEXT, api_name="/tag")
        time.sleep(0.5)
    tags = [tag["tag"] for tag in answer["tags"]]
    print(f"the Space, still running, serves {head} now and tags {UNSEEN_TITLE!r}: {tags}")
    if answer["model_revision"] != head:
        problems.append(f"the Space serves {answer['model_revision']}, not {head}")
    if NEW_TAG not in tags:
        problems.append(f"the new model did not learn {NEW_TAG}: {', '.join(tags)}")
    if "static_space" in outcome.repos:
        pinned = StaticSpace(HfApi(), outcome.names).pinned()
        print(f"the static Space runs {pinned} now")
        if pinned != head:
            problems.append(f"the static Space runs {pinned}, not {head}")
    refs = HfApi().list_repo_refs(outcome.names.model)
    versions = [tag.name for tag in refs.tags if tag.target_commit == head]
    return {"model": {"revision": head, "version": versions}, "tags": tags, "problems": problems}

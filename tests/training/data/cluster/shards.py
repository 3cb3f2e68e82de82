"""Made articles in four files: copies, near-copies, tags in several spellings, rows that drop."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import datasets

from training.build_dataset import main

WORDS = [f"w{number}" for number in range(2000)]
TAGS = [
    "JavaScript", "javascript", "Java Script", "Open Source", "opensource", "Recipe", "Recipes",
    "Artificial Intelligence", "AI", "Café", "cafe", "Travel", "new york", "New York",
]  # fmt: skip


def article(rng: random.Random, number: int) -> dict[str, Any]:
    tags = rng.sample(TAGS, 2)
    text = " ".join(rng.choices(WORDS, k=60))
    if {"AI", "Artificial Intelligence"} & set(tags):
        tags.append("Artificial Intelligence" if rng.random() < 0.5 else "AI")
        text = f"Networks that learn: artificial intelligence (AI) and models of it. {text}"
    return {
        "title": f"Title {number}",
        "text": text,
        "tags": [*tags, f"Topic {number % 9}"],
        "url": f"https://blog.example/{number}" if rng.random() < 0.7 else None,
        "date": rng.choice(["2020-01-02", "2021-05-06T07:08:09", "soon", None]),
        "license": rng.choice(["CC0-1.0", "CC-BY-4.0", None]),
    }


def copy_of(rng: random.Random, original: dict[str, Any]) -> dict[str, Any]:
    changed = dict(original)
    kind = rng.choice(["same", "same url", "same text", "near", "near", "near"])
    words = original["text"].split()
    if kind in ("same url", "near"):
        for at in rng.sample(range(len(words)), 1 if kind == "near" else 30):
            words[at] = "changed"
        changed["text"] = " ".join(words)
    if kind in ("same text", "near"):
        changed["url"] = f"https://other.example/{rng.random()}"
    changed["tags"] = rng.sample(TAGS, 3)
    return changed


def write_shards(folder: Path, articles: int, seed: int = 1, **columns: Any) -> list[str]:
    """Writes four files; each of the columns is a function of the row's number."""
    rng = random.Random(seed)
    rows = [article(rng, number) for number in range(articles)]
    rows += [copy_of(rng, rng.choice(rows)) for _ in range(articles // 3)]
    rows += [
        {"title": "Short", "text": "Too short.", "tags": ["Travel"]},
        {"title": "Untagged", "text": " ".join(WORDS[:40]), "tags": []},
        {"title": "Odd", "text": " ".join(WORDS[40:90]), "tags": ["1 2 3 4 5 6", "!"]},
    ]  # fmt: skip
    rng.shuffle(rows)
    for name, value in columns.items():
        for number, row in enumerate(rows):
            row[name] = value(number)
    paths = []
    for shard in range(4):
        path = folder / f"s{shard}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows[shard::4]))
        paths.append(str(path))
    return paths


def both(folder: Path, sources: list[str], *words: str, executor: str = "--workers 1") -> Any:
    """Builds on one machine and in parts; returns what each made, for comparison."""
    made = []
    for name, more in (("one", ""), ("parts", f"--executor local {executor}")):
        target = folder / name
        assert main(["--source", *sources, *words, "--output_dir", str(target), *more.split()]) == 0
        made.append(content(target))
    return made


def content(target: Path) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Returns the report but for the command, and all rows by split in their order."""
    report = json.loads((target / "build_report.json").read_text())
    del report["command"]
    loaded = datasets.load_dataset(str(target), keep_in_memory=True)
    return report, {split: rows.to_list() for split, rows in loaded.items()}

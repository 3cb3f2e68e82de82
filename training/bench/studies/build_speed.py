"""How long ``make data`` takes for a folder of Markdown files, here and in another checkout.

    python -m training.bench.studies.build_speed                          # 10,000 files, this tree
    python -m training.bench.studies.build_speed --against ../other       # and that one, by turns

The files have YAML front matter of a few shapes and about 300 words each, made of the sentences of
the starter corpus. Every build is a fresh process; its processor time is told beside the time by
the wall clock, since other work on the machine changes only the latter.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dataset_card.starter_corpus import STARTER
from tagloop.errors import UserError
from training.base.examples import Row
from training.bench.growth.resampled import Resampler
from training.bench.timing import command_spent
from training.command import command
from training.config import option, parse_config

ROOT = Path(__file__).parents[3]
WORDS = 300
FRONT_MATTER = (
    'title: "{title}"\ndate: 2021-{month:02}-{day:02}\ntags: [{tags}]\n',
    'layout: post\ntitle: "{title}"\ndate: 2020-{month:02}-{day:02} 08:30:00 +0200\n'
    "categories: blog\ntags:\n{dashes}\n",
    "title: >-\n  {title}\nslug: post-{number}\npublished: true\ntags: {tags}\n",
)


@dataclass
class SpeedSettings:
    """Flags of the measurement."""

    articles: int = option(10_000, "Markdown files")
    rounds: int = option(1, "builds of each checkout")
    against: str = option("", "folder of another checkout")


def write_posts(folder: Path, articles: int) -> None:
    """Writes so many Markdown files into folders of a hundred."""
    rows = []
    for path in sorted(STARTER.glob("*.md")):
        front, _, text = path.read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
        tags = next(line for line in front.splitlines() if line.startswith("tags:"))
        names = tuple(name.strip() for name in tags[5:].strip(" []").split(","))
        rows.append(Row("article", "", text, names, "train"))
    resampler, signs = Resampler(rows, seed=20), random.Random(20)
    for number in range(articles):
        made = resampler.article(WORDS)
        values = {
            "title": made["title"].replace('"', "'"),
            "tags": ", ".join(made["tags"]),
            "dashes": "\n".join(f"  - {tag}" for tag in made["tags"]),
            "month": 1 + number % 12,
            "day": 1 + number % 28,
            "number": number,
        }
        body = made["text"].replace("\n\n", "\n\n## Later\n\n", number % 3)
        body += f"\n\n![A picture](picture-{number}.jpg) and *a [link](https://example.org/{number})*.\n"
        head = signs.choice(FRONT_MATTER).format(**values)
        path = folder / f"{number // 100:03}" / f"post-{number}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"---\n{head}---\n\n{body}", encoding="utf-8")


def build_seconds(checkout: Path, posts: Path, output: Path) -> tuple[float, float]:
    """Builds a dataset with the code of a checkout.

    Returns:
        Seconds by the wall clock and of the processor.
    """
    command = [sys.executable, "-m", "training.build_dataset", "--source", str(posts)]
    environment = {"PYTHONPATH": f"{checkout / 'space'}{os.pathsep}{checkout}"}
    spent = command_spent([*command, "--output_dir", str(output)], checkout, environment)
    if spent.code:
        raise UserError(f"The build in {checkout.name} ended with: {spent.output}")
    return spent.wall, spent.processor


@command()
def main(words: list[str]) -> None:
    """Runs the command line."""
    module = "training.bench.studies.build_speed"
    settings = parse_config(SpeedSettings, words, f"python -m {module}")
    checkouts = [ROOT, *([Path(settings.against).resolve()] if settings.against else [])]
    with tempfile.TemporaryDirectory() as name:
        posts = Path(name) / "posts"
        posts.mkdir()
        write_posts(posts, settings.articles)
        for number in range(settings.rounds):
            for checkout in checkouts:
                spent, processor = build_seconds(checkout, posts, Path(name) / "dataset")
                which = "this tree" if checkout == ROOT else checkout.name
                print(f"round {number + 1}, {which}: {spent:.1f} s, processor {processor:.1f} s")


if __name__ == "__main__":
    raise SystemExit(main())

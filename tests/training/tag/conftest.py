"""A small tagger that runs in both engines, the command in this process, and one that counts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tagloop.tagger.tagger import Tag
from training.finetune.ctranslate2_conversion import convert
from training.tag.command_line import main
from training.tag.tagging import Work

LIST = ("--allowed-tags", "Bread,Banking,Night Trains", "--threshold", "0")
"""A tiny model that was never trained has no tags of its own; of a list it has all."""


class Ran(NamedTuple):
    """What a command did: its exit status, and what it printed for programs and for a person."""

    status: int
    out: str
    said: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def tiny_tagger(tiny_bart: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a tagger with its conversion."""
    folder = tmp_path_factory.mktemp("taggers") / "tiny"
    shutil.copytree(tiny_bart, folder)
    convert(folder)
    return folder


@pytest.fixture
def tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs ``tagloop tag`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> Ran:
        capfd.readouterr()
        try:
            status = main(["tag", *map(str, words)])
        except SystemExit as ended:
            status = int(str(ended.code))
        out, said = capfd.readouterr()
        return Ran(status, out, said)

    return run


class LongWords:
    """In place of a model: two long words are the tags; what it has read is counted."""

    def __init__(self) -> None:
        self.keeps = True
        self.read: list[str] = []
        self.most = 0
        self.stop_after: int | None = None

    def tag_batch(self, articles: Sequence[Mapping[str, str]], **options: Any) -> list[list[Tag]]:
        if self.stop_after is not None and len(self.read) >= self.stop_after:
            raise KeyboardInterrupt
        if any("poison" in article["text"] for article in articles):
            raise RuntimeError("the engine broke")
        self.most = max(self.most, len(articles))
        self.read += [article["text"] for article in articles if self.keeps]
        return [
            [Tag(word, 0.8 - place / 10, True) for place, word in enumerate(long(article))]
            for article in articles
        ]


def long(article: Mapping[str, str]) -> list[str]:
    words = f"{article['title']} {article['text']}".replace(".", "").split()
    return list(dict.fromkeys(word for word in words if len(word) > 6))[:2]


@pytest.fixture
def long_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LongWords:
    """Puts `LongWords` in the place of every model."""
    found = LongWords()
    monkeypatch.setattr(Work, "load", lambda self: found)
    return found

"""Patterns of .gitignore and .gitattributes: what git itself says, and in linear time."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from training.hub.errors import HubError
from training.hub.storage.patterns import MAX_FILE, MAX_PATTERNS, Ignored, LargeByName

PARTS = ["a", "b", "ab", "*", "?", "[ab]", "[!a]", "**", "\\*", "[[:alpha:]]", ".", "[z-a]", "[a"]
HOSTILE = {
    "stars": "*a" * 40 + "b",
    "issue": "*a*a*a*a*a*a*a*ab",
    "questions": "?*" * 40 + "b",
    "folders": "**/a/" * 40 + "b",
    "classes": "[[:alpha:]]*" * 40 + "b",
    "open brackets": "[[:" * 600 + "]",
    "spaces": "c" + " " * 2000,
}
NO_CONFIG = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def pattern(chance: random.Random) -> str:
    parts = [
        chance.choice(["**", *("".join(chance.choices(PARTS, k=chance.randint(1, 3))),) * 3])
        for _ in range(chance.randint(1, 3))
    ]
    return f"{chance.choice(['', '', '!'])}{chance.choice(['', '/'])}{'/'.join(parts)}" + (
        chance.choice(["", "", "/"])
    )


def paths(chance: random.Random) -> list[str]:
    names = ["".join(chance.choices("ab*", k=chance.randint(1, 3))) for _ in range(40)]
    return sorted({"/".join(chance.choices(names, k=chance.randint(1, 4))) for _ in range(40)})


def git(folder: Path, *arguments: str, given: str = "") -> str:
    return subprocess.run(
        ["git", "-C", folder, *arguments],
        input=given,
        text=True,
        capture_output=True,
        env=os.environ | NO_CONFIG,
        timeout=60,
    ).stdout


@pytest.mark.parametrize("seed", range(20))
def test_git_says_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    git(tmp_path, "init", "-q")
    lines = [pattern(chance) for _ in range(6)]
    content, asked = "\n".join(lines), paths(chance)
    (tmp_path / ".gitignore").write_text(content)
    ignored = Ignored(content.encode())
    told = git(tmp_path, "check-ignore", "--no-index", "--stdin", "-z", given="\0".join(asked))
    assert {path for path in asked if path.encode() in ignored} == set(told.split("\0")) - {""}
    content = "\n".join(
        f"{line.lstrip('!')} {chance.choice(['filter=lfs', '-filter', '!filter', 'text'])}"
        for line in lines
        # Git reads a backslash at the start of a quoted pattern in its own way.
        if "\\" not in line
    )
    (tmp_path / ".gitattributes").write_text(content)
    large = LargeByName(content.encode())
    answer = git(tmp_path, "check-attr", "--stdin", "-z", "filter", given="\0".join(asked))
    fields = answer.split("\0")
    said = dict(zip(fields[::3], fields[2::3], strict=False))
    assert {path: path.encode() in large for path in asked} == {
        path: said[path] == "lfs" for path in asked
    }


def seconds(content: str, path: bytes) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.thread_time()
        assert path not in Ignored(content.encode())
        best = min(best, time.thread_time() - start)
    return best


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_path_and_no_faster(name: str) -> None:
    short, long = (seconds(HOSTILE[name], b"a" * size) for size in (100, 1000))
    assert long < 20 * max(short, 1e-4)
    assert long < 0.2


@pytest.mark.parametrize("name", HOSTILE)
def test_the_worst_question_ends_soon(name: str) -> None:
    line = HOSTILE[name] + "\n"
    content = line * min(MAX_FILE // len(line), MAX_PATTERNS)
    start = time.thread_time()
    try:
        ignored = Ignored(content.encode())
        for number in range(256):
            assert b"%d/" % number + b"a/" * 60 + b"a" * 200 not in ignored
    except HubError as error:
        assert error.status == 413 and "fewer files" in error.message
    assert time.thread_time() - start < 3


def test_a_long_file_is_refused_and_a_long_line_passed_over() -> None:
    with pytest.raises(HubError, match=r"A \.gitignore may have"):
        Ignored(b"a\n" * MAX_FILE)
    with pytest.raises(HubError, match="At most 1000 patterns"):
        Ignored(b"a\n" * 1001)
    assert b"b" in Ignored(b"a" * 5000 + b"\nb\n")

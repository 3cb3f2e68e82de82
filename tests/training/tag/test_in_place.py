"""``tagloop tag --in-place``: which files get tags, what else in them changes, and what is said."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from .conftest import LIST, Run

TEXT = "The **banking** crowd sleeps. Bread does not.\n"
POSTS = {
    "yaml.md": f"---\ntitle: 'Bread'\n# mine\ndate: 2026-01-05\n---\n\n{TEXT}",
    "toml.md": f"+++\ntitle = 'Bread'\n+++\n{TEXT}",
    "crlf.md": f"---\ntitle: Bread\ntags: []\n---\n{TEXT}".replace("\n", "\r\n"),
}
LEFT = {
    "tagged.md": f"---\ntitle: Bread\ntags: [Mine]\n---\n{TEXT}",
    "README.md": f"# Bread\n\n{TEXT}",
    "page.txt": TEXT,
}
BROKEN = {
    "flow.md": f"---\n{{title: Bread, date: 1}}\n---\n{TEXT}",
    "empty.md": "---\ntitle: Nothing below\n---\n",
    "posts.csv": "title,text\nBread,Bread is bread.\n",
}


def write(folder: Path, files: dict[str, str]) -> list[Path]:
    for name, content in files.items():
        (folder / name).write_bytes(content.encode())
    return [folder / name for name in files]


def test_files_without_tags_get_them_and_nothing_else_changes(
    tag: Run, tiny_tagger: Path, tmp_path: Path
) -> None:
    paths = write(tmp_path, {**POSTS, **LEFT, **BROKEN})
    (tmp_path / "yaml.md").chmod(0o640)
    dates = {path.name: path.stat().st_mtime_ns for path in paths}
    ran = tag("--in-place", "--model", tiny_tagger, *LIST, "--max-tags", "2", *paths, "none.md")
    assert ran.status == 0
    for name, content in POSTS.items():
        written = (tmp_path / name).read_bytes().decode()
        (line,) = [line for line in ran.lines if line.startswith(f"{tmp_path / name}: ")]
        tags = line.rpartition(": ")[2].split(", ")
        assert len(tags) == 2 and all(given in written for given in tags)
        assert "confidences" not in written
        added = [line for line in written.splitlines(True) if line not in content.splitlines(True)]
        left = "".join(line for line in written.splitlines(True) if line not in added)
        assert left == content.replace("tags: []\r\n", "")
    assert stat.S_IMODE((tmp_path / "yaml.md").stat().st_mode) == 0o640
    for name, content in {**LEFT, **BROKEN}.items():
        assert (tmp_path / name).read_bytes() == content.encode()
        assert (tmp_path / name).stat().st_mtime_ns == dates[name]
    said = ran.said.splitlines()
    assert said[-1] == (
        "3 files tagged, 3 left as they are (tags, or no front matter), 4 could not be tagged"
    )
    for name in (*BROKEN, "none.md"):
        assert len([line for line in said if name in line and ": " in line]) == 1, name
    assert sorted(os.listdir(tmp_path)) == sorted([*POSTS, *LEFT, *BROKEN, "build"])

    again = tag("--in-place", *paths[:6])  # no model is needed where there is nothing to do
    assert again.status == 0 and not again.out
    assert again.said.startswith("0 files tagged, 6 left as they are")


def test_where_nothing_can_be_tagged_that_is_an_error(tag: Run, tmp_path: Path) -> None:
    ran = tag("--in-place", *write(tmp_path, BROKEN)[1:])
    assert ran.status == 2
    assert ran.said.splitlines()[-1].startswith("error: no file got tags; the first is ")


@pytest.mark.parametrize("words", [("--out", "x.md"), ("--json",), ("--push", "me/x")])
def test_what_has_no_meaning_in_place_is_refused(tag: Run, words: tuple[str, ...]) -> None:
    ran = tag("--in-place", *words, "post.md")
    assert ran.status == 2
    assert ran.said.endswith(f"error: {words[0]}: with --in-place the tags go into the files.\n")


def test_two_sources_are_for_in_place_alone(tag: Run) -> None:
    ran = tag("one.md", "two.md")
    assert ran.status == 2 and "2 sources: take one" in ran.said and "--in-place" in ran.said

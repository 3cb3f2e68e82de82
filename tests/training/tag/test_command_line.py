"""``tagloop tag`` of one article, what it refuses, and which model it takes."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tagloop.files import TAGS, TRAINING_LOG, WEIGHTS
from training.finetune import untrained
from training.finetune.bundled_base import BUNDLED_BASE
from training.tag.command_line import main
from training.tag.models import find_model, newest_model

from .conftest import LIST, Run

ROOT = Path(__file__).parents[3]
POST = "---\ntitle: Bread at night\n---\n\nThe **banking** crowd sleeps. Bread does not.\n"
HEAVY = ("torch", "transformers", "datasets", "numpy", "huggingface_hub", "ctranslate2")


@pytest.fixture
def post(tmp_path: Path) -> Path:
    path = tmp_path / "post.md"
    path.write_text(POST)
    return path


def process(*words: str | Path, stdin: str = "", folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training.tag", *map(str, words)]
    return subprocess.run(command, input=stdin, cwd=folder, capture_output=True, text=True)


def test_a_file_gives_a_tag_a_line(tiny_tagger: Path, post: Path) -> None:
    done = process(post, "--model", tiny_tagger, *LIST, folder=post.parent)
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == ["Banking", "Bread", "Night Trains"]
    assert done.stderr == f"model: {tiny_tagger}\n"  # nothing else, whatever libraries say
    assert os.listdir(post.parent) == ["post.md"]


def test_standard_input_gives_json(tiny_tagger: Path, tmp_path: Path) -> None:
    words = ("--model", tiny_tagger, *LIST, "--max-tags", "2", "--json", "--title", "Ovens", "-")
    done = process(*words, stdin="Bread does not sleep.", folder=tmp_path)
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["model"] == {"name": "tiny", "revision": None}
    assert len(found["tags"]) == 2
    first = found["tags"][0]
    assert first["tag"] in ("Bread", "Banking", "Night Trains") and 0 <= first["confidence"] <= 1
    assert {"tag": "Bread", "present": True}.items() <= max(
        found["tags"], key=lambda tag: tag["present"]
    ).items()


def test_evidence_quotes_what_speaks_for_a_tag(tag: Run, tiny_tagger: Path, post: Path) -> None:
    ran = tag(post, "--model", tiny_tagger, *LIST, "--evidence")
    found = {line.split("\t")[0]: line.split("\t")[1:] for line in ran.lines}
    assert found["Bread"][1] == "named: “Bread”"
    assert found["Banking"][1] == "named: “banking”"
    assert found["Night Trains"][1].startswith("inferred")
    assert all(0 <= float(confidence) <= 1 for confidence, _ in found.values())
    ran = tag(post, "--model", tiny_tagger, *LIST, "--evidence", "--json")
    evidence = {row["tag"]: row["evidence"] for row in json.loads(ran.out)["tags"]}
    assert evidence["Bread"]["quotes"] == ["Bread"] and evidence["Bread"]["title"] == [[0, 5]]


def test_help_answers_at_once_with_examples() -> None:
    code = (
        "import sys\nfrom training.tag.command_line import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    for words in ([], ["--help"], ["tag", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
        )
        assert "tagloop tag posts.csv" in done.stdout and done.stdout.endswith("[]\n")


def test_pip_installs_the_command() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, name = scripts["tagloop"].partition(":")
    assert getattr(import_module(module), name) is main


def test_a_list_of_tags_may_be_a_file(tag: Run, tiny_tagger: Path, post: Path) -> None:
    (post.parent / "tags.txt").write_text("\ufeffNight Trains\n\nBread\n", encoding="utf-8")
    given = ("--allowed-tags", "tags.txt", "--threshold", "0")
    assert set(tag(post, "--model", tiny_tagger, *given).lines) == {"Night Trains", "Bread"}


def test_a_page_is_read_as_one(
    tag: Run, tiny_tagger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = b"<!doctype html><title>Ovens</title><p>Bread <i>does</i> not sleep at all.</p>"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(page)))
    words = ("--model", tiny_tagger, "--allowed-tags", "html,bread", "--threshold", "0", "--json")
    found = json.loads(tag(*words).out)["tags"]  # no source is standard input, too
    assert {row["tag"]: row["present"] for row in found} == {"bread": True, "html": False}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.md"], "nowhere.md: there is no such file or folder."),
        (["empty.md"], "empty.md has no text to tag."),
        (["broken.docx"], "broken.docx: "),
        (["post.md", "--workers", "2"], "--workers: post.md is one article."),
        (["-", "--push", "me/x"], "--push: standard input is one article"),
        (["posts.csv", "--json"], "--json: that is for one article"),
        (["posts.csv", "--columns", "words=Body"], "expected FIELD=COLUMN"),
        (["odd.csv"], "no column for the text found; the columns are 'a', 'b'"),
        (["posts.csv", "--out", "x.jsonl"], "comes back as .csv, or as .parquet: x.jsonl has"),
        (["posts.csv", "--out", "odd.csv"], "odd.csv is there already"),
        (["posts.csv", "--out", "no/x.csv"], "there is no folder no"),
        (["blog", "--out", "blog/tagged"], "lies in blog: name a place outside"),
        (["nothing.csv"], "no article could be tagged; the first is nothing.csv:2: it has no text"),
        (["post.md", "--model", "blog"], "blog holds no model"),
        (["post.md", "--allowed-tags", "no.txt"], "--allowed-tags: there is no file no.txt."),
        (["post.md", "--allowed-tags", ","], "has no tag in it."),
        (["post.md", "--threshold", "2"], "take a number from 0 to 1, not '2'"),
        (["post.md", "--max-tags", "0"], "take a whole number from 1 on, not '0'"),
    ],
)
def test_a_mistake_is_one_sentence(
    tag: Run, post: Path, tiny_tagger: Path, words: list[str], sentence: str
) -> None:
    folder = post.parent
    (folder / "empty.md").write_text("---\ntitle: ''\n---\n")
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 nothing more")
    (folder / "posts.csv").write_text("title,text\nRice,Yellow rice.\n")
    (folder / "nothing.csv").write_text("title,text\nRice,\n")
    (folder / "odd.csv").write_text("a,b\n1,2\n")
    (folder / "blog").mkdir()
    (folder / "blog" / "a.md").write_text(POST)
    model = [] if "--model" in words else ["--model", str(tiny_tagger)]
    ran = tag(*words, *model)
    assert ran.status == 2 and ran.out == ""
    assert sentence in ran.said.splitlines()[-1] and "Traceback" not in ran.said
    assert not list(folder.glob("*-tagged*")) and not list(folder.glob("*.part"))


def made(folder: Path, *, finished: bool = True, age: int = 0) -> Path:
    folder.mkdir(parents=True)
    (folder / TAGS).write_text("{}")
    seconds = 1_700_000_000 - age
    os.utime(folder / TAGS, (seconds, seconds))
    if finished:
        (folder / TRAINING_LOG).write_text("{}")
    return folder


def test_the_newest_finished_model_is_taken(tmp_path: Path) -> None:
    assert newest_model(tmp_path) is None
    base = find_model("", allowlist=False, build=tmp_path)
    assert base.folder == BUNDLED_BASE and "learned nobody's tags" in str(base)
    made(tmp_path / "old/model", age=60)
    newest = made(tmp_path / "blog/model", age=30)
    made(tmp_path / "broken/model", finished=False)
    made(tmp_path / "food/retrain/0123/candidate")  # no gate has let it through
    (tmp_path / "old/model" / TRAINING_LOG).write_text("{} ")  # as publishing does
    found = find_model("", allowlist=False, build=tmp_path)
    assert found.folder == newest == newest_model(tmp_path)
    assert str(found) == f"{newest}, the newest under {tmp_path}/"


def test_for_a_list_of_tags_the_base_gets_a_sentence_encoder_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_of: list[Path] = []

    def make(folder: Path) -> Path:
        made_of.append(folder)
        folder.mkdir()
        shutil.copy2(BUNDLED_BASE / WEIGHTS, folder)
        return folder

    monkeypatch.setattr(untrained, "make_untrained", make)
    folder = find_model("", allowlist=True, build=tmp_path).folder
    assert folder.parent == tmp_path and (folder / WEIGHTS).is_file()
    assert find_model("", allowlist=True, build=tmp_path).folder == folder and len(made_of) == 1
    (folder / WEIGHTS).write_bytes(b"of an earlier version")
    find_model("", allowlist=True, build=tmp_path)
    assert len(made_of) == 2 and os.listdir(tmp_path) == [folder.name]


def test_without_a_model_it_is_the_base_and_says_so(tag: Run, post: Path) -> None:
    ran = tag(post)
    assert ran.status == 0 and ran.lines
    assert ran.said.startswith("model: tagloop-base, the bundled base, which has learned nobody's")

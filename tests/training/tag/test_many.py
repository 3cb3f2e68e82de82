"""Whole files, folders and zips through ``tagloop tag``: what comes back, and what goes wrong."""

from __future__ import annotations

import csv
import datetime
import gzip
import json
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import frontmatter
import pyarrow
import pyarrow.parquet
import pytest

from tagloop.reading import entries
from tagloop.reading.sources.tables import text_file
from training.tag import column_types
from training.tag import parquet as parquet_module
from training.tag.parts import PART_ROWS
from training.tag.tagging import TOGETHER

from .conftest import LIST, LongWords, Run

RUNS = Path("build/tag")


def write_csv(path: Path, rows: list[tuple[str, str]], delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([("Headline", "Body"), *rows])
    return path


def numbered(count: int) -> list[tuple[str, str]]:
    return [(f"T {number}", f"Flour number{number} rises.") for number in range(count)]


def parquet(path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def test_a_table_keeps_its_dialect_and_bad_rows_are_told(
    tag: Run, long_words: LongWords, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [("Rice", "Yellow saffron; rice."), ("Empty", ""), ("Void", ""), ("Bad", "poison")]
    path = write_csv(tmp_path / "posts.tsv", rows, "\t")
    with path.open("a") as file:
        file.write("too\tmany\tcells\n")
    ran = tag("posts.tsv")
    assert (ran.status, ran.out) == (0, "posts-tagged.tsv\n")
    with open("posts-tagged.tsv", encoding="utf-8", newline="") as file:
        found = list(csv.reader(file, delimiter="\t"))
    assert found[0] == ["Headline", "Body", "tags", "confidences", "error"]
    assert found[1] == ["Rice", "Yellow saffron; rice.", "saffron;", "0.8", ""]
    assert [row[4] for row in found[2:]] == [
        *("it has no text", "it has no text", "the tagger cannot tag it"),
        "it has 3 cells, but there are 2 columns",
    ]
    assert "1 of 5 articles tagged" in ran.said
    assert "2 without tags (it has no text); the first is posts.tsv:3: it has no text" in ran.said
    assert "1 without tags: posts.tsv:5: the tagger cannot tag it" in ran.said
    assert "Traceback" not in ran.said
    assert "the engine broke" in caplog.text
    assert not list(tmp_path.glob("*.part"))


def test_json_lines_stay_as_packed_as_they_were(
    tag: Run, long_words: LongWords, tmp_path: Path
) -> None:
    lines = ['{"n": 1e3, "text": "Saffron rises."}', "{broken", '{"text": "Nothing."}']
    (tmp_path / "old posts.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    assert tag("old posts.jsonl.gz").out == "old posts-tagged.jsonl.gz\n"
    found = gzip.decompress(Path("old posts-tagged.jsonl.gz").read_bytes()).decode().splitlines()
    assert found[0] == (
        '{"n": 1e3, "text": "Saffron rises.", "tags": ["Saffron"], "confidences": [0.8], '
        '"error": null}'
    )
    assert json.loads(found[1])["line"] == "{broken"
    assert json.loads(found[2])["tags"] == ["Nothing"]
    assert tag("old posts.jsonl.gz", "--limit", "1", "--out", "one.jsonl").out == "one.jsonl\n"
    assert Path("one.jsonl").read_text() == found[0] + "\n"


def test_a_folder_and_a_zip_come_back_with_front_matter(
    tag: Run, long_words: LongWords, tmp_path: Path
) -> None:
    (tmp_path / "blog/posts").mkdir(parents=True)
    toml = '+++\ntitle = "Saffron"\n+++\nYellow.\n'
    yaml = "---\ntitle: Rice\ntags: [own]\n---\nPerfect.\n"
    files = {"posts/a.md": toml, "b.md": yaml, "c.txt": "Something plain.\n"}
    for name, content in files.items():
        (tmp_path / "blog" / name).write_text(content)
    (tmp_path / "blog/picture.png").write_bytes(b"x")
    ran = tag("blog/")
    assert ran.out == "blog-tagged\n" and "1 file is left out: ending .png (1)." in ran.said
    first = Path("blog-tagged/posts/a.md").read_text()
    assert first.startswith('+++\ntitle = "Saffron"\ntags = ["Saffron"')
    assert first.endswith("+++\nYellow.\n")
    second = frontmatter.loads(Path("blog-tagged/b.md").read_text())
    assert second["tags"] == ["own"] and second["suggested_tags"] == ["Perfect"]
    assert "Something" in Path("blog-tagged/tags.csv").read_text()
    assert tag("blog", "--out", "blog.zip").status == 0
    with zipfile.ZipFile("blog.zip") as archive:
        assert archive.read("posts/a.md").decode() == first
    assert tag("blog.zip", "--out", "again.zip").status == 0
    assert tag("blog.zip", "--out", "again").out == "again\n"
    assert Path("again/posts/a.md").is_file()
    assert tag("blog/b.md", "--out", "one.md").status == 0
    assert frontmatter.loads(Path("one.md").read_text())["suggested_tags"] == ["Perfect"]


def test_parquet_keeps_its_types(tag: Run, long_words: LongWords, tmp_path: Path) -> None:
    stamp = pyarrow.timestamp("ns", "UTC")
    columns = {
        "n": pyarrow.array([1, 2, 3], pyarrow.int16()),
        "text": pyarrow.array(["Saffron.", None, "Perfect."], pyarrow.large_string()),
        "when": pyarrow.array([datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)] * 3, stamp),
        "raw": pyarrow.array([b"\xff\x00", None, b"ok"], pyarrow.binary()),
        "tags": pyarrow.array([["own"], [], None], pyarrow.list_(pyarrow.string())),
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), "posts.parquet", row_group_size=2)
    ran = tag("posts.parquet")
    assert ran.out == "posts-tagged.parquet\n"
    found = pyarrow.parquet.read_table("posts-tagged.parquet")
    assert [found.schema.field(name).type for name in columns] == [
        column.type for column in columns.values()
    ]
    assert found.select(list(columns)).to_pylist() == pyarrow.table(columns).to_pylist()
    assert found["suggested_tags"].to_pylist() == [["Saffron"], [], ["Perfect"]]
    assert found["confidences"].to_pylist() == [[0.8], [], [0.8]]
    assert found["error"].to_pylist() == [None, "it has no text", None]


def test_what_states_no_types_gets_those_of_its_values(
    tag: Run, long_words: LongWords, tmp_path: Path
) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "Saffron.", "n": 1, "mixed": 1, "deep": {"a": [1]}, "none": None, "empty": {}},
        {"text": "Perfect \ud83d.", "n": 1.5, "mixed": "x", "deep": {"b": "c"}, "late": True},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "[]\n")
    assert tag("a.jsonl", "--out", "a.parquet").status == 0
    first, second, third = parquet("a.parquet")
    assert (first["n"], second["n"]) == (1.0, 1.5)
    assert (first["mixed"], second["mixed"], first["empty"]) == ("1", "x", "{}")
    assert first["deep"] == {"a": [1], "b": None} and first["none"] is None
    assert second["late"] is True and second["text"] == "Perfect ?."
    assert third["tags"] == [] and third["error"].startswith("it is not a JSON object")


def test_exports_are_a_table_and_an_address_is_parquet(
    tag: Run, long_words: LongWords, tmp_path: Path
) -> None:
    item = "<item><title>Saffron</title><link>https://a.org/1</link><description>Yellow.</description></item>"
    feed = (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>F</title>{item}</channel></rss>'
    )
    (tmp_path / "feed.xml").write_text(feed)
    assert tag("feed.xml").out == "feed-tagged.csv\n"
    with open("feed-tagged.csv", encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["title"], row["tags"]) == ("Saffron", "Saffron")
    for address in served(tmp_path):
        (name,) = tag(f"{address}/feed.xml").lines
        assert name.endswith("-tagged.parquet")
        (found,) = parquet(name)
        assert (found["title"], found["text"], found["tags"]) == ("Saffron", "Yellow.", ["Saffron"])


def served(folder: Path) -> Iterator[str]:
    """Serves a folder for as long as its address is used."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_columns_are_named(tag: Run, long_words: LongWords, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\nSaffron,Perfect.\n")
    assert tag("a.csv", "--columns", "title=x,text=y").status == 0
    assert "Saffron, Perfect" in Path("a-tagged.csv").read_text()


# Resume


def test_what_is_tagged_is_not_tagged_again(
    tag: Run, long_words: LongWords, tmp_path: Path
) -> None:
    rows = numbered(5 * PART_ROWS + 7)
    write_csv(tmp_path / "a.csv", rows)
    long_words.stop_after = 3 * PART_ROWS
    ran = tag("a.csv")
    assert ran.status == 130 and "the same command goes on" in ran.said
    assert f"{3 * PART_ROWS} of {len(rows)} articles are tagged" in ran.said
    assert not list(tmp_path.glob("a-tagged*"))
    long_words.stop_after = None
    ran = tag("a.csv", "--batch-size", "7")
    assert f"{len(rows)} articles, {3 * PART_ROWS} of them in an earlier run" in ran.said
    assert sorted(long_words.read) == sorted(text for _, text in rows)
    with open("a-tagged.csv", encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["tags"] for row in found] == [f"number{number}" for number in range(len(rows))]
    # Nor for another way to write them.
    assert tag("a.csv", "--out", "a.parquet").status == 0
    assert len(long_words.read) == len(rows) == len(parquet("a.parquet"))


@pytest.mark.parametrize("changed", ["source", "model", "options", "columns"])
def test_another_source_model_or_option_begins_anew(
    tag: Run, long_words: LongWords, tiny_tagger: Path, tmp_path: Path, changed: str
) -> None:
    write_csv(tmp_path / "a.csv", numbered(3))
    assert tag("a.csv", "--out", "1.csv").status == 0
    more: list[str | Path] = []
    if changed == "source":
        write_csv(tmp_path / "a.csv", [*numbered(2), ("T 2", "Flour number9 rises.")])
    elif changed == "model":
        more = ["--model", tiny_tagger]
    else:
        more = {"options": ["--max-tags", "2"], "columns": ["--columns", "title="]}[changed]  # type: ignore[assignment]
    assert tag("a.csv", *more, "--out", "2.csv").status == 0
    assert len(long_words.read) == 6
    assert tag("a.csv", *more, "--out", "3.csv").status == 0
    assert len(long_words.read) == 6
    assert Path("2.csv").read_bytes() == Path("3.csv").read_bytes()


def test_one_command_at_a_time(tag: Run, long_words: LongWords, tmp_path: Path) -> None:
    from training.process_lock import process_lock

    write_csv(tmp_path / "a.csv", numbered(1))
    assert tag("a.csv", "--out", "1.csv").status == 0
    (folder,) = (path.parent for path in RUNS.glob("a/*/run.json"))
    with process_lock(folder / "in-use", str, "4711"):
        ran = tag("a.csv", "--out", "2.csv")
    assert ran.status == 2 and "tagged already (process 4711)" in ran.said


def test_a_kill_costs_a_few_rows(
    tag: Run, long_words: LongWords, tiny_tagger: Path, tmp_path: Path
) -> None:
    rows = numbered(60 * PART_ROWS)
    write_csv(tmp_path / "a.csv", rows)
    command = ("a.csv", "--model", str(tiny_tagger), *LIST)
    first = subprocess.Popen(
        [sys.executable, "-m", "training.tag", *command, "--workers", "2"],
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: len(list(RUNS.glob("a/*/*.jsonl"))) > 2)
    others = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
    first.kill()
    assert first.wait() < 0 and len(others) >= 2
    wait_for(lambda: not any(Path(f"/proc/{other}").exists() for other in others))
    done = PART_ROWS * len(list(RUNS.glob("a/*/*.jsonl")))
    assert 0 < done < len(rows) and not list(tmp_path.glob("a-tagged*"))
    ran = tag(*command)
    assert f"{len(rows):,} articles, {done:,} of them in an earlier run" in ran.said
    assert len(long_words.read) == len(rows) - done
    with open("a-tagged.csv", encoding="utf-8", newline="") as file:
        found = [row["tags"] for row in csv.DictReader(file)]
    assert len(found) == len(rows) and sum("Night Trains" in tags for tags in found) == done


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# Memory


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(
    tag: Run, long_words: LongWords, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is looked at of any source, and read of any file at a time, is more than this has.
    monkeypatch.setattr(entries, "SAMPLE_RECORDS", 100)
    monkeypatch.setattr(text_file, "BLOCK", 1 << 12)
    monkeypatch.setattr(parquet_module, "GROUP_ROWS", 100)
    monkeypatch.setattr(column_types, "TOGETHER", 100)
    long_words.keeps = False
    text = "Saffron is yellow. " * 100
    peaks: dict[str, list[int]] = {"jsonl": [], "parquet": []}
    for count in (300, 1_500):
        source = tmp_path / f"{count}.jsonl"
        with source.open("w") as file:
            for title, _ in numbered(count):
                file.write(json.dumps({"title": title, "text": text}) + "\n")
        for ending, of in peaks.items():
            tracemalloc.start()
            assert tag(source, "--out", f"{count}-tagged.{ending}").status == 0
            of.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert long_words.most == TOGETHER * 16
    more = 1_200 * len(text)
    assert peaks["jsonl"][1] < peaks["jsonl"][0] + more / 5
    assert peaks["parquet"][1] < peaks["parquet"][0] + more / 5
    groups = pyarrow.parquet.ParquetFile("1500-tagged.parquet")
    assert groups.num_row_groups == 15 and groups.metadata.num_rows == 1_500

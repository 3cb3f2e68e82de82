"""The build command on real files: its folder, its report, its errors, its determinism."""

from __future__ import annotations

import errno
import gzip
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import datasets
import pytest

from tagloop.reading.tag_lists import MAX_TAGS
from training.build_dataset import main
from training.data.splits import SPLITS

COLUMNS = ["id", "title", "text", "tags", "source", "url", "license", "published", "origin"]


def record(number: int, **changes: Any) -> dict[str, Any]:
    words = random.Random(number).choices([f"w{n}" for n in range(3000)], k=60)
    fields = {
        "title": f"Title {number}",
        "text": " ".join(words),
        "tags": ["Food", f"Tag {number}"],
    }
    return fields | changes


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in records))


def built(*words: str, folder: str = "build/tagloop/dataset") -> tuple[Any, dict[str, Any]]:
    assert main(list(words)) == 0
    report = json.loads(Path(folder, "build_report.json").read_text())
    return datasets.load_dataset(folder, keep_in_memory=True), report


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    return error


def test_folder_loads_with_the_columns_of_the_contract(place: Path) -> None:
    write(place / "a.jsonl", [record(number) for number in range(80)])
    data, report = built("--source", "a.jsonl", "--license", "CC0-1.0")
    assert set(data) == set(SPLITS) and data["train"].column_names == COLUMNS
    assert {split: len(data[split]) for split in SPLITS} == report["splits"]
    assert sum(report["splits"].values()) == 80 and min(report["splits"].values()) > 0
    (source,) = report["sources"]
    assert source.pop("decisions")
    assert source == {
        "kind": "table", "location": "a.jsonl", "read": 80, "kept": 80, "license": {"CC0-1.0": 80}
    }  # fmt: skip
    assert report["command"] == (
        "python -m training.build_dataset --source a.jsonl --license CC0-1.0"
    )
    row = data["test"][0]
    number = int(row["title"].split()[1])
    assert (row["text"], row["tags"]) == (record(number)["text"], ["Food", f"Tag {number}"])
    assert (row["source"], row["license"], row["url"]) == ("a.jsonl", "CC0-1.0", None)


def test_every_dropped_row_is_accounted_for(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [record(number) for number in range(20)]
    bad = [
        record(20, text=""),
        record(21, text="Just a few words"),
        record(22, tags=[]),
        record(3),
        record(24, tags=["Food", "one two three four five six"], date="soon"),
    ]
    write(place / "a.jsonl", good + bad)
    data, report = built("--source", "a.jsonl", "--min-words", "5")
    dropped = [(entry["where"], entry["reason"], entry["title"]) for entry in report["dropped"]]
    assert dropped == [
        ("a.jsonl:21", "empty text", "Title 20"),
        ("a.jsonl:22", "too short", "Title 21"),
        ("a.jsonl:23", "no tags", "Title 22"),
        ("a.jsonl:24", "duplicate", "Title 3"),
    ]
    assert sum(report["dropped_counts"].values()) == 4
    assert report["sources"][0]["read"] == 25 and report["sources"][0]["kept"] == 21
    assert sum(map(len, data.values())) == 21
    assert report["tags"]["dropped"] == [
        {"tag": "one two three four five six", "reason": "too many words", "count": 1}
    ]
    assert report["unreadable_dates"] == 1
    printed = capsys.readouterr().out
    assert "25 rows read, 21 kept" in printed and "empty text 1" in printed
    assert re.search(r"splits: train \d+, validation \d+, test \d+", printed)


def test_the_same_input_gives_the_same_bytes(place: Path) -> None:
    write(place / "a.jsonl", [record(number, date="2020-01-01") for number in range(50)])
    command = ["-m", "training.build_dataset", "--source", "a.jsonl", "--output_dir"]
    contents = []
    for seed in ("1", "2"):
        # Another hash seed gives sets another order.
        environment = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, *command, "out"], env=environment, check=True)
        files = sorted(path for path in Path("out").rglob("*") if path.is_file())
        contents.append({path.as_posix(): path.read_bytes() for path in files})
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == [
        "out/build_report.json",
        *(f"out/data/{split}-00000-of-00001.parquet" for split in sorted(SPLITS)),
    ]


def test_tags_are_written_as_most_authors_write_them(place: Path) -> None:
    surfaces = ["JavaScript", "JavaScript", "javascript", "Java-Script", "open source"]
    surfaces += ["Open Source", "Open Source", "opensource"]
    write(place / "a.jsonl", [record(n, tags=[tag]) for n, tag in enumerate(surfaces)])
    data, report = built("--source", "a.jsonl")
    tags = {tag for split in data.values() for row in split for tag in row["tags"]}
    assert tags == {"JavaScript", "Open Source"}
    assert report["tags"]["distinct"] == 2
    assert {entry["tag"] for entry in report["tags"]["merged"]} == {"JavaScript", "Open Source"}


def test_merged_tags_stand_once(place: Path) -> None:
    write(place / "a.jsonl", [record(n, tags=["Open Source", "opensource"]) for n in range(5)])
    data, _ = built("--source", "a.jsonl")
    assert {tuple(row["tags"]) for split in data.values() for row in split} == {("Open Source",)}


def test_given_splits_are_honoured_and_mapped(place: Path) -> None:
    names = {"train": "training", "validation": "dev", "test": "TEST"}
    splits = [list(SPLITS)[number % 3] for number in range(30)]
    rows = [record(number, split=names[split]) for number, split in enumerate(splits)]
    write(place / "a.jsonl", rows)
    data, report = built("--source", "a.jsonl")
    found = {row["title"]: split for split in SPLITS for row in data[split]}
    assert found == {f"Title {number}": split for number, split in enumerate(splits)}
    assert report["notes"] == ["30 of 30 articles came with their split."]
    write(place / "a.jsonl", [*rows, record(31, split="fold 4"), record(32, split="train")])
    data, report = built("--source", "a.jsonl")
    assert report["notes"] == [
        "a.jsonl: the given splits are not used, since a.jsonl:31 has 'fold 4', "
        "none of train, validation, test."
    ]


def test_train_rows_serve_as_a_split_that_is_not_given(place: Path) -> None:
    names = ["train"] * 60 + ["test"] * 10
    write(place / "a.jsonl", [record(n, split=split) for n, split in enumerate(names)])
    _, report = built("--source", "a.jsonl")
    assert report["splits"]["test"] == 10 and 0 < report["splits"]["validation"] < 20
    assert report["notes"] == [
        "70 of 70 articles came with their split; validation made from the train articles."
    ]


def test_growing_keeps_splits_and_previous_keeps_them_always(place: Path) -> None:
    rows = [record(number) for number in range(60)]
    copies = [row | {"text": row["text"] + " and one more"} for row in rows]
    write(place / "a.jsonl", rows)
    before, _ = built("--source", "a.jsonl", "--name", "one", folder="build/one/dataset")
    old = {key: split for split in SPLITS for key in before[split]["id"]}

    write(place / "a.jsonl", rows + copies)
    after, report = built("--source", "a.jsonl", "--name", "two", folder="build/two/dataset")
    new = {key: split for split in SPLITS for key in after[split]["id"]}
    assert {key: new[key] for key in old} == old
    assert report["near_duplicates"]["groups"] == 60
    assert report["near_duplicates"]["articles"] == 120

    write(place / "a.jsonl", copies + rows)
    third, report = built(
        "--source", "a.jsonl", "--name", "three", "--previous", "build/one/dataset",
        folder="build/three/dataset",
    )  # fmt: skip
    newest = {key: split for split in SPLITS for key in third[split]["id"]}
    assert {key: newest[key] for key in old} == old and len(newest) == 120
    assert report["notes"] == ["60 articles keep the split of the earlier build."]


def test_previous_holds_even_where_the_corpus_was_too_small(place: Path) -> None:
    write(place / "a.jsonl", [record(number) for number in range(2)])
    before, _ = built("--source", "a.jsonl", "--output_dir", "old", folder="old")
    write(place / "a.jsonl", [record(number) for number in range(60)])
    after, _ = built(
        "--source", "a.jsonl", "--output_dir", "new", "--previous", "old", folder="new"
    )
    for split, rows in before.items():
        assert set(rows["id"]) <= set(after[split]["id"])


def test_several_sources_and_a_settings_file(place: Path) -> None:
    (place / "posts").mkdir()
    for number in range(5):
        text = record(number)["text"]
        (place / "posts" / f"{number}.md").write_text(
            f"---\ntitle: Post {number}\ntags: [Travel]\nlicense: MIT\n---\n{text}\n"
        )
    write(place / "a.jsonl", [record(number) for number in range(10, 20)])
    data, report = built("--source", "posts", "--source", "a.jsonl", "--limit", "4")
    assert [entry["kept"] for entry in report["sources"]] == [4, 4]
    assert [entry["kind"] for entry in report["sources"]] == ["markdown", "table"]
    assert [entry["license"] for entry in report["sources"]] == [{"MIT": 4}, {"unknown": 4}]
    (place / "build.yaml").write_text("source: [posts, a.jsonl]\nlimit: 4\noutput_dir: out\n")
    again, _ = built("build.yaml", folder="out")
    assert [again[split].to_list() for split in SPLITS] == [data[s].to_list() for s in SPLITS]


def post(place: Path, name: str, front: str, number: int = 1, text: str = "") -> None:
    path = place / "posts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\n{front}\n---\n{text or record(number)['text']}\n", encoding="utf-8")


def test_one_broken_file_never_stops_the_rest(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(4):
        post(place, f"a{number}.md", f"title: Post {number}\ntags: [Travel]", number)
    post(place, "broken.md", "title: [Ferry\ntags: {Travel")
    data, report = built("--source", "posts")
    assert sum(map(len, data.values())) == 4 and report["sources"][0]["read"] == 5
    (dropped,) = report["dropped"]
    assert "broken.md" in dropped["where"] and "front matter" in dropped["reason"].lower()
    assert re.search(r"\bline \d|:\d", f"{dropped['where']}: {dropped['reason']}")
    (kind,) = report["dropped_counts"]
    assert report["dropped_counts"] == {kind: 1} and len(kind) < 30
    printed = capsys.readouterr().out
    assert f"left out: 1 row ({kind} 1); the first: {dropped['where']}: " in printed
    error = fails(capsys, "--source", "posts", "--strict", "--output_dir", "strict")
    assert "broken.md" in error and not (place / "strict").exists()


def test_one_broken_row_never_stops_the_rest(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [json.dumps(record(number)) for number in range(4)]
    rows[1:1] = ['{"title": "Half', "[1, 2]"]
    (place / "a.jsonl").write_text("\n".join(rows))
    (place / "b.jsonl").write_text("\n".join(json.dumps(record(n)) for n in range(10, 13)))
    data, report = built("--source", "a.jsonl", "--source", "b.jsonl")
    assert sum(map(len, data.values())) == 7
    assert [entry["where"] for entry in report["dropped"]] == ["a.jsonl:2", "a.jsonl:3"]
    assert [entry["kept"] for entry in report["sources"]] == [4, 3]
    assert "a.jsonl:2" in fails(capsys, "--source", "a.jsonl", "--strict")


def test_a_file_that_breaks_off_gives_what_it_has(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "".join(json.dumps(record(number)) + "\n" for number in range(400)).encode()
    (place / "a.jsonl.gz").write_bytes(gzip.compress(lines)[:-2000])
    data, report = built("--source", "a.jsonl.gz")
    kept = sum(map(len, data.values()))
    assert 200 < kept < 400 and report["dropped"]
    assert report["sources"][0]["read"] == kept + len(report["dropped"])
    assert "a.jsonl.gz" in fails(capsys, "--source", "a.jsonl.gz", "--strict")


def test_what_is_not_published_is_left_out_and_counted(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    post(place, "a.md", "title: Finished\ntags: [Travel]\ndraft: false", 1)
    post(place, "b.md", "title: Begun\ntags: [Travel]\ndraft: true", 2)
    post(place, "c.md", "title: Hidden\ntags: [Travel]\npublished: false", 3)
    post(place, "_drafts/d.md", "title: Idea\ntags: [Travel]", 4)
    data, report = built("--source", "posts", "--strict")
    assert [row["title"] for split in data.values() for row in split] == ["Finished"]
    assert report["dropped_counts"] == {"not published": 3}
    assert all(entry["reason"].startswith("not published (") for entry in report["dropped"])
    assert "not published 3" in capsys.readouterr().out and "drafts" not in report
    data, report = built("--source", "posts", "--drafts")
    assert sum(map(len, data.values())) == 4 and report["drafts"] == 3
    assert "not published, but taken in: 3" in capsys.readouterr().out
    (place / "posts" / "a.md").unlink()
    error = fails(capsys, "--source", "posts")
    assert "not published 3" in error and "--drafts (DRAFTS=1 with make) takes them in" in error


def test_rows_of_one_tag_each_become_one_article(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = {0: ["Boats", "Harbour", "Herons"], 1: ["Seeds", "Clubs"], 2: ["Bread", "Ovens"]}
    rows = [record(number, tags=tag) for number, names in tags.items() for tag in names]
    rows.insert(3, record(9, tags="Diary"))
    write(place / "a.jsonl", rows)
    data, report = built("--source", "a.jsonl")
    found = {row["title"]: row["tags"] for split in data.values() for row in split}
    assert found == {"Title 9": ["Diary"]} | {f"Title {n}": names for n, names in tags.items()}
    source = report["sources"][0]
    assert (source["read"], source["kept"], source["joined"]) == (8, 4, 4)
    assert "7 rows were joined: they gave one tag each of 3 articles." in capsys.readouterr().out


def test_copies_with_several_tags_are_no_rows_to_join(place: Path) -> None:
    rows = [record(number % 5, tags=[f"Tag {number}", "Food"]) for number in range(6)]
    write(place / "a.jsonl", rows)
    _, report = built("--source", "a.jsonl")
    assert report["dropped_counts"] == {"duplicate": 1} and "joined" not in report["sources"][0]


def test_a_dry_run_writes_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place / "a.jsonl", [record(number) for number in range(5)])
    assert main(["--source", "a.jsonl", "--dry_run"]) == 0
    assert sorted(path.name for path in place.iterdir()) == ["a.jsonl"]
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "nothing was written: --dry_run (DRY_RUN=1 with make)"
    assert any("5 rows read, 5 kept" in line for line in printed)


def test_the_first_articles_are_shown_as_they_were_understood(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "The ferry to the island runs twice a day, and the board shows the winter's times still."
    rows = [record(0, title="The last ferry", text=f"{text}\n\n{text}", date="2021-02-03")]
    rows += [record(1, title="", text=text[:60]), *(record(number) for number in range(2, 9))]
    write(place / "a.jsonl", rows)
    built("--source", "a.jsonl")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:11] == [
        "the first 3 articles are understood as:",
        "",
        "  title  The last ferry",
        "  date   2021-02-03",
        "  tags   Food, Tag 0",
        f"  text   {text[:79]}…",
        "",
        "  title  (none)",
        "  date   (none)",
        "  tags   Food, Tag 1",
        f"  text   {text[:60]}",
    ]
    assert sum(line.startswith("  title") for line in lines) == 3
    write(place / "b.jsonl", [record(number) for number in range(20, 25)])
    built("--source", "a.jsonl b.jsonl")
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  title")]
    assert shown == ["  title  The last ferry", "  title  Title 20"]


def test_thousands_of_reasons_are_a_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f'{{"title": {number} "a"}}\n' for number in range(2000))
    (place / "a.jsonl").write_text(json.dumps(record(1)) + "\n" + rows)
    _, report = built("--source", "a.jsonl")
    assert len(report["dropped"]) == 2000 and len(report["dropped_counts"]) <= 2
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "left out: 2,000" in line]
    assert len(line) < 300


def test_languages_are_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    german = "Die Fähre zur Insel fährt zweimal am Tag, und der Fahrplan zeigt noch den Winter. "
    chinese = "每天早上渡轮都会离开小岛，船长说今天的天气很好，我们可以看到很多海鸟。"
    rows = [record(number, text=german * 3 + str(number)) for number in range(3)]
    rows += [record(number, text=chinese + str(number)) for number in range(3, 5)]
    write(place / "a.jsonl", [*rows, record(6, lang="pt-BR")])
    _, report = built("--source", "a.jsonl")
    assert report["languages"] == {"de": 3, "zh": 2, "pt": 1}
    assert "languages: German 3, Chinese 2, Portuguese 1" in capsys.readouterr().out


def test_wide_signs_stay_as_they_were_written(place: Path) -> None:
    title, text = "渡轮，小岛（二）", "每天早上，渡轮都会离开小岛；船长说：“早安！”（真的）？"
    write(place / "a.jsonl", [record(1, title=title, text=text, tags=["港口（大）"])])
    data, _ = built("--source", "a.jsonl")
    (row,) = [row for split in data.values() for row in split]
    assert (row["title"], row["text"], row["tags"]) == (title, text, ["港口（大）"])


def test_nothing_usable_says_what_was_looked_for(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    post(place, "a.md", "title: No tags at all")
    error = fails(capsys, "--source", "posts")
    assert "No usable article in 1 row (no tags 1). The first is " in error and "a.md" in error
    assert "front matter" in error and "#tags in the text" in error
    write(place / "a.jsonl", [record(1, tags=[])])
    error = fails(capsys, "--source", "a.jsonl")
    assert '--columns tags=NAME (COLUMNS="tags=NAME" with make) says where the tags are' in error
    write(place / "a.jsonl", [record(1, text="Too short")])
    error = fails(capsys, "--source", "a.jsonl")
    assert "--min_words NUMBER (MIN_WORDS=NUMBER with make)" in error
    (place / "none").mkdir()
    (place / "none" / "a.png").write_text("x")
    assert "none" in fails(capsys, "--source", "none")
    assert "--source (SOURCE with make) is empty" in fails(capsys, "--source", "")


def test_title_only_corpus(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.csv").write_text(
        "title,tags\n" + "".join(f'Title of article {n},"a,b"\n' for n in range(9))
    )
    assert "no column for the text" in fails(capsys, "--source", "a.csv")
    error = fails(capsys, "--source", "a.csv", "--columns", "text=")
    assert "No usable article in 9 rows (empty text 9). The first is a.csv:2: empty text." in error
    assert "--keep_title_only (KEEP_TITLE_ONLY=1 with make) keeps" in error
    data, report = built("--source", "a.csv", "--keep_title_only")
    assert sum(report["splits"].values()) == 9
    assert {row["text"] for split in data.values() for row in split} == {""}


def test_a_split_that_cannot_be_filled_is_said(place: Path) -> None:
    write(place / "a.jsonl", [record(1), record(2)])
    data, report = built("--source", "a.jsonl")
    assert sorted(report["splits"].values()) == [0, 1, 1]
    assert any(note.startswith("No article for ") for note in report["notes"])
    assert {split: len(rows) for split, rows in data.items()} == {"train": 1, "test": 1}


def test_mistakes_are_one_sentence(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such file" in fails(capsys, "--source", "missing.csv")
    write(place / "a.jsonl", [record(number) for number in range(5)])
    (place / "bad.yaml").write_text("source: [a.jsonl]\nminwords: 3\n")
    assert "unknown setting minwords" in fails(capsys, "bad.yaml")
    (place / "bad.yaml").write_text("name: x\n")
    assert "the setting 'source' is missing" in fails(capsys, "bad.yaml")
    (place / "bad.yaml").write_text("source: [a\nname: x\n")
    assert "bad.yaml, line 2" in fails(capsys, "bad.yaml")
    (place / "taken").mkdir()
    (place / "taken" / "thesis.txt").write_text("mine")
    error = fails(capsys, "--source", "a.jsonl", "--output_dir", "taken")
    assert "holds something else" in error and (place / "taken" / "thesis.txt").exists()
    error = fails(capsys, "--source", "a.jsonl", "--output_dir", "a.jsonl")
    assert "there is a file of that name" in error
    assert "no earlier build" in fails(capsys, "--source", "a.jsonl", "--previous", "taken")


def test_absolute_paths_stay_out_of_the_report(place: Path) -> None:
    write(place / "a.jsonl", [record(number) for number in range(5)])
    built("--source", str(place / "a.jsonl"), "--output_dir", str(place / "out"), folder="out")
    assert str(place) not in (place / "out" / "build_report.json").read_text()


def test_a_failed_write_leaves_the_earlier_build(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(place / "a.jsonl", [record(number) for number in range(5)])
    _, before = built("--source", "a.jsonl", "--output_dir", "out", folder="out")

    def full_disk(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(datasets.Dataset, "to_parquet", full_disk)
        error = fails(capsys, "--source", "a.jsonl", "--output_dir", "out", "--limit", "3")
    assert error == "error: out: cannot be written (No space left on device)."
    assert json.loads((place / "out" / "build_report.json").read_text()) == before
    assert not (place / "out.partial").exists()
    # What a killed build leaves behind is in nobody's way.
    (place / "out.partial" / "data").mkdir(parents=True)
    (place / "out.replaced").mkdir()
    _, after = built("--source", "a.jsonl", "--output_dir", "out", "--limit", "3", folder="out")
    assert sum(after["splits"].values()) == 3
    assert sorted(path.name for path in place.iterdir()) == ["a.jsonl", "out"]


def test_an_interrupted_build_writes_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(place / "a.jsonl", [record(number) for number in range(5)])

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.data.build_dataset.arrange", interrupt)
    assert main(["--source", "a.jsonl"]) == 130
    assert "interrupted; nothing was written" in capsys.readouterr().err
    assert sorted(path.name for path in place.iterdir()) == ["a.jsonl"]


SETTINGS = "source: a.jsonl\n"
HOSTILE = {
    "deep.json": "[" * 100_000,
    "digits.json": f'[{{"title": {"1" * 5_000}, "text": "x", "tags": []}}]',
    "deep.jsonl": f"{'[' * 100_000}\n",
    "deep.yaml": "[" * 20_000,
    "date.yaml": f"{SETTINGS}license: 2024-13-45\n",
    "digits.yaml": f"{SETTINGS}limit: {'1' * 5_000}\n",
    "list.yaml": "source: [[a.jsonl]]\n",
    "half.yaml": f'{SETTINGS}name: "\\ud800"\n',
    "aliases.yaml": "".join(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]\n" for n in range(1, 40)).replace(
        "*x0, *x0", "1"
    )
    + f"{SETTINGS}name: *x39\n",
    "typed.yaml": f"{SETTINGS}name: &a [&b [1, 1], *b]\n",
}
"""Inputs by their files' names; settings and tables in one."""


@pytest.mark.parametrize("name", HOSTILE)
def test_no_input_gives_a_traceback(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    write(place / "a.jsonl", [record(number) for number in range(12)])
    (place / name).write_text(HOSTILE[name])
    words = [name] if name.endswith(".yaml") else ["--source", name]
    error = fails(capsys, *words)
    assert name in error and len(error) < 400


def test_overrides_that_are_nested_too_deeply(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "a.jsonl", [record(number) for number in range(12)])
    (place / "tags.yaml").write_text("[" * 20_000)
    error = fails(capsys, "--source", "a.jsonl", "--tag_overrides", "tags.yaml")
    assert "tags.yaml: this is no readable YAML" in error


def test_halves_of_characters_are_mended(place: Path) -> None:
    half = "a\ud800b"
    rows = [record(number, split=half, url=f"https://a/{half}{number}") for number in range(12)]
    rows += [record(12, title=half, text=f"<p>{half}</p><p>{record(12)['text']}</p>")]
    rows += [record(13, tags=[half]), record(14, title=half, tags=[])]
    name = b"articles\xff.jsonl".decode("utf-8", "surrogateescape")
    write(place / name, rows)
    (place / "tags.yaml").write_text('display:\n  "a\\ud800b": "A\\ud800B"\n')
    data, report = built("--source", name, "--tag_overrides", "tags.yaml")
    assert report["sources"][0]["location"] == "articles\ufffd.jsonl"
    assert [entry["title"] for entry in report["dropped"]] == ["a\ufffdb"]
    assert "'a\ufffdb'" in report["notes"][0]
    found = [row for split in data.values() for row in split]
    assert len(found) == 14
    assert all("\ufffd" in row["source"] for row in found)
    assert "a\ufffdb" in {row["title"] for row in found}


def test_names_of_markdown_files_of_another_encoding(place: Path) -> None:
    (place / "posts").mkdir()
    front = "---\ntitle: T{}\ntags: [Food]\nlicense: [[CC0-1.0]]\n---\n"
    for number, text in enumerate([record(1)["text"], record(2)["text"], "short"]):
        name = f"a{number}\udcff.md"
        (place / "posts" / name).write_text(front.format(number) + text)
    _, report = built("--source", "posts")
    assert [entry["where"] for entry in report["dropped"]] == ["posts/a2\ufffd.md"]
    assert report["sources"][0]["license"] == {"CC0-1.0": 2}


def test_more_tags_than_anyone_gives_are_not_looked_at(place: Path) -> None:
    many = [f"tag {number}" for number in range(1_000_000)]
    rows = [record(number) for number in range(12)]
    rows += [record(12, tags=many), record(13, tags=", ".join(many)), record(14, tags=str(many))]
    rows += [record(15, tags=many[:MAX_TAGS]), record(16, tags=["Food", "y" * 1_000_000])]
    write(place / "a.jsonl", rows)
    begun = time.process_time()
    data, report = built("--source", "a.jsonl")
    assert time.process_time() - begun < 20
    dropped = [(entry["where"], entry["reason"]) for entry in report["dropped"]]
    assert [where for where, _ in dropped] == ["a.jsonl:13", "a.jsonl:14", "a.jsonl:15"]
    assert all(reason.startswith(("too many tags", "it has more than")) for _, reason in dropped)
    assert sum(map(len, data.values())) == 14
    assert report["tags"]["dropped"] == [
        {"tag": "y" * 40 + "…", "reason": "too many characters", "count": 1}
    ]


def test_dates_that_have_no_utc_are_counted(place: Path) -> None:
    write(place / "a.jsonl", [record(n, date="9999-12-31T23:59:59-14:00") for n in range(12)])
    assert built("--source", "a.jsonl")[1]["unreadable_dates"] == 12


def test_few_files_of_another_kind_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blog = tmp_path / "blog"
    blog.mkdir()
    for name in ("a.md", "b.md", "c.md"):
        (blog / name).write_text(f"---\ntags: [Boats]\n---\n\n{name} {'The pier is long. ' * 5}\n")
    (blog / "LICENSE.txt").write_text(
        "Everybody may copy the timetable of the ferry, and read it.\n"
    )
    words = ["--source", str(blog), "--output_dir", str(tmp_path / "out")]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "blog (article files): 3 files read, 3 kept" in said
    assert "not read: 1 file (.txt without title or tags 1)" in said


def test_the_summary_is_short_and_shows_what_was_not_used(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{**record(number), "When": f"{number + 1}/{number + 13}/2020"} for number in range(9)]
    rows[1] |= {"text": "Short."}
    rows[2] |= {"tags": []}
    rows[3] |= {"date": "some day"}
    write(place / "a.jsonl", rows)
    built("--source", "a.jsonl", "--columns", "source=")
    said = capsys.readouterr().out.splitlines()
    assert "a.jsonl (table): 9 rows read, 7 kept" in said
    assert any("nothing from 'When'" in line for line in said)
    place_ = said.index(
        "left out: 2 rows (no tags 1, too short 1); the first: a.jsonl:2: too short"
    )
    assert said[place_ + 1] == "  a.jsonl:3: no tags"
    assert "repaired: the date cannot be read: the article has none (a.jsonl:4)" in said
    assert "near-duplicates (Jaccard >= 0.7): none" in said


def test_a_text_cannot_write_to_the_terminal(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [record(number) for number in range(4)]
    rows[0] |= {"title": "Pier \x1b[2J\u202eend", "tags": ["Boats\x1b[31m"]}
    write(place / "a\x1b[2J.jsonl", rows)
    built("--source", "a\x1b[2J.jsonl")
    said = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said)
    assert re.search(r"^(1 article was|[2-9] articles were) moved ", said, re.MULTILINE)

"""A build in parts gives the dataset and the report that one process gives of the same sources."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("datatrove", reason="make test has it: see requirements.txt")

from datatrove.data import Document

from tagloop.errors import UserError
from tests.training.data.cluster.shards import both, content, write_shards
from training.build_dataset import main
from training.data.cluster.reading import ReadSources
from training.data.cluster.writing import WriteRows


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reasons(report: dict[str, Any]) -> set[str]:
    return {entry.get("kind", entry["reason"]) for entry in report["dropped"]}


def test_two_processes_over_four_files(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sources = write_shards(place, 240)
    one, parts = both(place, sources, executor="--workers 2")
    assert parts == one
    report, rows = one
    # What is compared holds something of each kind.
    assert {"duplicate", "duplicate url", "too short", "no tags"} <= reasons(report)
    assert report["near_duplicates"]["groups"] > 20 and min(map(len, rows.values())) > 0
    merged = Counter(item["reason"] for tag in report["tags"]["merged"] for item in tag["merged"])
    assert {"spelling", "plural", "initials"} <= set(merged)
    assert report["tags"]["dropped"] and report["oddities"] and report["unreadable_dates"]
    said = capfd.readouterr().out
    assert "The log is build/tagloop/log.txt" in said and "read             4 parts" in said
    # Parts are gone, logs are there.
    left = {path.name for path in Path("build/tagloop/parts").iterdir()}
    assert left == {"plan.json", "done.json", "stages"}


def split_of(number: int) -> str:
    return ["training", "training", "dev", "TEST"][number % 4]


@pytest.mark.parametrize(
    ("articles", "columns", "kinds"),
    [
        (60, {"split": split_of}, {"near-duplicate of an article in another split"}),
        (60, {"split": lambda number: "train"}, set()),
        (40, {"split": lambda number: "test"}, set()),  # two splits stay empty
        (6, {}, set()),  # groups move into empty splits
    ],
)
def test_splits(place: Path, articles: int, columns: dict[str, Any], kinds: set[str]) -> None:
    one, parts = both(place, write_shards(place, articles, **columns))
    assert parts == one
    assert kinds <= reasons(one[0])
    assert one[0]["notes"] or not columns


def test_splits_are_filled_once(place: Path) -> None:
    moved = []
    for seed in range(3):
        one, parts = both(place, write_shards(place, 5, seed=seed))
        assert parts == one
        moved += [note for note in one[0]["notes"] if "moved to another split" in note]
    assert moved


def test_what_a_person_says(place: Path) -> None:
    sources = write_shards(place, 60)
    decided = "aliases: {Travel: [Topic 1, journey]}\nnever: [[recipe, recipes]]\n"
    Path("tags.yaml").write_text(decided + "display: {new york: NEW YORK}\n")
    words = ["--tag_overrides", "tags.yaml", "--limit", "18", "--license", "X", "--min_words", "1"]
    one, parts = both(place, sources, *words)
    assert parts == one
    assert [source["read"] for source in one[0]["sources"]] == [18] * 4
    assert "NEW YORK" in {tag for rows in one[1].values() for row in rows for tag in row["tags"]}


def test_an_earlier_build(place: Path) -> None:
    earlier = write_shards(place, 20)
    assert main(["--source", *earlier[:3], "--output_dir", "earlier"]) == 0
    one, parts = both(place, write_shards(place, 60, seed=2) + earlier, "--previous", "earlier")
    assert parts == one
    assert any("keep the split of the earlier build" in note for note in one[0]["notes"])


def test_sources_of_all_kinds(place: Path) -> None:
    """A file without articles, a folder of posts, a table with a row a tag."""
    (place / "none.jsonl").write_text('{"title": "T", "text": "Too short.", "tags": ["A"]}\n')
    (place / "posts").mkdir()
    for number in range(3):
        text = f"---\ntitle: Post {number}\ntags: [ferry, Pier]\n---\n" + f"word{number} " * 20
        (place / "posts" / f"{number}.md").write_text(text)
    (place / "posts" / "odd.bin").write_bytes(b"\x00\x01")
    lines = ["title,text,tags"]
    for number in range(4):
        lines += [f"Row {number},{f'cell{number} ' * 15},{tag}" for tag in ("Ferry", "Harbour")]
    (place / "single.csv").write_text("\n".join(lines) + "\n")
    one, parts = both(place, [*write_shards(place, 20), "none.jsonl", "posts", "single.csv"])
    assert parts == one
    assert any("rows were joined" in note for note in one[0]["notes"])


def test_nothing_is_written_to_look_at(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = ["--source", *write_shards(place, 12), "--dry_run"]
    said = []
    for more in ([], ["--executor", "local", "--workers", "1"]):
        assert main([*sources, *more]) == 0
        said.append(capsys.readouterr().out.splitlines())
    assert said[1][-len(said[0]) :] == said[0]
    assert not Path("build/tagloop/dataset").exists()


def test_a_failed_part_is_done_again_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = write_shards(place, 30)
    words = ["--source", *sources, "--executor", "local", "--workers", "1", "--output_dir"]
    done: list[tuple[str, int]] = []
    fails = {"read": 2, "write": 1}

    def counted(step: type[ReadSources] | type[WriteRows], stage: str) -> None:
        work = step.work

        def wrapped(self: Any, rank: int) -> Iterator[Document] | list[Document]:
            if fails.get(stage) == rank:
                del fails[stage]
                raise UserError("The disk is full.")
            done.append((stage, rank))
            return work(self, rank)

        monkeypatch.setattr(step, "work", wrapped)

    counted(ReadSources, "read")
    counted(WriteRows, "write")
    for _ in range(2):
        assert main([*words, "parts"]) == 2
        assert "error: The disk is full." in capsys.readouterr().err
        assert not Path("parts").exists()
    assert main([*words, "parts"]) == 0
    assert "going on" in capsys.readouterr().out
    assert sorted(done) == [(stage, rank) for stage in ("read", "write") for rank in range(4)]
    monkeypatch.undo()
    monkeypatch.chdir(place)
    assert main(["--source", *sources, "--output_dir", "one"]) == 0
    assert content(place / "parts") == content(place / "one")


def test_other_sources_are_another_build(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = write_shards(place, 12)
    words = ["--executor", "local", "--workers", "1", "--source"]
    (place / "bad.jsonl").write_text('{"heading": "no text"}\n')
    assert main([*words, *sources, "bad.jsonl"]) == 2
    capsys.readouterr()
    Path("bad.jsonl").write_text(Path(sources[0]).read_text().replace("w1", "v1"))
    assert main([*words, *sources, "bad.jsonl"]) == 0
    assert "going on" not in capsys.readouterr().out
    (place / "mine").mkdir()
    (place / "mine" / "thesis.txt").write_text("Years of work.")
    assert main([*words, *sources, "--work_dir", "mine"]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert (place / "mine" / "thesis.txt").exists()


def test_errors_are_those_of_one_machine(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "none.jsonl").write_text('{"title": "T", "text": "Too short.", "tags": ["A"]}\n')
    (place / "broken.jsonl").write_text('{"title": "T", "text": "Too short.", "tags": ["A"]}\n{"\n')
    for words in (["none.jsonl"], ["gone.jsonl"], ["broken.jsonl", "--strict"]):
        said = []
        for more in ([], ["--executor", "local", "--workers", "1"]):
            assert main(["--source", *words, *more]) == 2
            said.append(capsys.readouterr().err)
        assert said[0] == said[1] and said[0].startswith("error: ")


def test_a_report_says_the_same_in_json(place: Path) -> None:
    """Lone surrogates and quotes go through the parts' files."""
    rows = [
        {"title": f"T\ud800 {n}", "text": f'"quoted" \udc80 {n} ' * 12, "tags": ["É\u0301", "B"]}
        for n in range(8)
    ]
    (place / "odd.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    one, parts = both(place, ["odd.jsonl", *write_shards(place, 12)])
    assert parts == one

"""``tagloop tag`` in parts: what comes of it is what one process gives, wherever the parts run."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("datatrove", reason="make test has it: see requirements.txt")

import datasets
import pyarrow
import pyarrow.parquet
from huggingface_hub import DatasetCard, HfApi, get_token

from tests.training.tag.cluster.dying import DiesOnce
from tests.training.tag.conftest import LIST, LongWords, Run
from training.tag.tagging import Work

PARTS = Path("build/tag/shards/parts/parts")
IN_PARTS = ("--executor", "local", "--workers", "1")


def row(number: int) -> dict[str, Any]:
    """Returns an article; ``n`` is a fraction in one shard alone, ``mixed`` has no common type."""
    return {
        "headline": f"Loaf {number}",
        "body": f"Flour number{number} rises. " * (1 + number % 7),
        "n": number + 0.5 if number == 17 else number,
        "mixed": "x" if number == 4 else number,
        "late": None if number < 20 else [number],
    }


def write_shards(folder: Path, rows: int = 23) -> list[Path]:
    """Writes four files, one after the other, with a line that is broken and one without a text."""
    lines = [json.dumps(row(number)) for number in range(rows)]
    lines[9], lines[11] = "{broken", json.dumps({"headline": "Empty", "body": ""})
    folder.mkdir()
    paths = []
    for shard in range(4):
        paths.append(folder / f"part-{shard}.jsonl")
        own = lines[shard * rows // 4 : (shard + 1) * rows // 4]
        paths[-1].write_text("".join(f"{line}\n" for line in own))
    return paths


def table(*paths: Path) -> list[dict[str, Any]]:
    """Returns all rows; confidences depend a little on what is computed at once."""
    rows: list[dict[str, Any]] = []
    for path in sorted(paths):
        rows += pyarrow.parquet.read_table(path).to_pylist()
    for each in rows:
        each["confidences"] = [round(confidence, 2) for confidence in each["confidences"]]
    return rows


def test_two_workers_over_four_shards_give_what_one_process_gives(
    tag: Run, tiny_tagger: Path, tmp_path: Path
) -> None:
    paths = write_shards(tmp_path / "shards")
    (tmp_path / "all.jsonl").write_text("".join(path.read_text() for path in paths))
    model = ("--model", tiny_tagger, *LIST)
    one = tag("all.jsonl", "--out", "one.parquet", *model)
    ran = tag("shards/*.jsonl", *model, "--executor", "local", "--workers", "2")
    assert (ran.status, ran.out) == (0, "shards-tagged\n")
    found = sorted(Path("shards-tagged/data").iterdir())
    assert [path.name for path in found] == [f"train-{n:05}-of-00004.parquet" for n in range(4)]
    assert table(*found) == table(Path("one.parquet"))
    schema = pyarrow.parquet.read_schema("one.parquet")
    assert all(pyarrow.parquet.read_schema(path) == schema for path in found)
    assert schema.field("n").type == pyarrow.float64()
    assert schema.field("mixed").type == pyarrow.string()
    for sentence in (
        "21 of 23 articles tagged",
        "part-1.jsonl:5: ",
        "part-2.jsonl:1: it has no text",
    ):
        assert sentence in ran.said
    assert "21 of 23 articles tagged" in one.said
    assert len(datasets.load_dataset("shards-tagged")["train"]) == 23


def test_a_killed_rank_is_done_again_alone(
    tag: Run, tiny_tagger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shards(tmp_path / "shards")
    monkeypatch.setattr("training.tag.cluster.run.TagShards", DiesOnce)
    command = ("shards/*.jsonl", "--executor", "local", "--workers", "2")
    model = ("--model", tiny_tagger, *LIST)
    ran = tag(*command, *model)
    assert ran.status == 2 and "a process was killed, perhaps for want of memory" in ran.said
    assert not Path("shards-tagged").exists()
    ran = tag(*command, *model)
    assert ran.status == 0 and "going on where the same command was interrupted" in ran.said
    assert [len(list(PARTS.glob(f"begun/{number}/*"))) for number in range(4)] == [1, 1, 1, 2]
    assert len(table(*Path("shards-tagged/data").iterdir())) == 23
    # Nor is anything tagged again for another place.
    assert tag(*command, *model, "--out", "again").out == "again\n"
    assert len(list(PARTS.glob("begun/*/*"))) == 5


def test_a_rank_with_several_shards_loads_its_model_once(
    tag: Run, long_words: LongWords, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shards(tmp_path / "shards")
    loaded: list[Work] = []

    def load(work: Work) -> LongWords:
        loaded.append(work)
        return long_words

    monkeypatch.setattr(Work, "load", load)
    monkeypatch.setattr("training.cluster.plan.MOST_RANKS", 2)
    long_words.stop_after = 15  # in the third shard, which the second rank has
    ran = tag("shards", *IN_PARTS)
    assert ran.status == 130 and "the same command goes on" in ran.said
    long_words.stop_after = None
    assert tag("shards", *IN_PARTS).status == 0
    assert len(loaded) == 3 and loaded[0].threads == os.cpu_count()
    assert len(long_words.read) == len(set(long_words.read)) == 21
    assert table(*Path("shards-tagged/data").iterdir())[4]["tags"] == ["number4"]


def test_another_model_or_source_begins_anew(
    tag: Run, long_words: LongWords, tiny_tagger: Path, tmp_path: Path
) -> None:
    paths = write_shards(tmp_path / "shards")
    assert tag("shards", *IN_PARTS, "--out", "1").status == 0
    assert tag("shards", *IN_PARTS, "--out", "2", "--model", tiny_tagger).status == 0
    assert len(long_words.read) == 42
    paths[0].write_text(paths[0].read_text().replace("number0", "number99"))
    assert tag("shards", *IN_PARTS, "--out", "3", "--model", tiny_tagger).status == 0
    assert table(*Path("3/data").iterdir())[0]["tags"] == ["number99"]


def test_parquet_keeps_types_and_splits_and_bad_files_are_told(
    tag: Run, long_words: LongWords, tmp_path: Path
) -> None:
    (tmp_path / "posts").mkdir()
    columns = {"n": pyarrow.array([1, 2], pyarrow.int16()), "text": ["Saffron.", "Perfect."]}
    for name in ("test-00000-of-00001", "train-00000-of-00002"):
        pyarrow.parquet.write_table(pyarrow.table(columns), f"posts/{name}.parquet")
    Path("posts/train-00001-of-00002.parquet").write_bytes(b"PAR1 it is not")
    Path("posts/picture.png").write_bytes(b"x")
    ran = tag("posts", *IN_PARTS)
    assert ran.status == 0 and "4 of 5 articles tagged" in ran.said
    assert "train-00001-of-00002.parquet" in ran.said and "1 file is left out: .png" in ran.said
    assert tag("posts", "--out", "one.parquet").status == 0
    found = sorted(Path("posts-tagged/data").iterdir())
    assert [path.name for path in found] == [
        "test-00000-of-00001.parquet",
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]
    one = pyarrow.parquet.read_table("one.parquet")
    assert pyarrow.parquet.read_schema(found[0]).equals(one.schema)
    assert [each["n"] for each in table(*found)] == [1, 2, 1, 2, None]
    assert [each["tags"] for each in table(*found)] == one["tags"].to_pylist()


def test_a_folder_of_articles_is_one_shard(tag: Run, long_words: LongWords, tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    for name in "ab":
        Path(f"blog/{name}.md").write_text(f"---\ntitle: Saffron {name}\n---\nYellow.\n")
    ran = tag("blog", *IN_PARTS)
    assert "2 articles in 1 shard\n" in ran.said
    (path,) = Path("blog-tagged/data").iterdir()
    assert [each["title"] for each in table(path)] == ["Saffron a", "Saffron b"]
    Path("rows.jsonl").write_text('{"text": "Saffron."}\n')
    ran = tag("blog rows.jsonl", *IN_PARTS, "--out", "both")
    assert ran.status == 2 and "rows.jsonl is a table and blog is none: tag them" in ran.said


# The Hub, and clusters


@pytest.fixture(scope="module")
def source(hub_namespace: str) -> str:
    """Returns a dataset with two splits, the first in three files."""
    name = f"{hub_namespace}/loaves"
    rows = [{**row(number), "topic": number % 2} for number in range(12)]
    features = datasets.Features(
        {
            "headline": datasets.Value("string"),
            "body": datasets.Value("string"),
            "topic": datasets.ClassLabel(names=["food", "money"]),
        }
    )
    rows = [{key: each[key] for key in features} for each in rows]
    made = datasets.Dataset.from_list(rows[:9], features)
    made.push_to_hub(name, split="train", num_shards=3)
    datasets.Dataset.from_list(rows[9:], features).push_to_hub(name, split="test")
    return name


def test_a_hub_dataset_is_tagged_by_its_files_and_published(
    tag: Run, long_words: LongWords, source: str, hub_namespace: str
) -> None:
    target = f"{hub_namespace}/loaves-tagged"
    command = (source, *IN_PARTS, "--push", target)
    ran = tag(*command)
    assert ran.status == 0 and ran.lines[0].endswith(f"/datasets/{target}")
    assert "12 articles in 4 shards" in ran.said and "v1.0.0" in ran.said
    found = datasets.load_dataset(target)
    assert {name: len(split) for name, split in found.items()} == {"train": 9, "test": 3}
    assert tag(source, "--out", "one.parquet").status == 0
    rows = [each for split in found.values() for each in split.to_list()]
    assert rows == pyarrow.parquet.read_table("one.parquet").to_pylist()
    assert rows[1]["topic"] == "money" and rows[1]["tags"] == ["number1"]
    text = " ".join(DatasetCard.load(target).text.split())
    commit = str(HfApi().dataset_info(source).sha)
    assert f"12 articles of [{source}](" in text and f"`{commit}`, 12 of them" in text
    assert f"python -m training.tag {source} --executor local --workers 1 --push" in text
    read = len(long_words.read)
    ran = tag(*command)
    assert "unchanged: " in ran.said and len(long_words.read) == read
    assert not Path("build/tag/loaves/dataset").exists()


@pytest.mark.slow
def test_slurm_tags(
    tag: Run, tiny_tagger: Path, tmp_path: Path, slurm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shards(tmp_path / "shards", 12)
    Path("slurm.yaml").write_text(
        'partition: cpu\ntime: "01:00:00"\ncpus_per_task: 2\ntasks_per_job: 4\n'
    )
    settings = ("--executor", "slurm", "--executor_settings", "slurm.yaml", "--workers", "3")
    ran = tag("shards", *settings, "--model", tiny_tagger, *LIST)
    assert ran.status == 0, ran.said
    assert len(table(*Path("shards-tagged/data").iterdir())) == 12
    scripts = (slurm / "scripts").read_text()
    jobs = re.findall(r"^#SBATCH --job-name=(tagloop-\w+)$", scripts, re.MULTILINE)
    assert jobs.index("tagloop-read") < jobs.index("tagloop-tag")
    assert "#SBATCH --cpus-per-task=2\n" in scripts
    work = tmp_path / "build/tag/shards/parts"
    assert f"launch_pickled_pipeline {work}/stages/tag/executor.pik" in scripts


def test_jobs_tag_with_a_model_of_the_hub(
    tag: Run,
    tiny_tagger: Path,
    source: str,
    hub_namespace: str,
    jobs: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = f"{hub_namespace}/tiny-for-jobs"
    HfApi().create_repo(model, private=True)
    HfApi().upload_folder(repo_id=model, folder_path=tiny_tagger)
    Path("jobs.yaml").write_text("dependencies: [tagloop]\nflavor: cpu-basic\npoll_interval: 0\n")
    command = (source, *LIST, "--executor", "jobs", "--executor_settings", "jobs.yaml")
    where = ("--work_dir", "memory://tags", "--out", "tagged")
    ran = tag(*command, *where, "--model", tiny_tagger)
    assert ran.status == 2 and "tags with a model of the Hub: name one with --model" in ran.said
    ran = tag(*command, *where, "--model", model)
    assert ran.status == 0, ran.said
    assert tag(source, *LIST, "--model", model, "--out", "one.parquet").status == 0
    files = [sorted(Path("tagged/data").glob(f"{split}-*")) for split in ("train", "test")]
    assert list(map(len, files)) == [3, 1]
    assert [*table(*files[0]), *table(*files[1])] == table(Path("one.parquet"))
    assert {job["labels"]["datatrove_job_name"] for job in jobs} == {"tagloop-read", "tagloop-tag"}
    assert len(jobs) == 8
    for job in jobs:
        assert job["flavor"] == "cpu-basic" and job["secrets"] == {"HF_TOKEN": get_token()}
        assert job["script_args"][0].startswith("memory://")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--work_dir w", "--work_dir: that is for parts: --executor local"),
        ("--executor cloud", "take one of local, slurm, ray, jobs"),
        ("--executor local --limit 3", "--limit: parts are tagged whole; name fewer shards"),
        ("--executor local --json", "that is for one article"),
        ("--executor local --out shards/new", "lies in shards: name a place outside"),
        ("--executor local --out gone/new", "there is no folder gone"),
        ("--executor local --work_dir shards", "holds something else than parts"),
        ("--executor local --columns text=story", "there is no column 'story' for the text"),
        ("--executor jobs --work_dir memory://y --executor_settings jobs.yaml", "no files of this"),
    ],
)
def test_what_cannot_run_is_one_sentence(
    tag: Run, long_words: LongWords, tmp_path: Path, words: str, said: str
) -> None:
    write_shards(tmp_path / "shards")
    Path("jobs.yaml").write_text("dependencies: [tagloop]\n")
    ran = tag("shards", "--workers", "1", *words.split())
    assert ran.status == 2 and said in ran.said.splitlines()[-1]
    assert "Traceback" not in ran.said and not long_words.read


def test_an_article_has_no_parts(tag: Run, tmp_path: Path) -> None:
    Path("post.md").write_text("# Bread\n\nBread rises.\n")
    ran = tag("post.md", *IN_PARTS)
    assert ran.status == 2 and "post.md is one article" in ran.said

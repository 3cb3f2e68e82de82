"""Reading the corrections dataset: what is damaged costs its line and is counted and located."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import HfApi

from tagloop.corrections.dataset import read_folder, read_records
from tagloop.corrections.withdrawals import withdrawal
from training.hub import EmbeddedHub

from .review.review_rows import correction, records, review, write_rows


def test_a_folder_reads_as_it_stands(tmp_path: Path) -> None:
    first, second = correction(1), correction(2)
    taken = review(first, "accept")
    write_rows(tmp_path, "data", [first.to_json(), second.to_json()])
    write_rows(tmp_path, "reviews", [taken.to_json()])
    row = withdrawal(second.id)
    write_rows(tmp_path, "withdrawals", [row])
    (tmp_path / "README.md").write_text("no rows", encoding="utf-8")
    read = read_folder(tmp_path)
    assert read.corrections == {first.id: first, second.id: second}
    assert read.reviews == [taken]
    assert read.withdrawn == {second.id: row["created_at"]}
    assert (read.damaged, read.repeated, read.revision) == ([], 0, None)


def test_nothing_is_no_records(tmp_path: Path) -> None:
    assert not read_folder(tmp_path / "missing").corrections


def test_rows_that_come_twice_count_once(tmp_path: Path) -> None:
    one = correction()
    decision = review(one, "reject").to_json()
    for _ in range(2):
        write_rows(tmp_path, "data", [one.to_json()])
        write_rows(tmp_path, "reviews", [decision])
        write_rows(tmp_path, "withdrawals", [withdrawal(one.id)])
    read = read_folder(tmp_path)
    assert (len(read.corrections), len(read.reviews), len(read.withdrawn)) == (1, 1, 1)
    assert read.repeated == 3


@pytest.mark.parametrize("kind", ["data", "withdrawals", "reviews"])
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "torn', "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[1]", "no JSON object"),
        (b'{"schema": 99}', "schema 99"),
        (b'{"schema": 1}', "(columns|names no)"),
        (b'{"schema": []}', r"schema \[\]"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"schema": 1, "id": ' + b"[" * 300 + b"]" * 300 + b"}", "nested too deeply"),
        (b'{"schema": 1, "schema": 2}', "twice"),
        (b'{"schema": 2, "id": "' + b"x" * 5 * 2**20 + b'"}', "more than"),
        (b'{"schema": 99, "id": "' + b"x" * 10**6 + b'"}', " …"),
    ],
)
def test_a_damaged_line_is_counted_and_located(
    tmp_path: Path, kind: str, line: bytes, reason: str
) -> None:
    one = correction()
    rows = {"data": one.to_json(), "withdrawals": withdrawal(one.id)}
    path = write_rows(tmp_path, kind, [rows.get(kind, review(one, "reject").to_json())])
    path.write_bytes(line + b"\n\n" + path.read_bytes())
    read = read_folder(tmp_path)
    assert len(read.corrections) + len(read.withdrawn) + len(read.reviews) == 1
    (damaged,) = read.damaged
    assert (damaged.path, damaged.line) == (path.relative_to(tmp_path).as_posix(), 1)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(str(damaged))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "abc"},  # no decision could name it
        {"id": "1B4E28BA-2FA1-4D3B-A3F5-EF19B5A7633B"},
        {"created_at": "yesterday"},
        {"created_at": "2026-01-01T00:00:00"},  # of which zone?
        {"predicted": [{"tag": "a", "confidence": 10**17}]},
        {"predicted": [[]]},
        {"corrected": [1]},
    ],
)
def test_a_row_that_would_stop_the_review_costs_itself_alone(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    one, other = correction(1), correction(2)
    write_rows(tmp_path, "data", [one.to_json() | changes, other.to_json()])
    read = read_folder(tmp_path)
    assert set(read.corrections) == {other.id}
    assert read.damaged_count == 1 and len(read.damage()) == 1


def test_a_decision_of_no_time_costs_itself_alone(tmp_path: Path) -> None:
    """Decisions are put in order by their time: this one would be in force for ever."""
    one = correction(1)
    taken = review(one, "accept")
    late = review(one, "reject").to_json() | {"created_at": "zzzz"}
    write_rows(tmp_path, "reviews", [late, taken.to_json()])
    read = read_folder(tmp_path)
    assert read.in_force() == {one.id: taken} and read.damaged_count == 1


def test_a_million_damaged_lines_are_counted_and_the_first_located(tmp_path: Path) -> None:
    path = write_rows(tmp_path, "data", [])
    path.write_bytes(b"x\n" * 10_000)
    (tmp_path / "data" / "folder.jsonl").mkdir()
    read = read_folder(tmp_path)
    assert (read.damaged_count, len(read.damaged)) == (10_000, 1000)
    assert read.damage(shown=2)[1:] == [f"{read.damaged[1]}", "and 9,998 more"]


def test_the_hub_is_read_at_a_commit(hub: EmbeddedHub, tmp_path: Path) -> None:
    api = HfApi(hub.endpoint, hub.token)
    repo_id = api.create_repo("review-records", repo_type="dataset", private=True).repo_id
    one, two = correction(1), correction(2)
    commits = []
    for number, row in enumerate([one, two]):
        write_rows(tmp_path / f"{number}", "data", [row.to_json()])
        info = api.upload_folder(
            repo_id=repo_id, folder_path=tmp_path / f"{number}", repo_type="dataset"
        )
        commits.append(info.oid)
    head = read_records(repo_id, None, hub.token, tmp_path / "cache")
    assert head.revision == commits[1] and set(head.corrections) == {one.id, two.id}
    first = read_records(repo_id, commits[0], hub.token, tmp_path / "cache")
    assert first.revision == commits[0] and set(first.corrections) == {one.id}


def test_the_latest_decision_is_in_force_in_whatever_order_it_is_read() -> None:
    one = correction()
    early, late = review(one, "reject", at=5), review(one, "accept", at=6)
    for reviews in ([early, late], [late, early]):
        assert records([one], reviews).in_force() == {one.id: late}

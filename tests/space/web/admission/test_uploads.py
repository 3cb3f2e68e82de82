"""Uploads count as long as they lie on the disk, and never take what corrections need."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from tagloop.rate_limits import Busy
from tagloop.service.disk_reserve import DiskReserve
from tagloop.web.admission import uploads as uploads_module
from tagloop.web.admission.uploads import HOUR_BYTES, VISITOR_BYTES, Uploads

MB = 1_000_000
Usage = namedtuple("Usage", "total used free")


def disk(free: int) -> DiskReserve:
    return DiskReserve([Path("/there"), Path("/")], 1_000, lambda path: Usage(0, 0, free))  # type: ignore[arg-type, return-value]


def put(uploads: Uploads, visitor: str, name: str, size: int) -> Path:
    path = uploads.folder / name
    with uploads.coming(visitor, size):
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)  # takes no room
        uploads.arrived(visitor, [str(path)])
    return path


def test_a_visitor_has_so_much_on_the_disk_and_no_more(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, disk(10_000 * MB))
    files = [put(uploads, "me", f"{number}/a.csv", 49 * MB) for number in range(4)]
    with pytest.raises(Busy, match=r"You have 196 MB in 4 files here already.*in 60 minutes"):
        put(uploads, "me", "5/a.csv", 49 * MB)
    put(uploads, "you", "6/a.csv", 49 * MB)
    files[0].unlink()  # gradio, after an hour
    put(uploads, "me", "5/a.csv", 49 * MB)


def test_what_is_on_its_way_counts(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, disk(10_000 * MB))
    with uploads.coming("me", VISITOR_BYTES - MB):
        with pytest.raises(Busy), uploads.coming("me", 2 * MB):
            pass
    with uploads.coming("me", 2 * MB):
        pass


def test_an_hour_and_all_visitors_have_their_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    uploads = Uploads(tmp_path, disk(10_000 * MB), lambda: now[0])
    for number in range(HOUR_BYTES // (50 * MB)):
        put(uploads, "me", f"{number}/a.md", 50 * MB).unlink()
    with pytest.raises(Busy, match="1,000 MB of files an hour: try again in 60 minutes"):
        put(uploads, "me", "a/a.md", MB)
    now[0] = 3_601
    put(uploads, "me", "a/a.md", MB)
    monkeypatch.setattr(uploads_module, "ALL_BYTES", 2 * MB)
    with pytest.raises(Busy, match="Too many files are here"):
        put(uploads, "you", "b/a.md", 2 * MB)


def test_the_reserve_of_the_disk_is_left(tmp_path: Path) -> None:
    put(Uploads(tmp_path, disk(1_050 * MB)), "me", "a/a.md", 49 * MB)
    with pytest.raises(Busy, match="short of disk: try again in 10 minutes"):
        put(Uploads(tmp_path, disk(1_040 * MB)), "me", "b/a.md", 49 * MB)
    DiskReserve([Path("/")], 0, lambda path: Usage(0, 0, 0)).check(1)  # type: ignore[arg-type, return-value]
    with pytest.raises(Busy):
        DiskReserve([tmp_path / "not" / "yet"], shutil.disk_usage(tmp_path).free // MB + 9).check()


def test_a_file_that_was_read_goes_once_nobody_else_has_it(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, disk(10_000 * MB))
    path = put(uploads, "me", "hash/a.md", MB)
    put(uploads, "you", "hash/a.md", MB)  # gradio puts the same file at the same place
    uploads.discard(path)
    assert path.exists()
    uploads.discard(path)
    assert not path.exists()
    foreign = tmp_path / "app.py"
    foreign.touch()
    uploads.discard(foreign)
    assert foreign.exists()


def test_what_a_broken_upload_leaves_is_removed(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, disk(10_000 * MB))
    left, other = tmp_path / "tmpabc", tmp_path / "hash"
    left.touch()
    os.utime(left, (1, 1))
    other.mkdir()
    with pytest.raises(ConnectionError), uploads.coming("me", MB):
        with uploads.coming("you", MB):
            pass
        assert not left.exists() and other.exists()
        (tmp_path / "tmpdef").touch()
        raise ConnectionError
    assert not (tmp_path / "tmpdef").exists() and not uploads._coming

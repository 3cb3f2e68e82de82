"""The journal: what was acknowledged is on the disk, whatever happened to the process."""

import errno
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tagloop.corrections.delivery.journal import Journal
from tagloop.corrections.delivery.segment_files import MAX_FILE_BYTES, open_regular
from tagloop.errors import UserError

# Appends for ever from several threads, and prints each id once it is acknowledged.
WRITER = """
import sys, threading, uuid
from pathlib import Path
from tagloop.corrections.delivery.journal import Journal

journal = Journal(Path(sys.argv[1]), 10**9)
lock = threading.Lock()

def write():
    while True:
        row_id = uuid.uuid4().hex
        with lock:
            journal.append({"id": row_id, "text": "x" * (hash(row_id) % 5000)})
            print(row_id, flush=True)
            if hash(row_id) % 50 == 0:
                journal.seal()

for _ in range(4):
    threading.Thread(target=write).start()
"""


def name(letter: str) -> str:
    """The name of a segment that an earlier process left."""
    return f"2030-01-01_{letter * 32}.jsonl"


def ids_in(directory: Path) -> list[str]:
    journal = Journal(directory, 10**9)
    try:
        paths = journal.sealed(1000)
        return [row_id for path in paths for part in journal.parts(path) for row_id in part.ids]
    finally:
        journal.close()


def test_kill_9_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    acknowledged: list[str] = []
    for _ in range(25):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(chance.random() * 0.05)
        os.kill(writer.pid, signal.SIGKILL)
        # A line that is cut off was printed after its append, so it counts as far as it goes.
        acknowledged += [line for line in writer.stdout.read().split("\n") if len(line) == 32]
        writer.wait()
        writer.stdout.close()
    found = ids_in(tmp_path)
    assert len(acknowledged) > 100
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)


def test_a_segment_is_nobody_elses_until_its_process_gives_it_back(tmp_path: Path) -> None:
    writer, other = Journal(tmp_path, 10**6), Journal(tmp_path, 10**6)
    path = writer.append({"id": "1"})
    assert other.sealed(9) == writer.sealed(9) == []
    writer.seal()
    assert other.sealed(9) == []
    assert writer.sealed(9) == [path]
    later = writer.append({"id": "2"})
    assert later != path
    writer.close()
    assert sorted(other.sealed(9)) == sorted([path, later])
    other.finish(other.parts(path)[0])
    assert Journal(tmp_path, 10**6).sealed(9) == []
    assert list(tmp_path.iterdir()) == [later]


def test_a_full_disk_does_not_keep_a_torn_line_from_being_mended(tmp_path: Path) -> None:
    """A crash on a full disk leaves both; the next start must come up and go on."""
    (tmp_path / name("a")).write_bytes(b'{"id": "1"}\n{"id": "2", "te')
    (tmp_path / name("b")).write_bytes(b'{"id": "3"}\n\x00\n')
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        assert ids_in(tmp_path) == ["1"]  # the other one needs room
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert ids_in(tmp_path) == ["1", "3"]


def test_a_long_outage_fills_many_small_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagloop.corrections.delivery.journal.MAX_SEGMENT_BYTES", 1000)
    journal = Journal(tmp_path, 10**6)
    for number in range(10):
        journal.append({"id": str(number), "text": "x" * 300})
    journal.seal()
    sizes = [path.stat().st_size for path in journal.sealed(99)]
    assert len(sizes) >= 4
    assert max(sizes) <= 1000
    assert len(journal.sealed(2)) == 2


def test_a_folder_that_cannot_be_made_is_the_owners_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"outbox folder .* cannot be made or read"):
        Journal(tmp_path / "file" / "outbox", 10**6)


def test_a_torn_line_is_cut_and_a_damaged_one_set_aside(tmp_path: Path) -> None:
    segment = tmp_path / name("a")
    segment.write_bytes(b'{"id": "1"}\n\x00\x00\x00\n{"id": "2"}\n{"id": "3", "te')
    assert ids_in(tmp_path) == ["1", "2"]
    assert segment.read_bytes() == b'{"id": "1"}\n{"id": "2"}\n'
    kept = {path.read_bytes() for path in (tmp_path / "quarantine").glob("*.jsonl")}
    assert kept == {b"\x00\x00\x00\n", b'{"id": "3", "te\n'}


def test_an_allowance_that_is_used_up_refuses_clearly(tmp_path: Path) -> None:
    journal = Journal(tmp_path, max_bytes=100)
    journal.append({"id": "1", "text": "x" * 50})
    with pytest.raises(UserError, match="Not saved: too many corrections are waiting"):
        journal.append({"id": "2", "text": "x" * 50})
    journal.close()
    assert ids_in(tmp_path) == ["1"]


def test_a_full_disk_refuses_clearly_and_keeps_what_was_there(tmp_path: Path) -> None:
    """A limit on the file size stands in for the disk: the write stops half-way in a line."""
    journal = Journal(tmp_path, 10**9)
    journal.append({"id": "1"})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with pytest.raises(UserError, match="Not saved: the server cannot write to its disk"):
            journal.append({"id": "2", "text": "x" * 5000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    journal.append({"id": "3"})
    journal.close()
    assert set(ids_in(tmp_path)) == {"1", "3"}


def test_rows_are_one_line_each_and_plain_utf_8(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 10**6)
    path = journal.append({"id": "1", "text": "a\nb\r\u2028 ü"})
    journal.seal()
    assert path.read_bytes().count(b"\n") == 1
    assert "ü".encode() in path.read_bytes()
    assert json.loads(path.read_text(encoding="utf-8"))["text"] == "a\nb\r\u2028 ü"
    assert path.stat().st_mode & 0o077 == 0  # other accounts of the machine cannot read it


def test_a_cut_segment_has_parts_whose_names_outlast_a_crash(tmp_path: Path) -> None:
    """What was sent before a crash is sent under the same name after it, or not at all."""
    journal = Journal(tmp_path, 10**6)
    path = journal.append({"id": "0"})
    for number in range(1, 8):
        journal.append({"id": str(number)})
    journal.seal()
    [whole] = journal.parts(path)
    assert whole.name == path.name and len(whole.ids) == 8
    first, second = journal.cut(whole)
    assert [first.ids, second.ids] == [list("0123"), list("4567")]
    third, fourth = journal.cut(second)
    journal.finish(fourth)
    assert journal.parts(path) == [first, third]
    journal.close()
    heir = Journal(tmp_path, 10**6)
    assert heir.sealed(9) == [path]
    parts = heir.parts(path)
    assert [part.name for part in parts] == [first.name, third.name, fourth.name]
    for part in parts[:2]:
        heir.finish(part)
    assert heir.parts(path) == [fourth]  # alone by now, and never to have the segment's own name
    five, six = heir.cut(fourth)
    assert heir.parts(path) == [five, six]
    kept = heir.set_aside(five, "no reason.")
    heir.finish(six)
    assert not path.exists() and kept.name == five.name and kept.read_bytes() == five.content
    kept.rename(tmp_path / kept.name)
    heir.close()
    assert ids_in(tmp_path) == ["6"]


def test_a_disk_that_takes_no_cut_leaves_the_segment_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 10**6)
    path = journal.append({"id": "0"})
    journal.append({"id": "1"})
    journal.seal()
    (tmp_path / f"{path.name}.new").mkdir()  # where the new file would be written
    [whole] = journal.parts(path)
    with pytest.raises(OSError):
        journal.cut(whole)
    assert journal.parts(path) == [whole]
    (tmp_path / "quarantine").write_text("")
    with pytest.raises(OSError):
        journal.set_aside(whole, "no reason.")
    assert journal.parts(path) == [whole]


def test_a_name_of_ours_that_is_no_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name("a"))
    (tmp_path / name("b")).mkdir()
    (tmp_path / name("c")).symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        place = os.getcwd()
        os.chdir(tmp_path)  # the address of a socket is short
        listener.bind(name("d"))
        os.chdir(place)
        assert ids_in(tmp_path) == []
        with pytest.raises(OSError):
            open_regular(tmp_path / name("a"))
    assert len(list(tmp_path.iterdir())) == 4


def test_what_is_too_large_to_be_a_segment_takes_no_room_from_rows(tmp_path: Path) -> None:
    with (tmp_path / name("a")).open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    journal = Journal(tmp_path, 10_000)
    assert journal.sealed(9) == [] and journal.bytes_used() == 0
    journal.append({"id": "a"})
    journal.close()


def test_rows_whose_folder_is_removed_are_written_anew(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    journal = Journal(folder, 10**6)
    journal.append({"id": "1"})
    journal.seal()
    journal.append({"id": "2"})
    shutil.rmtree(folder)
    journal.append({"id": "3"})  # and all that waited is on the disk again
    ids = [json.loads(line)["id"] for path in folder.iterdir() for line in path.open()]
    assert sorted(ids) == ["1", "2", "3"]
    shutil.rmtree(folder)
    assert len(journal.sealed(9)) == 3
    journal.close()
    assert sorted(ids_in(folder)) == ["1", "2", "3"]


def test_waiting_rows_that_are_removed_out_of_their_folder_are_written_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 10**6)
    waiting = journal.append({"id": "1"})
    journal.seal()
    journal.append({"id": "2"})
    waiting.unlink()  # the folder stays, and so does the segment that is written
    journal.append({"id": "3"})
    assert waiting.read_text() == '{"id": "1"}\n'
    journal.close()


def test_a_folder_that_cannot_be_made_again_refuses(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    journal = Journal(folder, 10**6)
    path = journal.append({"id": "1"})
    shutil.rmtree(folder)
    folder.write_text("in the way")
    with pytest.raises(UserError, match="Not saved: the server cannot write to its disk"):
        journal.append({"id": "2"})
    journal.seal()
    assert journal.sealed(9) == [path]  # can still be delivered
    assert journal.parts(path)[0].ids == ["1"]
    folder.unlink()
    assert journal.sealed(9) == [path]
    journal.close()
    assert ids_in(folder) == ["1"]


def test_a_file_in_the_place_of_the_outbox_is_the_owners_mistake(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("")
    with pytest.raises(UserError, match=r"cannot be made or read \(File exists\)"):
        Journal(tmp_path / "outbox", 10**6)


def test_a_file_that_cannot_be_written_to_is_delivered_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that became read-only; the long run has a real one."""
    (tmp_path / name("a")).write_bytes(b'{"id": "1"}\n')
    (tmp_path / name("b")).write_bytes(b'{"id": "2"}\nno row\n')

    def read_only(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    really = os.open

    def only_reading(path: Path, flags: int, *more: int) -> int:
        if flags & os.O_RDWR:
            read_only(path)
        return really(path, flags, *more)

    monkeypatch.setattr(os, "open", only_reading)
    monkeypatch.setattr(Path, "unlink", read_only)
    journal = Journal(tmp_path, 10**6)
    [path] = journal.sealed(9)  # the other one cannot be mended
    [part] = journal.parts(path)
    assert part.ids == ["1"]
    journal.finish(part)
    assert journal.sealed(9) == []
    assert path.exists()
    monkeypatch.undo()
    assert [one.name for one in journal.sealed(9)] == [name("b")]
    assert not path.exists()

"""Files, compressed or not, folders and zips."""

from __future__ import annotations

import bz2
import gc
import gzip
import io
import lzma
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pyarrow
import pyarrow.parquet
import pytest

from tagloop.errors import UserError
from tagloop.reading.record import Limits
from tagloop.reading.sources import MAX_NESTED, files, open_path
from tagloop.reading.sources.files import (
    Folder,
    InputFile,
    ZipTree,
    member_name,
)

PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def zipped(members: dict[str, bytes | str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def opened(data: bytes, limits: Limits | None = None) -> ZipTree:
    file = InputFile(Path("a.zip"), "a.zip", lambda: io.BytesIO(data))
    return ZipTree(file, limits or Limits())


@pytest.mark.parametrize("ending", PACK)
def test_a_file_is_unpacked_and_its_ending_is_that_inside(tmp_path: Path, ending: str) -> None:
    content = b"word " * 50_000
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(PACK[ending](content))
    file = InputFile(path, path.name)
    assert file.ending == ".jsonl" and content.startswith(file.head())
    stream, position = file.open_counted()
    with stream:
        assert stream.read(10) == content[:10]
        stream.seek(5)
        assert stream.read() == content[5:]
        assert 0 < position() <= (file.size or 0)
    assert position() == file.size


def test_first_bytes_tell_the_compression_whatever_the_name_says(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.csv.gz", tmp_path / "b.csv"
    plain.write_bytes(b"a,b")
    packed.write_bytes(gzip.compress(b"a,b"))
    for path in (plain, packed):
        file = InputFile(path, path.name)
        assert (file.head(), file.ending) == (b"a,b", ".csv")


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz"])
def test_a_file_that_is_cut_off_is_one_sentence(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.csv{ending}"
    path.write_bytes(PACK[ending](os.urandom(5_000))[:-40])
    with pytest.raises(UserError, match=rf"a\.csv\{ending} is no complete \{ending} file"):
        InputFile(path, path.name).open().read()


@pytest.mark.skipif(sys.platform == "win32", reason="has neither")
def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "lost.md").symlink_to("nowhere")
    (tmp_path / "round.md").symlink_to("round.md")
    for name, reason in (
        ("pipe.md", "a pipe"),
        ("lost.md", "leads nowhere"),
        ("round.md", "cannot be read"),
        ("none.md", "cannot be read"),
    ):
        with pytest.raises(UserError, match=reason):
            open_path(tmp_path / name)
    records = list(open_path(tmp_path).records)
    assert len(records) == 3 and all(record.problem for record in records)


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_a_folder_is_read_in_the_order_of_names_and_each_folder_once(tmp_path: Path) -> None:
    for name in (
        "b.md",
        "a.md",
        "sub/c.md",
        ".git/config",
        "sub/node_modules/x/readme.md",
        "._a.md",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "again").symlink_to("sub", target_is_directory=True)
    (tmp_path / "sub" / "up").symlink_to("..", target_is_directory=True)
    (tmp_path / "called.md").mkdir()
    (tmp_path / "called.md" / "d.md").write_text("d")
    with open(os.fsencode(tmp_path) + b"/\xff.md", "wb"):
        pass
    tree = Folder(tmp_path)
    paths = tree.paths()
    assert [str(path) for path in paths] == [
        "a.md",
        "b.md",
        "called.md/d.md",
        "sub/c.md",
        "\udcff.md",
    ]
    assert tree.left_out == {"in .git": 1, "in node_modules": 1, "files of macOS or Windows": 1}
    assert tree.read(PurePosixPath("sub/c.md")) == b"sub/c.md"
    assert tree.file(paths[-1]).name == f"{tmp_path.name}/�.md"
    with pytest.raises(UserError, match="more than 2 bytes"):
        tree.read(PurePosixPath("b.md"), 2)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root reads all")
def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0)
    with pytest.raises(UserError, match="shut cannot be read"):
        Folder(tmp_path / "shut").paths()


def test_names_in_zips_have_slashes_and_their_letters() -> None:
    utf8 = zipfile.ZipInfo("é.md".encode().decode("cp437"))
    dos = zipfile.ZipInfo("caf\x82.md".encode("latin-1").decode("cp437"))
    slashes = zipfile.ZipInfo("a")
    slashes.filename = "blog\\post.md"
    assert [member_name(info) for info in (utf8, dos, slashes)] == [
        "é.md",
        "café.md",
        "blog/post.md",
    ]


def test_one_bad_file_in_a_zip_is_a_problem_of_its_own() -> None:
    data = zipped({"a.md": "Good.", "b.md": "Bad.", "__MACOSX/._a.md": "x"})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo("b.md")
    damaged = bytearray(data)
    damaged[info.header_offset + 30 + 4 : info.header_offset + 30 + 8] = b"\xff" * 4
    tree = opened(bytes(damaged))
    first, second = tree.paths()
    assert tree.read(first) == b"Good." and tree.left_out == {"in __MACOSX": 1}
    with pytest.raises(UserError, match=r"a\.zip/b\.md is damaged"):
        tree.read(second)
    locked = bytearray(data)
    for signature, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        locked[locked.index(signature) + flags] |= 1
    with pytest.raises(UserError, match=r"a\.zip/a\.md is locked"):
        opened(bytes(locked)).read(first)


@pytest.mark.parametrize("name", ["../a.md", "/a.md", "x/../../a.md", "C:\\a.md", "..\\a.md"])
def test_a_zip_that_leads_out_of_itself_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="leads out of it"):
        opened(zipped({name: "x"}))


def test_a_visitors_zip_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_MEMBERS", 3)
    limits = Limits(unpacked_bytes=1_000)
    assert opened(zipped({"a.md": "x" * 1_000}), limits).paths()
    with pytest.raises(UserError, match="unpacks to"):
        opened(zipped({"a.md": "x" * 1_001}), limits)
    many = zipped({f"{number}.md": "" for number in range(4)})
    with pytest.raises(UserError, match="in 4 files"):
        opened(many, limits)
    assert len(opened(many).paths()) == 4
    with pytest.raises(UserError, match="is not a zip archive"):
        opened(b"PK\x03\x04 and nothing else")
    twice = zipped({"a.md": "x", "b.md": "y"}).replace(b"b.md", b"a.md")
    with pytest.raises(UserError, match="two files of the same name"):
        opened(twice)


def test_an_unknown_kind_names_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.exe").write_bytes(b"MZ")
    with pytest.raises(
        UserError, match=r"a\.exe is of a kind that is not read \(\.exe\); known .*\.md"
    ):
        open_path(tmp_path / "a.exe")
    (tmp_path / "box").mkdir()
    with pytest.raises(UserError, match="box holds no file that is read"):
        open_path(tmp_path / "box")


def test_a_zip_in_a_zip_is_opened(tmp_path: Path) -> None:
    inner = zipped({"a.md": "---\ntitle: A\n---\nBody"})
    (tmp_path / "export.zip").write_bytes(zipped({"part-1.zip": inner, "part-2.zip": inner}))
    records = list(open_path(tmp_path / "export.zip").records)
    assert [record.where for record in records] == [
        "export.zip/part-1.zip/a.md",
        "export.zip/part-2.zip/a.md",
    ]
    assert records[1].values == {"title": "A"}
    nested = inner
    for _ in range(MAX_NESTED):
        nested = zipped({"in.zip": nested})
    (tmp_path / "deep.zip").write_bytes(nested)
    with pytest.raises(UserError, match="a zip in too many others"):
        open_path(tmp_path / "deep.zip")


def test_a_tree_of_tables_is_read_table_by_table(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    (box / "a.csv").write_text("title,text\nOne,First.\n")
    (box / "README.md").write_text("# About these tables\n")
    (box / "LICENSE").write_text("CC0")
    one = open_path(box)
    assert [record.where for record in one.records] == ["box/a.csv:2"]
    assert one.columns == ["title", "text"] and one.left_out == {"files about the others": 2}
    (box / "b.jsonl").write_text('{"title": "Two", "text": "Second."}\n')
    (box / "c.csv").write_bytes(b"")
    (box / "d.png").write_bytes(b"\x89PNG")
    both = open_path(box)
    first, second, third = both.records
    assert [first.where, second.where, third.where] == ["box/a.csv:2", "box/b.jsonl:1", "box/c.csv"]
    assert second.values["title"] == "Two" and third.problem
    assert both.left_out == {"files about the others": 2, ".png": 1}


def test_json_is_told_by_its_first_bytes_whatever_the_name_says(tmp_path: Path) -> None:
    for name in ("a.txt", "a", "a.data"):
        (tmp_path / name).write_text('{"title": "Two", "text": "Second."}\n')
        assert open_path(tmp_path / name).kind == "table"
    (tmp_path / "a.md").write_text('{"title": "Two"}\n\nSecond.\n')
    (record,) = open_path(tmp_path / "a.md").records
    assert record.body == "\n\nSecond.\n"


def test_a_table_in_several_files_is_one_only_where_there_are_no_articles(tmp_path: Path) -> None:
    table = pyarrow.table({"title": ["One"], "text": ["First."]})
    for name in ("train-0.parquet", "test-0.parquet"):
        pyarrow.parquet.write_table(table, tmp_path / name)
    (tmp_path / "README.md").write_text("# About it")
    assert open_path(tmp_path).kind == "table"
    (tmp_path / "post.qmd").write_text("---\ntitle: A\n---\nText")
    assert open_path(tmp_path).kind == "markdown"


def test_a_zip_that_nobody_reads_any_longer_is_closed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.md", "Words.")
    tree = ZipTree(InputFile(tmp_path / "a.zip", "a.zip"))
    stream = tree._stream
    file = tree.file(PurePosixPath("a.md"))
    del tree
    assert file.head() == b"Words." and not stream.closed
    del file
    gc.collect()
    assert stream.closed

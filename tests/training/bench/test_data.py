"""The suites: what is learned from, and that whole sources stay out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tagloop.errors import UserError
from training.base.examples import FILES
from training.bench.data import IN_DOMAIN, OTHER_FILES, SUITES, load_suites

from .conftest import write_rows


def test_in_domain_is_the_splits_as_they_stand(data_folder: Path) -> None:
    suite = load_suites([data_folder], ["in-domain"], "validation")[0]
    assert {row.split for row in suite.train} == {"train"}
    assert {row.split for row in suite.validation} == {"validation"}
    assert suite.measured == suite.validation
    assert {row.kind for row in suite.train} == {"articles", "titles"}
    assert all(row.text == "" for row in suite.of_kind("titles"))
    assert all(row.text for row in suite.of_kind("articles"))
    assert suite.parts == list(IN_DOMAIN)
    assert {row.source for row in suite.measured if row.part == "general articles"} == {"diary"}


def test_test_rows_are_measured_only_when_asked_for(data_folder: Path) -> None:
    for split in ("validation", "test"):
        for suite in load_suites([data_folder], SUITES, split):
            assert {row.split for row in suite.measured} == {split}
            assert {row.split for row in (*suite.train, *suite.validation)} == {
                "train",
                "validation",
            }


def test_out_of_domain_leaves_whole_sources_out(data_folder: Path) -> None:
    inside, outside = load_suites([data_folder], SUITES, "validation")
    assert outside.parts == ["harbour", "school", "letters"]
    assert all(row.part == row.source for row in outside.measured)
    learned = {row.source for row in (*outside.train, *outside.validation)}
    assert learned == {"garden", "kitchen", "headlines", "diary"}
    assert outside.train == inside.train
    assert {row.kind for row in outside.measured} == {"articles"}


def test_files_are_found_in_whichever_folder_has_them(data_folder: Path, tmp_path: Path) -> None:
    whole = load_suites([data_folder], SUITES, "validation")
    (tmp_path / "more data").mkdir()
    copy = tmp_path / "data"
    shutil.copytree(data_folder, copy)
    for name in (FILES["general"], OTHER_FILES[1]):
        (copy / name).rename(tmp_path / "more data" / name)
    folders = [copy, tmp_path / "more data"]
    assert load_suites(folders, SUITES, "validation") == whole
    # As make hands them over: in one word.
    assert load_suites([f"{folders[0]} {folders[1]}"], SUITES, "validation") == whole


def test_other_data_have_another_fingerprint(data_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(data_folder, copy)
    first = load_suites([data_folder], ["in-domain"], "validation")[0].fingerprint
    assert load_suites([copy], ["in-domain"], "validation")[0].fingerprint == first
    row = {"id": "1", "source": "garden", "title": "One", "text": "More.", "tags": ["x"]}
    write_rows(copy / FILES["articles"], [{**row, "split": part} for part in ("train", "test")])
    assert load_suites([copy], ["in-domain"], "validation")[0].fingerprint != first


def test_tags_are_unique_by_normal_form_and_rows_without_are_left_out(
    data_folder: Path, tmp_path: Path
) -> None:
    row = {"id": "1", "source": "garden", "title": "One", "text": "More.", "tags": []}
    tagged = {**row, "tags": ["machine-learning", "Machine Learning", "!"]}
    splits = ("train", "validation")
    write_rows(
        tmp_path / FILES["articles"],
        [{**tags, "split": split} for split in splits for tags in (row, tagged)],
    )
    for name in ("titles", "general"):
        write_rows(tmp_path / FILES[name], [])
    suite = load_suites([tmp_path], ["in-domain"], "validation")[0]
    assert [entry.forms for entry in suite.train] == [["machine learning"]]
    assert suite.known_forms == {"machine learning"}


def test_mistakes_are_named(data_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No suite is called 'near'"):
        load_suites([data_folder], ["near"], "validation")
    with pytest.raises(UserError, match="Cannot measure on 'train'"):
        load_suites([data_folder], ["in-domain"], "train")
    with pytest.raises(UserError, match=r"articles_open.* is missing in .*; --data names"):
        load_suites([tmp_path], ["in-domain"], "validation")
    for name in ("articles", "general", "titles"):
        shutil.copy(data_folder / FILES[name], tmp_path)
    known = {"id": "1", "source": "garden", "title": "One", "text": "", "tags": ["x"]}
    for name in OTHER_FILES:
        write_rows(tmp_path / name, [{**known, "split": "validation"}])
    with pytest.raises(UserError, match="out-of-domain has no measured rows"):
        load_suites([tmp_path], ["out-of-domain"], "validation")

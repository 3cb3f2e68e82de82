"""The file of overrides, and its way through building into what training reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagloop.errors import UserError
from training.build_dataset import main
from training.data.corpus import load_corpus
from training.data.tag_merges import main as print_merges
from training.data.tag_overrides import read_overrides

GOOD = """\
aliases:
  JavaScript: [js, ECMA-Script, 'on']
  "C#": [csharp]
never:
  - [Go, golang]
  - [c, "c++", 'C#']
display:
  nasa: NASA
"""


def overrides_file(folder: Path, content: str) -> Path:
    path = folder / "tags.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_file_is_read_into_normal_forms(tmp_path: Path) -> None:
    found = read_overrides(overrides_file(tmp_path, GOOD))
    assert found.aliases == {
        "js": "javascript",
        "ecma script": "javascript",
        "on": "javascript",
        "csharp": "c#",
    }
    assert found.never == {("go", "golang"), ("c", "c++"), ("c", "c#"), ("c#", "c++")}
    assert found.display == {"nasa": "NASA", "javascript": "JavaScript", "c#": "C#"}
    assert type(found).from_json(json.loads(json.dumps(found.to_json()))) == found


def test_yaml_words_and_numbers_are_tags(tmp_path: Path) -> None:
    found = read_overrides(overrides_file(tmp_path, "aliases: {no: [1984, yes, null, 3.0]}"))
    assert found.aliases == dict.fromkeys(["1984", "yes", "null", "3.0"], "no")


@pytest.mark.parametrize("content", ["", "# nothing yet\n"])
def test_an_empty_file_says_nothing(tmp_path: Path, content: str) -> None:
    assert not read_overrides(overrides_file(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("alias:\n  a: [b]", 1, "unknown key 'alias'; there are aliases, never, display"),
        ("aliases:\n  a: b", 2, "expected a list of aliases, such as a: [one, another]"),
        ("aliases:\n  a: [b]\n  c: [b]", 3, "'b' is an alias of 'a' and of 'c'; keep one"),
        ("aliases:\n  a: [b]\n  b: [c]", 3, "'b' has aliases and is an alias itself"),
        ("aliases:\n  a: [b]\n  b: [a]", 2, "has aliases and is an alias itself"),
        ("aliases:\n  a: [b, '!!']", 2, "'!!' is no tag: it has no letter or digit"),
        ("aliases:\n  a:\n    - b\n    - {c: d}", 4, "expected one tag here"),
        ("aliases: [a, b]", 1, "expected tags with their aliases, each as 'name: value'"),
        ("- a\n- b", 1, "expected one of the keys aliases, never, display"),
        ("never:\n  - [a, b]\n  - c", 3, "expected a pair of tags, as [go, golang]"),
        ("never:\n  - [a, A]", 2, "expected two or more different tags"),
        ("never: {a: b}", 1, "expected a list of pairs"),
        ("never:\n  - [a, b]\naliases:\n  a: [b]", 2, "'a' and 'b' are the same by 'aliases'"),
        ("never:\n  - [b, c]\naliases:\n  a: [b, c]", 2, "are the same by 'aliases'"),
        ("display:\n  nasa: ESA", 2, "'ESA' is another tag than 'nasa'; name it under 'aliases'"),
        ("display:\n  nasa: NASA\n  NASA: Nasa", 3, "'NASA' is given two display forms"),
        ("display:\n  js: JS\naliases:\n  JavaScript: [js]", 4, "has no display form"),
        ("aliases:\n  a: [b\n", 3, "this is no readable YAML"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, content: str, line: int, message: str) -> None:
    path = overrides_file(tmp_path, content)
    with pytest.raises(UserError) as caught:
        read_overrides(path)
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yaml: cannot be read"):
        read_overrides(tmp_path / "none.yaml")


SUBJECTS = dict.fromkeys(["js", "javascript"], "browser script page click event")


@pytest.fixture
def articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tags = ["javascript", "javascript", "js", "nasa", "Panels", "Panel", "ecmascript"] * 6
    rows = [
        {
            "title": f"Title {n}",
            "text": f"w{n} " * 12 + SUBJECTS.get(tag, ""),
            "tags": [tag, f"tag {n}"],
        }
        for n, tag in enumerate(tags)
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def build(*words: str) -> dict[str, Any]:
    assert main(["--source", "a.jsonl", *words]) == 0
    report = json.loads(Path("build/tagloop/dataset/build_report.json").read_text())
    return dict(report["tags"])


def test_overrides_travel_with_the_dataset(
    articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = build()
    assert plain["overrides"] == {"aliases": {}, "never": [], "display": {}}
    before = load_corpus("build/tagloop/dataset")
    assert before.train_vocabulary().canonical("panel") == "panels"

    content = "aliases: {JavaScript: [ecmascript, mocha]}\nnever: [[panel, panels]]\n"
    overrides_file(articles.parent, content + "display: {nasa: NASA}\n")
    tags = build("--tag_overrides", "tags.yaml")
    corpus = load_corpus("build/tagloop/dataset")
    shown = {tag for split in corpus.splits.values() for row in split["tags"] for tag in row}
    assert {tag for tag in shown if "tag " not in tag} == {"JavaScript", "NASA", "Panel", "Panels"}
    printed = capsys.readouterr().out
    assert "merged into others (override 2, known alias 1), 0 left out" in printed
    assert tags["overrides"]["never"] == [["panel", "panels"]]
    vocabulary = corpus.train_vocabulary()
    for alias in ("js", "ecmascript", "mocha"):  # no row has them now; a base may write them
        assert vocabulary.display(alias) == "JavaScript"
    assert vocabulary.display("panel") == "Panel" and vocabulary.display("nasa") == "NASA"
    assert corpus.fingerprint != before.fingerprint


def test_an_override_that_changes_no_row_is_learned_anew(articles: Path) -> None:
    build()
    before = load_corpus("build/tagloop/dataset")
    overrides_file(articles.parent, "aliases: {SomethingElse: [other]}\n")
    build("--tag_overrides", "tags.yaml")
    after = load_corpus("build/tagloop/dataset")
    assert after.fingerprint != before.fingerprint
    assert after.train_vocabulary().display("other") == "SomethingElse"


def test_a_dataset_without_our_report_is_read_all_the_same(articles: Path) -> None:
    build()
    for content in (None, "no json", "{}", '{"tags": {"merged": [{"tag": "x", "merged": ["y"]}]}}'):
        path = Path("build/tagloop/dataset/build_report.json")
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_text(content)
        corpus = load_corpus("build/tagloop/dataset")
        assert not corpus.merges and not corpus.overrides
        assert len(corpus.train_vocabulary()) > 10


def test_merges_are_printed_with_their_reasons(
    articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build()
    capsys.readouterr()
    assert print_merges([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 tags merged into others"
    assert [line.split() for line in lines[1:3]] == [["1", "known", "alias"], ["1", "plural"]]
    assert "javascript 18 <- js 6 (known alias)" in lines
    assert "Panels 12 <- panel 6 (plural)" in lines
    assert print_merges(["--reason", "plural"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert print_merges(["--dataset", "elsewhere"]) == 2
    assert "no readable build report; build the dataset anew." in capsys.readouterr().err


def test_a_broken_file_stops_the_build(articles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overrides_file(articles.parent, "alias: {}\n")
    assert main(["--source", "a.jsonl", "--tag_overrides", "tags.yaml"]) == 2
    assert "error: tags.yaml, line 1: unknown key 'alias'" in capsys.readouterr().err
    assert not Path("build").exists()

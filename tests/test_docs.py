"""The documents say what is there: commands, flags, links, paths, modules, the map of packages."""

from __future__ import annotations

import ast
import json
import re
import runpy
import signal
import subprocess
import sys
import textwrap
import warnings
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from string import Template
from types import SimpleNamespace
from typing import Any

import pytest

from tagloop.reading import sources
from tagloop.reading.entries import read_entries
from tagloop.reading.record import ReadOptions

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CHANGELOG = ROOT / "CHANGELOG.md"
TREES = ("space", "training", "dataset_card", "tests")
ARTICLES = (ROOT / "dataset_card" / "starter", ROOT / "space" / "examples")
TEMPLATES = (
    ROOT / "training" / "cards" / "model_card.md",
    ROOT / "training" / "base" / "card.md",
    ROOT / "training" / "tag" / "card.md",
    ROOT / "dataset_card" / "template.md",
)
"""Cards before they are rendered: only their commands are whole."""

CODE = re.compile(
    r"^```[^\n]*\n(.*?)^```|(?<!`)`([^`\n]+(?:\n[^`\n]+)*)`(?!`)", re.MULTILINE | re.DOTALL
)
TAGLOOP = re.compile(r"\btagloop tag(?=\s)")
RUN = re.compile(r"\bpython[\d.]* -m ([\w.]+)([^\n`|;&]*)")
MAKE = re.compile(r"(?<![\w./-])make ([a-z]+)((?: +[A-Z]\w*=\S*)*)")
TELLING = re.compile(r"-m [\w{]|tagloop tag|make [a-z]+ +[A-Z]|`make ")
FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
MODULE = re.compile(r"(?<![\w./-])(?:tagloop|training|dataset_card)(?:\.\w+)+(?![\w/])")
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(TREES)})/[\w./-]*\w")

Command = tuple[str, tuple[str, ...]]


def documents() -> list[Path]:
    """Returns the Markdown files that people read as they are."""
    found = [*ROOT.glob("*.md"), *(path for tree in TREES for path in (ROOT / tree).rglob("*.md"))]
    apart = (*TEMPLATES, *ARTICLES)
    return sorted(path for path in found if not {path, *path.parents}.intersection(apart))


DOCUMENTS = documents()
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


@cache
def code_of(document: Path) -> str:
    """Returns the code blocks and code spans of a Markdown file, one after the other."""
    text = document.read_text(encoding="utf-8")
    return "\n".join(block or span.replace("\n", " ") for block, span in CODE.findall(text))


def code_told(path: Path) -> str:
    """Returns the code in a module's texts: spans, and the commands that it tells a person."""
    source = path.read_text(encoding="utf-8")
    if not TELLING.search(source):
        return ""  # to walk all trees takes seconds, in each process that collects tests
    tree = ast.parse(source)
    found = []
    for node in ast.walk(tree):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
        found += re.findall(r"`+([^`\n]+)`+", text)
        found += [match[0] for match in RUN.finditer(text)]
        found += [match[0] for match in MAKE.finditer(text) if match[2]]  # "make it" is prose
    return "\n".join(found)


@cache
def dry_run(target: str, *settings: str) -> str:
    """Returns what ``make`` would run, long lines in one piece, with what it is given put in."""
    command = ["make", "--no-print-directory", "-n", target, *settings]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    given = dict(setting.split("=", 1) for setting in settings)
    return Template(done.stdout.replace("\\\n", " ")).safe_substitute(given)


def targets() -> list[str]:
    return re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)


@cache
def texts() -> dict[str, str]:
    """Returns all that shows commands, by its place; of the tests only those that are a command."""
    files = [path for tree in TREES[:3] for path in sorted((ROOT / tree).rglob("*.py"))]
    for room in ("faults", "fuzz"):
        files += sorted((ROOT / "tests" / room).glob("*.py"))
    found = {path: code_of(path) for path in (*DOCUMENTS, *TEMPLATES)}
    found |= {path: code_told(path) for path in files}
    named = {path.relative_to(ROOT).as_posix(): text for path, text in found.items()}
    variables = re.findall(r"\$\((?:if \$\(|call (?:flag|switch),)(\w+)", MAKEFILE)
    settings = [f"{name}=1" for name in dict.fromkeys(variables)]
    return named | {f"make {target}": dry_run(target, *settings) for target in targets()}


@cache
def commands() -> dict[Command, dict[str, set[str]]]:
    """Returns every ``python -m``, as module and first words: its flags, each with its places."""
    found: dict[Command, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for where, text in texts().items():
        for module, rest in RUN.findall(TAGLOOP.sub("python -m training.tag", text)):
            arguments = rest.split("#")[0]
            words = re.match(r"(?: +[a-z]+(?!\S))*", arguments)
            key = module, tuple(words[0].split()) if words else ()
            for flag in FLAG.findall(arguments) or [""]:
                found[key][flag].add(where)
    return found


def module_file(name: str) -> Path | None:
    """Returns the file of a module of ours, of a package its ``__init__.py``; None without one."""
    for start in (ROOT / "space", ROOT):
        place = start.joinpath(*name.split("."))
        for file in (place.with_suffix(".py"), place / "__init__.py", place / "__main__.py"):
            if file.is_file():
                return file
    return None


def is_command(name: str) -> bool:
    """Tells whether ``python -m name`` does something."""
    if name.split(".")[0] not in TREES:
        return find_spec(name) is not None
    file = module_file(name)
    if file is not None and file.parent.name == name.split(".")[-1]:
        file = file.with_name("__main__.py")
    return bool(file and file.is_file() and '__name__ == "__main__"' in file.read_text("utf-8"))


def is_named_in(name: str, module: str) -> bool:
    """Tells whether a module of ours has a name."""
    file = module_file(module)
    return file is not None and bool(re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")))


def test_every_module_that_is_run_can_be() -> None:
    wrong = {
        module: sorted(set().union(*flags.values()))
        for (module, _), flags in commands().items()
        if not is_command(module)
    }
    assert not wrong
    assert len(commands()) > 20


OURS = sorted(key for key in commands() if key[0].split(".")[0] in TREES and is_command(key[0]))


@pytest.mark.parametrize("command", OURS, ids=lambda key: " ".join([key[0], *key[1]]))
def test_every_flag_is_in_the_help(
    command: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, words = command
    named = {flag: where for flag, where in commands()[command].items() if flag}
    if not named:
        return
    monkeypatch.setattr(sys, "argv", [module, *words, "--help"])
    stop = signal.getsignal(signal.SIGTERM)
    try:
        with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
            warnings.simplefilter("ignore", RuntimeWarning)  # it may have been imported before
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        signal.signal(signal.SIGTERM, stop)
    assert ended.value.code == 0
    known = set(FLAG.findall(capsys.readouterr().out))
    assert not {flag: where for flag, where in named.items() if flag not in known}


def makes() -> Iterator[tuple[str, str, list[str]]]:
    """Yields where ``make`` is called, its target, and its settings."""
    for where, text in texts().items():
        if not where.startswith("make "):
            for target, settings in MAKE.findall(text):
                yield where, target, settings.split()


def test_every_target_of_make_is_there() -> None:
    assert not [(where, target) for where, target, _ in makes() if target not in targets()]
    assert {"demo", "test", "publish", "retrain"} <= {target for _, target, _ in makes()}


def test_every_variable_of_make_changes_what_it_does() -> None:
    given = {
        (target, setting.split("=")[0])
        for _, target, settings in makes()
        for setting in settings
        if target in targets()
    }
    assert len(given) > 10
    assert not [
        (target, name) for target, name in given if dry_run(target) == dry_run(target, f"{name}=1")
    ]


def test_the_readme_is_short_and_its_variables_are_those_of_publish() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    named = re.findall(r"^\| `([A-Z_]+)(?:=1)?` \|", text, re.MULTILINE)
    assert len(named) > 5
    plain = dry_run("publish")
    assert not [name for name in named if dry_run("publish", f"{name}=1") == plain]


def anchors(document: Path) -> set[str]:
    """Returns the anchors that GitHub gives the headings of a Markdown file."""
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_document
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    text = CODE.sub("", document.read_text(encoding="utf-8"))
    broken = []
    for link in LINK.findall(text):
        place, _, anchor = link.partition("#")
        if re.match(r"\w+:", place):
            continue
        file = document.parent / place if place else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert not broken


@each_document
def test_paths_and_modules_are_there(document: Path) -> None:
    code = code_of(document) if document != CHANGELOG else ""  # it also says what was there
    gone = [path for path in PATH.findall(code) if not (ROOT / path).exists()]
    for name in MODULE.findall(code):
        module, _, last = name.rpartition(".")
        if module_file(name) is None and not is_named_in(last, module):
            gone.append(name)
    assert not gone


@each_document
def test_python_code_compiles_and_imports_what_is_there(document: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", document.read_text("utf-8"), re.M | re.S)
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "tagloop":
                assert all(is_named_in(name.name, str(node.module)) for name in node.names)


def test_what_moved_is_where_the_changelog_says() -> None:
    unreleased = CHANGELOG.read_text(encoding="utf-8").split("\n## ")[1]
    moved = re.findall(r"^\| `([\w.]+)` \| `([\w.]+)`", unreleased, re.MULTILINE)
    assert not [now for _, now in moved if module_file(now) is None]


def test_the_map_names_every_package_and_no_other() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("\n## Map\n")[1].split("\n## ")[0]
    named = re.findall(r"^\| `([\w/]+)` \| .+ \|$", section, re.MULTILINE)
    code = [path for tree in ("space/tagloop", *TREES[1:3]) for path in (ROOT / tree).rglob("*.py")]
    packages = {path.parent.relative_to(ROOT).as_posix() for path in code}
    assert set(named) == packages and len(named) == len(packages)


def test_the_example_of_a_new_source_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("\n## A door for one more kind\n")[1].split("\n## ")[0]
    module, line, test = (
        textwrap.dedent(block)
        for block in re.findall(r"^ +```python\n(.*?)^ +```", section, re.M | re.S)
    )
    inkpot: dict[str, Any] = {}
    exec(module, inkpot)
    registered = {"FileKind": sources.FileKind, "inkpot": SimpleNamespace(**inkpot)}
    monkeypatch.setattr(
        sources, "FILE_KINDS", (eval(line.strip(), registered), *sources.FILE_KINDS)
    )
    names: dict[str, Any] = {
        "json": json, "Path": Path, "open_path": sources.open_path,
        "read_entries": read_entries, "ReadOptions": ReadOptions,
    }  # fmt: skip
    exec(test, names)
    names["test_inkpot"](tmp_path)

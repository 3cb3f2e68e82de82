"""Inputs that once were answered by 500, or broke a page for everybody: each stays mended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .hostile import BOMB, DEEP, MERGE_BOMB
from .scene import LARGE_OID, Scene, open_scene
from .stories import LISTS, POINTERS, Step, play
from .wire import Ask, Tally

AT, PAGE = "/api/models/demo/fuzz", "/demo/fuzz"
RESULTS = "model-index: [{name: x, results: [{task: 1, dataset: 2, metrics: %s}]}]"
BROKEN = {
    "half a surrogate pair": 'tags: ["\\uD800"]',
    "a character beyond Unicode": 'title: "\\UFFFFFFFF"',
    "an anchor inside itself": "a: &a [*a]",
    "an anchor inside its own mapping": "a: &a {b: *a}",
    "aliases that multiply": BOMB,
    "merged keys that multiply": MERGE_BOMB,
    "a deep list": "a: " + "[" * 900 + "]" * 900,
    "a deep mapping": "a: " + "{a: " * 900 + "1" + "}" * 900,
    "deep lines": "\n".join(" " * depth + "a:" for depth in range(900)),
    "a list as a key": "? [a]\n: b",
    "a tag of Python": "a: !!python/object:os.system x",
}
ODD = {
    "a long integer": f"n: {'9' * 5000}",
    "a long integer in base 60": f"t: 1:00:00{':00' * 3000}",
    "numbers that are none": "a: .nan\nb: -.inf\nc: 1e999",
    "keys of any type": "1: a\nnull: b\ntrue: c\n2026-01-02: d\n~: e",
    "metrics that are a number": RESULTS % "5",
    "a metric's value that no float holds": RESULTS % f"[{{value: {'9' * 400}}}]",
    "results that are a number": "model-index: [{name: x, results: 5}]",
    "a pipeline tag that is a list": "pipeline_tag: [x]\nlibrary_name: {a: b}",
    "a date that is none": "date: 2026-99-99",
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with open_scene(tmp_path_factory.mktemp("known"), Tally()) as running:
        yield running


@pytest.mark.parametrize("block", [*BROKEN.values(), *ODD.values()], ids=[*BROKEN, *ODD])
def test_a_stored_card_breaks_no_page(scene: Scene, block: str) -> None:
    content = f"---\n{block}\n---\n# Title\n".encode()
    scene.plant("models", "demo/fuzz", b"README.md", content)
    for target in (*LISTS, PAGE, AT, f"{AT}?blobs=true"):
        answer = scene.call("GET", target)
        assert answer.status == 200, (target, answer)
        assert answer.seconds < 5, (target, answer.seconds)
        assert b"demo/fuzz" in answer.content or "datasets" in target or "spaces" in target
    shown = scene.call("GET", PAGE).content
    assert (b"The metadata of this card are broken" in shown) == (block in BROKEN.values())


@pytest.mark.parametrize("block", BROKEN.values(), ids=BROKEN)
def test_a_broken_card_is_refused_with_a_sentence(scene: Scene, block: str) -> None:
    content = f"---\n{block}\n---\n"
    checked = scene.call("POST", "/api/validate-yaml", {"content": content, "repoType": "model"})
    assert checked.status == 400
    assert json.loads(checked.content)["errors"][0]["message"].startswith("Invalid YAML: ")


def test_words_of_the_card_stay_words(scene: Scene) -> None:
    """As the Hub's own reader has it: `no` is Norwegian, and 1:00:00 is no 3600."""
    block = b"---\nlanguage: no\ntime: 1:00:00\nday: 2026-01-02\nmerged: {<<: {a: 1}, b: 2}\n---\n"
    scene.plant("models", "demo/fuzz", b"README.md", block)
    data = json.loads(scene.call("GET", AT).content)["cardData"]
    assert data == {
        "language": "no",
        "time": "1:00:00",
        "day": "2026-01-02",
        "merged": {"a": 1, "b": 2},
    }


@pytest.mark.parametrize("pointer", POINTERS, ids=range(len(POINTERS)))
def test_a_stored_pointer_breaks_no_page(scene: Scene, pointer: bytes) -> None:
    play(
        scene, "datasets", [Step("plant", "big.bin", pointer), Step("plant", "README.md", pointer)]
    )


def test_a_file_where_the_other_side_made_a_folder(scene: Scene) -> None:
    """Merged blindly, `a` would be both."""

    def commit(path: str) -> bytes:
        file = {"path": path, "content": "x", "encoding": "utf-8"}
        lines = [{"key": "header", "value": {"summary": "x"}}, {"key": "file", "value": file}]
        return "\n".join(map(json.dumps, lines)).encode()

    made = scene.call("POST", f"{AT}/commit/main?create_pr=1", commit("clash/b"))
    number = json.loads(made.content)["pullRequestUrl"].rsplit("/", 1)[1]
    assert scene.call("POST", f"{AT}/commit/main", commit("clash")).status == 200
    merged = scene.call("POST", f"{AT}/discussions/{number}/merge", {})
    assert merged.status == 409
    assert b"clash" in merged.content


JSON_BODIES = {
    "a deep body": b'{"name":' * DEEP + b"1" + b"}" * DEEP,
    "a nest that only writing finds too deep": b'{"name": ' + b"[" * 400 + b"]" * 400 + b"}",
    "half a surrogate pair": b'{"name": "\\ud800"}',
    "a long integer": b'{"name": ' + b"9" * 5_000 + b"}",
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
}
REQUESTS: dict[str, tuple[str, str, bytes]] = {
    f"{name} to {target.split('/')[-1]}": ("POST", target, body)
    for target in ("/api/repos/create", f"{AT}/discussions", f"{AT}/tag/main")
    for name, body in JSON_BODIES.items()
}
REQUESTS |= {
    "a type that is a list": ("POST", "/api/repos/create", b'{"name": "x1", "type": ["x"]}'),
    "variables that are a number": (
        "POST",
        "/api/repos/create",
        b'{"name": "x2", "type": "space", "sdk": "static", "variables": 5}',
    ),
    "transfers that are a number": (
        "POST",
        f"{PAGE}.git/info/lfs/objects/batch",
        b'{"operation": "upload", "objects": [], "transfers": 5}',
    ),
    "a size that is true": (
        "POST",
        f"{PAGE}.git/info/lfs/verify",
        json.dumps({"oid": LARGE_OID, "size": True}).encode(),
    ),
    "a description that is a nest": (
        "POST",
        "/api/spaces/demo/fuzz/variables",
        b'{"key": "A", "value": "b", "description": ' + b"[" * 60 + b"]" * 60 + b"}",
    ),
    "a description that is no number": (
        "POST",
        "/api/spaces/demo/fuzz/variables",
        b'{"key": "A", "value": "b", "description": NaN}',
    ),
    "a deep line of a commit": ("POST", f"{AT}/commit/main", b"[" * DEEP),
    "the root with its last commit": (
        "POST",
        f"{AT}/paths-info/main",
        b'{"paths": ["", "/"], "expand": true}',
    ),
    "a branch with a name that no file can have": ("GET", f"{AT}/revision/" + "a" * 300, b""),
    "a tag with a name that no file can have": ("POST", f"{AT}/tag/" + "a" * 300, b'{"tag": "t"}'),
    "a revision with a NUL": ("GET", f"{PAGE}/tree/a%00b", b""),
    "a packet without its length": ("POST", f"{PAGE}/git-upload-pack", b"zzzz"),
    "a packet shorter than its length": ("POST", f"{PAGE}/git-upload-pack", b"ffffwant"),
    "a want of nothing": ("POST", f"{PAGE}/git-upload-pack", b"0009want\n0000"),
    "a depth of 5,000 digits": (
        "POST",
        f"{PAGE}/git-upload-pack",
        b"%04xdeepen %s\n" % (5_012, b"9" * 5_000),
    ),
    "a command that no client sends": ("POST", f"{PAGE}/git-upload-pack", b"0009push\n0000"),
    "a commit that is not here": (
        "POST",
        f"{PAGE}/git-upload-pack",
        b"0066want " + b"f" * 40 + b" side-band-64k thin-pack ofs-delta no-progress no-done\n0000",
    ),
    "a message that ends with a space": ("GET", f"{PAGE}/blob/main", b""),
    "a cursor and a limit of 5,000 digits": (
        "GET",
        f"/api/models?limit={'9' * 5000}&skip={'9' * 5000}",
        b"",
    ),
}


@pytest.mark.parametrize(("method", "target", "body"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_is_answered_and_leaves_the_pages_whole(
    scene: Scene, method: str, target: str, body: bytes
) -> None:
    answer = scene.call(method, target, body)
    assert 200 <= answer.status < 500, answer
    for page in (PAGE, AT, f"{PAGE}/discussions", "/spaces/demo/fuzz"):
        assert scene.call("GET", page).status == 200
    variables = scene.call("GET", "/api/spaces/demo/fuzz/variables")
    assert variables.status == 200


@pytest.mark.parametrize("value", [b"Basic \xe9", b"Bearer \xe9", b"Basic gICA", b"Basic"])
def test_credentials_in_any_bytes_are_nobodys(scene: Scene, value: bytes) -> None:
    asked = Ask("known", "GET", AT.encode(), (("Authorization", value),))
    assert scene.wire.send(asked).status == 401


def test_a_signed_address_outlives_its_file(scene: Scene) -> None:
    path = f"/lfs/models/demo/fuzz/download/{'a' * 64}"
    assert scene.call("GET", scene.signer.sign("download", path, size=5)).status == 404


def test_stray_files_among_the_repositories_are_no_repositories(scene: Scene) -> None:
    place = scene.hub.root / "repos" / "models"
    for stray in (place / ".DS_Store", place / "demo" / "notes.txt", place / "demo" / "._fuzz"):
        stray.write_text("x")
    (place / "demo" / "empty").mkdir()
    scene.hub.stop()
    scene.hub.start()
    for target in LISTS:
        answer = scene.call("GET", target)
        assert answer.status == 200
        assert b"notes.txt" not in answer.content


@pytest.mark.parametrize("damage", [b"", b"garbage \xff\0[", None], ids=["empty", "other", "gone"])
def test_a_damaged_repository_costs_itself_and_no_list(scene: Scene, damage: bytes | None) -> None:
    """Each of its files, one at a time."""
    scene.call("POST", "/api/repos/create", {"name": "hurt", "type": "model"})
    folder: Path = scene.hub.root / "repos" / "models" / "demo" / "hurt"
    for path in [path for path in sorted(folder.rglob("*")) if path.is_file()]:
        kept = path.read_bytes()
        path.chmod(0o644)
        path.unlink()
        if damage is not None:
            path.write_bytes(damage)
        for target in ("/", "/demo", "/api/models"):
            answer = scene.call("GET", target)
            assert answer.status == 200, (path, target, answer)
            assert b"demo/fuzz" in answer.content
        for target in ("/demo/hurt", "/api/models/demo/hurt", "/demo/hurt/tree/main"):
            answer = scene.call("GET", target)
            assert answer.status in (200, 404, 500), (path, target, answer)
            assert b"made a mistake" not in answer.content, (path, target)
        path.unlink(missing_ok=True)
        path.write_bytes(kept)
    assert scene.call("GET", "/api/models/demo/hurt").status == 200

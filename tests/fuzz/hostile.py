"""Values that break readers which trust them, and strategies that mix them with sound ones."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from hypothesis import strategies as st

DEEP = 3_000
SHA = "0" * 40
OID = "a" * 64

TEXTS = [
    "", " ", "0", "-1", "1", "abc", "null", "NaN", "1e999", "9" * 5_000, "-" + "9" * 30, "²",
    "\u0661", "\0", "a\0b", "\r\nX: y", "..", ".", "../../etc/passwd", "a/../b", "/", "//", "\\",
    "a" * 300,
    "a/" * 200 + "b", "é", "\u202e", "😀", "\ufffe", "%00", "%2F", "%", "%zz", "<b>x</b>",
    "main", "refs/heads/main", "refs/pr/1", "refs/pr/x", "HEAD", "v1", SHA, SHA[:7], OID, "true",
    ".git", "a.lock", "-x", "@{", "~", "a b", "README.md", "README.md/x", "folder", "folder/a.txt",
    "model", "dataset", "space", "public", "private", "upload", "download", "basic", "multipart",
    "demo", "demo/fuzz", "fuzz", "gradio", "open", "closed", "[a](http://[::1)", "> " * 500,
    "[" * 500, "*" * 500, "`" * 501, "data:image/svg+xml,x", "CON", "a.", "x" * 5_000,
]  # fmt: skip
NUMBERS: list[Any] = [
    0, 1, -1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**18, 10**30, 0.5, -0.0, 1e308, True, False,
]  # fmt: skip
RAW_JSON = [
    b"", b" ", b"null", b"5", b'"x"', b"[]", b"{", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}",
    b'{"name": NaN}', b'{"size": 1e999}', b'{"name": "\\ud800"}', b'{"\\udfff": 1}', b"\x80",
    b'{"name": ' + b"9" * 5_000 + b"}", b"[" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b'{"body": ' + b"[" * 500 + b"]" * 500 + b"}", b'{"private": -Infinity}',
]  # fmt: skip

YAML_VALUES = [
    '["\\uD800"]', '"\\uDFFF\\uD83D"', "9" * 5_000, "-" + "9" * 400, "1:00:00" + ":00" * 300, "5",
    "&a [*a]", "&a {b: *a}", "*b", "[x, [y], {z: 1}]", "{a: b}", ".nan", "-.inf", "1e999", "~",
    "2026-01-02", "2026-99-99", "0001-01-01 00:00:00 +99:99", "!!python/object:os.system x",
    "!!binary x", "!!int x", "!!float y", "!!timestamp z", "!!set {a, b}", "!!omap [a: 1]", "!x y",
    "yes", "no", "0x" + "f" * 200, "0o9", "1_0", "_", "<<", "{<<: 5}", "{<<: [1]}", "{? [a]: b}",
    "{? {a: b}: c}", "{1: x, null: y, true: z, 2026-01-01: w}", '"\\UFFFFFFFF"', '"\\x00"', "'a'",
    "[" * 900, "[" * 90 + "]" * 90, "{a: " * 900, "|\n  text", ">-\n  x", "'", '"', "[", "}", "\t",
    "[{results: 5}]", "[{results: [5]}]", "[{results: [{metrics: 5}]}]", "[5]", "[{name: 5}]",
    "[{name: x, results: [{task: 1, dataset: 2, metrics: [{value: " + "9" * 400 + "}]}]}]",
    "[{name: x, results: [{task: 1, dataset: 2, metrics: [{value: .nan, name: [x]}]}]}]",
    "mit", "gradio", "docker", "red", "text2text-generation", "[a, b]", "", "[,]", "- a\n- b",
]  # fmt: skip
YAML_KEYS = [
    "license", "language", "tags", "datasets", "base_model", "metrics", "model-index", "sdk",
    "colorFrom", "colorTo", "pipeline_tag", "library_name", "task_categories", "title", "emoji",
    "size_categories", "<<", "? [a]", "1", "null", "true", "2026-01-02", '"\\uD800"', "&k key",
    "app_file", "configs", "dataset_info", "-", "%TAG", "*k", "...", "---", "x" * 1_200,
]  # fmt: skip
BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
)
MERGE_BOMB = "\n".join(
    ["m0: &m0 {x: 1}"]
    + [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 10)}], k{n}: 1}}" for n in range(1, 12)]
)

texts = st.sampled_from(TEXTS) | st.text(max_size=20)
raw_bytes = st.binary(max_size=64) | st.sampled_from([b"\xff" * 9, b"\0" * 9, b"\x1f\x8b", b"PK"])
leaves = st.sampled_from(NUMBERS) | texts | st.none() | st.integers() | st.floats()
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def cards(draw: st.DrawFn) -> bytes:
    """Draws a README with a block of metadata, mostly a hostile one."""
    lines = []
    for _ in range(draw(st.integers(0, 5))):
        if draw(st.integers(0, 9)) == 0:
            lines.append(draw(st.sampled_from([BOMB, MERGE_BOMB, "%YAML 9.9", "\x07", "a: b: c"])))
        else:
            key = draw(st.sampled_from(YAML_KEYS))
            lines.append(f"{key}: {draw(st.sampled_from(YAML_VALUES) | texts)}")
    block = "\n".join(lines)
    opening, closing = draw(st.sampled_from([("---\n", "\n---\n")] * 8 + [("---", ""), ("", "")]))
    text = (opening + block + closing + draw(texts)).encode(errors="replace")
    return text if draw(st.integers(0, 9)) else text + draw(raw_bytes)


@st.composite
def mutations(draw: st.DrawFn, sound: Any) -> Any:
    """Draws a value like a sound one, in which most of the time one place is not."""
    choice = draw(st.integers(0, 6))
    if choice == 0:
        return draw(values)
    if isinstance(sound, dict) and sound:
        changed = dict(sound)
        key = draw(st.sampled_from(sorted(sound)))
        if choice == 1:
            del changed[key]
        elif choice == 2:
            changed[draw(texts)] = draw(values)
        elif choice < 6:
            changed[key] = draw(mutations(sound[key]))
        return changed
    if isinstance(sound, list) and sound:
        place = draw(st.integers(0, len(sound) - 1))
        changed_list = list(sound)
        changed_list[place] = draw(mutations(sound[place]))
        return changed_list * (2 if choice == 1 else 1)
    return sound if choice == 6 else draw(values)


def as_json(value: Any, surrogates: bool = False) -> bytes:
    """Writes a value as JSON, NaN and all, with half a surrogate pair if asked for."""
    text = json.dumps(value)
    return (text.replace("main", "\\ud800") if surrogates else text).encode()


@st.composite
def commits(draw: st.DrawFn, large: str) -> bytes:
    """Draws the lines of a commit; ``large`` is the sha256 of a file in the LFS store."""
    lines = [{"key": "header", "value": draw(mutations({"summary": "x", "description": ""}))}]
    for _ in range(draw(st.integers(0, 4))):
        path = draw(
            st.sampled_from(["README.md", "folder/a.txt", "folder", "b", "c/d", "config.json"])
            | texts
        )
        content = draw(cards() | raw_bytes | st.sampled_from(RAW_JSON))
        if path == ".gitattributes":
            content = draw(raw_bytes)
        file = {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}
        step = draw(
            st.sampled_from(
                [
                    {"key": "file", "value": file},
                    {"key": "file", "value": {"path": path, "content": "x", "encoding": "utf-8"}},
                    {
                        "key": "lfsFile",
                        "value": {"path": path, "algo": "sha256", "oid": large, "size": 5},
                    },
                    {"key": "deletedFile", "value": {"path": path}},
                    {"key": "deletedFolder", "value": {"path": path}},
                    {"key": "copy", "value": {"path": path}},
                ]
            )
        )
        lines.append(step if draw(st.booleans()) else draw(mutations(step)))
    written = [as_json(line, draw(st.integers(0, 19)) == 0) for line in lines]
    if draw(st.integers(0, 9)) == 0:
        written.insert(draw(st.integers(0, len(written))), draw(st.sampled_from(RAW_JSON)))
    return b"\n".join(written)


@st.composite
def fetches(draw: st.DrawFn, heads: list[str]) -> bytes:
    """Draws the packet lines of a fetch, some with wrong lengths or commands."""
    capabilities = b" side-band-64k thin-pack ofs-delta no-progress multi_ack_detailed no-done"
    ids = st.sampled_from([*heads, SHA, "f" * 40, "x" * 40, "é" * 40, ""]).map(str.encode)
    if heads and draw(st.integers(0, 3)) == 0:
        line = b"want " + draw(st.sampled_from(heads)).encode() + capabilities + b"\n"
        return (
            b"%04x" % (len(line) + 4) + line + draw(st.sampled_from([b"00000009done\n", b"0000"]))
        )
    written = b""
    for number in range(draw(st.integers(0, 6))):
        command = draw(
            st.sampled_from(
                [b"want ", b"want ", b"want ", b"have ", b"shallow ", b"unshallow ", b"done",
                 b"deepen 1", b"deepen 0", b"deepen -1", b"deepen " + b"9" * 5_000, b"",
                 b"deepen-not x", b"filter blob:none", b"filter tree:0", b"filter sparse:oid=x",
                 b"filter " + b"combine:" * 900, b"\xff"]
            )
        )  # fmt: skip
        line = command + (draw(ids) if command.endswith(b" ") else b"")
        if number == 0 and draw(st.integers(0, 4)):
            line += draw(st.sampled_from([capabilities, capabilities, b" x", b" filter=sparse:x"]))
        length = len(line) + 5 + draw(st.sampled_from([0] * 20 + [-1, 1, 60_000]))
        head = draw(st.sampled_from([b"%04x" % max(length, 0)] * 20 + [b"zzzz", b"0001", b"-001"]))
        written += head + line + b"\n"
        if draw(st.integers(0, 2)) == 0:
            written += b"0000"
    return written + draw(st.sampled_from([b"0000", b"0009done\n", b"", b"00", b"0004"]))


def squeezed(content: bytes, spoiled: bool) -> bytes:
    """Packs a body as gzip, spoiled in its middle if asked for."""
    packed = gzip.compress(content, mtime=0)
    return packed[:12] + b"\xff\xff" + packed[14:] if spoiled else packed
